//! Stops the PostgreSQL that tests have started and shared.

use platform::postgres::{PostgresOptions, PrivatePostgres};

fn main() {
    let folder = it::database::server_folder();
    if !folder.exists() {
        return;
    }
    let options = PostgresOptions { durable: false, ..PostgresOptions::default() };
    if let Ok(server) = PrivatePostgres::start(&folder, &options) {
        let _ = server.stop_now();
    }
}

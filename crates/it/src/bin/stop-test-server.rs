//! Stops the PostgreSQL that tests have started and shared.

use platform::postgres::{PostgresOptions, PrivatePostgres};

fn main() {
    let folder = it::database::server_folder();
    if folder.join("data/postmaster.pid").exists() || std::fs::metadata(folder.join("data")).is_ok() {
        if let Ok(server) = PrivatePostgres::start(&folder, &PostgresOptions { durable: false, ..PostgresOptions::default() }) {
            let _ = server.stop_now();
        }
    }
}

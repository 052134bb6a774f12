//! A fresh database per test, cloned from a migrated template.
//!
//! The server is `TEST_DATABASE_URL`'s, or a private one that is started at the
//! first test and shared by all; `bin/test` stops it at the end.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use platform::postgres::{PostgresOptions, PrivatePostgres};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};

/// A database of one's own; dropped at the end.
pub struct TestDb {
    pool: PgPool,
    name: String,
    admin: PgConnectOptions,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Where the shared server lives: in `target`, or, when the account it runs as
/// cannot get there, in the temporary folder.
pub fn server_folder() -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    let wanted = workspace().join("target/test-postgres");
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let open = |folder: &Path| std::fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0);
    if !root || workspace().ancestors().all(open) {
        return wanted;
    }
    let name: String = Sha256::digest(wanted.as_os_str().as_encoded_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("roost-test-{name}"))
}

fn options(database: &str) -> PgConnectOptions {
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        return PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL").database(database);
    }
    let settings = PostgresOptions { durable: false, max_connections: 400, ..PostgresOptions::default() };
    PrivatePostgres::start(&server_folder(), &settings).expect("a PostgreSQL for tests").connect_options(database)
}

/// The template's name changes with the migrations that this program carries.
fn template_name() -> String {
    let mut hash = Sha256::new();
    for migration in app::MIGRATOR.iter() {
        hash.update(&migration.checksum);
    }
    let hex: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("roost_template_{hex}")
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// Builds the template once, whoever comes first; sweeps what crashed runs and
/// older migrations have left behind.
async fn ensure_template(admin: &mut PgConnection, template: &str) {
    sqlx::query("select pg_advisory_lock(20300101)").execute(&mut *admin).await.unwrap();
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(template)
        .fetch_one(&mut *admin)
        .await
        .unwrap();
    if !exists {
        let old: Vec<String> =
            sqlx::query_scalar("select datname from pg_database where datname like 'roost_template_%' or datname like 'roost_test_%'")
                .fetch_all(&mut *admin)
                .await
                .unwrap();
        for name in old {
            let _ = run(admin, format!("drop database if exists \"{name}\" with (force)")).await;
        }
        let building = format!("{template}_building");
        run(admin, format!("drop database if exists \"{building}\"")).await.unwrap();
        run(admin, format!("create database \"{building}\"")).await.unwrap();
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options(&building)).await.unwrap();
        app::MIGRATOR.run(&pool).await.unwrap();
        pool.close().await;
        run(admin, format!("alter database \"{building}\" rename to \"{template}\"")).await.unwrap();
    }
    sqlx::query("select pg_advisory_unlock(20300101)").execute(&mut *admin).await.unwrap();
}

impl TestDb {
    /// A fresh, migrated database.
    pub async fn new() -> Self {
        Self::with_connections(10).await
    }

    /// With a pool of so many connections.
    pub async fn with_connections(most: u32) -> Self {
        let admin = options("postgres");
        let mut connection = admin.connect().await.unwrap();
        let template = template_name();
        ensure_template(&mut connection, &template).await;
        let name = format!("roost_test_{}", uuid::Uuid::new_v4().simple());
        run(&mut connection, format!("create database \"{name}\" template \"{template}\"")).await.unwrap();
        connection.close().await.unwrap();
        let pool = PgPoolOptions::new().max_connections(most).connect_with(admin.clone().database(&name)).await.unwrap();
        Self { pool, name, admin }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// For a process of its own.
    pub fn url(&self) -> String {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            let (base, _) = url.rsplit_once('/').expect("TEST_DATABASE_URL names a database");
            return format!("{base}/{}", self.name);
        }
        let folder = server_folder();
        let folder = folder.canonicalize().unwrap_or(folder);
        format!("postgres://roost@localhost/{}?host={}", self.name, folder.join("run").display())
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (admin, name, pool) = (self.admin.clone(), self.name.clone(), self.pool.clone());
        // On a thread of its own: the test's runtime may be ending.
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                drop(pool);
                if let Ok(mut connection) = admin.connect().await {
                    let _ = run(&mut connection, format!("drop database if exists \"{name}\" with (force)")).await;
                }
            });
        });
        let _ = done.join();
    }
}

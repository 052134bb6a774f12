//! A private PostgreSQL in a folder: made, started, shared and stopped by us.
//! Unix socket only, inside a folder that nobody else can enter.
//!
//! The server is a daemon of its own: it survives our death and the next start
//! finds it running. Whoever started it stops it.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::supervise::{check_reachable, command, lock, private_folder, run, socket_folder, unprivileged, wrong};

/// The oldest major version that will do.
pub const OLDEST: u32 = 15;

/// How the server is set up.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Survives a loss of power. Only throw-away test data go without.
    pub durable: bool,
    /// At the same time.
    pub max_connections: u32,
    /// E.g. `256MB`.
    pub shared_buffers: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { durable: true, max_connections: 200, shared_buffers: "256MB".into() }
    }
}

/// A server of ours.
#[derive(Debug)]
pub struct PrivatePostgres {
    bin: PathBuf,
    data: PathBuf,
    sockets: PathBuf,
    run_as: Option<(u32, u32)>,
    options: PostgresOptions,
    started_here: AtomicBool,
}

/// Folders that hold a whole server, newest major version first.
fn installations() -> Vec<(u32, PathBuf)> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PG_BIN_DIR").map(PathBuf::from).into_iter().collect();
    if let Some(beside) = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join("pgsql/bin"))) {
        folders.push(beside);
    }
    for base in ["/usr/lib/postgresql", "/usr/lib64/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(fs::read_dir(base).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")));
    }
    folders.extend(std::env::var_os("PATH").iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>()));
    let whole = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file());
    let mut found: Vec<(u32, PathBuf)> = folders.into_iter().filter(whole).filter_map(|folder| Some((major(&folder)?, folder))).collect();
    // Stable: the folder named by hand wins among equals.
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
fn major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl PrivatePostgres {
    /// Starts the server in `root`, or shares the one that runs there.
    ///
    /// # Errors
    /// When no server is installed, the folder cannot be reached or the server
    /// does not start; the message says what to do.
    pub fn start(root: &Path, options: &PostgresOptions) -> io::Result<Self> {
        let run_as = unprivileged()?;
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        check_reachable(&root.join("data"), run_as)?;
        let _lock = lock(&root)?;
        let data = root.join("data");
        let sockets = socket_folder(root.join("run"), &root)?;
        private_folder(&data, run_as)?;
        private_folder(&sockets, run_as)?;
        let existing = fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse::<u32>().ok());
        let bin = choose(existing)?;
        let server = Self { bin, data, sockets, run_as, options: options.clone(), started_here: AtomicBool::new(false) };
        if existing.is_none() {
            let mut initdb = server.program("initdb");
            initdb.args(["-U", "roost", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--data-checksums", "-D"]).arg(&server.data);
            run(initdb)?;
        }
        server.start_unless_running()?;
        Ok(server)
    }

    /// Starts the server again if it has died; true when it had.
    ///
    /// # Errors
    /// When it does not start.
    pub fn revive(&self) -> io::Result<bool> {
        let Some(root) = self.data.parent() else { return Ok(false) };
        let _lock = lock(root)?;
        self.start_unless_running()
    }

    /// The caller holds the folder's lock. A server that was killed can look
    /// alive until the system has cleared it away, and none can start before.
    fn start_unless_running(&self) -> io::Result<bool> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.has_process()? && Instant::now() < deadline {
            if UnixStream::connect(self.sockets.join(".s.PGSQL.5432")).is_ok() {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let mut start = self.program("pg_ctl");
        start.args(["start", "-w", "-t", "120", "-o", &self.arguments(), "-l"]).arg(self.sockets.join("postgres.log"));
        start.arg("-D").arg(&self.data);
        run(start)?;
        self.started_here.store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn arguments(&self) -> String {
        let options = &self.options;
        let durability = if options.durable { "on" } else { "off" };
        let settings = [
            "listen_addresses=''".to_owned(),
            format!("unix_socket_directories='{}'", self.sockets.display()),
            format!("shared_buffers={}", options.shared_buffers),
            format!("max_connections={}", options.max_connections),
            format!("fsync={durability}"),
            format!("synchronous_commit={durability}"),
            format!("full_page_writes={durability}"),
            "random_page_cost=1.1".to_owned(),
            "wal_compression=on".to_owned(),
            "max_wal_size=2GB".to_owned(),
            "timezone=UTC".to_owned(),
        ];
        settings.map(|setting| format!("-c {setting}")).join(" ")
    }

    fn program(&self, name: &str) -> Command {
        command(&self.bin.join(name), self.run_as)
    }

    fn has_process(&self) -> io::Result<bool> {
        let mut status = self.program("pg_ctl");
        Ok(status.arg("status").arg("-D").arg(&self.data).stderr(Stdio::null()).status()?.success())
    }

    /// How to connect to one of its databases.
    #[must_use]
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new().socket(&self.sockets).username("roost").database(database)
    }

    /// Makes a database unless it is there.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn ensure_database(&self, name: &str) -> Result<(), sqlx::Error> {
        let mut connection = self.connect_options("postgres").connect().await?;
        let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            let quoted = name.replace('"', "\"\"");
            let made = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database \"{quoted}\""))).execute(&mut connection).await;
            // 42P04, 23505: another process was quicker.
            if let Err(error) = made
                && !matches!(&error, sqlx::Error::Database(e) if matches!(e.code().as_deref(), Some("42P04" | "23505")))
            {
                return Err(error);
            }
        }
        connection.close().await
    }

    /// Stops the server if this process started it; else leaves it to whoever
    /// did.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop(&self) -> io::Result<()> {
        if self.started_here.load(Ordering::Relaxed) { self.stop_now() } else { Ok(()) }
    }

    /// Stops the server whoever started it.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop_now(&self) -> io::Result<()> {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-w", "-m", "fast", "-D"]).arg(&self.data);
        run(stop)
    }
}

fn choose(existing: Option<u32>) -> io::Result<PathBuf> {
    let found = installations();
    let fits = |major: u32| existing.map_or(major >= OLDEST, |wanted| major == wanted);
    found.iter().find(|(major, _)| fits(*major)).map(|(_, folder)| folder.clone()).ok_or_else(|| match existing {
        Some(wanted) => wrong(format!("the data folder was made by PostgreSQL {wanted}, which is not installed: install it, or restore a backup into a newer one")),
        None => wrong(format!("PostgreSQL {OLDEST} or newer was not found: install the package postgresql (apt install postgresql, brew install postgresql@16), name its folder in PG_BIN_DIR, or set DATABASE_URL")),
    })
}

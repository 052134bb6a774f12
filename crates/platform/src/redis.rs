//! A private Redis in a folder, if the server is installed. It only makes
//! things faster: nothing is kept on disk, and losing it loses nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::supervise::{check_reachable, command, lock, private_folder, run, socket_folder, unprivileged};

/// A server of ours.
#[derive(Debug)]
pub struct PrivateRedis {
    socket: PathBuf,
    program: PathBuf,
    run_as: Option<(u32, u32)>,
    started_here: bool,
}

fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let usual = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|folder| folder.join(name)).find(|file| file.is_file())
}

impl PrivateRedis {
    /// Starts the server in `root`, or shares the one that runs there. `None`
    /// when it is not installed.
    ///
    /// # Errors
    /// When the folder cannot be reached or the server does not start.
    pub fn start(root: &Path) -> io::Result<Option<Self>> {
        let (Some(server), Some(program)) = (installed("redis-server"), installed("redis-cli")) else {
            return Ok(None);
        };
        let run_as = unprivileged()?;
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        check_reachable(&root.join("run"), run_as)?;
        let _lock = lock(&root)?;
        let folder = socket_folder(root.join("run"), &root)?;
        private_folder(&folder, run_as)?;
        let mut redis = Self { socket: folder.join("redis.sock"), program, run_as, started_here: false };
        if !redis.is_running() {
            let mut start = command(&server, run_as);
            start.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "yes", "--maxmemory", "256mb"]);
            start.args(["--maxmemory-policy", "allkeys-lru", "--dir"]).arg(&folder);
            start.arg("--unixsocket").arg(&redis.socket).args(["--unixsocketperm", "700", "--logfile"]).arg(folder.join("redis.log"));
            run(start)?;
            redis.started_here = true;
            for _ in 0..100 {
                if redis.is_running() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(Some(redis))
    }

    fn is_running(&self) -> bool {
        let mut ping = command(&self.program, self.run_as);
        ping.arg("-s").arg(&self.socket).arg("ping").stderr(Stdio::null());
        ping.output().is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"PONG"))
    }

    /// Where it listens, as an URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket.display())
    }

    /// Stops the server if this process started it.
    pub fn stop(&self) {
        if self.started_here {
            self.stop_now();
        }
    }

    /// Stops the server whoever started it.
    pub fn stop_now(&self) {
        let mut stop = command(&self.program, self.run_as);
        let _ = stop.arg("-s").arg(&self.socket).args(["shutdown", "nosave"]).stderr(Stdio::null()).status();
    }
}

/// A connection that comes back by itself, and answers within 50 ms or not at
/// all: what it serves can be had without it.
///
/// # Errors
/// When the URL cannot be read or nobody answers now.
pub async fn connect(url: &str) -> Result<ConnectionManager, redis::RedisError> {
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(500)))
        .set_response_timeout(Some(Duration::from_millis(50)))
        .set_number_of_retries(1);
    ConnectionManager::new_with_config(Client::open(url)?, settings).await
}

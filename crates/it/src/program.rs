//! The real program as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Client;

/// `target/<profile>/roost`, beside the test's own binary.
#[must_use]
pub fn binary() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.ancestors().nth(2).unwrap().join("roost");
    assert!(path.is_file(), "{} is missing: cargo build -p cli", path.display());
    path
}

/// A port that is free now.
#[must_use]
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running `roost serve`; killed at the end.
pub struct Program {
    pub child: Child,
    pub base: String,
}

impl Program {
    /// Starts the program as `command` says (environment, user), listening on
    /// `port`, and waits until it is ready.
    pub async fn start(mut command: Command, folder: &Path, port: u16) -> Self {
        let child = command
            .arg("serve")
            .env("ROOST_DATA_DIR", folder)
            .env("ROOST_LISTEN", format!("127.0.0.1:{port}"))
            .env("ROOST_METRICS_LISTEN", "")
            .env("ROOST_LOG_FILTER", "error")
            .env("ROOST_RATE_LIMIT_ENABLED", "false")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let program = Self { child, base: format!("http://127.0.0.1:{port}") };
        let nobody = Client::new(&program.base);
        for _ in 0..1200 {
            let request = nobody.request(reqwest::Method::GET, "/health/ready").timeout(Duration::from_secs(2));
            if request.send().await.is_ok_and(|response| response.status().is_success()) {
                return program;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program did not get ready");
    }

    /// Ends it at once, wherever it is.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a service supervisor does, and waits until it has.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! What the Stripe client is tested against: an emulator in a process of its
//! own, and Stripe's own library as an independent signer.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The interpreter of the environment that `bin/stripe-peer` installs; installs
/// it if need be. Its words when it cannot are the test's.
fn python() -> PathBuf {
    let script = root().join("bin/stripe-peer");
    let done = Command::new(&script).output().unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    PathBuf::from(String::from_utf8(done.stdout).unwrap().trim())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn peer(name: &str) -> PathBuf {
    root().join("crates/it/peers").join(name)
}

/// The emulator, on a loopback port of its own; ends with this value.
pub struct Emulator {
    child: Child,
    pub base: String,
}

impl Emulator {
    pub fn start() -> Self {
        let mut child = Command::new(python()).arg(peer("emulator.py")).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("the emulator tells its port");
        Self { child, base: format!("http://127.0.0.1:{port}") }
    }

    /// Lets the emulator send its events, signed, to `url`.
    pub async fn send_events_to(&self, url: &str, secret: &str) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let address = format!("{}/_config/webhooks/here", self.base);
        let answer = http.post(address).json(&json!({"url": url, "secret": secret})).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Asks the emulator as Stripe's dashboard would.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(format!("{}{path}", self.base)).bearer_auth("sk_test_12345").form(form).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stripe's own library, asked line by line.
pub struct Signer;

impl Signer {
    /// One answer for each wish: a header for `{secret, time, payload}`, yes or
    /// no for `{secret, header, payload}`.
    pub fn ask(wishes: &[Value]) -> Vec<String> {
        let mut child = Command::new(python()).arg(peer("sign.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines: Vec<String> = wishes.iter().map(Value::to_string).collect();
        let writer = std::thread::spawn(move || {
            for line in lines {
                writeln!(input, "{line}").unwrap();
            }
        });
        let answers: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap()).collect();
        writer.join().unwrap();
        assert!(child.wait().unwrap().success());
        answers
    }
}

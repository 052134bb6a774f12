//! An SMTP server of a test's own (RFC 5321, as much as senders need): it keeps
//! what it is given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One mail as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body.
    pub text: String,
}

#[derive(Default)]
struct Letters {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
    /// How many more mails are put off with a temporary failure.
    busy: Mutex<usize>,
}

/// A running server.
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    letters: Arc<Letters>,
}

impl MailServer {
    /// Listens on a free port; puts the first `busy` mails off (451).
    pub async fn start(busy: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let letters = Arc::new(Letters { busy: Mutex::new(busy), ..Letters::default() });
        let kept = letters.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(talk(socket, kept.clone()));
            }
        });
        Self { address, letters }
    }

    /// The first mail to `to`, once it has come.
    pub async fn mail_to(&self, to: &str) -> Received {
        loop {
            let arrived = self.letters.arrived.notified();
            let found = self.letters.received.lock().unwrap().iter().find(|mail| mail.to.iter().any(|one| one == to)).cloned();
            if let Some(mail) = found {
                return mail;
            }
            arrived.await;
        }
    }

    /// How many mails have been taken.
    #[must_use]
    pub fn count(&self) -> usize {
        self.letters.received.lock().unwrap().len()
    }
}

/// `MAIL FROM:<a@b> SIZE=9` → `a@b`.
fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or_else(String::new, |(address, _)| address.to_owned())
}

async fn talk(socket: TcpStream, letters: Arc<Letters>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 test ESMTP\r\n").await?;
    let (mut mail, mut line) = (Received::default(), String::new());
    loop {
        line.clear();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" | "HELO" | "NOOP" => b"250 test\r\n",
            "MAIL" => {
                mail = Received { from: address(&line), ..Received::default() };
                b"250 ok\r\n"
            }
            "RCPT" => {
                mail.to.push(address(&line));
                b"250 ok\r\n"
            }
            "DATA" => {
                socket.write_all(b"354 go on\r\n").await?;
                loop {
                    line.clear();
                    if socket.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let put_off = {
                    let mut busy = letters.busy.lock().unwrap();
                    let put_off = *busy > 0;
                    *busy = busy.saturating_sub(1);
                    put_off
                };
                if put_off {
                    b"451 come back later\r\n"
                } else {
                    letters.received.lock().unwrap().push(std::mem::take(&mut mail));
                    letters.arrived.notify_waiters();
                    b"250 taken\r\n"
                }
            }
            "QUIT" => {
                socket.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" => b"250 ok\r\n",
            _ => b"502 not here\r\n",
        };
        socket.write_all(answer).await?;
    }
}

//! Sending mail: SMTP when configured, else a visible outbox folder of `.eml`
//! files (and a line in the log), so that a fresh install shows every mail.

use std::path::PathBuf;

use anyhow::Context;
use async_trait::async_trait;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

/// One mail, both parts written.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Address of the one it goes to.
    pub to: String,
    /// Their name.
    pub to_name: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Makes retries recognisable: the same mail carries the same Message-ID.
    pub message_id: String,
}

/// A road for mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail over.
    ///
    /// # Errors
    /// When it could not be handed over; trying again may help.
    async fn send(&self, mail: &Mail) -> anyhow::Result<()>;
}

fn message(from: &Mailbox, mail: &Mail) -> anyhow::Result<Message> {
    // lettre encodes headers, so a line break in a name cannot add one.
    let to = Mailbox::new(Some(mail.to_name.clone()), mail.to.parse().context("recipient")?);
    Ok(Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&mail.subject)
        .message_id(Some(format!("<{}@roost>", mail.message_id)))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))?)
}

/// SMTP.
pub struct Smtp {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// Connects lazily. Must be made (and dropped) inside a Tokio runtime.
    ///
    /// # Errors
    /// When `url` or `from` cannot be read.
    pub fn new(url: &str, from: &str) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("SMTP_URL")?.build();
        Ok(Self { from: from.parse().context("mail.from")?, transport })
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        self.transport.send(message(&self.from, mail)?).await.context("SMTP")?;
        Ok(())
    }
}

/// A folder of `.eml` files, one a mail, named by time and recipient.
pub struct Outbox {
    from: Mailbox,
    folder: PathBuf,
}

impl Outbox {
    /// Writes into `folder`, making it if needed.
    ///
    /// # Errors
    /// When the folder cannot be made or `from` cannot be read.
    pub fn new(folder: PathBuf, from: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("outbox {}", folder.display()))?;
        Ok(Self { from: from.parse().context("mail.from")?, folder })
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        let file = self.folder.join(format!("{}.eml", mail.message_id));
        // A retry overwrites its own file: one mail stays one file.
        tokio::fs::write(&file, message(&self.from, mail)?.formatted()).await.context("outbox")?;
        tracing::info!(to = %mail.to, subject = %mail.subject, file = %file.display(), "mail written to the outbox");
        Ok(())
    }
}

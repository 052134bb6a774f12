//! The settings as types. Defaults and their meaning stand in
//! `config.default.toml`; mistakes are told at start, all at once.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use domain::money::{BasisPoints, Currency};
use platform::settings::{self, Mistakes};
use serde::{Deserialize, Deserializer, de};

/// The defaults, which are also the documentation.
pub const DEFAULTS: &str = include_str!("../../../config.default.toml");

/// Everything an operator can set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// As mails and pages show it.
    pub name: String,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How people reach it, without a slash at the end.
    #[serde(default)]
    pub public_url: String,
    /// Where private servers, photos and the outbox live.
    pub data_dir: PathBuf,
    /// An own PostgreSQL; private when empty.
    pub database_url: String,
    /// An own Redis; private or none when empty.
    pub redis_url: String,
    /// Sandbox payments and a clock that can be moved.
    #[serde(rename = "sandbox", deserialize_with = "sandbox")]
    sandbox_wish: Option<bool>,
    /// The same, decided: yes unless a payment provider is configured.
    #[serde(skip)]
    pub sandbox: bool,
    /// Where metrics are served.
    #[serde(deserialize_with = "optional_address")]
    pub metrics_listen: Option<SocketAddr>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Of new listings whose host names none.
    pub default_currency: Currency,
    /// Logging.
    pub log: Log,
    /// The database.
    pub database: Database,
    /// Background work.
    pub worker: Worker,
    /// The marketplace's fees.
    pub fees: FeeSettings,
    /// Money to hosts.
    pub payouts: PayoutSettings,
    /// Stripe.
    pub stripe: StripeKeys,
    /// Mail.
    pub mail: Mail,
    /// Photographs.
    pub blobs: BlobSettings,
    /// The cache.
    pub cache: CacheSettings,
    /// Fetching what strangers name.
    pub outbound: OutboundSettings,
    /// How often one client may ask.
    pub rate_limit: RateLimit,
    /// GraphQL.
    pub graphql: GraphqlSettings,
    /// The search index.
    pub search: SearchSettings,
}

/// Logging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// json or text.
    pub format: String,
    /// A tracing directive.
    pub filter: String,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Connections of each process.
    pub pool: u32,
}

/// Background work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Jobs at a time in each process.
    pub concurrency: usize,
}

/// The marketplace's fees, in hundredths of a percent of the host's subtotal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeSettings {
    /// From guests.
    pub guest_bps: BasisPoints,
    /// From hosts.
    pub host_bps: BasisPoints,
}

/// Money to hosts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutSettings {
    /// Days for which payouts are held of hosts who have never been paid.
    pub new_host_hold_days: i64,
    /// The least that is sent, in whole units of any currency.
    pub minimum: i64,
}

/// Stripe.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeKeys {
    /// Empty: payments are the sandbox's.
    pub secret_key: String,
    /// Of the webhook endpoint; several during a rotation.
    pub webhook_secrets: Vec<String>,
    /// Where Stripe's API is.
    pub api_base: String,
}

impl std::fmt::Debug for StripeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeKeys").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

impl StripeKeys {
    fn check(&self, sandbox: Option<bool>, mistakes: &mut Vec<String>) {
        if self.secret_key.is_empty() {
            if sandbox == Some(false) {
                mistakes.push("ROOST_SANDBOX=false needs a payment provider, and none is configured: set STRIPE_SECRET_KEY".into());
            }
            return;
        }
        if sandbox == Some(true) {
            mistakes.push("ROOST_SANDBOX=true and STRIPE_SECRET_KEY are both set: choose one way of payment".into());
        }
        if !["sk_", "rk_"].iter().any(|start| self.secret_key.starts_with(start)) {
            mistakes.push("STRIPE_SECRET_KEY must start with sk_ or rk_".into());
        }
        if self.webhook_secrets.is_empty() {
            mistakes.push("STRIPE_WEBHOOK_SECRET must be set: without it nothing that Stripe tells can be believed".into());
        }
        let local = self.api_base.starts_with("http://127.0.0.1") || self.api_base.starts_with("http://localhost");
        if !self.api_base.starts_with("https://") && !local {
            mistakes.push(format!("STRIPE_API_BASE={:?} must start with https://, or lie on this machine", self.api_base));
        }
    }
}

/// Mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// An SMTP server; the outbox folder when empty.
    pub smtp_url: String,
    /// Who mails come from.
    pub from: String,
}

/// Photographs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobSettings {
    /// `s3://bucket/prefix`; the data folder when empty.
    pub url: String,
    /// Where readers fetch them, when not from us.
    pub public_url: String,
}

/// The cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    /// In each process.
    pub megabytes: u64,
    /// Several servers share one database.
    pub shared: bool,
}

/// Fetching what strangers name: calendars of other platforms.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSettings {
    /// Addresses inside the house too, and without TLS.
    pub allow_private: bool,
}

/// The search index of each server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSettings {
    /// Keep one at all.
    pub index: bool,
    /// That it may use.
    pub memory_megabytes: usize,
    /// It knows nights so far ahead.
    pub days: u16,
    /// Between looks at what has changed.
    pub poll_milliseconds: u64,
}

impl SearchSettings {
    /// The memory it may use, in bytes.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.memory_megabytes.saturating_mul(1 << 20)
    }
}

/// How often one client may ask.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// At all.
    pub enabled: bool,
    /// From one address.
    pub requests_per_minute: u32,
}

/// GraphQL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphqlSettings {
    /// Clients may ask for the schema; none means: in a sandbox.
    #[serde(deserialize_with = "optional_switch")]
    pub introspection: Option<bool>,
    /// The most points a document may cost.
    pub max_cost: usize,
}

fn optional_switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(deserializer)?.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" | "yes" | "on" => Ok(Some(true)),
        "false" | "0" | "no" | "off" => Ok(Some(false)),
        other => Err(de::Error::custom(format!("{other:?} must be true, false or empty"))),
    }
}

fn sandbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(deserializer)?.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" | "yes" | "on" => Ok(Some(true)),
        "false" | "0" | "no" | "off" => Ok(Some(false)),
        other => Err(de::Error::custom(format!("ROOST_SANDBOX={other:?} must be true or false"))),
    }
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| de::Error::custom(format!("{text:?} is not an address and port, e.g. 127.0.0.1:9464"))),
    }
}

impl Config {
    /// Reads `roost.toml` (or the file that `ROOST_CONFIG` names) and the
    /// environment.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn read() -> Result<Self, Mistakes> {
        let env = |name: &str| std::env::var(name).ok();
        let (name, required) = env("ROOST_CONFIG").map_or_else(|| ("roost.toml".to_owned(), false), |name| (name, true));
        let text = match std::fs::read_to_string(&name) {
            Ok(text) => Some(text),
            Err(error) if required => return Err(Mistakes(vec![format!("ROOST_CONFIG={name}: {error}")])),
            Err(_) => None,
        };
        Self::from_layers(text.as_deref().map(|text| (name.as_str(), text)), env)
    }

    /// Puts the layers together; what follows from others is filled in.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn from_layers(file: Option<(&str, &str)>, env: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut config: Self = settings::load(DEFAULTS, file, env)?;
        if config.public_url.is_empty() {
            config.public_url = format!("http://{}", config.listen);
        }
        config.public_url.truncate(config.public_url.trim_end_matches('/').len());
        if config.data_dir.as_os_str().is_empty() {
            let root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
            config.data_dir = if root { PathBuf::from("/var/lib/roost") } else { PathBuf::from(".data") };
        }
        let mut mistakes = Vec::new();
        config.stripe.check(config.sandbox_wish, &mut mistakes);
        config.sandbox = config.sandbox_wish.unwrap_or(config.stripe.secret_key.is_empty());
        for (name, bps) in [("ROOST_FEES_GUEST_BPS", config.fees.guest_bps), ("ROOST_FEES_HOST_BPS", config.fees.host_bps)] {
            if !(0..=5000).contains(&bps.0) {
                mistakes.push(format!("{name}={} must be 0 to 5000 hundredths of a percent", bps.0));
            }
        }
        if !(64..=548).contains(&config.search.days) {
            mistakes.push(format!("ROOST_SEARCH_DAYS={} must be 64 to 548", config.search.days));
        }
        if !(2..=1000).contains(&config.search.poll_milliseconds) {
            mistakes.push(format!("ROOST_SEARCH_POLL_MILLISECONDS={} must be 2 to 1000", config.search.poll_milliseconds));
        }
        if !(0..=90).contains(&config.payouts.new_host_hold_days) {
            mistakes.push(format!("ROOST_PAYOUTS_NEW_HOST_HOLD_DAYS={} must be 0 to 90", config.payouts.new_host_hold_days));
        }
        if !(0..=1_000_000).contains(&config.payouts.minimum) {
            mistakes.push(format!("ROOST_PAYOUTS_MINIMUM={} must be 0 to 1000000 whole units", config.payouts.minimum));
        }
        if !matches!(config.log.format.as_str(), "json" | "text") {
            mistakes.push(format!("ROOST_LOG_FORMAT={:?} must be json or text", config.log.format));
        }
        if mistakes.is_empty() { Ok(config) } else { Err(Mistakes(mistakes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Mistakes> {
        Config::from_layers(None, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_sandbox_ends_where_a_provider_begins() {
        assert!(read(&[]).unwrap().sandbox);
        assert!(read(&[("ROOST_SANDBOX", "false")]).is_err(), "payments need a provider");
        let key = ("STRIPE_SECRET_KEY", "sk_test_1");
        assert!(read(&[key]).unwrap_err().to_string().contains("STRIPE_WEBHOOK_SECRET"));
        let config = read(&[key, ("STRIPE_WEBHOOK_SECRET", "whsec_old, whsec_new")]).unwrap();
        assert!(!config.sandbox);
        assert_eq!(config.stripe.webhook_secrets, ["whsec_old", "whsec_new"]);
        assert!(!format!("{config:?}").contains("sk_test"), "keys stay out of logs");
        assert!(read(&[key, ("STRIPE_WEBHOOK_SECRET", "w"), ("ROOST_SANDBOX", "true")]).is_err());
        assert!(read(&[("STRIPE_SECRET_KEY", "pk_test_1"), ("STRIPE_WEBHOOK_SECRET", "w")]).is_err());
        assert!(read(&[key, ("STRIPE_WEBHOOK_SECRET", "w"), ("STRIPE_API_BASE", "http://stripe.example")]).is_err());
        assert!(read(&[key, ("STRIPE_WEBHOOK_SECRET", "w"), ("STRIPE_API_BASE", "http://127.0.0.1:8420")]).is_ok());
    }
}

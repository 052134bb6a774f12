//! Fetching from addresses that strangers name: never from inside the house.
//!
//! The name is resolved once, every address it leads to must be public, and
//! the connection goes to exactly these addresses, so that a name that changes
//! its mind between look and leap gains nothing. Redirects are followed by
//! hand under the same rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};
use reqwest::{Client, StatusCode, Url, redirect};

/// How long a whole request may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How often a redirect is followed.
const REDIRECTS: usize = 3;

/// Why nothing was fetched; for people.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is not one we would ever ask.
    #[error("{0}")]
    Refused(String),
    /// Nobody answered in time, or not in HTTP.
    #[error("{0}")]
    Unreachable(String),
    /// The answer was no.
    #[error("the server answered {0}")]
    Status(u16),
    /// The answer is larger than what is taken.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// What was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Nothing has changed since the validators that were sent.
    pub not_modified: bool,
    /// The body.
    pub body: Vec<u8>,
    /// To be sent next time.
    pub etag: Option<String>,
    /// To be sent next time.
    pub last_modified: Option<String>,
}

/// Fetches from public addresses only.
#[derive(Debug, Clone, Copy)]
pub struct Outbound {
    allow_private: bool,
}

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xfe == 18))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        // Translated to IPv4 on the way (NAT64, 6to4): what counts is where to.
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && embedded(g, h),
        (0x2002, _) => embedded(b, c),
        // Teredo and documentation.
        (0x2001, 0 | 0xdb8) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

impl Outbound {
    /// `allow_private`: any address may be asked, without TLS too. For
    /// development and tests only.
    #[must_use]
    pub const fn new(allow_private: bool) -> Self {
        Self { allow_private }
    }

    /// Reads an address that may be asked.
    ///
    /// # Errors
    /// When it is no URL, not https, on an odd port, or has a login in it.
    pub fn check(&self, url: &str) -> Result<Url, OutboundError> {
        let refused = |why: &str| Err(OutboundError::Refused(why.to_owned()));
        let Ok(url) = Url::parse(url.trim()) else { return refused("this is not a URL, e.g. https://example.org/calendar.ics") };
        if url.host_str().is_none_or(str::is_empty) || !matches!(url.scheme(), "http" | "https") {
            return refused("only https:// addresses are fetched");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("an address must not contain a login");
        }
        if !self.allow_private {
            if url.scheme() != "https" {
                return refused("only https:// addresses are fetched");
            }
            if url.port_or_known_default() != Some(443) {
                return refused("only the usual port 443 is asked");
            }
        }
        Ok(url)
    }

    /// Where a URL leads, after a look at every address of it.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, OutboundError> {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let unknown = || OutboundError::Unreachable(format!("no server is known under the name {host}"));
        let looked_up = tokio::time::timeout(TIME_LIMIT, tokio::net::lookup_host((host.as_str(), port))).await;
        let found: Vec<SocketAddr> = looked_up.map_err(|_| unknown())?.map_err(|_| unknown())?.collect();
        if found.is_empty() {
            return Err(unknown());
        }
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(OutboundError::Refused(format!("{host} does not lead to a public address")));
        }
        Ok(found)
    }

    /// Fetches a body of at most `most` bytes. `known`: the validators of what
    /// was fetched before (`ETag`, `Last-Modified`).
    ///
    /// # Errors
    /// See [`OutboundError`]; what servers say is never passed on.
    pub async fn get(&self, url: &str, known: (Option<&str>, Option<&str>), most: usize) -> Result<Fetched, OutboundError> {
        let mut url = self.check(url)?;
        for _ in 0..=REDIRECTS {
            let response = self.ask(&url, known).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Fetched { not_modified: true, ..Fetched::default() });
            }
            if status.is_redirection() {
                let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let next = url.join(target).map_err(|_| OutboundError::Status(status.as_u16()))?;
                url = self.check(next.as_str())?;
                continue;
            }
            if !status.is_success() {
                return Err(OutboundError::Status(status.as_u16()));
            }
            return read(response, most).await;
        }
        Err(OutboundError::Refused("the address leads on and on to others".to_owned()))
    }

    async fn ask(&self, url: &Url, known: (Option<&str>, Option<&str>)) -> Result<reqwest::Response, OutboundError> {
        // Doing it twice is fine; without it the client cannot be built.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let addresses = self.addresses(url).await?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_LIMIT)
            .user_agent("Roost")
            .resolve_to_addrs(url.host_str().unwrap_or_default(), &addresses)
            .build()
            .map_err(|error| OutboundError::Unreachable(format!("no connection can be made: {error}")))?;
        let mut headers = HeaderMap::new();
        for (name, value) in [(IF_NONE_MATCH, known.0), (IF_MODIFIED_SINCE, known.1)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        client.get(url.clone()).headers(headers).send().await.map_err(|error| {
            let why = if error.is_timeout() { "did not answer in time" } else { "could not be reached" };
            OutboundError::Unreachable(format!("{} {why}", url.host_str().unwrap_or_default()))
        })
    }
}

async fn read(response: reqwest::Response, most: usize) -> Result<Fetched, OutboundError> {
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let (etag, last_modified) = (header(ETAG), header(LAST_MODIFIED));
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| OutboundError::Unreachable("the answer broke off".to_owned()))?;
        if body.len() + chunk.len() > most {
            return Err(OutboundError::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { not_modified: false, body, etag, last_modified })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for inside in [
            "127.0.0.1",
            "127.255.0.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "93.184.216.34", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[tokio::test]
    async fn every_spelling_of_inside_is_refused() {
        let outbound = Outbound::new(false);
        for url in [
            "http://example.org/a.ics",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://example.org:8443/",
            "https://mia:pw@example.org/",
            "gopher://127.0.0.1/",
            "https://",
            "not a url",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.1.2.3/",
            "https://localhost/",
            "https://①②⑦.⓪.⓪.①/",
            "https://127.0.0.1./",
            "https://[fe80::1]/",
            "javascript:alert(1)",
            "data:text/calendar,BEGIN",
        ] {
            let error = outbound.get(url, (None, None), 10).await.unwrap_err();
            assert!(matches!(error, OutboundError::Refused(_) | OutboundError::Unreachable(_)), "{url}: {error}");
            assert!(!error.to_string().contains("could not be reached"), "{url} was asked");
        }
    }
}

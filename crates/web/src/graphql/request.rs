//! What every resolver knows: the application, who asks, on which login, from
//! where, and the batches of this request.

use std::net::IpAddr;
use std::sync::Arc;

use app::App;
use app::accounts::Login;
use app::idempotency::{IdempotencyKey, Once};
use async_graphql::{Context, ID, InputType};
use domain::actor::Actor;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::Told;
use super::loaders::Loaders;

/// What a request carries besides its document.
pub struct Asker {
    /// The application.
    pub app: App,
    /// On which login, if any.
    pub login: Option<Login>,
    /// The program and where it is.
    pub device: app::accounts::Device,
    /// The `Accept-Language` header.
    pub languages: String,
    /// Batches of this request.
    pub loaders: Loaders,
}

impl Asker {
    /// For one request.
    pub fn new(app: &App, login: Option<Login>, device: &crate::auth::Device, languages: &str) -> Arc<Self> {
        let actor = login.map_or(Actor::Anonymous, |login| login.actor());
        Arc::new(Self {
            app: app.clone(),
            login,
            device: app::accounts::Device {
                user_agent: device.user_agent.clone(),
                ip_address: device.ip_address.map(|ip: IpAddr| ip.to_string()).unwrap_or_default(),
                browser: false,
            },
            languages: languages.to_owned(),
            loaders: Loaders::new(app, actor),
        })
    }

    /// Who asks.
    pub fn actor(&self) -> Actor {
        self.login.map_or(Actor::Anonymous, |login| login.actor())
    }

    /// The login that asks.
    ///
    /// # Errors
    /// 401 when nobody is logged in.
    pub fn login(&self) -> app::Result<Login> {
        self.login.ok_or(app::Error::Unauthenticated)
    }
}

/// What resolvers ask their context for.
pub(super) trait Asks<'a> {
    /// Who asks, and all that belongs to it.
    fn asker(&self) -> &'a Arc<Asker>;
    /// The application.
    fn app(&self) -> &'a App;
    /// Who asks.
    fn actor(&self) -> Actor;
    /// Batches of this request.
    fn loaders(&self) -> &'a Loaders;
    /// Refuses those who are not logged in, as REST does before it reads a body.
    fn signed_in(&self) -> async_graphql::Result<Login>;
    /// An idempotency key bound to this mutation and its input.
    fn once<I: InputType>(&self, name: &str, key: Option<String>, input: &I) -> async_graphql::Result<Option<IdempotencyKey>>;
    /// The answer; a header tells when it was stored by an earlier request.
    fn unwrap<T>(&self, once: Once<T>) -> T;
}

impl<'a> Asks<'a> for Context<'a> {
    fn asker(&self) -> &'a Arc<Asker> {
        self.data_unchecked::<Arc<Asker>>()
    }

    fn app(&self) -> &'a App {
        &self.asker().app
    }

    fn actor(&self) -> Actor {
        self.asker().actor()
    }

    fn loaders(&self) -> &'a Loaders {
        &self.asker().loaders
    }

    fn signed_in(&self) -> async_graphql::Result<Login> {
        self.asker().login().told()
    }

    fn once<I: InputType>(&self, name: &str, key: Option<String>, input: &I) -> async_graphql::Result<Option<IdempotencyKey>> {
        let Some(key) = key else { return Ok(None) };
        if !(1..=255).contains(&key.len()) || !key.bytes().all(|b| (0x21..0x7f).contains(&b)) {
            let why = "an idempotency key has 1 to 255 printable characters without spaces, e.g. a UUID";
            return Err(app::Error::invalid("/idempotency_key", "bad_idempotency_key", why)).told();
        }
        let mut hash = Sha256::new();
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(input.to_value().to_string().as_bytes());
        Ok(Some(IdempotencyKey { key, request_hash: hash.finalize().into() }))
    }

    fn unwrap<T>(&self, once: Once<T>) -> T {
        if once.replayed {
            self.insert_http_header("idempotent-replayed", "true");
        }
        once.value
    }
}

/// Reads an id; one that cannot be read names nothing, as over REST.
///
/// # Errors
/// 404.
pub(super) fn id<T: From<Uuid>>(id: &ID, what: &'static str) -> app::Result<T> {
    id.parse::<Uuid>().map(T::from).map_err(|_| app::Error::NotFound(what))
}

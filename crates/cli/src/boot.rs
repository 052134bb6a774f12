//! From settings to a running application: the database, the cache, the roads
//! to the outside.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use app::accounts::SealingKey;
use app::clock::Clock;
use app::ids::Ids;
use app::listings::place::LocationKey;
use app::ports::blobs::Blobs;
use app::ports::mail::{Mailer, Outbox, Smtp};
use app::ports::payments::PaymentProvider;
use app::ports::sandbox::Sandbox;
use app::ports::stripe::{Stripe, StripeSettings};
use app::{App, Config, Parts};
use platform::cache::Cache;
use platform::postgres::{PostgresOptions, PrivatePostgres};
use platform::redis::PrivateRedis;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::task::JoinHandle;

/// An application and the private servers it started.
pub struct Booted {
    pub app: App,
    postgres: Option<Arc<PrivatePostgres>>,
    redis: Option<PrivateRedis>,
}

impl Booted {
    /// Keeps the private PostgreSQL alive as long as this process serves: one
    /// that does not answer and does not run is started again.
    pub fn supervise(&self) -> Option<JoinHandle<()>> {
        let server = self.postgres.clone()?;
        let app = self.app.clone();
        Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if app.ping().await.is_ok() || app.db.is_closed() {
                    continue;
                }
                let server = server.clone();
                match tokio::task::spawn_blocking(move || server.revive()).await {
                    Ok(Ok(true)) => tracing::warn!("the private PostgreSQL had died and was started again"),
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) => tracing::error!(%error, "the private PostgreSQL has died and does not start"),
                    Err(error) => tracing::error!(%error, "looking after the private PostgreSQL"),
                }
            }
        }))
    }

    /// Stops the servers that this process has started.
    pub async fn stop(self) {
        self.app.db.close().await;
        if let Some(redis) = &self.redis {
            redis.stop();
        }
        if let Some(Err(error)) = self.postgres.as_ref().map(|server| server.stop()) {
            tracing::warn!(%error, "the private PostgreSQL did not stop");
        }
    }
}

async fn database(config: &Config) -> anyhow::Result<(PgConnectOptions, Option<PrivatePostgres>)> {
    if !config.database_url.is_empty() {
        let options = config.database_url.parse().context("DATABASE_URL")?;
        tracing::info!("using the PostgreSQL of DATABASE_URL");
        return Ok((options, None));
    }
    let root = config.data_dir.join("postgres");
    let server = tokio::task::spawn_blocking(move || PrivatePostgres::start(&root, &PostgresOptions::default())).await??;
    server.ensure_database("roost").await?;
    tracing::info!(folder = %config.data_dir.display(), "using a private PostgreSQL");
    Ok((server.connect_options("roost"), Some(server)))
}

async fn pool(config: &Config, options: PgConnectOptions) -> anyhow::Result<PgPool> {
    let options = options.application_name("roost").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    PgPoolOptions::new()
        .max_connections(config.database.pool)
        .acquire_timeout(Duration::from_secs(5))
        // A lost connection shows at its first statement; a ping at each
        // acquire would cost a round trip every time.
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .context("the database does not answer")
}

async fn cache(config: &Config) -> anyhow::Result<(Cache, Option<PrivateRedis>)> {
    let capacity = config.cache.megabytes * 1024 * 1024;
    let (url, server) = if config.redis_url.is_empty() {
        let root: PathBuf = config.data_dir.join("redis");
        match tokio::task::spawn_blocking(move || PrivateRedis::start(&root)).await? {
            Ok(Some(server)) => (server.url(), Some(server)),
            Ok(None) => {
                tracing::info!("no Redis installed: caching in this process only");
                return Ok((Cache::new(None, capacity, config.cache.shared), None));
            }
            Err(error) => {
                tracing::warn!(%error, "the private Redis did not start: caching in this process only");
                return Ok((Cache::new(None, capacity, config.cache.shared), None));
            }
        }
    } else {
        (config.redis_url.clone(), None)
    };
    match platform::redis::connect(&url).await {
        Ok(connection) => {
            let cache = Cache::new(Some(connection), capacity, config.cache.shared);
            tokio::spawn(cache.clone().listen(url));
            tracing::info!(private = server.is_some(), "caching in this process and in Redis");
            Ok((cache, server))
        }
        Err(error) => {
            tracing::warn!(%error, "Redis does not answer: caching in this process only");
            Ok((Cache::new(None, capacity, config.cache.shared), server))
        }
    }
}

fn mailer(config: &Config) -> anyhow::Result<Arc<dyn Mailer>> {
    if config.mail.smtp_url.is_empty() {
        let folder = config.data_dir.join("outbox");
        tracing::info!(folder = %folder.display(), "no SMTP server configured: mails go into the outbox folder");
        return Ok(Arc::new(Outbox::new(folder, &config.mail.from)?));
    }
    Ok(Arc::new(Smtp::new(&config.mail.smtp_url, &config.mail.from)?))
}

fn stripe(config: &Config) -> anyhow::Result<Option<Stripe>> {
    let keys = &config.stripe;
    if keys.secret_key.is_empty() {
        tracing::info!("no payment provider configured: payments are the sandbox's");
        return Ok(None);
    }
    let settings = StripeSettings {
        secret_key: keys.secret_key.clone(),
        webhook_secrets: keys.webhook_secrets.clone(),
        api_base: keys.api_base.clone(),
        return_url: Some(format!("{}/trips", config.public_url)),
        timeout: StripeSettings::TIMEOUT,
    };
    tracing::info!(live = settings.is_live(), "payments go through Stripe");
    Ok(Some(Stripe::new(settings)?))
}

/// Brings the application up; migrates the database if it must.
pub async fn boot(config: Config) -> anyhow::Result<Booted> {
    app::failpoints::arm(&config, std::env::var("ROOST_FAILPOINT").ok());
    std::fs::create_dir_all(&config.data_dir).with_context(|| format!("data folder {}", config.data_dir.display()))?;
    let (options, postgres) = database(&config).await?;
    let db = pool(&config, options).await?;
    app::MIGRATOR.run(&db).await.context("migrations")?;
    let (cache, redis) = cache(&config).await?;
    let clock = Clock::system();
    clock.follow(&db).await?;
    let ids = Ids::random();
    let location_key = LocationKey::load_or_create(&config.data_dir, "location.key", ids.token())?;
    let secret = LocationKey::load_or_create(&config.data_dir, "sandbox.key", ids.token())?.bytes().to_vec();
    let sealing = LocationKey::load_or_create(&config.data_dir, "sealing.key", ids.token())?;
    let blobs = Blobs::new(&config.blobs.url, &config.data_dir, &config.blobs.public_url)?;
    // The provider's clock is the marketplace's, which it cannot reach before
    // the application is whole.
    let late: Arc<OnceLock<App>> = Arc::default();
    let provider_clock = late.clone();
    let now = move || provider_clock.get().map_or_else(|| Clock::system().now(), |app| app.clock.now());
    let provider: Arc<dyn PaymentProvider> = match stripe(&config)? {
        Some(stripe) => Arc::new(stripe),
        None => Arc::new(Sandbox::new(db.clone(), secret.clone(), &config.public_url, now)),
    };
    let app = App::new(Parts {
        mailer: mailer(&config)?,
        config,
        db,
        clock,
        ids,
        cache,
        provider,
        sandbox_secret: secret,
        sealing_key: SealingKey::new(sealing.bytes()),
        location_key,
        blobs,
        places: app::places::Places::default(),
        search: app::search::Live::default(),
        waker: OnceLock::new(),
        live: app::live::Live::default(),
    });
    let _ = late.set(app.clone());
    let projected = app::search::backfill(&app).await.context("the search projection")?;
    if projected > 0 {
        tracing::info!(homes = projected, "projected homes for search");
    }
    Ok(Booted { app, postgres: postgres.map(Arc::new), redis })
}

//! The one cache face: in this process, and in Redis where there is one. It
//! makes reads faster and never decides anything.
//!
//! A value whose loading began before it was invalidated is not kept: each
//! space and key carries a generation that is compared after the load.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::future::Cache as Moka;
use redis::AsyncCommands;
use redis::aio::ConnectionManager;

/// Where invalidations are told to other processes.
const CHANNEL: &str = "roost:invalidate";
/// Without Redis others cannot tell us of their changes: what may be theirs is
/// believed for this long only.
const ALONE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    until: Instant,
    generation: u64,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// A cache of bytes by space and key. Cheap to clone.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    local: Moka<String, Entry>,
    redis: Option<ConnectionManager>,
    /// Of spaces (by name) and of keys that were invalidated lately.
    generations: Mutex<HashMap<String, u64>>,
    counts: Mutex<HashMap<&'static str, Arc<Counts>>>,
    shared: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    /// A cache of at most `capacity` bytes in this process. `shared`: other
    /// processes change the same things, so that without Redis values live for
    /// two seconds only.
    #[must_use]
    pub fn new(redis: Option<ConnectionManager>, capacity: u64, shared: bool) -> Self {
        let weigh = |key: &String, entry: &Entry| u32::try_from(key.len() + entry.value.len() + 64).unwrap_or(u32::MAX);
        let local = Moka::builder().max_capacity(capacity).weigher(weigh).build();
        Self(Arc::new(Inner { local, redis, generations: Mutex::default(), counts: Mutex::default(), shared }))
    }

    /// Listens to what other processes invalidate, until dropped. Give it a
    /// connection URL of its own; it comes back after a loss and then forgets
    /// everything local, since it may have missed news.
    pub async fn listen(self, url: String) {
        loop {
            if let Err(error) = self.listen_once(&url).await {
                tracing::debug!(%error, "the cache channel is away");
            }
            self.0.local.invalidate_all();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self, url: &str) -> Result<(), redis::RedisError> {
        use futures::StreamExt;
        let mut channel = redis::Client::open(url)?.get_async_pubsub().await?;
        channel.subscribe(CHANNEL).await?;
        self.0.local.invalidate_all();
        let mut news = channel.on_message();
        while let Some(message) = news.next().await {
            let name: String = message.get_payload()?;
            self.forget(&name).await;
        }
        Ok(())
    }

    fn generation(&self, space: &str, full: &str) -> u64 {
        let generations = locked(&self.0.generations);
        generations.get(space).copied().unwrap_or(0) + generations.get(full).copied().unwrap_or(0)
    }

    /// The value under `key`, loaded once when many ask at the same time.
    ///
    /// # Errors
    /// Whatever `load` answers; the cache itself never fails.
    pub async fn get_or_load<E, F>(&self, space: &'static str, key: &str, life: Duration, load: F) -> Result<Arc<[u8]>, E>
    where
        F: Future<Output = Result<Vec<u8>, E>> + Send,
        E: Send + Sync + 'static,
    {
        let full = format!("{space}:{key}");
        let generation = self.generation(space, &full);
        if let Some(entry) = self.0.local.get(&full).await
            && entry.until > Instant::now()
            && entry.generation == generation
        {
            self.count(space, true);
            return Ok(entry.value);
        }
        if let Some(value) = self.fetch(space, &full).await {
            self.count(space, true);
            self.keep(&full, value.clone(), life, generation).await;
            return Ok(value);
        }
        self.count(space, false);
        let value: Arc<[u8]> = load.await?.into();
        if self.generation(space, &full) == generation {
            self.keep(&full, value.clone(), life, generation).await;
            self.store(space, &full, &value, life).await;
        }
        Ok(value)
    }

    async fn keep(&self, full: &str, value: Arc<[u8]>, life: Duration, generation: u64) {
        let life = if self.0.shared && self.0.redis.is_none() { life.min(ALONE) } else { life };
        self.0.local.insert(full.to_owned(), Entry { value, until: Instant::now() + life, generation }).await;
    }

    /// The name in Redis, which carries the space's generation there.
    async fn remote_name(redis: &mut ConnectionManager, space: &str, full: &str) -> Option<String> {
        let generation: Option<u64> = redis.get(format!("roost:generation:{space}")).await.ok()?;
        Some(format!("roost:{}:{full}", generation.unwrap_or(0)))
    }

    async fn fetch(&self, space: &str, full: &str) -> Option<Arc<[u8]>> {
        let mut redis = self.0.redis.clone()?;
        let name = Self::remote_name(&mut redis, space, full).await?;
        let value: Option<Vec<u8>> = redis.get(name).await.ok()?;
        value.map(Arc::from)
    }

    async fn store(&self, space: &str, full: &str, value: &[u8], life: Duration) {
        let Some(mut redis) = self.0.redis.clone() else {
            return;
        };
        if let Some(name) = Self::remote_name(&mut redis, space, full).await {
            let _: Result<(), _> = redis.set_ex(name, value, life.as_secs().max(1)).await;
        }
    }

    async fn forget(&self, name: &str) {
        {
            let mut generations = locked(&self.0.generations);
            // Only loads under way look at it: old ones can go.
            if generations.len() > 100_000 {
                generations.clear();
                self.0.local.invalidate_all();
            }
            *generations.entry(name.to_owned()).or_default() += 1;
        }
        self.0.local.invalidate(name).await;
    }

    /// Forgets one value, everywhere.
    pub async fn invalidate(&self, space: &'static str, key: &str) {
        let full = format!("{space}:{key}");
        self.forget(&full).await;
        let Some(mut redis) = self.0.redis.clone() else {
            return;
        };
        if let Some(name) = Self::remote_name(&mut redis, space, &full).await {
            let _: Result<(), _> = redis.del(name).await;
        }
        let _: Result<(), _> = redis.publish(CHANNEL, full).await;
    }

    /// Makes every value of a space stale at once, everywhere.
    pub async fn bump(&self, space: &'static str) {
        self.forget(space).await;
        let Some(mut redis) = self.0.redis.clone() else {
            return;
        };
        let _: Result<u64, _> = redis.incr(format!("roost:generation:{space}"), 1).await;
        let _: Result<(), _> = redis.publish(CHANNEL, space).await;
    }

    fn count(&self, space: &'static str, hit: bool) {
        let counts = locked(&self.0.counts).entry(space).or_default().clone();
        let (counter, outcome) = if hit { (&counts.hits, "hit") } else { (&counts.misses, "miss") };
        counter.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("cache_requests_total", "space" => space, "outcome" => outcome).increment(1);
    }

    /// Hits per request of each space, 0–1.
    #[must_use]
    pub fn hit_rates(&self) -> Vec<(&'static str, f64)> {
        let counts = locked(&self.0.counts);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let rate = |counts: &Counts| {
            let (hits, misses) = (counts.hits.load(Ordering::Relaxed) as f64, counts.misses.load(Ordering::Relaxed) as f64);
            if hits + misses == 0.0 { 0.0 } else { hits / (hits + misses) }
        };
        counts.iter().map(|(space, counts)| (*space, rate(counts))).collect()
    }
}

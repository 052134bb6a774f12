//! The cache face: alone, with Redis, and when Redis dies.

use std::convert::Infallible;
use std::time::Duration;

use platform::cache::Cache;
use platform::redis::{PrivateRedis, connect};

const LIFE: Duration = Duration::from_secs(60);

async fn get(cache: &Cache, value: &str) -> String {
    let bytes = cache.get_or_load("space", "key", LIFE, async { Ok::<_, Infallible>(value.as_bytes().to_vec()) }).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn values_are_kept_until_they_are_invalidated() {
    let cache = Cache::new(None, 1 << 20, false);
    assert_eq!(get(&cache, "a").await, "a");
    assert_eq!(get(&cache, "b").await, "a");
    cache.invalidate("space", "key").await;
    assert_eq!(get(&cache, "c").await, "c");
    cache.bump("space").await;
    assert_eq!(get(&cache, "d").await, "d");
    assert_eq!(cache.hit_rates(), [("space", 0.25)]);
}

#[tokio::test]
async fn what_was_loading_while_it_changed_is_not_kept() {
    let cache = Cache::new(None, 1 << 20, false);
    let meanwhile = cache.clone();
    let load = async {
        meanwhile.invalidate("space", "key").await;
        Ok::<_, Infallible>(b"old".to_vec())
    };
    cache.get_or_load("space", "key", LIFE, load).await.unwrap();
    assert_eq!(get(&cache, "new").await, "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_through_redis_and_do_without_it_when_it_dies() {
    let folder = std::env::temp_dir().join(format!("roost-redis-{}", uuid::Uuid::new_v4().simple()));
    let server = PrivateRedis::start(&folder).unwrap().expect("bin/setup installs redis-server");
    let url = server.url();
    let process = || async { Cache::new(Some(connect(&url).await.unwrap()), 1 << 20, true) };
    let (one, two) = (process().await, process().await);
    tokio::spawn(two.clone().listen(url.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(get(&one, "a").await, "a");
    assert_eq!(get(&two, "b").await, "a", "through Redis");
    one.invalidate("space", "key").await;
    for _ in 0..200 {
        if get(&two, "c").await == "c" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(get(&two, "d").await, "c", "told by the other");
    server.stop_now();
    one.invalidate("space", "key").await;
    assert_eq!(get(&one, "e").await, "e", "Redis is gone, the answer is not");
    one.bump("space").await;
    assert_eq!(get(&one, "f").await, "f");
    let _ = std::fs::remove_dir_all(&folder);
}

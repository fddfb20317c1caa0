//! The cache in memory passes the suites.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

mod typed;

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant, SystemTime};

use plumego_contract::{Clock, ManualClock};
use plumego_store::cache::{Cache, CacheResult, MemoryCache, MemoryCacheOptions, OnFull, Policy};
use plumego_store::conformance::cache::{CacheFixture, CacheSetup, Held, HeldWriter, loading, run};
use plumego_store::{BoxFuture, Ttl};

/// A clock that can hold up one thread whenever it asks for the time.
#[derive(Clone, Debug)]
struct HoldingClock {
    time: ManualClock,
    held: Arc<(Mutex<Holding>, Condvar)>,
}

#[derive(Debug, Default)]
struct Holding {
    thread: Option<ThreadId>,
    /// Whether that thread has come.
    waiting: bool,
}

impl HoldingClock {
    fn new() -> Self {
        Self {
            time: ManualClock::new(SystemTime::now()),
            held: Arc::default(),
        }
    }

    fn wait(&self) {
        let (holding, changed) = &*self.held;
        let mut holding = holding.lock().unwrap();
        while holding.thread == Some(thread::current().id()) {
            holding.waiting = true;
            changed.notify_all();
            holding = changed.wait(holding).unwrap();
        }
    }

    fn release(&self) {
        let (holding, changed) = &*self.held;
        *holding.lock().unwrap() = Holding::default();
        changed.notify_all();
    }
}

impl Clock for HoldingClock {
    fn now(&self) -> SystemTime {
        self.time.now()
    }

    fn instant(&self) -> Instant {
        self.wait();
        self.time.instant()
    }
}

struct Memory {
    clock: HoldingClock,
    cache: Mutex<Option<Arc<MemoryCache>>>,
}

impl Memory {
    fn new() -> Self {
        Self {
            clock: HoldingClock::new(),
            cache: Mutex::default(),
        }
    }

    fn last(&self) -> Arc<MemoryCache> {
        self.cache.lock().unwrap().clone().unwrap()
    }
}

impl CacheFixture for Memory {
    fn name(&self) -> &str {
        "MemoryCache"
    }

    fn open<'a>(&'a self, setup: CacheSetup) -> BoxFuture<'a, CacheResult<Arc<dyn Cache>>> {
        let mut options = MemoryCacheOptions::default();
        options.max_key_length = setup.max_key_length;
        options.max_bytes = setup.max_bytes;
        options.max_entries = setup.max_entries;
        options.on_full = setup.on_full;
        options.default_ttl = setup.default_ttl;
        options.clock = self.clock();
        Box::pin(async {
            let cache = Arc::new(MemoryCache::with_options(options)?);
            *self.cache.lock().unwrap() = Some(Arc::clone(&cache));
            Ok(cache as Arc<dyn Cache>)
        })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn advance(&self, by: Duration) {
        self.clock.time.advance(by);
    }

    fn held<'a>(&'a self) -> BoxFuture<'a, Option<Held>> {
        let cache = self.last();
        cache.settle();
        let stats = cache.stats();
        let held = Held::new(stats.entries, stats.weighted_bytes);
        Box::pin(std::future::ready(Some(held)))
    }

    fn purge<'a>(&'a self) -> BoxFuture<'a, ()> {
        self.last().purge_expired();
        Box::pin(std::future::ready(()))
    }

    fn hold_writer(&self, key: &str) -> Option<HeldWriter> {
        let (cache, clock, key) = (self.last(), self.clock.clone(), key.to_owned());
        let (done, ended) = tokio::sync::oneshot::channel();
        let (held, changed) = &*self.clock.held;
        thread::spawn({
            let clock = clock.clone();
            move || {
                clock.held.0.lock().unwrap().thread = Some(thread::current().id());
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                // A lifetime, so that the clock is asked in the middle of it.
                let ttl = Ttl::After(Duration::from_secs(60));
                let written = runtime.block_on(cache.set(&key, "held".into(), ttl));
                drop(done.send(written));
            }
        });
        let mut holding = held.lock().unwrap();
        while !holding.waiting {
            holding = changed.wait(holding).unwrap();
        }
        drop(holding);
        Some(HeldWriter::new(move || clock.release(), async move {
            ended.await.unwrap()
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite() {
    run(&Memory::new()).await.assert_passed_except(&["CA-25"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite_of_loading() {
    loading::run(&Memory::new()).await.assert_passed();
}

#[tokio::test]
async fn statistics_count_what_happened() {
    let clock = ManualClock::new(SystemTime::now());
    let mut options = MemoryCacheOptions::default();
    options.max_bytes = Some(300);
    options.on_full = OnFull::Evict(Policy::Lru);
    options.clock = Arc::new(clock.clone());
    let cache = MemoryCache::with_options(options).unwrap();
    cache.set("abc", "12345".into(), Ttl::Never).await.unwrap();
    cache.get("abc").await.unwrap();
    cache.exists("none").await.unwrap();
    drop(cache.get("bad\n").await);
    let stats = cache.stats();
    assert_eq!(
        (stats.entries, stats.payload_bytes, stats.weighted_bytes),
        (1, 8, 72)
    );
    assert_eq!((stats.hits, stats.misses), (1, 1));
    for number in 0..10 {
        cache
            .set(
                &number.to_string(),
                "v".into(),
                Ttl::After(Duration::from_secs(1)),
            )
            .await
            .unwrap();
    }
    drop(cache.set("large", vec![0; 300].into(), Ttl::Never).await);
    cache.settle();
    let stats = cache.stats();
    assert_eq!((stats.entries, stats.evictions, stats.rejected), (4, 7, 1));
    clock.advance(Duration::from_secs(1));
    assert_eq!(cache.purge_expired(), 4);
    assert_eq!(cache.stats().expirations, 4);
    cache.close().await.unwrap();
    let stats = cache.stats();
    assert_eq!((stats.closed, stats.entries, stats.hits), (true, 0, 1));
    let json = serde_json::to_value(stats).unwrap();
    assert_eq!(json["expirations"], 4);
}

#[test]
fn options_are_checked() {
    let spoilers: [fn(&mut MemoryCacheOptions); 3] = [
        |options| options.max_bytes = Some(0),
        |options| options.max_entries = Some(0),
        |options| options.default_ttl = Some(Duration::ZERO),
    ];
    for spoil in spoilers {
        let mut options = MemoryCacheOptions::default();
        spoil(&mut options);
        let refused = MemoryCache::with_options(options);
        assert_eq!(refused.unwrap_err().kind(), "invalid_config");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_removed_by_itself() {
    let mut options = MemoryCacheOptions::default();
    options.cleanup_interval = Duration::from_millis(1);
    let cache = MemoryCache::with_options(options).unwrap();
    cache
        .set("k", "v".into(), Ttl::After(Duration::from_millis(1)))
        .await
        .unwrap();
    let removed = async {
        // It is gone first, and counted then.
        while cache.stats().entries > 0 || cache.stats().expirations == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), removed)
        .await
        .unwrap();
    assert_eq!(cache.stats().expirations, 1);
}

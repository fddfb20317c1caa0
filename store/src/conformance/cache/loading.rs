//! The suite of loading through any cache.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore};

use super::{CacheFixture, open};
use crate::Ttl;
use crate::cache::{Cache, LoadError, LoadOptions, Loaded, LoadedFrom, LoadingCache};
use crate::conformance::Report;
use crate::conformance::report::{self, Outcome, Stop, cases, ensure, ensure_eq};

const SECOND: Duration = Duration::from_secs(1);

/// How long something that comes by itself may take.
const PATIENCE: Duration = Duration::from_secs(20);

type Loading = LoadingCache<Arc<dyn Cache>>;

/// Runs every case over the caches of a fixture.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn CacheFixture + 'static)) -> Report {
    let cases = cases!(dyn CacheFixture:
        ("LC-01", "a hundred callers, one load", one_load),
        ("LC-02", "when the one that loads is given up, the next one loads", given_up),
        ("LC-03", "when the one that loads panics, the next one loads", panics),
        ("LC-04", "an error is shared, and not kept", errors),
        ("LC-05", "that there is nothing is kept if that is wanted", negative),
        ("LC-06", "beyond its soft time a value is refreshed once, behind", soft),
        ("LC-07", "beyond its time a value is served while loading fails", stale),
        ("LC-08", "waiting has an end", wait_timeout),
        ("LC-09", "lifetimes vary within their range", jitter),
        ("LC-10", "of two processes one loads", leases),
        ("LC-11", "a value of somebody else is loaded anew", foreign),
    );
    report::run("loading_cache", fixture.name(), fixture, cases).await
}

async fn loading(fixture: &dyn CacheFixture) -> Result<Loading, Stop> {
    Ok(LoadingCache::with_clock(
        open(fixture).await?,
        fixture.clock(),
    ))
}

/// Nobody gives up waiting because the machine is busy.
fn options() -> LoadOptions {
    LoadOptions::new(60 * SECOND)
        .jitter(0.0)
        .wait_timeout(6 * PATIENCE)
}

/// Waits until so many callers wait for whoever loads.
async fn until_waiting(cache: &Loading, callers: u64) -> Outcome {
    let waiting = async {
        while cache.stats().waiting < callers {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waiting = tokio::time::timeout(PATIENCE, waiting).await;
    waiting.map_err(|_| Stop::Failed(format!("not all of {callers} callers wait")))
}

fn value(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

/// Loads a text at once.
async fn load(
    cache: &Loading,
    options: &LoadOptions,
    text: Option<&'static str>,
) -> Result<Loaded, LoadError> {
    let loaded = move || async move { Ok::<_, io::Error>(text.and_then(value)) };
    cache.get_or_load("k", options, loaded).await
}

/// Fails to load.
async fn fail(cache: &Loading, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let failed = || async { Err::<Option<Bytes>, _>(io::Error::other("the origin is down")) };
    cache.get_or_load("k", options, failed).await
}

/// A loader that counts its calls and waits to be let go on.
#[derive(Clone, Default)]
struct Gate {
    calls: Arc<AtomicU32>,
    begun: Arc<Notify>,
    open: Arc<Notify>,
}

impl Gate {
    async fn load(self, text: &'static str) -> io::Result<Option<Bytes>> {
        self.calls.fetch_add(1, SeqCst);
        self.begun.notify_one();
        self.open.notified().await;
        Ok(value(text))
    }

    async fn has_begun(&self) -> Outcome {
        let begun = tokio::time::timeout(PATIENCE, self.begun.notified()).await;
        begun.map_err(|_| Stop::Failed("nobody loads".to_owned()))
    }
}

/// Starts a caller whose loader waits at the gate.
fn start(
    cache: &Loading,
    gate: &Gate,
    options: &LoadOptions,
) -> tokio::task::JoinHandle<Result<Loaded, LoadError>> {
    let (cache, gate, options) = (cache.clone(), gate.clone(), options.clone());
    tokio::spawn(async move {
        cache
            .get_or_load("k", &options, || gate.load("loaded"))
            .await
    })
}

async fn one_load(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let gate = Gate::default();
    let callers: Vec<_> = (0..100).map(|_| start(&cache, &gate, &options())).collect();
    gate.has_begun().await?;
    until_waiting(&cache, 99).await?;
    gate.open.notify_one();
    let mut from = Vec::new();
    for caller in callers {
        let loaded = caller.await??;
        ensure_eq!(loaded.value, value("loaded"), "what a caller got");
        from.push(loaded.from);
    }
    ensure_eq!(gate.calls.load(SeqCst), 1, "loads");
    let loads = from
        .iter()
        .filter(|from| **from == LoadedFrom::Load)
        .count();
    ensure_eq!(loads, 1, "callers that loaded");
    ensure!(from.contains(&LoadedFrom::Shared), "nobody shared");
    let again = load(&cache, &options(), Some("other")).await?;
    ensure_eq!(
        (again.value, again.from),
        (value("loaded"), LoadedFrom::Cache),
        "another call"
    );
    fixture.advance(60 * SECOND);
    let anew = load(&cache, &options(), Some("other")).await?;
    ensure_eq!(
        (anew.value, anew.from),
        (value("other"), LoadedFrom::Load),
        "after its time"
    );
    ensure!(cache.invalidate("k").await?, "nothing to invalidate");
    let anew = load(&cache, &options(), Some("third")).await?;
    ensure_eq!(anew.value, value("third"), "after it was invalidated");
    Ok(())
}

async fn given_up(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let (first, second) = (Gate::default(), Gate::default());
    let leader = start(&cache, &first, &options());
    first.has_begun().await?;
    let waiters: Vec<_> = (0..10)
        .map(|_| start(&cache, &second, &options()))
        .collect();
    until_waiting(&cache, 10).await?;
    ensure_eq!(second.calls.load(SeqCst), 0, "loads beside the first");
    leader.abort();
    second.has_begun().await?;
    second.open.notify_one();
    for waiter in waiters {
        ensure_eq!(waiter.await??.value, value("loaded"), "what a waiter got");
    }
    ensure_eq!(
        second.calls.load(SeqCst),
        1,
        "loads after the first was given up"
    );
    Ok(())
}

async fn panics(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let begun = Arc::new(Notify::new());
    let go = Arc::new(Semaphore::new(0));
    let leader = {
        let (cache, begun, go) = (cache.clone(), Arc::clone(&begun), Arc::clone(&go));
        tokio::spawn(async move {
            let load = move || async move {
                begun.notify_one();
                drop(go.acquire().await);
                std::panic::resume_unwind(Box::new("on purpose"));
                #[expect(unreachable_code, reason = "it says what the loader would give")]
                Ok::<_, io::Error>(None)
            };
            cache.get_or_load("k", &options(), load).await
        })
    };
    tokio::time::timeout(PATIENCE, begun.notified()).await?;
    let gate = Gate::default();
    let waiters: Vec<_> = (0..10).map(|_| start(&cache, &gate, &options())).collect();
    until_waiting(&cache, 10).await?;
    go.add_permits(1);
    let panicked = leader.await.is_err_and(|error| error.is_panic());
    ensure!(panicked, "a panic did not reach whoever loaded");
    gate.has_begun().await?;
    gate.open.notify_one();
    for waiter in waiters {
        ensure_eq!(waiter.await??.value, value("loaded"), "what a waiter got");
    }
    ensure_eq!(gate.calls.load(SeqCst), 1, "loads after the panic");
    Ok(())
}

async fn errors(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let begun = Arc::new(Notify::new());
    let go = Arc::new(Semaphore::new(0));
    let leader = {
        let (cache, begun, go) = (cache.clone(), Arc::clone(&begun), Arc::clone(&go));
        tokio::spawn(async move {
            let load = move || async move {
                begun.notify_one();
                drop(go.acquire().await);
                Err::<Option<Bytes>, _>(io::Error::other("the origin is down"))
            };
            cache.get_or_load("k", &options(), load).await
        })
    };
    tokio::time::timeout(PATIENCE, begun.notified()).await?;
    let gate = Gate::default();
    let waiters: Vec<_> = (0..10).map(|_| start(&cache, &gate, &options())).collect();
    until_waiting(&cache, 10).await?;
    go.add_permits(1);
    for caller in [leader].into_iter().chain(waiters) {
        let failed = caller.await?;
        let same = matches!(&failed, Err(LoadError::Load(error)) if error.to_string() == "the origin is down");
        ensure!(same, "{failed:?}, not the error of whoever loaded");
    }
    ensure_eq!(gate.calls.load(SeqCst), 0, "loads of those who waited");
    let loaded = load(&cache, &options(), Some("up again")).await?;
    ensure_eq!(loaded.value, value("up again"), "a load after an error");
    Ok(())
}

async fn negative(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let loaded = load(&cache, &options(), None).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (None, LoadedFrom::Load),
        "nothing"
    );
    let loaded = load(&cache, &options(), None).await?;
    ensure_eq!(loaded.from, LoadedFrom::Load, "nothing, which is not kept");
    let keeping = options().negative_ttl(10 * SECOND);
    load(&cache, &keeping, None).await?;
    let loaded = load(&cache, &keeping, Some("v")).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (None, LoadedFrom::Cache),
        "nothing, which is kept"
    );
    fixture.advance(10 * SECOND);
    let loaded = load(&cache, &keeping, Some("v")).await?;
    ensure_eq!(loaded.value, value("v"), "once nothing is forgotten");
    // Nothing takes the place of something, and an empty value is something.
    fixture.advance(60 * SECOND);
    load(&cache, &options(), None).await?;
    let loaded = load(&cache, &options(), Some("")).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value(""), LoadedFrom::Load),
        "an empty value"
    );
    let loaded = load(&cache, &options(), None).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value(""), LoadedFrom::Cache),
        "it is kept"
    );
    Ok(())
}

async fn soft(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let options = options().soft_ttl(10 * SECOND);
    load(&cache, &options, Some("old")).await?;
    fixture.advance(10 * SECOND);
    let gate = Gate::default();
    for _ in 0..20 {
        let loaded = start(&cache, &gate, &options).await??;
        ensure_eq!(
            (loaded.value, loaded.from),
            (value("old"), LoadedFrom::Stale),
            "served at once"
        );
    }
    gate.has_begun().await?;
    ensure_eq!(gate.calls.load(SeqCst), 1, "refreshes");
    gate.open.notify_one();
    let refreshed = async {
        loop {
            let loaded = load(&cache, &options, Some("never")).await?;
            if loaded.value != value("old") {
                return Ok::<_, LoadError>(loaded);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let loaded = tokio::time::timeout(PATIENCE, refreshed).await??;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value("loaded"), LoadedFrom::Cache),
        "refreshed"
    );
    // A refresh that fails changes nothing.
    fixture.advance(10 * SECOND);
    let loaded = fail(&cache, &options).await?;
    ensure_eq!(loaded.value, value("loaded"), "while a refresh fails");
    Ok(())
}

async fn stale(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let options = options().stale_on_error(100 * SECOND);
    load(&cache, &options, Some("old")).await?;
    fixture.advance(60 * SECOND);
    let loaded = fail(&cache, &options).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value("old"), LoadedFrom::Stale),
        "loading fails"
    );
    fixture.advance(99 * SECOND);
    ensure_eq!(
        fail(&cache, &options).await?.value,
        value("old"),
        "still failing"
    );
    let loaded = load(&cache, &options, Some("new")).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value("new"), LoadedFrom::Load),
        "once it does not"
    );
    fixture.advance(160 * SECOND);
    ensure!(
        fail(&cache, &options).await.is_err(),
        "a value was served for too long"
    );
    ensure!(
        cache.stats().stale >= 2 && cache.stats().load_errors >= 3,
        "{:?}",
        cache.stats()
    );
    Ok(())
}

async fn wait_timeout(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let gate = Gate::default();
    let leader = start(&cache, &gate, &options());
    gate.has_begun().await?;
    let short = options().wait_timeout(Duration::from_millis(30));
    let waited = load(&cache, &short, Some("other")).await;
    ensure!(matches!(waited, Err(LoadError::WaitTimeout)), "{waited:?}");
    gate.open.notify_one();
    ensure_eq!(
        leader.await??.value,
        value("loaded"),
        "whoever loads is not disturbed"
    );
    // Rather something old than nothing.
    let short = short.stale_on_error(100 * SECOND);
    cache.invalidate("k").await?;
    load(&cache, &short, Some("old")).await?;
    fixture.advance(60 * SECOND);
    let leader = start(&cache, &gate, &options());
    gate.has_begun().await?;
    let loaded = load(&cache, &short, Some("other")).await?;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value("old"), LoadedFrom::Stale),
        "while waiting"
    );
    gate.open.notify_one();
    leader.await??;
    ensure_eq!(
        cache.stats().wait_timeouts,
        2,
        "callers that waited for too long"
    );
    Ok(())
}

async fn jitter(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    let options = LoadOptions::new(1_000 * SECOND).jitter(0.2);
    let loader = || async { Ok::<_, io::Error>(value("v")) };
    for number in 0..200 {
        cache
            .get_or_load(&format!("k{number}"), &options, loader)
            .await?;
    }
    let fresh = async || {
        let mut count = 0;
        for number in 0..200 {
            count += u32::from(cache.cache().exists(&format!("k{number}")).await?);
        }
        Ok::<_, crate::cache::CacheError>(count)
    };
    fixture.advance(799 * SECOND);
    ensure_eq!(fresh().await?, 200, "values before the range");
    fixture.advance(201 * SECOND);
    let half = fresh().await?;
    ensure!(
        (40..160).contains(&half),
        "{half} of 200 values in the middle of the range"
    );
    fixture.advance(201 * SECOND);
    ensure_eq!(fresh().await?, 0, "values behind the range");
    Ok(())
}

async fn leases(fixture: &dyn CacheFixture) -> Outcome {
    let shared = open(fixture).await?;
    if shared.conditional().is_none() {
        return Err(Stop::NotApplicable(
            "the cache does not decide by what is there",
        ));
    }
    // Two processes have the backend in common, and nothing else.
    let process = || LoadingCache::with_clock(Arc::clone(&shared), fixture.clock());
    let (one, two) = (process(), process());
    let options = options().lease(30 * SECOND);
    let gate = Gate::default();
    let first = start(&one, &gate, &options);
    gate.has_begun().await?;
    let second = start(&two, &gate, &options);
    tokio::time::sleep(Duration::from_millis(100)).await;
    ensure_eq!(gate.calls.load(SeqCst), 1, "loads of two processes");
    gate.open.notify_one();
    ensure_eq!(
        first.await??.from,
        LoadedFrom::Load,
        "the process that loaded"
    );
    let loaded = second.await??;
    ensure_eq!(
        (loaded.value, loaded.from),
        (value("loaded"), LoadedFrom::Cache),
        "the other"
    );
    // A process that died keeps nobody from loading for longer than its lease.
    one.invalidate("k").await?;
    let dead = start(&one, &gate, &options);
    gate.has_begun().await?;
    dead.abort();
    drop(dead.await);
    fixture.advance(30 * SECOND);
    let loaded = load(&two, &options, Some("taken over")).await?;
    ensure_eq!(loaded.value, value("taken over"), "after a process died");
    Ok(())
}

async fn foreign(fixture: &dyn CacheFixture) -> Outcome {
    let cache = loading(fixture).await?;
    for stored in [
        "",
        "short",
        "not written by a loading cache",
        "PLCx and what follows it",
    ] {
        cache
            .cache()
            .set("k", Bytes::from(stored), Ttl::Never)
            .await?;
        let loaded = load(&cache, &options(), Some("loaded")).await?;
        ensure_eq!(
            (loaded.value, loaded.from),
            (value("loaded"), LoadedFrom::Load),
            "{stored:?}"
        );
    }
    ensure!(cache.stats().foreign >= 4, "{:?}", cache.stats());
    Ok(())
}

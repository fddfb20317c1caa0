//! The limiter as its users see it: exact, bounded, and not to be flooded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use plumego_contract::{Clock, ManualClock};
use plumego_security::abuse::{AbuseConfig, AbuseError, Limiter, Overflow};
use plumego_testkit::allocations::allocations_of;

fn manual() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH)
}

fn limiter(clock: &ManualClock, config: AbuseConfig) -> Limiter {
    Limiter::new(config.with_clock(Arc::new(clock.clone()))).unwrap()
}

#[test]
fn a_burst_then_the_rate() {
    let clock = manual();
    let config = AbuseConfig::default().with_rate(10.0).with_capacity(3);
    let limiter = limiter(&clock, config);
    for remaining in [2, 1, 0] {
        let decision = limiter.check("a").unwrap();
        assert!(decision.allowed);
        assert_eq!((decision.limit, decision.remaining), (3, remaining));
        assert_eq!(decision.retry_after, None);
    }
    let denied = limiter.check("a").unwrap();
    assert!(!denied.allowed);
    assert_eq!(denied.retry_after, Some(Duration::from_millis(100)));
    assert_eq!(denied.reset_after, Duration::from_millis(300));
    clock.advance(Duration::from_nanos(99_999_999));
    assert!(!limiter.check("a").unwrap().allowed);
    clock.advance(Duration::from_nanos(1));
    assert!(limiter.check("a").unwrap().allowed);
    assert!(!limiter.check("a").unwrap().allowed);
    assert!(limiter.check("b").unwrap().allowed, "keys are independent");
}

#[test]
fn costs_are_taken_whole_or_not_at_all() {
    let clock = manual();
    let config = AbuseConfig::default().with_rate(1.0).with_capacity(10);
    let limiter = limiter(&clock, config);
    assert_eq!(limiter.check_n("a", 7).unwrap().remaining, 3);
    let denied = limiter.check_n("a", 4).unwrap();
    assert_eq!((denied.allowed, denied.remaining), (false, 3));
    assert_eq!(denied.retry_after, Some(Duration::from_secs(1)));
    assert!(limiter.check_n("a", 3).unwrap().allowed);
    assert!(limiter.check_n("a", 0).unwrap().allowed);
    let error = limiter.check_n("a", 11).unwrap_err();
    assert!(matches!(
        error,
        AbuseError::InvalidCost {
            cost: 11,
            capacity: 10
        }
    ));
}

#[test]
fn peeking_takes_nothing() {
    let clock = manual();
    let limiter = limiter(&clock, AbuseConfig::default().with_capacity(1));
    for _ in 0..3 {
        assert!(limiter.peek("a").unwrap().allowed);
    }
    assert_eq!(limiter.metrics().buckets, 0);
    limiter.check("a").unwrap();
    assert!(!limiter.peek("a").unwrap().allowed);
    let metrics = limiter.metrics();
    assert_eq!((metrics.allowed, metrics.rejected), (1, 0));
}

#[test]
fn an_empty_key_is_denied_and_a_long_one_is_a_key() {
    let limiter = Limiter::new(AbuseConfig::default()).unwrap();
    assert!(matches!(limiter.check(""), Err(AbuseError::InvalidKey)));
    assert!(limiter.check_n("a", 1000).is_err());
    let metrics = limiter.metrics();
    assert_eq!((metrics.allowed, metrics.rejected), (0, 2));
    assert!(limiter.check(&"x".repeat(100_000)).unwrap().allowed);
}

#[test]
fn everything_can_be_denied_by_name() {
    let limiter = Limiter::deny_all();
    let denied = limiter.check("a").unwrap();
    assert!(!denied.allowed && denied.retry_after.is_some());
    assert!(!limiter.peek("a").unwrap().allowed);
    assert!(limiter.check("").is_err());
    assert_eq!(limiter.metrics().rejected, 2);
    assert_eq!(limiter.cleanup(), 0);
}

#[test]
fn limits_that_are_none_are_refused() {
    let config = AbuseConfig::default;
    config().validate().unwrap();
    for (field, wrong) in [
        ("rate", config().with_rate(0.0)),
        ("rate", config().with_rate(-1.0)),
        ("rate", config().with_rate(f64::NAN)),
        ("rate", config().with_rate(f64::INFINITY)),
        ("capacity", config().with_capacity(0)),
        ("capacity", config().with_capacity(u32::MAX)),
        ("max_entries", config().with_max_entries(0)),
        (
            "cleanup_interval",
            config().with_cleanup_interval(Duration::ZERO),
        ),
        ("max_idle", config().with_max_idle(Duration::ZERO)),
        ("shards", config().with_shards(0)),
        ("shards", config().with_shards(1 << 20)),
    ] {
        for error in [
            wrong.validate().unwrap_err(),
            Limiter::new(wrong).unwrap_err(),
        ] {
            let AbuseError::InvalidConfig { field: own, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(own, field);
        }
    }
    for shards in [1, 3, 16, 65_536] {
        for max_entries in [1, 2, 17] {
            let config = config().with_shards(shards).with_max_entries(max_entries);
            let limiter = Limiter::new(config).unwrap();
            for key in 0..100 {
                assert!(limiter.check(&format!("{key}")).unwrap().allowed);
            }
            assert!(limiter.metrics().buckets <= max_entries as u64);
        }
    }
}

/// A clock that stands where it is put, in both directions.
#[derive(Debug)]
struct Unsteady(Instant, parking_lot::Mutex<Duration>);

impl Clock for Unsteady {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn instant(&self) -> Instant {
        self.0 + *self.1.lock()
    }
}

#[test]
fn a_clock_that_steps_back_neither_adds_nor_removes() {
    let clock = Arc::new(Unsteady(Instant::now(), parking_lot::Mutex::default()));
    let at = |seconds| *clock.1.lock() = Duration::from_secs(seconds);
    let config = AbuseConfig::default().with_rate(1.0).with_capacity(5);
    let limiter = Limiter::new(config.with_clock(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    at(100);
    assert_eq!(limiter.check_n("a", 4).unwrap().remaining, 1);
    at(50);
    assert_eq!(limiter.peek("a").unwrap().remaining, 1);
    let decision = limiter.check("a").unwrap();
    assert_eq!((decision.allowed, decision.remaining), (true, 0));
    assert!(!limiter.check("a").unwrap().allowed);
    at(101);
    assert!(limiter.check("a").unwrap().allowed);
}

#[test]
fn idle_buckets_go_once_they_are_full() {
    let clock = manual();
    let config = AbuseConfig::default()
        .with_rate(1.0)
        .with_capacity(600)
        .with_max_idle(Duration::from_secs(60))
        .with_shards(1);
    let limiter = limiter(&clock, config);
    limiter.check("light").unwrap();
    limiter.check_n("heavy", 600).unwrap();
    clock.advance(Duration::from_secs(59));
    assert_eq!(limiter.cleanup(), 0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(limiter.cleanup(), 1);
    assert_eq!(limiter.cleanup(), 0);
    assert_eq!(
        limiter.peek("heavy").unwrap().remaining,
        60,
        "not reset by waiting"
    );
    clock.advance(Duration::from_secs(540));
    assert_eq!(limiter.cleanup(), 1);
    assert_eq!(limiter.metrics().buckets, 0);
    assert_eq!(limiter.metrics().evictions, 0);
}

#[test]
fn idle_buckets_go_while_the_limiter_is_used() {
    let clock = manual();
    let config = AbuseConfig::default()
        .with_max_idle(Duration::from_secs(30))
        .with_cleanup_interval(Duration::from_secs(60))
        .with_shards(1);
    let limiter = limiter(&clock, config);
    for key in 0..10 {
        limiter.check(&format!("{key}")).unwrap();
    }
    clock.advance(Duration::from_secs(59));
    limiter.check("x").unwrap();
    assert_eq!(limiter.metrics().buckets, 11, "not due yet");
    clock.advance(Duration::from_secs(1));
    for left in [7, 3, 1] {
        limiter.check("x").unwrap();
        assert_eq!(limiter.metrics().buckets, left);
    }
}

#[test]
fn a_full_bucket_makes_room_before_keys_share() {
    let clock = manual();
    let config = AbuseConfig::default()
        .with_rate(1.0)
        .with_capacity(2)
        .with_max_entries(4)
        .with_shards(1);
    let limiter = limiter(&clock, config);
    for key in ["a", "b", "c", "d"] {
        limiter.check(key).unwrap();
    }
    clock.advance(Duration::from_secs(1));
    limiter.check("a").unwrap();
    assert!(limiter.check("e").unwrap().allowed);
    let metrics = limiter.metrics();
    assert_eq!(
        (metrics.buckets, metrics.evictions, metrics.overflowed),
        (4, 1, 0)
    );
    assert_eq!(limiter.peek("a").unwrap().remaining, 1, "a was in use");
}

#[test]
fn a_flood_shares_one_bucket_and_frees_nobody() {
    let clock = manual();
    let config = AbuseConfig::default()
        .with_rate(0.01)
        .with_capacity(2)
        .with_max_entries(8)
        .with_shards(1);
    let sharing = limiter(&clock, config.clone());
    while sharing.check("victim").unwrap().allowed {}
    for key in 0..7 {
        sharing.check(&format!("early-{key}")).unwrap();
    }
    let flood = |limiter: &Limiter| {
        let allowed = |key| limiter.check(&format!("flood-{key}")).unwrap().allowed;
        (0..1000).filter(|key| allowed(*key)).count()
    };
    assert_eq!(flood(&sharing), 2, "what one bucket holds");
    assert!(!sharing.check("victim").unwrap().allowed);
    let metrics = sharing.metrics();
    assert_eq!(
        (metrics.buckets, metrics.evictions, metrics.overflowed),
        (8, 0, 1000)
    );
    let evicting = limiter(&clock, config.with_overflow(Overflow::EvictLru));
    while evicting.check("victim").unwrap().allowed {}
    assert_eq!(flood(&evicting), 1000);
    assert!(evicting.check("victim").unwrap().allowed, "as documented");
}

/// Ten million keys when it is compiled with optimisation,
/// `cargo test --release -p plumego-security --test abuse`, and a hundredth of
/// both otherwise.
#[test]
fn memory_is_bounded_under_a_flood_of_keys() {
    const SHARE: usize = if cfg!(debug_assertions) { 100 } else { 1 };
    const ENTRIES: usize = 400_000 / SHARE;
    const KEYS: usize = 10_000_000 / SHARE;
    let clock = manual();
    let config = AbuseConfig::default()
        .with_rate(0.001)
        .with_max_entries(ENTRIES);
    let mut key = String::with_capacity(32);
    let mut victim = None;
    let used = allocations_of(|| {
        let limiter = limiter(&clock, config);
        while limiter.check("victim").unwrap().allowed {}
        for number in 0..KEYS {
            key.clear();
            std::fmt::Write::write_fmt(&mut key, format_args!("client-{number}")).unwrap();
            limiter.check(&key).unwrap();
        }
        victim = Some(limiter.check("victim").unwrap().allowed);
        assert!(limiter.metrics().buckets <= ENTRIES as u64);
        limiter
    });
    assert_eq!(victim, Some(false));
    let per_entry = used.peak_bytes / ENTRIES as u64;
    println!("{KEYS} keys, {ENTRIES} buckets: {per_entry} bytes per bucket at the most");
    assert!(per_entry <= 128, "{per_entry} bytes per bucket");
}

#[test]
fn totals_are_exact_under_threads() {
    const THREADS: u64 = 32;
    const CHECKS: u64 = 10_000;
    let clock = manual();
    let config = AbuseConfig::default()
        .with_capacity(1000)
        .with_max_entries(10_000);
    let limiter = limiter(&clock, config);
    let allowed: u64 = std::thread::scope(|scope| {
        let check = |thread: u64| {
            let limiter = &limiter;
            move || {
                let own = format!("own-{}", thread % 40);
                let keys = [own.as_str(), "shared"];
                let allowed = |check: u64| {
                    let key = keys[usize::try_from(check % 2).unwrap()];
                    limiter.check(key).unwrap().allowed
                };
                (0..CHECKS).filter(|check| allowed(*check)).count() as u64
            }
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(check(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let metrics = limiter.metrics();
    assert_eq!(metrics.allowed, allowed);
    assert_eq!(metrics.allowed + metrics.rejected, THREADS * CHECKS);
    // Each of 32 own keys and the shared one got exactly one burst, since no
    // time passed.
    assert_eq!((metrics.evictions, metrics.overflowed), (0, 0));
    assert_eq!(allowed, 33 * 1000);
}

#[test]
fn nothing_of_a_key_is_printed() {
    let limiter = Limiter::new(AbuseConfig::default()).unwrap();
    limiter.check("198.51.100.7").unwrap();
    assert!(!format!("{limiter:?}").contains("198.51"));
}

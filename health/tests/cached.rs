//! The shared report: freshness, one flight, and callers that go away.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plumego_health::{
    BoxError, CachedProbe, CachedProbeOptions, CheckOutcome, FnChecker, HealthState, ProbePolicy,
    ProbeSet,
};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep, timeout};

const MS: Duration = Duration::from_millis(1);

/// A probe of one check that takes 100 ms and counts its runs.
fn counted(options: CachedProbeOptions) -> (CachedProbe, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let checker = FnChecker::new("db", move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(100 * MS).await;
            Err::<(), BoxError>("down".into())
        }
    });
    let set = ProbeSet::new([Arc::new(checker) as _]).unwrap();
    (
        CachedProbe::with_options(set, ProbePolicy::default(), options),
        runs,
    )
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_run() {
    let (probe, runs) = counted(CachedProbeOptions::default());
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let probe = probe.clone();
        callers.spawn(async move { probe.get().await });
    }
    let reports = callers.join_all().await;
    assert!(
        reports
            .iter()
            .all(|report| Arc::ptr_eq(report, &reports[0]))
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_report_is_kept_for_its_age_also_when_it_failed() {
    let (probe, runs) = counted(CachedProbeOptions::default());
    let first = probe.get().await;
    assert_eq!(first.components["db"].health.status, HealthState::Unhealthy);
    advance(999 * MS).await;
    assert!(Arc::ptr_eq(&probe.get().await, &first));
    advance(MS).await;
    assert!(!Arc::ptr_eq(&probe.get().await, &first));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_cancels_nothing() {
    let (probe, runs) = counted(CachedProbeOptions::default());
    assert!(timeout(10 * MS, probe.get()).await.is_err());
    let report = probe.get().await;
    assert_eq!(report.components["db"].health.message, "check failed");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_report_is_returned_while_one_refresh_runs() {
    let (probe, runs) = counted(CachedProbeOptions::default().with_stale_while_revalidate(true));
    let first = probe.get().await;
    advance(2_000 * MS).await;
    for _ in 0..10 {
        let stale = timeout(Duration::ZERO, probe.get())
            .await
            .expect("a stale report needs no waiting");
        assert!(Arc::ptr_eq(&stale, &first));
    }
    sleep(200 * MS).await;
    assert!(!Arc::ptr_eq(&probe.get().await, &first));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_report_older_than_the_limit_is_never_returned() {
    let (probe, _) = counted(CachedProbeOptions::default().with_stale_while_revalidate(true));
    let first = probe.get().await;
    advance(9_999 * MS).await;
    assert!(Arc::ptr_eq(&probe.get().await, &first));

    let (probe, _) = counted(CachedProbeOptions::default().with_stale_while_revalidate(true));
    let first = probe.get().await;
    advance(10_000 * MS).await;
    assert!(!Arc::ptr_eq(&probe.get().await, &first));

    let short = CachedProbeOptions::default()
        .with_stale_while_revalidate(true)
        .with_max_stale(1_500 * MS);
    let (probe, _) = counted(short);
    let first = probe.get().await;
    advance(1_500 * MS).await;
    assert!(!Arc::ptr_eq(&probe.get().await, &first));
}

#[tokio::test(start_paused = true)]
async fn an_age_of_zero_shares_only_the_flight() {
    let (probe, runs) = counted(CachedProbeOptions::default().with_max_age(Duration::ZERO));
    let (one, two) = tokio::join!(probe.get(), probe.get());
    assert!(Arc::ptr_eq(&one, &two));
    probe.get().await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn a_run_lost_with_its_runtime_is_started_again() {
    let (probe, runs) = counted(CachedProbeOptions::default());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let first = runtime();
    assert!(
        first
            .block_on(async { timeout(10 * MS, probe.get()).await })
            .is_err()
    );
    drop(first);
    let report = runtime().block_on(probe.get());
    assert_eq!(
        report.components["db"].health.status,
        HealthState::Unhealthy
    );
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_shared_like_any_other() {
    let checker = FnChecker::new("db", || async {
        panic!("a check that panics, on purpose") as CheckOutcome
    });
    let set = ProbeSet::new([Arc::new(checker) as _]).unwrap();
    let probe = CachedProbe::new(set, ProbePolicy::default());
    let report = probe.get().await;
    assert_eq!(report.components["db"].health.message, "check panicked");
    assert!(Arc::ptr_eq(&probe.get().await, &report));
}

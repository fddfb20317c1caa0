//! The probe runner, under a clock that only moves when everything waits.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use plumego_health::{
    BoxError, CheckOutcome, ComponentChecker, Criticality, FnChecker, HealthState, ProbePolicy,
    ProbeReport, ProbeSet, StaticChecker, probe,
};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

fn set<I: IntoIterator<Item = Arc<dyn ComponentChecker>>>(checkers: I) -> ProbeSet {
    ProbeSet::new(checkers).unwrap()
}

fn slow(name: impl Into<String>, takes: Duration) -> Arc<dyn ComponentChecker> {
    Arc::new(FnChecker::new(name, move || async move {
        sleep(takes).await;
        CheckOutcome::healthy()
    }))
}

fn row(report: &ProbeReport, name: &str) -> (HealthState, String, Duration) {
    let health = &report.components[name].health;
    (health.status, health.message.clone(), health.duration)
}

/// Tells when it is dropped, which is how a test sees that a check was cancelled.
struct Dropped(Arc<Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn never(
    name: &str,
    dropped: &Arc<Notify>,
) -> FnChecker<impl Fn() -> std::pin::Pin<Box<dyn Future<Output = CheckOutcome> + Send>> + use<>> {
    let dropped = dropped.clone();
    FnChecker::new(name, move || {
        let mark = Dropped(dropped.clone());
        Box::pin(async move {
            let _mark = mark;
            pending().await
        }) as _
    })
}

#[tokio::test(start_paused = true)]
async fn all_checks_run_whatever_the_others_do() {
    let report = probe(
        &set([
            Arc::new(FnChecker::new("a-error", || async {
                Err::<(), BoxError>("secret".into())
            })) as _,
            Arc::new(FnChecker::new("b-panic", || async {
                panic!("a check that panics, on purpose") as CheckOutcome
            })) as _,
            Arc::new(FnChecker::new("c-hang", pending::<CheckOutcome>)) as _,
            slow("d-slow", 300 * MS),
            Arc::new(StaticChecker::new("e-static", HealthState::Degraded).with_message("half"))
                as _,
        ]),
        &ProbePolicy::default(),
    )
    .await;
    use HealthState::{Degraded, Healthy, Unhealthy};
    assert_eq!(
        row(&report, "a-error"),
        (Unhealthy, "check failed".into(), Duration::ZERO)
    );
    assert_eq!(
        row(&report, "b-panic"),
        (Unhealthy, "check panicked".into(), Duration::ZERO)
    );
    assert_eq!(
        row(&report, "c-hang"),
        (Unhealthy, "check timed out".into(), 2_000 * MS)
    );
    assert_eq!(row(&report, "d-slow"), (Healthy, String::new(), 300 * MS));
    assert_eq!(
        row(&report, "e-static"),
        (Degraded, "half".into(), Duration::ZERO)
    );
    assert_eq!(report.duration, 2_000 * MS);
    assert_eq!(report.cause("a-error").unwrap().to_string(), "secret");
    assert!(report.cause("d-slow").is_none());
    assert!(!format!("{report:?}").contains("secret"));
    assert_eq!(report.status().status, Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_future_is_the_checks_too() {
    struct Panics;
    impl ComponentChecker for Panics {
        fn name(&self) -> &str {
            "panics"
        }
        fn check<'a>(&'a self) -> plumego_health::BoxFuture<'a, CheckOutcome> {
            panic!("a checker that panics, on purpose")
        }
    }
    let report = probe(&set([Arc::new(Panics) as _]), &ProbePolicy::default()).await;
    assert_eq!(row(&report, "panics").1, "check panicked");
}

#[tokio::test(start_paused = true)]
async fn what_the_runner_adds() {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_285_800);
    let checker = FnChecker::new("db", || async {
        sleep(1_234 * MS).await;
        CheckOutcome::degraded("slow")
            .with_detail("pool", 3)
            .with_detail("host", "db.internal")
            .details_public(&["pool"])
    })
    .with_criticality(Criticality::NonCritical)
    .with_dependencies(&["network", "disk"]);
    let report = probe(
        &set([Arc::new(checker) as _]),
        &ProbePolicy::default().with_now(move || wall),
    )
    .await;
    assert_eq!(
        serde_json::to_string(&report.components["db"]).unwrap(),
        concat!(
            r#"{"status":"degraded","message":"slow","details":{"check_attempts":1,"check_duration_ms":1234,"#,
            r#""host":"db.internal","last_check":"2026-04-27T10:30:00Z","pool":3},"timestamp":"2026-04-27T10:30:00Z","#,
            r#""duration":1234000000,"dependencies":["disk","network"],"enabled":true,"criticality":"non_critical"}"#
        )
    );
    let public = report.components["db"].public();
    assert_eq!(
        serde_json::to_string(&public.health.details).unwrap(),
        r#"{"pool":3}"#
    );
    assert_eq!(public.health.message, "slow");
    assert_eq!(report.started.as_system_time(), wall);
    assert_eq!(report.finished().as_system_time(), wall + 1_234 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_earliest_deadline_counts() {
    let dropped = Arc::new(Notify::new());
    let own = never("own", &dropped).with_timeout(50 * MS);
    let policy = never("policy", &dropped).with_timeout(10_000 * MS);
    let report = probe(
        &set([Arc::new(own) as _, Arc::new(policy) as _]),
        &ProbePolicy::default().with_timeout(400 * MS),
    )
    .await;
    assert_eq!(row(&report, "own").2, 50 * MS);
    assert_eq!(row(&report, "policy").2, 400 * MS);
    let late = never("late", &dropped);
    let report = probe(
        &set([Arc::new(late) as _]),
        &ProbePolicy::default().with_overall(100 * MS),
    )
    .await;
    assert_eq!(
        row(&report, "late"),
        (HealthState::Unhealthy, "check timed out".into(), 100 * MS)
    );
    assert_eq!(report.duration, 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_late_check_is_dropped() {
    let dropped = Arc::new(Notify::new());
    let hanging = never("hanging", &dropped).with_timeout(10 * MS);
    // The other check keeps the probe going, so the drop is the deadline's doing.
    let waiting = dropped.clone();
    let other = FnChecker::new("other", move || {
        let waiting = waiting.clone();
        async move {
            waiting.notified().await;
            CheckOutcome::healthy()
        }
    });
    let report = probe(
        &set([Arc::new(hanging) as _, Arc::new(other) as _]),
        &ProbePolicy::default(),
    )
    .await;
    assert_eq!(
        row(&report, "other"),
        (HealthState::Healthy, String::new(), 10 * MS)
    );
}

#[tokio::test(start_paused = true)]
async fn checks_that_could_not_start_are_unknown() {
    let checkers = (0..6).map(|index| slow(format!("c{index}"), 300 * MS));
    let policy = ProbePolicy::default()
        .with_concurrency(2)
        .with_overall(500 * MS);
    let report = probe(&set(checkers), &policy).await;
    let states: Vec<_> = report
        .components
        .values()
        .map(|c| (c.health.status, c.health.message.as_str()))
        .collect();
    use HealthState::{Healthy, Unhealthy, Unknown};
    assert_eq!(
        states,
        [
            (Healthy, ""),
            (Healthy, ""),
            (Unhealthy, "check timed out"),
            (Unhealthy, "check timed out"),
            (Unknown, "check not run"),
            (Unknown, "check not run"),
        ]
    );
    assert_eq!(report.components["c5"].health.details["check_attempts"], 0);
    assert_eq!(report.duration, 500 * MS);
}

#[tokio::test(start_paused = true)]
async fn no_time_at_all_runs_nothing() {
    let report = probe(
        &set([slow("db", MS)]),
        &ProbePolicy::default().with_overall(Duration::ZERO),
    )
    .await;
    assert_eq!(row(&report, "db").0, HealthState::Unknown);
    let forever = ProbePolicy::default()
        .with_overall(Duration::MAX)
        .with_timeout(Duration::MAX);
    assert_eq!(
        row(&probe(&set([slow("db", MS)]), &forever).await, "db").0,
        HealthState::Healthy
    );
}

#[tokio::test(start_paused = true)]
async fn checks_start_in_name_order_and_never_too_many_at_a_time() {
    let started = Arc::new(Mutex::new(Vec::new()));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let checkers = (0..50).rev().map(|index| {
        let (started, running, most) = (started.clone(), running.clone(), most.clone());
        Arc::new(FnChecker::new(format!("c{index:02}"), move || {
            started.lock().unwrap().push(index);
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let running = running.clone();
            async move {
                sleep(10 * MS).await;
                running.fetch_sub(1, Ordering::SeqCst);
                CheckOutcome::healthy()
            }
        })) as _
    });
    let set = set(checkers);
    let begin = Instant::now();
    let report = probe(&set, &ProbePolicy::default()).await;
    assert_eq!(most.load(Ordering::SeqCst), 8);
    assert_eq!(*started.lock().unwrap(), (0..50).collect::<Vec<_>>());
    assert_eq!(
        begin.elapsed(),
        70 * MS,
        "50 checks, 8 at a time, are 7 rounds"
    );
    assert!(report.readiness(&plumego_health::ReadinessGate::Open).ready);
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_of_zero_is_one() {
    let set = set([slow("a", 10 * MS), slow("b", 10 * MS)]);
    let report = probe(&set, &ProbePolicy::default().with_concurrency(0)).await;
    assert_eq!(report.duration, 20 * MS);
}

#[tokio::test(start_paused = true)]
async fn an_empty_set_is_an_empty_report() {
    let report = probe(&ProbeSet::default(), &ProbePolicy::default()).await;
    assert!(report.components.is_empty());
    assert_eq!(report.status().message, "no components registered");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_probe_cancels_the_checks() {
    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let set = set([
        Arc::new(never("a", &first)) as _,
        Arc::new(never("b", &second)) as _,
    ]);
    let policy = ProbePolicy::default();
    assert!(
        tokio::time::timeout(100 * MS, probe(&set, &policy))
            .await
            .is_err()
    );
    first.notified().await;
    second.notified().await;
}

#[test]
fn a_check_that_blocks_its_thread_does_not_hold_up_the_report() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Mutex::new(blocked);
    let blocking = FnChecker::new("blocking", move || {
        let _ = blocked.lock().unwrap().recv();
        async { CheckOutcome::healthy() }
    });
    let set = set([Arc::new(blocking) as _, slow("other", MS)]);
    let report = runtime.block_on(async {
        let policy = ProbePolicy::default().with_overall(100 * MS);
        tokio::spawn(async move { probe(&set, &policy).await })
            .await
            .unwrap()
    });
    // Only now may the thread go on: the report did not wait for it.
    drop(release);
    assert_eq!(row(&report, "blocking").1, "check timed out");
    assert_eq!(row(&report, "other").0, HealthState::Healthy);
}

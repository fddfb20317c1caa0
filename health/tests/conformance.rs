//! The suite passes for a good checker and fails, in the right case, for bad ones.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plumego_health::conformance::{CheckerFixture, ConformanceReport, Verdict, run};
use plumego_health::{
    BoxError, BoxFuture, CheckOutcome, ComponentChecker, HealthState, StaticChecker,
};

const PASSWORD: &str = "hunter2";

/// A backend with connections, credentials, contents, and bad moods.
#[derive(Default)]
struct Backend {
    mode: Mutex<Mode>,
    connections: AtomicUsize,
    rows: AtomicUsize,
}

#[derive(Copy, Clone, Default, Eq, PartialEq)]
enum Mode {
    #[default]
    Serving,
    Stopped,
    Hanging,
}

impl Backend {
    async fn ping(&self, password: &str) -> Result<(), BoxError> {
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Serving if password == PASSWORD => Ok(()),
            Mode::Serving => Err(format!("password {password} refused for db.internal").into()),
            Mode::Stopped => Err("cannot connect to db.internal".into()),
            Mode::Hanging => pending().await,
        }
    }
}

/// An open connection, closed when dropped.
struct Connection<'a>(&'a Backend);

impl<'a> Connection<'a> {
    fn open(backend: &'a Backend) -> Self {
        backend.connections.fetch_add(1, Ordering::SeqCst);
        Self(backend)
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What is wrong with a checker.
#[derive(Copy, Clone, Default, Eq, PartialEq)]
enum Flaw {
    #[default]
    None,
    LeaksConnections,
    LeaksTasks,
    RemembersSuccess,
    BadName,
    ChangingName,
    ShowsDetails,
    Writes,
    OneAtATime,
    PanicsWhenRefused,
    HangsWhenRefused,
}

struct Checker {
    backend: Arc<Backend>,
    password: &'static str,
    flaw: Flaw,
    checks: AtomicUsize,
    busy: AtomicBool,
}

impl Checker {
    async fn look(&self) -> CheckOutcome {
        let _connection = Connection::open(&self.backend);
        let checks = self.checks.fetch_add(1, Ordering::SeqCst);
        match self.flaw {
            Flaw::LeaksConnections => drop(self.backend.connections.fetch_add(1, Ordering::SeqCst)),
            Flaw::LeaksTasks => drop(tokio::spawn(pending::<()>())),
            Flaw::RemembersSuccess if checks > 0 => return CheckOutcome::healthy(),
            Flaw::Writes => drop(self.backend.rows.fetch_add(1, Ordering::SeqCst)),
            Flaw::OneAtATime if self.busy.swap(true, Ordering::SeqCst) => {
                return CheckOutcome::unhealthy("busy");
            }
            Flaw::OneAtATime => {
                tokio::task::yield_now().await;
                self.busy.store(false, Ordering::SeqCst);
            }
            Flaw::PanicsWhenRefused if self.password != PASSWORD => panic!("a flaw, on purpose"),
            Flaw::HangsWhenRefused if self.password != PASSWORD => pending().await,
            _ => {}
        }
        match self.backend.ping(self.password).await {
            Ok(()) => CheckOutcome::healthy(),
            Err(cause) if self.flaw == Flaw::ShowsDetails => {
                CheckOutcome::unhealthy("database down")
                    .with_detail("error", cause.to_string())
                    .details_public(&["error"])
            }
            Err(cause) => CheckOutcome::unhealthy("database down").with_cause(cause),
        }
    }
}

impl ComponentChecker for Checker {
    fn name(&self) -> &str {
        match self.flaw {
            Flaw::BadName => "Data Base",
            Flaw::ChangingName if self.checks.load(Ordering::SeqCst) > 0 => "db2",
            _ => "db",
        }
    }

    fn check<'a>(&'a self) -> BoxFuture<'a, CheckOutcome> {
        Box::pin(self.look())
    }
}

#[derive(Default)]
struct Fixture {
    backend: Arc<Backend>,
    flaw: Flaw,
}

impl Fixture {
    fn with_password(&self, password: &'static str) -> Arc<dyn ComponentChecker> {
        Arc::new(Checker {
            backend: self.backend.clone(),
            password,
            flaw: self.flaw,
            checks: AtomicUsize::new(0),
            busy: AtomicBool::new(false),
        })
    }

    fn set(&self, mode: Mode) -> BoxFuture<'_, bool> {
        *self.backend.mode.lock().unwrap() = mode;
        Box::pin(std::future::ready(true))
    }
}

impl CheckerFixture for Fixture {
    fn checker(&self) -> Arc<dyn ComponentChecker> {
        self.with_password(PASSWORD)
    }

    fn secrets(&self) -> Vec<String> {
        vec![
            PASSWORD.into(),
            "wrong-password".into(),
            "db.internal".into(),
        ]
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn stop(&self) -> BoxFuture<'_, bool> {
        self.set(Mode::Stopped)
    }

    fn hang(&self) -> BoxFuture<'_, bool> {
        self.set(Mode::Hanging)
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        *self.backend.mode.lock().unwrap() = Mode::Serving;
        Box::pin(std::future::ready(()))
    }

    fn open_resources(&self) -> BoxFuture<'_, usize> {
        Box::pin(async { self.backend.connections.load(Ordering::SeqCst) })
    }

    fn contents(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async { Some(self.backend.rows.load(Ordering::SeqCst).to_string()) })
    }

    fn with_wrong_credentials(&self) -> Option<Arc<dyn ComponentChecker>> {
        Some(self.with_password("wrong-password"))
    }
}

async fn with_flaw(flaw: Flaw) -> ConformanceReport {
    run(&Fixture {
        flaw,
        ..Fixture::default()
    })
    .await
}

fn failed(report: &ConformanceReport) -> Vec<&str> {
    let failed = |verdict: &Verdict| matches!(verdict, Verdict::Failed(_));
    report
        .cases
        .iter()
        .filter(|case| failed(&case.verdict))
        .map(|case| case.id)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_good_checker_passes_every_case() {
    let report = with_flaw(Flaw::None).await;
    report.assert_passed();
    assert_eq!(report.cases.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn each_flaw_fails_its_case() {
    let rows: [(Flaw, &[&str]); 10] = [
        (Flaw::LeaksConnections, &["HC-01", "HC-03"]),
        (Flaw::LeaksTasks, &["HC-01", "HC-03", "HC-07"]),
        (Flaw::RemembersSuccess, &["HC-02", "HC-03"]),
        (Flaw::ChangingName, &["HC-04"]),
        (Flaw::ShowsDetails, &["HC-05"]),
        (Flaw::Writes, &["HC-06"]),
        (Flaw::OneAtATime, &["HC-07"]),
        (Flaw::PanicsWhenRefused, &["HC-08"]),
        (Flaw::HangsWhenRefused, &["HC-08"]),
        (Flaw::None, &[]),
    ];
    for (flaw, cases) in rows {
        let report = with_flaw(flaw).await;
        assert_eq!(failed(&report), cases, "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_name_cannot_be_probed_at_all() {
    let report = with_flaw(Flaw::BadName).await;
    assert!(failed(&report).contains(&"HC-04"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn what_a_fixture_cannot_stage_has_to_be_named() {
    struct Fixed;
    impl CheckerFixture for Fixed {
        fn checker(&self) -> Arc<dyn ComponentChecker> {
            Arc::new(StaticChecker::new("fixed", HealthState::Healthy))
        }
    }
    let report = run(&Fixed).await;
    report.assert_passed_except(&["HC-02", "HC-03", "HC-06", "HC-08"]);
    let unnamed = std::panic::catch_unwind(|| report.assert_passed());
    assert!(unnamed.is_err(), "a case left out unseen");
}

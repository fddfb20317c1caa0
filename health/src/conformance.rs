//! The suite every checker must pass.
//!
//! The tests of a checker implement [`CheckerFixture`] for the backend they
//! start, call [`run`], and assert the report. A case the fixture cannot stage
//! is reported as not applicable, and the test has to name it, so that nothing
//! is left out unseen.
//!
//! ```
//! use plumego_health::conformance::{run, CheckerFixture};
//! use plumego_health::{ComponentChecker, HealthState, StaticChecker};
//! use std::sync::Arc;
//!
//! struct Fixed;
//!
//! impl CheckerFixture for Fixed {
//!     fn checker(&self) -> Arc<dyn ComponentChecker> {
//!         Arc::new(StaticChecker::new("fixed", HealthState::Healthy))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let report = run(&Fixed).await;
//! report.assert_passed_except(&["HC-02", "HC-03", "HC-06", "HC-08"]);
//! # }
//! ```

mod cases;

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use crate::{BoxFuture, ComponentChecker};

/// The backend of a checker, as the suite needs it.
///
/// What a backend cannot do keeps its default.
pub trait CheckerFixture: Send + Sync {
    /// The checker under test, connected to a running backend. Called more than
    /// once; each call may make a new one.
    fn checker(&self) -> Arc<dyn ComponentChecker>;

    /// Texts that nobody may see: connection string, password, host.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// The longest a check may take.
    fn deadline(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// Stops the backend; false if it cannot be stopped.
    fn stop(&self) -> BoxFuture<'_, bool> {
        Box::pin(ready(false))
    }

    /// Makes the backend accept and never answer; false if it cannot.
    fn hang(&self) -> BoxFuture<'_, bool> {
        Box::pin(ready(false))
    }

    /// Ends [`stop`](Self::stop) or [`hang`](Self::hang), and returns when the
    /// backend answers.
    fn restore(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    /// How many connections, or other things that can leak, are open.
    fn open_resources(&self) -> BoxFuture<'_, usize> {
        Box::pin(ready(0))
    }

    /// Everything the backend holds, in a form that can be compared.
    fn contents(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(ready(None))
    }

    /// The checker with credentials the backend refuses.
    fn with_wrong_credentials(&self) -> Option<Arc<dyn ComponentChecker>> {
        None
    }
}

/// How a case ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// As it should.
    Passed,
    /// The fixture cannot stage it.
    NotApplicable,
    /// Not as it should, and how.
    Failed(String),
}

/// One case and how it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CaseResult {
    /// `HC-01` to `HC-08`.
    pub id: &'static str,
    /// What the case is about.
    pub title: &'static str,
    /// How it ended.
    pub verdict: Verdict,
}

/// All cases and how they ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConformanceReport {
    /// The cases, in order.
    pub cases: Vec<CaseResult>,
}

impl ConformanceReport {
    /// How a case ended; `None` if there is no such case.
    #[must_use]
    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        self.cases
            .iter()
            .find(|case| case.id == id)
            .map(|case| &case.verdict)
    }

    /// Asserts that every case passed.
    ///
    /// # Panics
    ///
    /// If a case failed or was not applicable.
    pub fn assert_passed(&self) {
        self.assert_passed_except(&[]);
    }

    /// Asserts that exactly these cases were not applicable and all others
    /// passed.
    ///
    /// # Panics
    ///
    /// If not; the text shows every case.
    pub fn assert_passed_except(&self, not_applicable: &[&str]) {
        let as_expected = |case: &CaseResult| match case.verdict {
            Verdict::Passed => !not_applicable.contains(&case.id),
            Verdict::NotApplicable => not_applicable.contains(&case.id),
            Verdict::Failed(_) => false,
        };
        assert!(
            self.cases.iter().all(as_expected),
            "not applicable may be {not_applicable:?}:\n{self}"
        );
    }
}

impl fmt::Display for ConformanceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            let (verdict, how) = match &case.verdict {
                Verdict::Passed => ("passed", ""),
                Verdict::NotApplicable => ("not applicable", ""),
                Verdict::Failed(how) => ("FAILED", how.as_str()),
            };
            writeln!(f, "{} {verdict}: {} {how}", case.id, case.title)?;
        }
        Ok(())
    }
}

/// Runs every case, one after another, restoring the backend in between.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &dyn CheckerFixture) -> ConformanceReport {
    let mut cases = Vec::with_capacity(cases::ALL.len());
    for case in cases::ALL {
        let verdict = (case.run)(fixture).await;
        fixture.restore().await;
        cases.push(CaseResult {
            id: case.id,
            title: case.title,
            verdict,
        });
    }
    ConformanceReport { cases }
}

//! The suite every aggregate collector must pass.
//!
//! The tests of a collector implement [`CollectorFixture`], call [`run`], and
//! assert the report. A case the fixture cannot stage is reported as not
//! applicable, and the test has to name it, so that nothing is left out unseen.
//!
//! ```
//! use plumego_metrics::conformance::{run, CollectorFixture};
//! use plumego_metrics::{AggregateCollector, CardinalityPolicy, NoopCollector};
//! use std::sync::Arc;
//!
//! struct Noop;
//!
//! impl CollectorFixture for Noop {
//!     fn collector(&self, _: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
//!         Arc::new(NoopCollector)
//!     }
//!
//!     fn counts(&self) -> bool {
//!         false
//!     }
//! }
//!
//! run(&Noop).assert_passed_except(&["MC-13"]);
//! ```

mod cases;
mod load;
mod random;

use std::fmt;
use std::sync::Arc;

use plumego_log::Logger;

use crate::{AggregateCollector, CardinalityPolicy};

/// A collector as the suite needs it.
pub trait CollectorFixture {
    /// A fresh collector with these bounds.
    fn collector(&self, policy: CardinalityPolicy) -> Arc<dyn AggregateCollector>;

    /// A fresh collector that warns through `logger`; one without a logger if
    /// it has none.
    fn collector_with_logger(
        &self,
        policy: CardinalityPolicy,
        logger: Arc<dyn Logger>,
    ) -> Arc<dyn AggregateCollector> {
        let _ = logger;
        self.collector(policy)
    }

    /// Whether it counts; the collector that does nothing does not.
    fn counts(&self) -> bool {
        true
    }

    /// Whether it keeps a series per label set, not only per name.
    fn keeps_label_sets(&self) -> bool {
        false
    }

    /// How many allocations `work` makes; `None` if the tests cannot count them.
    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        let _ = work;
        None
    }

    /// Allocations allowed per observed request of a series that exists.
    fn allocations_allowed(&self) -> u64 {
        0
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
    /// `MC-01` to `MC-13`.
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

/// Runs every case, each on collectors of its own. MC-06 and MC-08 are work for
/// some seconds in a build without optimisation.
#[must_use]
pub fn run(fixture: &dyn CollectorFixture) -> ConformanceReport {
    run_where(fixture, |_| true)
}

/// Runs the named cases only; for looking into one that failed.
#[must_use]
pub fn run_only(fixture: &dyn CollectorFixture, ids: &[&str]) -> ConformanceReport {
    run_where(fixture, |id| ids.contains(&id))
}

fn run_where(fixture: &dyn CollectorFixture, wanted: impl Fn(&str) -> bool) -> ConformanceReport {
    let cases = cases::ALL.iter().filter(|case| wanted(case.id));
    let result = |case: &cases::Case| CaseResult {
        id: case.id,
        title: case.title,
        verdict: cases::judged(case, fixture),
    };
    ConformanceReport {
        cases: cases.map(result).collect(),
    }
}

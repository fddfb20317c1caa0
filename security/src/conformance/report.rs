use std::fmt;

use serde::Serialize;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Verdict {
    /// As it should.
    Passed,
    /// The fixture cannot stage it.
    NotApplicable,
    /// Not as it should, and how.
    Failed(String),
}

/// One case and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseResult {
    /// Its stable name, such as `AU-07`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// All cases of a suite and how they ended. Serialises to JSON, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The suite.
    pub suite: &'static str,
    /// Version of this crate.
    pub crate_version: &'static str,
    /// The implementation.
    pub subject: String,
    /// The cases, in order.
    pub cases: Vec<CaseResult>,
}

impl Report {
    pub(super) fn new(suite: &'static str, subject: &str) -> Self {
        Self {
            suite,
            crate_version: env!("CARGO_PKG_VERSION"),
            subject: subject.to_owned(),
            cases: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, id: &'static str, title: &'static str, outcome: Outcome) {
        let verdict = match outcome {
            Ok(()) => Verdict::Passed,
            Err(Stop::NotApplicable) => Verdict::NotApplicable,
            Err(Stop::Failed(how)) => Verdict::Failed(how),
        };
        self.cases.push(CaseResult { id, title, verdict });
    }

    /// How a case ended; `None` if there is no such case.
    #[must_use]
    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        let case = self.cases.iter().find(|case| case.id == id)?;
        Some(&case.verdict)
    }

    /// Names of the cases that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = |case: &&CaseResult| matches!(case.verdict, Verdict::Failed(_));
        self.cases
            .iter()
            .filter(failed)
            .map(|case| case.id)
            .collect()
    }

    /// Asserts that exactly these cases were not applicable and all others
    /// passed.
    ///
    /// # Panics
    /// If not; the text shows every case.
    pub fn assert_passed_except(&self, not_applicable: &[&str]) {
        let is_as_expected = |case: &CaseResult| match case.verdict {
            Verdict::Passed => !not_applicable.contains(&case.id),
            Verdict::NotApplicable => not_applicable.contains(&case.id),
            Verdict::Failed(_) => false,
        };
        assert!(
            self.cases.iter().all(is_as_expected),
            "not applicable may be {not_applicable:?}:\n{self}"
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {}", self.suite, self.subject)?;
        for case in &self.cases {
            let (verdict, how) = match &case.verdict {
                Verdict::Passed => ("passed", ""),
                Verdict::NotApplicable => ("not applicable", ""),
                Verdict::Failed(how) => ("FAILED", &**how),
            };
            writeln!(f, "{} {verdict}: {} {how}", case.id, case.title)?;
        }
        Ok(())
    }
}

/// Why a case did not pass.
#[derive(Debug)]
pub(super) enum Stop {
    NotApplicable,
    Failed(String),
}

/// How a case ends.
pub(super) type Outcome = Result<(), Stop>;

pub(super) fn failed(how: impl Into<String>) -> Stop {
    Stop::Failed(how.into())
}

/// What a fixture gives, or a case that does not apply.
pub(super) fn staged<T>(given: Option<T>) -> Result<T, Stop> {
    given.ok_or(Stop::NotApplicable)
}

/// Fails the case unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::report::Stop::Failed(format!($($message)+)));
        }
    };
}

//! What a suite found.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde::Serialize;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "detail", rename_all = "snake_case")]
pub enum Verdict {
    /// As it should.
    Passed,
    /// The adapter or its fixture cannot stage it, for this reason.
    NotApplicable(String),
    /// Not as it should, and how.
    Failed(String),
}

/// One case and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseResult {
    /// Its stable name, such as `KV-07`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// All cases of a suite and how they ended. Serializes to JSON, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The suite.
    pub suite: &'static str,
    /// The adapter.
    pub subject: String,
    /// The cases, in order.
    pub cases: Vec<CaseResult>,
}

impl Report {
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

    /// Asserts that every case passed.
    ///
    /// # Panics
    ///
    /// If a case failed or was not applicable; the text shows every case.
    pub fn assert_passed(&self) {
        self.assert_passed_except(&[]);
    }

    /// Asserts that exactly these cases were not applicable and all others
    /// passed, so that nothing is left out unseen.
    ///
    /// # Panics
    ///
    /// If not; the text shows every case.
    pub fn assert_passed_except(&self, not_applicable: &[&str]) {
        let as_expected = |case: &CaseResult| match case.verdict {
            Verdict::Passed => !not_applicable.contains(&case.id),
            Verdict::NotApplicable(_) => not_applicable.contains(&case.id),
            Verdict::Failed(_) => false,
        };
        assert!(
            self.cases.iter().all(as_expected),
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
                Verdict::NotApplicable(why) => ("not applicable", &**why),
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
    NotApplicable(&'static str),
    Failed(String),
}

impl Stop {
    /// Says where a failure happened.
    pub(super) fn within(self, place: impl fmt::Display) -> Self {
        match self {
            Self::Failed(how) => Self::Failed(format!("{place}: {how}")),
            not_applicable @ Self::NotApplicable(_) => not_applicable,
        }
    }
}

/// How a case ends.
pub(super) type Outcome = Result<(), Stop>;

impl<E: Error> From<E> for Stop {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::Failed(text)
    }
}

/// Fails the case unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::report::Stop::Failed(format!($($message)+)));
        }
    };
}

/// Fails the case unless two values are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => $crate::conformance::report::ensure!(
                *left == *right,
                "{}: {left:?}, not {right:?}",
                format_args!($($message)+)
            ),
        }
    };
}

/// Fails the case unless a result is an error of a kind.
macro_rules! ensure_kind {
    ($result:expr, $kind:expr, $($message:tt)+) => {
        match $result {
            Err(error) => {
                $crate::conformance::report::ensure_eq!(error.kind(), $kind, $($message)+)
            }
            Ok(_) => $crate::conformance::report::ensure!(false, "{}: no error, not {:?}", format_args!($($message)+), $kind),
        }
    };
}

pub(super) use {ensure, ensure_eq, ensure_kind};

/// A case under way. Suites run on one thread, though what they start may not.
pub(super) type CaseFuture<'f> = Pin<Box<dyn Future<Output = Outcome> + 'f>>;

/// A case of a suite whose fixture is `F`.
pub(super) struct Case<F: ?Sized + 'static> {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) run: for<'f> fn(&'f F) -> CaseFuture<'f>,
}

/// A list of cases: name, title, function.
macro_rules! cases {
    ($fixture:ty: $(($id:literal, $title:literal, $run:path),)+) => {
        [$(
            $crate::conformance::report::Case::<$fixture> {
                id: $id,
                title: $title,
                run: |fixture| Box::pin($run(fixture)),
            },
        )+]
    };
}

pub(super) use cases;

/// Runs cases one after another. A panic fails its case.
pub(super) async fn run<F: ?Sized + 'static>(
    suite: &'static str,
    subject: &str,
    fixture: &F,
    cases: impl IntoIterator<Item = Case<F>>,
) -> Report {
    use futures_util::FutureExt as _;
    let mut results = Vec::new();
    for case in cases {
        let ended = std::panic::AssertUnwindSafe((case.run)(fixture))
            .catch_unwind()
            .await;
        let verdict = match ended {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(Stop::NotApplicable(why))) => Verdict::NotApplicable(why.to_owned()),
            Ok(Err(Stop::Failed(how))) => Verdict::Failed(how),
            Err(panic) => Verdict::Failed(format!("it panicked: {}", panic_text(&*panic))),
        };
        results.push(CaseResult {
            id: case.id,
            title: case.title,
            verdict,
        });
    }
    Report {
        suite,
        subject: subject.to_owned(),
        cases: results,
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

//! The suite every implementation of [`Logger`] has to pass.
//!
//! An implementation describes itself as a [`Subject`]; [`run`] puts it through
//! the cases LG-01 to LG-16 and gives a [`Report`]. Cases about writers, queues
//! and process exit apply only to loggers that have them and are reported as not
//! applicable otherwise.
//!
//! ```no_run
//! # fn subject() -> Box<dyn plumego_log::conformance::Subject> { unimplemented!() }
//! let report = plumego_log::conformance::run(&*subject());
//! assert!(report.passed(), "{report}");
//! ```

#[macro_use]
mod check;
mod contract;
mod output;
mod safety;
mod writers;

use std::{collections::BTreeMap, fmt, io::Write, sync::Arc, time::Duration};

use crate::{
    BuiltLogger, Delivery, Fields, Filter, Level, LevelHandle, Logger, Overflow, Redactor,
};
pub use check::{Outcome, Violation};

/// What a case asks of the logger it tests.
#[derive(Clone)]
#[non_exhaustive]
pub struct Setup {
    /// The filter at the start.
    pub filter: Filter,
    /// Fields of the logger itself.
    pub fields: Fields,
    /// Verbosity, respected when given.
    pub verbosity: Option<u8>,
    /// The redaction rules.
    pub redactor: Redactor,
    /// Who writes.
    pub delivery: Delivery,
    /// Who hears about the first failure of the output.
    pub report: Arc<dyn Fn(&str) + Send + Sync>,
    /// What runs at the end of a fatal call, when given.
    pub fatal_hook: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            fields: Fields::new(),
            verbosity: None,
            redactor: Redactor::standard(),
            delivery: Delivery::Sync,
            report: Arc::new(|_| ()),
            fatal_hook: None,
        }
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("filter", &self.filter)
            .field("fields", &self.fields)
            .field("verbosity", &self.verbosity)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl Setup {
    fn at(level: Level) -> Self {
        Self {
            filter: level.into(),
            ..Self::default()
        }
    }

    fn queued(capacity: usize, overflow: Overflow) -> Self {
        Self {
            delivery: Delivery::NonBlocking { capacity, overflow },
            ..Self::default()
        }
    }
}

/// A record as it came out, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Severity.
    pub level: Level,
    /// The message, unescaped.
    pub message: String,
    /// Values as text: strings as they are, others as JSON would write them.
    pub fields: BTreeMap<String, String>,
    /// Base name of the file and line of the call site, when shown.
    pub location: Option<(String, u32)>,
}

/// Reads back what came out so far. A line that cannot be read is an error.
pub type ReadEntries = Box<dyn Fn() -> Result<Vec<Entry>, String> + Send + Sync>;

/// A logger under test with a view of its output.
pub struct Fixture {
    /// The logger.
    pub logger: Arc<dyn Logger>,
    /// The handle to its filter, when it has one.
    pub level: Option<LevelHandle>,
    /// Reads its output back.
    pub entries: ReadEntries,
    /// Whatever has to live as long as the logger.
    pub keep: Option<Box<dyn std::any::Any>>,
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl Fixture {
    fn entries(&self) -> Result<Vec<Entry>, Violation> {
        self.logger
            .flush(PATIENCE)
            .map_err(|error| Violation::new(format!("the flush before reading failed: {error}")))?;
        (self.entries)().map_err(Violation::new)
    }

    /// The only entry.
    fn entry(&self) -> Result<Entry, Violation> {
        let mut entries = self.entries()?;
        ensure_eq!(entries.len(), 1, "exactly one record comes out");
        Ok(entries.remove(0))
    }
}

/// How long the suite waits for things that should happen at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// An implementation under test.
pub trait Subject: Sync {
    /// A name for reports.
    fn name(&self) -> &str;

    /// Builds a logger whose output can be read back.
    fn build(&self, setup: Setup) -> Fixture;

    /// Builds a logger on given writers; `None` when it has no writers.
    fn build_on(
        &self,
        setup: Setup,
        output: Box<dyn Write + Send>,
        error_output: Option<Box<dyn Write + Send>>,
    ) -> Option<BuiltLogger> {
        let _ = (setup, output, error_output);
        None
    }

    /// Reads lines that a logger of [`build_on`](Self::build_on) wrote.
    ///
    /// # Errors
    ///
    /// A line that cannot be read.
    fn parse(&self, lines: &str) -> Result<Vec<Entry>, String> {
        let _ = lines;
        Err("this subject writes no lines".to_owned())
    }

    /// Names the format keeps for itself.
    fn reserved_names(&self) -> &[&str] {
        &["time", "level", "msg"]
    }

    /// Whether call sites can be read back.
    fn shows_location(&self) -> bool {
        true
    }

    /// Calls `fatal` with the message `ending` in a child process and gives its
    /// exit code and what the logger wrote; `None` when that cannot be tried.
    fn fatal_in_child(&self) -> Option<(Option<i32>, String)> {
        None
    }
}

/// One case of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// `LG-01` to `LG-16`.
    pub id: &'static str,
    /// What has to hold.
    pub title: &'static str,
    run: fn(&dyn Subject) -> Result<Outcome, Violation>,
}

/// Every case, in order.
pub const CASES: [Case; 16] = [
    Case {
        id: "LG-01",
        title: "levels filter at every boundary",
        run: contract::levels,
    },
    Case {
        id: "LG-02",
        title: "later fields win, parents stay",
        run: contract::merging,
    },
    Case {
        id: "LG-03",
        title: "reserved names are preserved",
        run: contract::reserved_names,
    },
    Case {
        id: "LG-04",
        title: "no line is lost or torn under threads",
        run: output::threads,
    },
    Case {
        id: "LG-05",
        title: "bad writers do not reach the caller",
        run: writers::bad_writers,
    },
    Case {
        id: "LG-06",
        title: "errors go to the error output",
        run: writers::error_output,
    },
    Case {
        id: "LG-07",
        title: "secrets are redacted",
        run: safety::redaction,
    },
    Case {
        id: "LG-08",
        title: "hostile strings stay one bounded line",
        run: safety::hostile,
    },
    Case {
        id: "LG-09",
        title: "bad values keep their siblings",
        run: safety::bad_values,
    },
    Case {
        id: "LG-10",
        title: "verbosity gates debug and trace",
        run: contract::verbosity,
    },
    Case {
        id: "LG-11",
        title: "the location is the caller's",
        run: contract::location,
    },
    Case {
        id: "LG-12",
        title: "a record has only what was passed",
        run: contract::no_ambient_data,
    },
    Case {
        id: "LG-13",
        title: "fatal writes, flushes and ends",
        run: output::fatal,
    },
    Case {
        id: "LG-14",
        title: "flush and shutdown keep deadlines",
        run: writers::deadlines,
    },
    Case {
        id: "LG-15",
        title: "overflow is accounted for",
        run: writers::overflow,
    },
    Case {
        id: "LG-16",
        title: "a disabled call evaluates no field",
        run: contract::laziness,
    },
];

/// Puts a subject through every case.
#[must_use]
pub fn run(subject: &dyn Subject) -> Report {
    let results = CASES
        .iter()
        .map(|case| (*case, (case.run)(subject)))
        .collect();
    Report {
        subject: subject.name().to_owned(),
        results,
    }
}

/// What came of a run. `Display` gives one line per case.
#[derive(Debug)]
pub struct Report {
    subject: String,
    results: Vec<(Case, Result<Outcome, Violation>)>,
}

impl Report {
    /// Whether no case was violated.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.results.iter().all(|(_, result)| result.is_ok())
    }

    /// Ids of the cases that held, without those that do not apply.
    #[must_use]
    pub fn held(&self) -> Vec<&'static str> {
        self.results
            .iter()
            .filter(|(_, result)| matches!(result, Ok(Outcome::Held)))
            .map(|(case, _)| case.id)
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "logger conformance of {}", self.subject)?;
        for (case, result) in &self.results {
            match result {
                Ok(Outcome::Held) => writeln!(f, "  {} held: {}", case.id, case.title)?,
                Ok(Outcome::NotApplicable) => {
                    writeln!(f, "  {} not applicable: {}", case.id, case.title)?;
                }
                Err(violation) => {
                    writeln!(f, "  {} VIOLATED: {}: {violation}", case.id, case.title)?;
                }
            }
        }
        Ok(())
    }
}

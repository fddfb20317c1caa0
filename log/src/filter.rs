//! Which records are written: directives, and a handle to change them.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::{Level, ParseLevelError};

/// A minimum level for everything, and others for some targets.
///
/// Written as directives separated by commas: `info,plumego_router=debug,app::db=warn`.
/// A directive `target=level` applies to targets that begin with `target`; the
/// longest match wins. A bare level applies to the rest and is `info` when not
/// given. `off` stands for no level at all.
///
/// ```
/// use plumego_log::{Filter, Level};
///
/// let filter: Filter = "info,app::db=warn".parse()?;
/// assert!(filter.allows(Level::Info, "app::http"));
/// assert!(!filter.allows(Level::Info, "app::db::pool"));
/// # Ok::<(), plumego_log::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    minimum: Minimum,
    /// Longest target first, those of one length in byte order.
    directives: Vec<(String, Minimum)>,
}

/// The lowest level that passes; `None` lets nothing pass.
type Minimum = Option<Level>;

impl Filter {
    /// A filter without directives for targets.
    #[must_use]
    pub const fn at(minimum: Level) -> Self {
        Self {
            minimum: Some(minimum),
            directives: Vec::new(),
        }
    }

    /// Adds or replaces the minimum of targets that begin with `target`.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>, minimum: Level) -> Self {
        self.set_target(target.into(), Some(minimum));
        self
    }

    /// Whether a record of this level and target passes.
    #[must_use]
    pub fn allows(&self, level: Level, target: &str) -> bool {
        let minimum = self
            .directives
            .iter()
            .find(|(prefix, _)| target.starts_with(prefix.as_str()))
            .map_or(self.minimum, |&(_, minimum)| minimum);
        minimum.is_some_and(|minimum| level >= minimum)
    }

    fn set_target(&mut self, target: String, minimum: Minimum) {
        self.directives.retain(|(known, _)| *known != target);
        let order = |target: &str| (std::cmp::Reverse(target.len()), target.to_owned());
        let at = self
            .directives
            .partition_point(|(known, _)| order(known) < order(&target));
        self.directives.insert(at, (target, minimum));
    }

    /// The lowest level any target can pass.
    fn floor(&self) -> Minimum {
        self.directives
            .iter()
            .filter_map(|&(_, minimum)| minimum)
            .chain(self.minimum)
            .min()
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::at(Level::Info)
    }
}

impl From<Level> for Filter {
    fn from(minimum: Level) -> Self {
        Self::at(minimum)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(directives: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        let mut default_given = false;
        for directive in directives.split(',').map(str::trim) {
            let problem = |problem| FilterError {
                directive: directive.to_owned(),
                problem,
            };
            match directive.split_once('=') {
                Some((target, level)) => {
                    let (target, level) = (target.trim(), level.trim());
                    if target.is_empty() {
                        return Err(problem(Problem::NoTarget));
                    }
                    if filter.directives.iter().any(|(known, _)| known == target) {
                        return Err(problem(Problem::GivenTwice));
                    }
                    let minimum = minimum(level).map_err(|error| problem(error.into()))?;
                    filter.set_target(target.to_owned(), minimum);
                }
                None if default_given => return Err(problem(Problem::GivenTwice)),
                None => {
                    filter.minimum = minimum(directive).map_err(|error| problem(error.into()))?;
                    default_given = true;
                }
            }
        }
        Ok(filter)
    }
}

fn minimum(name: &str) -> Result<Minimum, ParseLevelError> {
    if name.eq_ignore_ascii_case("off") {
        Ok(None)
    } else {
        name.parse().map(Some)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |minimum: Minimum| minimum.map_or("off", Level::name).to_ascii_lowercase();
        f.write_str(&name(self.minimum))?;
        for (target, minimum) in &self.directives {
            write!(f, ",{target}={}", name(*minimum))?;
        }
        Ok(())
    }
}

/// A directive that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("log filter directive {directive:?}: {problem}")]
pub struct FilterError {
    directive: String,
    problem: Problem,
}

impl FilterError {
    /// The directive as given.
    #[must_use]
    pub fn directive(&self) -> &str {
        &self.directive
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Level(#[from] ParseLevelError),
    #[error("write a target in front of `=`")]
    NoTarget,
    #[error("this part of the filter was given before: keep one of the two")]
    GivenTwice,
}

/// The filter of a logger family, arranged so that a refused call costs one load.
pub(crate) struct Gate {
    /// The lowest level that can pass, shifted by 2, in the low byte, and whether
    /// targets have to be looked at above it.
    summary: AtomicU32,
    filter: ArcSwap<Filter>,
    changing: Mutex<()>,
    /// What the verbosity lets pass of `Trace` and `Debug`.
    verbosity_floor: Level,
}

const HAS_DIRECTIVES: u32 = 1 << 8;
const NOTHING_PASSES: u32 = 0xff;

impl Gate {
    pub(crate) fn new(filter: Filter, verbosity: Option<u8>) -> Self {
        let verbosity_floor = match verbosity {
            None | Some(2..) => Level::Trace,
            Some(1) => Level::Debug,
            Some(0) => Level::Info,
        };
        Self {
            summary: AtomicU32::new(summary(&filter, verbosity_floor)),
            filter: ArcSwap::from_pointee(filter),
            changing: Mutex::new(()),
            verbosity_floor,
        }
    }

    #[inline]
    pub(crate) fn passes(&self, level: Level, target: &str) -> bool {
        let summary = self.summary.load(Ordering::Relaxed);
        if rank(level) < summary & 0xff {
            return false;
        }
        summary & HAS_DIRECTIVES == 0 || self.filter.load().allows(level, target)
    }

    fn set(&self, filter: Filter) {
        let _changing = self.changing.lock();
        let summary = summary(&filter, self.verbosity_floor);
        self.filter.store(Arc::new(filter));
        self.summary.store(summary, Ordering::Release);
    }
}

/// Levels as small numbers, from 0 for `Trace`.
fn rank(level: Level) -> u32 {
    (i32::from(level.value()) - i32::from(Level::Trace.value())).unsigned_abs()
}

fn summary(filter: &Filter, verbosity_floor: Level) -> u32 {
    let floor = filter
        .floor()
        .map_or(NOTHING_PASSES, |level| rank(level.max(verbosity_floor)));
    if filter.directives.is_empty() {
        floor
    } else {
        floor | HAS_DIRECTIVES
    }
}

/// Changes the filter of a logger and of everything derived from it, at run time.
///
/// A change is atomic: a record passes by the old filter or by the new one. The
/// verbosity gate stays as it was built.
#[derive(Clone)]
pub struct LevelHandle {
    gate: Arc<Gate>,
}

impl LevelHandle {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }

    /// The filter now in force.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::clone(&self.gate.filter.load())
    }

    /// Replaces the filter; a plain [`Level`] drops all directives for targets.
    pub fn set(&self, filter: impl Into<Filter>) {
        self.gate.set(filter.into());
    }
}

impl fmt::Debug for LevelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LevelHandle")
            .field(&self.filter().to_string())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(directives: &str) -> Filter {
        directives.parse().unwrap()
    }

    #[test]
    fn the_longest_prefix_wins_whatever_the_order() {
        for directives in [
            "warn,app=debug,app::db=error",
            "app::db=error,app=debug,warn",
        ] {
            let filter = filter(directives);
            assert!(filter.allows(Level::Debug, "app::http"));
            assert!(!filter.allows(Level::Warn, "app::db::pool"));
            assert!(!filter.allows(Level::Info, "other"));
            assert!(filter.allows(Level::Warn, ""));
        }
    }

    #[test]
    fn off_silences_a_target() {
        let filter = filter("noisy=off");
        assert!(!filter.allows(Level::Fatal, "noisy::part"));
        assert!(filter.allows(Level::Info, "quiet"));
        assert!(!Gate::new("off".parse().unwrap(), None).passes(Level::Fatal, ""));
    }

    #[test]
    fn a_bad_directive_is_named() {
        for (directives, bad) in [
            ("info,app=verbose", "app=verbose"),
            ("=debug", "=debug"),
            ("info,", ""),
            ("", ""),
            ("info,debug", "debug"),
            ("a=info,a=warn", "a=warn"),
        ] {
            let error = directives.parse::<Filter>().unwrap_err();
            assert_eq!(error.directive(), bad, "{directives}");
        }
    }

    #[test]
    fn verbosity_holds_back_only_debug_and_trace() {
        let passing = |verbosity| {
            let gate = Gate::new(Filter::at(Level::Trace), verbosity);
            Level::ALL
                .into_iter()
                .filter(|&level| gate.passes(level, ""))
                .count()
        };
        assert_eq!(
            [Some(0), Some(1), Some(2), Some(9), None].map(passing),
            [4, 5, 6, 6, 6]
        );
    }

    #[test]
    fn a_change_takes_effect_at_once() {
        let gate = Arc::new(Gate::new(Filter::default(), None));
        let handle = LevelHandle::new(Arc::clone(&gate));
        handle.set(filter("error,app=trace"));
        assert!(gate.passes(Level::Trace, "app"));
        assert!(!gate.passes(Level::Warn, "other"));
        handle.set(Level::Warn);
        assert!(!gate.passes(Level::Info, "app"));
        assert_eq!(handle.filter().to_string(), "warn");
    }

    proptest! {
        #[test]
        fn display_parses_back_and_the_gate_agrees(
            default in 0usize..6,
            targets in proptest::collection::btree_map("[a-c]{1,3}", 0usize..6, 0..4),
            level in 0usize..6,
            target in "[a-c]{0,4}",
        ) {
            let mut built = Filter::at(Level::ALL[default]);
            for (target, minimum) in targets {
                built = built.with_target(target, Level::ALL[minimum]);
            }
            prop_assert_eq!(&filter(&built.to_string()), &built);
            let (level, gate) = (Level::ALL[level], Gate::new(built.clone(), None));
            prop_assert_eq!(gate.passes(level, &target), built.allows(level, &target));
        }
    }
}

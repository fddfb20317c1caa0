//! Series by name and labels, bounded.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use arc_swap::ArcSwap;

use crate::approx::ApproxSet;
use crate::name::OVERFLOW;
use crate::{CardinalityPolicy, Labels, MetricName};

/// Locks the series of one name are spread over.
const SHARDS: usize = 16;

/// What a collector keeps per series, under a [`CardinalityPolicy`].
///
/// This is the guard for everything that keeps series: exporters hold their
/// counters in it. A series that exists stays; a label set past a bound is
/// folded into one series of its name, a name past the bound into the series
/// [`OVERFLOW`] without labels. Finding a series that exists takes a shared lock
/// on one of 16 parts of its name and allocates nothing.
///
/// Besides the series the policy allows there is at most one overflow series
/// per name, and one for all names that were folded.
///
/// ```
/// use plumego_metrics::{CardinalityPolicy, Labels, MetricName, SeriesTable};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// const JOBS: MetricName = MetricName::from_static("jobs");
/// let table = SeriesTable::<AtomicU64>::new(CardinalityPolicy::default().with_per_name(2)?);
/// for queue in ["a", "b", "c", "d", "a"] {
///     let labels = Labels::new([("queue", queue)])?;
///     table.series(&JOBS, &labels, |_, _| AtomicU64::new(0)).value.fetch_add(1, Ordering::Relaxed);
/// }
/// let counts: Vec<(String, u64)> = table
///     .snapshot()
///     .into_iter()
///     .map(|row| (row.labels.get("queue").unwrap_or_default().to_owned(), row.value.load(Ordering::Relaxed)))
///     .collect();
/// assert_eq!(counts, [("__overflow__".into(), 2), ("a".into(), 2), ("b".into(), 1)]);
/// assert_eq!(table.folded(), 2);
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
pub struct SeriesTable<V> {
    policy: CardinalityPolicy,
    contents: ArcSwap<Contents<V>>,
}

/// A series, and how it was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Series<V> {
    /// What is kept for it; shared with the table.
    pub value: Arc<V>,
    /// How it was found.
    pub admission: Admission,
}

/// How a measurement found its series.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
#[non_exhaustive]
pub enum Admission {
    /// Under its own name and labels.
    Own,
    /// Folded into an overflow series.
    Folded {
        /// Whether something of that name was folded for the first time, which
        /// is worth a line in the log.
        first: bool,
    },
}

/// One row of a [`SeriesTable::snapshot`].
#[derive(Debug)]
#[non_exhaustive]
pub struct SeriesRow<V> {
    /// The name.
    pub name: MetricName,
    /// The labels.
    pub labels: Labels,
    /// What is kept, shared with the table.
    pub value: Arc<V>,
}

/// Everything between two clears.
struct Contents<V> {
    names: ArcSwap<HashMap<MetricName, Arc<Family<V>>>>,
    /// Held while a name is added, and by nobody else.
    adding: Mutex<()>,
    /// Series of all names, without those of the overflow.
    total: AtomicUsize,
    /// The series of names that found no place.
    nameless: OnceLock<Arc<V>>,
    folded: ApproxSet,
}

/// The series of one name.
struct Family<V> {
    shards: [RwLock<HashMap<Labels, Arc<V>>>; SHARDS],
    count: AtomicUsize,
    overflow: OnceLock<(Labels, Arc<V>)>,
    reported: AtomicBool,
    hasher: RandomState,
}

impl<V> SeriesTable<V> {
    /// An empty table.
    #[must_use]
    pub fn new(policy: CardinalityPolicy) -> Self {
        Self {
            policy,
            contents: ArcSwap::from_pointee(Contents::new()),
        }
    }

    /// The bounds of this table.
    #[must_use]
    pub fn policy(&self) -> CardinalityPolicy {
        self.policy
    }

    /// The series of a name and labels, or the one they are folded into. A new
    /// one is made from the name and labels it really has.
    pub fn series(
        &self,
        name: &MetricName,
        labels: &Labels,
        make: impl FnOnce(&MetricName, &Labels) -> V,
    ) -> Series<V> {
        let contents = self.contents.load();
        if let Some(family) = contents.names.load().get(name) {
            return contents.in_family(&self.policy, family, name, labels, make);
        }
        match contents.admit(self.policy.names(), name) {
            Some(family) => contents.in_family(&self.policy, &family, name, labels, make),
            None => contents.fold_name(name, make),
        }
    }

    /// All series, sorted by name and labels. Writers are not stopped.
    #[must_use]
    pub fn snapshot(&self) -> Vec<SeriesRow<V>> {
        let contents = self.contents.load();
        let mut rows = Vec::with_capacity(contents.total.load(Ordering::Relaxed));
        for (name, family) in contents.names.load().iter() {
            family.collect(name, &mut rows);
        }
        if let Some(value) = contents.nameless.get() {
            let name = MetricName::from_static(OVERFLOW);
            rows.push(SeriesRow {
                name,
                labels: Labels::empty(),
                value: value.clone(),
            });
        }
        rows.sort_unstable_by(|one, two| (&one.name, &one.labels).cmp(&(&two.name, &two.labels)));
        rows
    }

    /// How many series there are, those of the overflow included.
    #[must_use]
    pub fn len(&self) -> usize {
        let contents = self.contents.load();
        let spilled = contents
            .names
            .load()
            .values()
            .filter(|family| family.overflow.get().is_some())
            .count();
        contents.total.load(Ordering::Relaxed)
            + spilled
            + usize::from(contents.nameless.get().is_some())
    }

    /// Whether there are no series.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many distinct names and label sets were folded: exact for some ten
    /// thousands, then too low rather than too high.
    #[must_use]
    pub fn folded(&self) -> u64 {
        self.contents.load().folded.count()
    }

    /// Forgets all series. A series handed out before stays usable, unseen.
    pub fn clear(&self) {
        self.contents.store(Arc::new(Contents::new()));
    }
}

impl<V> Contents<V> {
    fn new() -> Self {
        Self {
            names: ArcSwap::default(),
            adding: Mutex::new(()),
            total: AtomicUsize::new(0),
            nameless: OnceLock::new(),
            folded: ApproxSet::default(),
        }
    }

    /// The family of a new name, if there is room for it.
    #[cold]
    fn admit(&self, names_max: usize, name: &MetricName) -> Option<Arc<Family<V>>> {
        if name.as_str() == OVERFLOW || self.names.load().len() >= names_max {
            return None;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.names.load();
        if let Some(family) = held.get(name) {
            return Some(family.clone());
        }
        if held.len() >= names_max {
            return None;
        }
        let family = Arc::new(Family::new());
        let mut grown = HashMap::clone(&held);
        grown.insert(name.clone(), family.clone());
        self.names.store(Arc::new(grown));
        Some(family)
    }

    #[cold]
    fn fold_name(
        &self,
        name: &MetricName,
        make: impl FnOnce(&MetricName, &Labels) -> V,
    ) -> Series<V> {
        let make = || Arc::new(make(&MetricName::from_static(OVERFLOW), &Labels::empty()));
        let value = self.nameless.get_or_init(make).clone();
        let admission = if name.as_str() == OVERFLOW {
            Admission::Own
        } else {
            Admission::Folded {
                first: self.folded.insert(self.folded.hasher().hash_one(name)),
            }
        };
        Series { value, admission }
    }

    fn in_family(
        &self,
        policy: &CardinalityPolicy,
        family: &Family<V>,
        name: &MetricName,
        labels: &Labels,
        make: impl FnOnce(&MetricName, &Labels) -> V,
    ) -> Series<V> {
        let shard = &family.shards[family.shard(labels)];
        if let Some(value) = shard
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(labels)
        {
            return Series {
                value: value.clone(),
                admission: Admission::Own,
            };
        }
        if labels.is_overflow() {
            return Series {
                value: family.spill(name, labels, make),
                admission: Admission::Own,
            };
        }
        // A full name is told without the exclusive lock, which a flood of new
        // label sets would otherwise fight for with the series that exist.
        let full = family.count.load(Ordering::Relaxed) >= policy.per_name()
            || self.total.load(Ordering::Relaxed) >= policy.total();
        if !full {
            let mut held = shard.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = held.get(labels) {
                return Series {
                    value: value.clone(),
                    admission: Admission::Own,
                };
            }
            if self.reserve(policy, family) {
                let value = Arc::new(make(name, labels));
                held.insert(labels.clone(), value.clone());
                return Series {
                    value,
                    admission: Admission::Own,
                };
            }
        }
        self.folded
            .insert(self.folded.hasher().hash_one((name, labels)));
        let first = !family.reported.swap(true, Ordering::Relaxed);
        Series {
            value: family.spill(name, labels, make),
            admission: Admission::Folded { first },
        }
    }

    /// Takes a place for one more series under both bounds.
    fn reserve(&self, policy: &CardinalityPolicy, family: &Family<V>) -> bool {
        if !take_place(&family.count, policy.per_name()) {
            return false;
        }
        let taken = take_place(&self.total, policy.total());
        if !taken {
            family.count.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }
}

/// Counts one more, unless the bound is reached.
fn take_place(count: &AtomicUsize, bound: usize) -> bool {
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            (held < bound).then_some(held + 1)
        })
        .is_ok()
}

impl<V> Family<V> {
    fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
            count: AtomicUsize::new(0),
            overflow: OnceLock::new(),
            reported: AtomicBool::new(false),
            hasher: RandomState::new(),
        }
    }

    fn shard(&self, labels: &Labels) -> usize {
        // The remainder is below 16, so nothing is lost.
        (self.hasher.hash_one(labels) % SHARDS as u64) as usize
    }

    /// The overflow series, with the keys of the first label set folded.
    #[cold]
    fn spill(
        &self,
        name: &MetricName,
        labels: &Labels,
        make: impl FnOnce(&MetricName, &Labels) -> V,
    ) -> Arc<V> {
        let make = || {
            let labels = labels.overflow();
            let value = Arc::new(make(name, &labels));
            (labels, value)
        };
        self.overflow.get_or_init(make).1.clone()
    }

    fn collect(&self, name: &MetricName, rows: &mut Vec<SeriesRow<V>>) {
        let row = |labels: &Labels, value: &Arc<V>| SeriesRow {
            name: name.clone(),
            labels: labels.clone(),
            value: value.clone(),
        };
        for shard in &self.shards {
            let held = shard.read().unwrap_or_else(PoisonError::into_inner);
            rows.extend(held.iter().map(|(labels, value)| row(labels, value)));
        }
        rows.extend(
            self.overflow
                .get()
                .map(|(labels, value)| row(labels, value)),
        );
    }
}

impl<V> fmt::Debug for SeriesTable<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesTable")
            .field("policy", &self.policy)
            .field("series", &self.len())
            .field("folded", &self.folded())
            .finish()
    }
}

#[cfg(test)]
mod tests;

//! Series of one family by their labels, bounded.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use hashbrown::{DefaultHashBuilder, HashTable};
use plumego_metrics::{CardinalityPolicy, LABEL_VALUE_BYTES_MAX, OVERFLOW};
use smallvec::SmallVec;

use super::seen::Seen;

/// Locks the series of one family are spread over.
const SHARDS: usize = 16;

/// Texts of one label set: 10 values, or 10 pairs.
type Texts<'a> = SmallVec<[&'a str; 20]>;

/// What all families of a collector share: the bound on series, and what was
/// turned away.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) policy: CardinalityPolicy,
    /// Series there are, those of the overflow not counted.
    used: AtomicUsize,
    turned_away: Seen,
    hasher: DefaultHashBuilder,
}

impl Guard {
    pub(super) fn new(policy: CardinalityPolicy) -> Self {
        Self {
            policy,
            used: AtomicUsize::new(0),
            turned_away: Seen::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

/// What the texts of a label set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Values, of names that the family has.
    Values,
    /// A name before every value.
    Pairs,
}

/// One series.
#[derive(Debug)]
pub(super) struct Entry<V> {
    /// Values of labels, or pairs.
    pub(super) texts: Box<[Box<str>]>,
    /// When it was made.
    pub(super) created: SystemTime,
    pub(super) value: V,
}

/// The series of one family. One that exists stays; a label set past a bound is
/// folded into the overflow series, which is not counted.
///
/// Finding a series that exists takes a shared lock on one of 16 parts, and
/// allocates nothing.
#[derive(Debug)]
pub(super) struct SeriesMap<V> {
    guard: Arc<Guard>,
    family: Box<str>,
    shape: Shape,
    shards: [RwLock<HashTable<Arc<Entry<V>>>>; SHARDS],
    count: AtomicUsize,
    overflow: ArcSwapOption<Entry<V>>,
    /// Distinct label sets that were folded.
    folded: AtomicU64,
}

impl<V> SeriesMap<V> {
    pub(super) fn new(guard: Arc<Guard>, family: &str, shape: Shape) -> Self {
        Self {
            guard,
            family: family.into(),
            shape,
            shards: std::array::from_fn(|_| RwLock::default()),
            count: AtomicUsize::new(0),
            overflow: ArcSwapOption::empty(),
            folded: AtomicU64::new(0),
        }
    }

    /// The series of these labels, or the one they are folded into. `make` gets
    /// the labels that it really has. Values are cut to 128 bytes.
    pub(super) fn get<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a str>,
        make: impl FnOnce(&[&str]) -> V,
    ) -> Arc<Entry<V>> {
        let texts: Texts<'_> = labels.into_iter().map(cut).collect();
        if self.is_overflow(&texts) {
            return self.overflow_of(&texts, make);
        }
        let hash = self.hash(texts.iter().copied());
        let shard = &self.shards[shard_of(hash)];
        let is_wanted = |entry: &Arc<Entry<V>>| is_equal(&entry.texts, &texts);
        {
            let held = shard.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = held.find(hash, is_wanted) {
                return Arc::clone(entry);
            }
        }
        // Told without the exclusive lock, which a flood of new label sets would
        // otherwise fight for with the series that exist.
        if !self.is_full() {
            let mut held = shard.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = held.find(hash, is_wanted) {
                return Arc::clone(entry);
            }
            if self.reserve() {
                let entry = new_entry(&texts, make(&texts));
                let hash_of = |entry: &Arc<Entry<V>>| self.hash(entry.texts.iter().map(|t| &**t));
                held.insert_unique(hash, Arc::clone(&entry), hash_of);
                return entry;
            }
        }
        let of_family = self.guard.hasher.hash_one((&*self.family, hash));
        if self.guard.turned_away.insert(of_family) {
            self.folded.fetch_add(1, Ordering::Relaxed);
        }
        self.overflow_of(&texts, make)
    }

    /// Whether a label set can only be that of the overflow: one without labels
    /// is the only one of its family.
    fn is_overflow(&self, texts: &[&str]) -> bool {
        let (skip, step) = self.values();
        texts
            .iter()
            .skip(skip)
            .step_by(step)
            .all(|text| *text == OVERFLOW)
    }

    /// Which texts are values.
    fn values(&self) -> (usize, usize) {
        match self.shape {
            Shape::Values => (0, 1),
            Shape::Pairs => (1, 2),
        }
    }

    fn hash<'a>(&self, texts: impl Iterator<Item = &'a str>) -> u64 {
        let mut hasher = self.guard.hasher.build_hasher();
        texts.for_each(|text| text.hash(&mut hasher));
        hasher.finish()
    }

    fn is_full(&self) -> bool {
        let policy = &self.guard.policy;
        self.count.load(Ordering::Relaxed) >= policy.per_name()
            || self.guard.used.load(Ordering::Relaxed) >= policy.total()
    }

    /// Takes a place for one more series under both bounds.
    fn reserve(&self) -> bool {
        let policy = &self.guard.policy;
        if !take_place(&self.count, policy.per_name()) {
            return false;
        }
        let taken = take_place(&self.guard.used, policy.total());
        if !taken {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    fn overflow_of(&self, texts: &[&str], make: impl FnOnce(&[&str]) -> V) -> Arc<Entry<V>> {
        if let Some(entry) = &*self.overflow.load() {
            return Arc::clone(entry);
        }
        let mut texts: Texts<'_> = texts.into();
        let (skip, step) = self.values();
        let values = texts.iter_mut().skip(skip).step_by(step);
        values.for_each(|text| *text = OVERFLOW);
        let entry = new_entry(&texts, make(&texts));
        let empty: Option<Arc<Entry<V>>> = None;
        let before = self
            .overflow
            .compare_and_swap(&empty, Some(Arc::clone(&entry)));
        match &*before {
            Some(other) => Arc::clone(other),
            None => entry,
        }
    }

    /// All series, sorted by their labels.
    pub(super) fn entries(&self) -> Vec<Arc<Entry<V>>> {
        let mut entries: Vec<_> = self.overflow.load_full().into_iter().collect();
        for shard in &self.shards {
            let held = shard.read().unwrap_or_else(PoisonError::into_inner);
            entries.extend(held.iter().cloned());
        }
        entries.sort_unstable_by(|one, two| one.texts.cmp(&two.texts));
        entries
    }

    /// How many series there are, that of the overflow included.
    pub(super) fn len(&self) -> usize {
        let spilled = usize::from(self.overflow.load().is_some());
        self.count.load(Ordering::Relaxed) + spilled
    }

    /// How many distinct label sets were folded: never too high.
    pub(super) fn folded(&self) -> u64 {
        self.folded.load(Ordering::Relaxed)
    }

    /// Forgets all series. One that somebody holds stays usable, unseen.
    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let mut held = shard.write().unwrap_or_else(PoisonError::into_inner);
            let gone = held.len();
            held.clear();
            self.count.fetch_sub(gone, Ordering::Relaxed);
            self.guard.used.fetch_sub(gone, Ordering::Relaxed);
        }
        self.overflow.store(None);
        self.folded.store(0, Ordering::Relaxed);
    }
}

/// The start of a value that fits, whole characters.
fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(LABEL_VALUE_BYTES_MAX)]
}

fn shard_of(hash: u64) -> usize {
    // The table inside uses the upper and lower bits; these are between them.
    (hash >> 32) as usize % SHARDS
}

fn is_equal(held: &[Box<str>], wanted: &[&str]) -> bool {
    held.len() == wanted.len() && held.iter().zip(wanted).all(|(one, two)| **one == **two)
}

fn new_entry<V>(texts: &[&str], value: V) -> Arc<Entry<V>> {
    Arc::new(Entry {
        texts: texts.iter().map(|text| Box::from(*text)).collect(),
        created: SystemTime::now(),
        value,
    })
}

/// Counts one more, unless the bound is reached.
fn take_place(count: &AtomicUsize, bound: usize) -> bool {
    let more = |held| (held < bound).then_some(held + 1);
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .is_ok()
}

//! Everything a collector counts between two clears.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::sync::{AtomicU64, Ordering};
use super::tally::Tally;
use crate::approx::ApproxSet;
use crate::http::{HTTP_REQUEST, METRIC_HTTP_REQUEST};
use crate::name::OVERFLOW;
use crate::{CollectorStats, ErrorClass, MetricName};

/// Shards of the counters every request touches.
const HTTP_SHARDS: usize = 16;
/// Shards of any other name; fewer, since there may be a thousand.
const NAME_SHARDS: usize = 4;

type NameTally = Arc<Tally<NAME_SHARDS>>;

/// The names of an epoch: to find one, and to list them in order without
/// sorting each time statistics are read.
#[derive(Clone, Default)]
struct Names {
    by_name: HashMap<MetricName, NameTally>,
    ordered: Vec<(MetricName, NameTally)>,
}

impl Names {
    fn with(&self, name: &MetricName, tally: &NameTally) -> Self {
        let mut grown = self.clone();
        let place = grown.ordered.partition_point(|(held, _)| held < name);
        grown.ordered.insert(place, (name.clone(), tally.clone()));
        grown.by_name.insert(name.clone(), tally.clone());
        grown
    }
}

/// One span of counting. Clearing replaces it as a whole, so a record counts
/// wholly in the span it found or wholly in the next.
pub(super) struct Epoch {
    started: SystemTime,
    names_max: usize,
    /// `None` inside when there was no room for the name.
    http: OnceLock<Option<Box<Tally<HTTP_SHARDS>>>>,
    names: ArcSwap<Names>,
    /// Held while a name is added, and by nobody else.
    adding: Mutex<()>,
    overflow: Tally<NAME_SHARDS>,
    folded: ApproxSet,
    invalid: AtomicU64,
}

/// Whether a record found a place under its own name.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum Placed {
    Own,
    /// Folded, and this name was folded for the first time.
    FoldedFirst,
    Folded,
}

impl Epoch {
    pub(super) fn new(started: SystemTime, names_max: usize) -> Self {
        Self {
            started,
            names_max,
            http: OnceLock::new(),
            names: ArcSwap::default(),
            adding: Mutex::new(()),
            overflow: Tally::default(),
            folded: ApproxSet::default(),
            invalid: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn count_http(&self, class: ErrorClass) -> Placed {
        let http = match self.http.get() {
            Some(http) => http,
            None => self.admit_http(),
        };
        match http {
            Some(tally) => {
                tally.add(class as usize);
                Placed::Own
            }
            None => self.fold(&METRIC_HTTP_REQUEST, class),
        }
    }

    pub(super) fn count(&self, name: &MetricName, class: ErrorClass) -> Placed {
        if name.as_str() == HTTP_REQUEST {
            return self.count_http(class);
        }
        if let Some(tally) = self.names.load().by_name.get(name) {
            tally.add(class as usize);
            return Placed::Own;
        }
        match self.admit(name) {
            Some(tally) => {
                tally.add(class as usize);
                Placed::Own
            }
            None => self.fold(name, class),
        }
    }

    /// Counts a refused record.
    pub(super) fn count_invalid(&self) {
        self.invalid.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    fn admit_http(&self) -> &Option<Box<Tally<HTTP_SHARDS>>> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        self.http
            .get_or_init(|| (self.names.load().ordered.len() < self.names_max).then(Box::default))
    }

    /// The tally of a new name, if there is room for it.
    #[cold]
    fn admit(&self, name: &MetricName) -> Option<NameTally> {
        // A full table needs no lock: names are never removed from it.
        if name.as_str() == OVERFLOW || self.names.load().ordered.len() >= self.names_max {
            return None;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.names.load();
        if let Some(tally) = held.by_name.get(name) {
            return Some(tally.clone());
        }
        let with_http = usize::from(matches!(self.http.get(), Some(Some(_))));
        if held.ordered.len() + with_http >= self.names_max {
            return None;
        }
        let tally = NameTally::default();
        self.names.store(Arc::new(held.with(name, &tally)));
        Some(tally)
    }

    #[cold]
    fn fold(&self, name: &MetricName, class: ErrorClass) -> Placed {
        self.overflow.add(class as usize);
        if name.as_str() == OVERFLOW {
            return Placed::Own;
        }
        if self.folded.insert(self.folded.hasher().hash_one(name)) {
            Placed::FoldedFirst
        } else {
            Placed::Folded
        }
    }

    pub(super) fn stats(&self) -> CollectorStats {
        let mut stats = CollectorStats {
            start_time: Some(self.started),
            invalid_records: self.invalid.load(Ordering::Relaxed),
            series_overflow: self.folded.count(),
            ..CollectorStats::default()
        };
        let names = self.names.load();
        let mut rows: Vec<(String, u64)> = Vec::with_capacity(names.ordered.len() + 2);
        let mut row = |name: &str, counts: [u64; super::tally::CLASSES]| {
            let sum = counts
                .iter()
                .fold(0_u64, |sum, count| sum.saturating_add(*count));
            if sum > 0 {
                rows.push((name.to_owned(), sum));
                CLASS_ORDER
                    .iter()
                    .zip(counts)
                    .for_each(|(class, count)| stats.count(*class, count));
            }
        };
        if let Some(Some(http)) = self.http.get() {
            row(HTTP_REQUEST, http.counts());
        }
        for (name, tally) in &names.ordered {
            row(name.as_str(), tally.counts());
        }
        row(OVERFLOW, self.overflow.counts());
        stats.active_series = rows.len();
        stats.name_breakdown = rows.into_iter().collect();
        stats
    }
}

/// Classes in the order of their counters.
const CLASS_ORDER: [ErrorClass; super::tally::CLASSES] = [
    ErrorClass::None,
    ErrorClass::Client,
    ErrorClass::Server,
    ErrorClass::Other,
];

//! Which instruments a sink knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::InstrumentDef;
use crate::{CardinalityPolicy, MetricName, MetricsError, MetricsErrorKind};

/// An instrument of one sink. Means nothing to another.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct InstrumentId(usize);

impl InstrumentId {
    /// The id with that number; for sinks that number instruments themselves.
    #[must_use]
    pub const fn new(number: usize) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// The definitions of one sink: checked, without conflicts, bounded. For those
/// who write sinks.
///
/// ```
/// use plumego_metrics::{
///     CardinalityPolicy, InstrumentDef, InstrumentRegistry, MetricKind, MetricName, MetricsErrorKind, Unit,
/// };
///
/// const JOBS: MetricName = MetricName::from_static("jobs");
/// let registry = InstrumentRegistry::new(CardinalityPolicy::default());
/// let id = registry.register(&InstrumentDef::new(JOBS, MetricKind::Counter, Unit::Count))?;
/// assert_eq!(registry.register(&InstrumentDef::new(JOBS, MetricKind::Counter, Unit::Count)), Ok(id));
/// let other = registry.register(&InstrumentDef::new(JOBS, MetricKind::Gauge, Unit::Count));
/// assert_eq!(other.unwrap_err().kind(), MetricsErrorKind::Conflict);
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
pub struct InstrumentRegistry {
    definitions_max: usize,
    definitions: ArcSwap<Vec<Arc<InstrumentDef>>>,
    by_name: Mutex<HashMap<MetricName, InstrumentId>>,
}

impl InstrumentRegistry {
    /// A registry of at most [`CardinalityPolicy::names`] instruments.
    #[must_use]
    pub fn new(policy: CardinalityPolicy) -> Self {
        Self {
            definitions_max: policy.names(),
            definitions: ArcSwap::default(),
            by_name: Mutex::default(),
        }
    }

    /// Makes an instrument known; the id it has already if it is the same.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Conflict`] when the name is another instrument,
    /// [`MetricsErrorKind::Full`] when there are too many, or what is wrong with
    /// the definition.
    pub fn register(&self, definition: &InstrumentDef) -> Result<InstrumentId, MetricsError> {
        definition.validate()?;
        let refuse = |kind| Err(MetricsError::new(kind).with_subject(definition.name.to_string()));
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = by_name.get(&definition.name) {
            let same = self
                .definition(*id)
                .is_some_and(|held| held.is_same_instrument(definition));
            return if same {
                Ok(*id)
            } else {
                refuse(MetricsErrorKind::Conflict)
            };
        }
        let held = self.definitions.load();
        if held.len() >= self.definitions_max {
            return refuse(MetricsErrorKind::Full);
        }
        let id = InstrumentId(held.len());
        let mut grown = Vec::clone(&held);
        grown.push(Arc::new(definition.clone()));
        self.definitions.store(Arc::new(grown));
        by_name.insert(definition.name.clone(), id);
        Ok(id)
    }

    /// The definition of an instrument.
    #[must_use]
    pub fn definition(&self, id: InstrumentId) -> Option<Arc<InstrumentDef>> {
        self.definitions.load().get(id.0).cloned()
    }

    /// All definitions, in the order they came; the position is the id.
    #[must_use]
    pub fn definitions(&self) -> Vec<Arc<InstrumentDef>> {
        Vec::clone(&self.definitions.load())
    }
}

impl fmt::Debug for InstrumentRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self
            .definitions
            .load()
            .iter()
            .map(|definition| definition.name.to_string())
            .collect();
        f.debug_tuple("InstrumentRegistry").field(&names).finish()
    }
}

//! How many series may exist, and what happens beyond.

use crate::{MetricsError, MetricsErrorKind};

/// Bounds on the series of one collector, fixed when it is made.
///
/// Series that exist are never evicted, so counters never go down. A label set
/// past a bound is folded into one series of its name, a name past a bound into
/// the name [`OVERFLOW`](crate::OVERFLOW); the measurement itself is kept. There
/// is no unbounded.
///
/// ```
/// use plumego_metrics::{CardinalityPolicy, MetricsErrorKind};
///
/// let policy = CardinalityPolicy::default().with_per_name(200)?;
/// assert_eq!((policy.per_name(), policy.total(), policy.names()), (200, 10_000, 1_000));
/// assert_eq!(
///     CardinalityPolicy::default().with_total(0).unwrap_err().kind(),
///     MetricsErrorKind::Bound,
/// );
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub struct CardinalityPolicy {
    per_name: usize,
    total: usize,
    names: usize,
}

impl Default for CardinalityPolicy {
    fn default() -> Self {
        Self {
            per_name: 1_000,
            total: 10_000,
            names: 1_000,
        }
    }
}

impl CardinalityPolicy {
    /// A policy from its three bounds.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Bound`] if one is 0.
    pub fn new(per_name: usize, total: usize, names: usize) -> Result<Self, MetricsError> {
        Self::default()
            .with_per_name(per_name)?
            .with_total(total)?
            .with_names(names)
    }

    /// Most series of one name; 1 000 by default.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Bound`] if it is 0.
    pub fn with_per_name(self, per_name: usize) -> Result<Self, MetricsError> {
        Ok(Self {
            per_name: positive(per_name, "per_name")?,
            ..self
        })
    }

    /// Most series of all names; 10 000 by default.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Bound`] if it is 0.
    pub fn with_total(self, total: usize) -> Result<Self, MetricsError> {
        Ok(Self {
            total: positive(total, "total")?,
            ..self
        })
    }

    /// Most names; 1 000 by default.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Bound`] if it is 0.
    pub fn with_names(self, names: usize) -> Result<Self, MetricsError> {
        Ok(Self {
            names: positive(names, "names")?,
            ..self
        })
    }

    /// Most series of one name.
    #[must_use]
    pub const fn per_name(&self) -> usize {
        self.per_name
    }

    /// Most series of all names.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Most names.
    #[must_use]
    pub const fn names(&self) -> usize {
        self.names
    }
}

fn positive(bound: usize, name: &'static str) -> Result<usize, MetricsError> {
    if bound == 0 {
        return Err(MetricsError::new(MetricsErrorKind::Bound).with_subject(name));
    }
    Ok(bound)
}

//! The checkers of one probe, validated.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::checker::{ComponentChecker, NAME_BYTES_MAX, is_component_name};
use crate::{ComponentHealth, Criticality, HealthStatus};

/// Checkers with valid, distinct names, in name order. Clones share them.
///
/// ```
/// use plumego_health::{HealthState, ProbeSet, StaticChecker};
/// use std::sync::Arc;
///
/// let twice = [
///     Arc::new(StaticChecker::new("db", HealthState::Healthy)) as _,
///     Arc::new(StaticChecker::new("db", HealthState::Healthy)) as _,
/// ];
/// assert!(ProbeSet::new(twice).is_err());
/// ```
#[derive(Clone, Default)]
pub struct ProbeSet {
    entries: Arc<[Entry]>,
}

/// One checker with everything about it that does not change.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) checker: Arc<dyn ComponentChecker>,
    pub(super) timeout: Option<Duration>,
    criticality: Criticality,
    dependencies: Vec<String>,
}

impl Entry {
    fn new(checker: Arc<dyn ComponentChecker>) -> Self {
        Self {
            name: checker.name().to_owned(),
            timeout: checker.timeout(),
            criticality: checker.criticality(),
            dependencies: checker
                .dependencies()
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            checker,
        }
    }

    /// The component this entry is, in that status.
    pub(super) fn component(&self, health: HealthStatus) -> ComponentHealth {
        ComponentHealth::new(health.with_dependencies(self.dependencies.iter().cloned()))
            .with_criticality(self.criticality)
    }
}

impl ProbeSet {
    /// Takes the checkers.
    ///
    /// # Errors
    ///
    /// The first name, in name order, that breaks the name rule or is used
    /// twice.
    pub fn new<I>(checkers: I) -> Result<Self, ProbeConfigError>
    where
        I: IntoIterator<Item = Arc<dyn ComponentChecker>>,
    {
        let mut by_name = BTreeMap::new();
        for entry in checkers.into_iter().map(Entry::new) {
            if !is_component_name(&entry.name) {
                return Err(ProbeConfigError::new(
                    ProbeConfigErrorKind::InvalidName,
                    entry.name,
                ));
            }
            if let Some(twice) = by_name.insert(entry.name.clone(), entry) {
                return Err(ProbeConfigError::new(
                    ProbeConfigErrorKind::DuplicateName,
                    twice.name,
                ));
            }
        }
        Ok(Self {
            entries: by_name.into_values().collect(),
        })
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// How many checkers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl fmt::Debug for ProbeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProbeSet")
            .field(&self.names().collect::<Vec<_>>())
            .finish()
    }
}

/// What is wrong with a set of checkers.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProbeConfigErrorKind {
    /// A name breaks the rule; see [`is_component_name`].
    InvalidName,
    /// Two checkers have the same name.
    DuplicateName,
}

/// A set of checkers that cannot be probed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeConfigError {
    kind: ProbeConfigErrorKind,
    name: String,
}

impl ProbeConfigError {
    fn new(kind: ProbeConfigErrorKind, name: String) -> Self {
        Self { kind, name }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ProbeConfigErrorKind {
        self.kind
    }

    /// The name it is about.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ProbeConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.name.chars().take(NAME_BYTES_MAX).collect();
        match self.kind {
            ProbeConfigErrorKind::InvalidName => write!(
                f,
                "invalid component name {shown:?}: use 1 to {NAME_BYTES_MAX} of [a-z0-9_.-], a letter first"
            ),
            ProbeConfigErrorKind::DuplicateName => {
                write!(
                    f,
                    "two checkers are named {shown:?}: give each component a name of its own"
                )
            }
        }
    }
}

impl std::error::Error for ProbeConfigError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HealthState, StaticChecker};

    fn set(names: &[&str]) -> Result<ProbeSet, ProbeConfigError> {
        ProbeSet::new(
            names
                .iter()
                .map(|name| Arc::new(StaticChecker::new(*name, HealthState::Healthy)) as _),
        )
    }

    #[test]
    fn names_are_ordered() {
        let set = set(&["queue", "cache", "db"]).unwrap();
        assert_eq!(set.names().collect::<Vec<_>>(), ["cache", "db", "queue"]);
        assert_eq!(set.len(), 3);
        assert!(ProbeSet::default().is_empty());
    }

    #[test]
    fn bad_names_are_named() {
        let error = set(&["db", "Bad Name"]).unwrap_err();
        assert_eq!(
            (error.kind(), error.name()),
            (ProbeConfigErrorKind::InvalidName, "Bad Name")
        );
        let error = set(&["db", "db"]).unwrap_err();
        assert_eq!(
            (error.kind(), error.name()),
            (ProbeConfigErrorKind::DuplicateName, "db")
        );
        assert!(error.to_string().contains("\"db\""));
    }
}

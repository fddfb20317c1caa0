use std::fmt;

use plumego_contract::BoxError;

use crate::error::Operation;

/// What failed in a [`LifecycleGroup`](super::LifecycleGroup).
///
/// For a failed start, [`failures`](Self::failures) holds the one that caused
/// it and [`rollback`](Self::rollback) what went wrong while the components
/// before it were stopped again. For stop and readiness it holds every
/// component that failed.
#[derive(Debug)]
pub struct LifecycleError {
    operation: Operation,
    failures: Vec<ComponentFailure>,
    rollback: Vec<ComponentFailure>,
    /// What is wrong with the group as a whole, when no component is to blame.
    group: Option<&'static str>,
}

/// What failed in one component.
#[derive(Debug)]
pub struct ComponentFailure {
    operation: Operation,
    component: String,
    cause: BoxError,
}

impl LifecycleError {
    pub(super) fn start(failure: ComponentFailure, rollback: Vec<ComponentFailure>) -> Self {
        Self {
            operation: Operation::StartComponent,
            failures: vec![failure],
            rollback,
            group: None,
        }
    }

    /// Every failure of an operation; `Ok` when there is none.
    pub(super) fn all(operation: Operation, failures: Vec<ComponentFailure>) -> Result<(), Self> {
        if failures.is_empty() {
            return Ok(());
        }
        Err(Self {
            operation,
            failures,
            rollback: Vec::new(),
            group: None,
        })
    }

    pub(super) fn group(operation: Operation, what: &'static str) -> Self {
        Self {
            operation,
            failures: Vec::new(),
            rollback: Vec::new(),
            group: Some(what),
        }
    }

    /// `StartComponent`, `StopComponent` or `ReadyComponent`.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The components that failed; empty when the group itself refused.
    #[must_use]
    pub fn failures(&self) -> &[ComponentFailure] {
        &self.failures
    }

    /// Components that failed to stop after a failed start.
    #[must_use]
    pub fn rollback(&self) -> &[ComponentFailure] {
        &self.rollback
    }
}

impl ComponentFailure {
    pub(super) fn new(operation: Operation, component: &str, cause: BoxError) -> Self {
        Self {
            operation,
            component: component.to_owned(),
            cause,
        }
    }

    /// Name of the component.
    #[must_use]
    pub fn component(&self) -> &str {
        &self.component
    }
}

impl fmt::Display for ComponentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            component, cause, ..
        } = self;
        match self.operation {
            Operation::StartComponent => write!(f, "core: start {component:?}: {cause}"),
            Operation::StopComponent => write!(f, "core: stop {component:?}: {cause}"),
            _ => write!(f, "core: {component:?} not ready: {cause}"),
        }
    }
}

impl std::error::Error for ComponentFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

impl fmt::Display for LifecycleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(what) = self.group {
            return write!(f, "LifecycleGroup {what}");
        }
        join(f, &self.failures)?;
        if !self.rollback.is_empty() {
            f.write_str(" (rollback: ")?;
            join(f, &self.rollback)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

fn join(f: &mut fmt::Formatter<'_>, failures: &[ComponentFailure]) -> fmt::Result {
    for (position, failure) in failures.iter().enumerate() {
        if position > 0 {
            f.write_str("; ")?;
        }
        write!(f, "{failure}")?;
    }
    Ok(())
}

impl std::error::Error for LifecycleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failures.first().map(|failure| failure as _)
    }
}

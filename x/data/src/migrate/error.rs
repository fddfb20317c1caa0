//! What can go wrong with a migration.

use plumego_store::db::DbError;

/// Why the schema is not up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The steps themselves cannot be used.
    #[error("{detail}")]
    InvalidConfig {
        /// What to change.
        detail: String,
    },
    /// The database failed outside of a step.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A step failed. It left nothing behind, unless it runs without a
    /// transaction; those before it stay.
    #[error("{name}: {source}")]
    StepFailed {
        /// The step.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Steps that ran were changed since.
    #[error("changed after they were applied: {}", names.join(", "))]
    Modified {
        /// The steps.
        names: Vec<String>,
    },
    /// Steps ran that are not known any more.
    #[error("applied but not known: {}", names.join(", "))]
    Missing {
        /// The steps.
        names: Vec<String>,
    },
    /// A step would run behind a later one.
    #[error(
        "{name} comes before {behind}, which was applied already; allow steps out of order, or give it a later version"
    )]
    OutOfOrder {
        /// The step.
        name: String,
        /// The one that ran.
        behind: String,
    },
    /// A step without a transaction failed before; what it left must be looked
    /// at by a person.
    #[error("{name} failed half-way before: mend the schema, then repair the history")]
    NeedsRepair {
        /// The step.
        name: String,
    },
    /// Stepping back was not allowed.
    #[error("stepping back is not allowed here: it loses data; allow it explicitly")]
    DownNotAllowed,
    /// A step cannot be undone.
    #[error("{name} has no way back")]
    Irreversible {
        /// The step.
        name: String,
    },
}

impl MigrateError {
    pub(super) fn step(
        name: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::StepFailed {
            name: name.into(),
            source: source.into(),
        }
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::InvalidConfig {
            detail: detail.into(),
        }
    }
}

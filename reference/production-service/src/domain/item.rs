use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{ItemChange, ItemDraft};

/// What the service keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Unique and not guessable from other ids.
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_at: SystemTime,
    pub(crate) updated_at: SystemTime,
}

impl Item {
    /// A new item with an id of its own. Ids sort by the time they were made.
    pub(crate) fn new(draft: ItemDraft) -> Self {
        let now = now();
        Self {
            id: Uuid::now_v7(),
            name: draft.name,
            description: draft.description,
            created_at: now,
            updated_at: now,
        }
    }

    /// Replaces everything but the id and the time of creation.
    pub(crate) fn replace(&mut self, draft: ItemDraft) {
        self.name = draft.name;
        self.description = draft.description;
        self.touch();
    }

    /// Changes what the change names.
    pub(crate) fn apply(&mut self, change: ItemChange) {
        if let Some(name) = change.name {
            self.name = name;
        }
        if let Some(description) = change.description {
            self.description = description;
        }
        self.touch();
    }

    /// The clock of the system may be set back; an item never seems to be
    /// updated before it was created.
    fn touch(&mut self) {
        self.updated_at = now().max(self.updated_at);
    }
}

/// Now, in whole milliseconds: finer times would only be noise to clients.
pub(crate) fn now() -> SystemTime {
    let now = SystemTime::now();
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    now - Duration::from_nanos(u64::from(since_epoch.subsec_nanos() % 1_000_000))
}

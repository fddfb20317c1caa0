use std::future::Future;

use super::{Item, ItemChange, ItemDraft};

/// Keeps items.
///
/// *Not there* is an answer (`None`), *failed* is an error: a client is told
/// the one as 404 and the other as 500. A call whose future is dropped before
/// it is finished has either done all of its work or none.
pub(crate) trait ItemService: Send + Sync + 'static {
    /// Adds an item.
    fn create(&self, draft: ItemDraft) -> impl Future<Output = Result<Item, StoreError>> + Send;

    /// The item with this id.
    fn get(&self, id: &str) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// A page of all items, oldest first, with the number of all.
    fn list(&self, page: Page) -> impl Future<Output = Result<ItemPage, StoreError>> + Send;

    /// Replaces an item; the item as it is now.
    fn update(
        &self,
        id: &str,
        draft: ItemDraft,
    ) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// Changes some fields of an item; the item as it is now.
    fn patch(
        &self,
        id: &str,
        change: ItemChange,
    ) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// Removes an item; `None` when there was none.
    fn delete(&self, id: &str) -> impl Future<Output = Result<Option<()>, StoreError>> + Send;
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Most items of the page.
    pub(crate) limit: usize,
    /// How many items come before it.
    pub(crate) offset: usize,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemPage {
    /// The items of the page; none when the offset is beyond the end.
    pub(crate) items: Vec<Item>,
    /// The number of all items.
    pub(crate) total: usize,
}

/// A store that could not do what it was asked. The cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
pub(crate) struct StoreError {
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// A failure with its cause.
    pub(crate) fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
        }
    }
}

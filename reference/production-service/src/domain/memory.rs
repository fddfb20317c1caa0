use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;

use super::{Item, ItemChange, ItemDraft, ItemPage, ItemService, Page, StoreError};

/// Most items; with the longest texts they take about a gigabyte.
const ITEMS_MAX: usize = 100_000;

/// Items in memory, in the order in which they were added. They are gone when
/// the process ends.
///
/// An item is found by looking through all of them, which is meant for the
/// thousands of items of an example, not for more.
#[derive(Debug, Default)]
pub(crate) struct MemoryItems {
    items: RwLock<Vec<Item>>,
}

impl MemoryItems {
    fn read(&self) -> Result<RwLockReadGuard<'_, Vec<Item>>, StoreError> {
        self.items.read().map_err(|_| poisoned())
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Vec<Item>>, StoreError> {
        self.items.write().map_err(|_| poisoned())
    }

    fn edit(&self, id: &str, edit: impl FnOnce(&mut Item)) -> Result<Option<Item>, StoreError> {
        let Some(id) = parse(id) else { return Ok(None) };
        let mut items = self.write()?;
        let found = items.iter_mut().find(|item| item.id == id);
        Ok(found.map(|item| {
            edit(item);
            item.clone()
        }))
    }
}

/// The lock is never held across an await, and a future does nothing before it
/// is polled, so that a request which goes away leaves no half-made change.
impl ItemService for MemoryItems {
    async fn create(&self, draft: ItemDraft) -> Result<Item, StoreError> {
        let item = Item::new(draft);
        let mut items = self.write()?;
        if items.len() >= ITEMS_MAX {
            return Err(StoreError::new("there is no room for another item"));
        }
        items.push(item.clone());
        Ok(item)
    }

    async fn get(&self, id: &str) -> Result<Option<Item>, StoreError> {
        let Some(id) = parse(id) else { return Ok(None) };
        Ok(self.read()?.iter().find(|item| item.id == id).cloned())
    }

    async fn list(&self, page: Page) -> Result<ItemPage, StoreError> {
        let items = self.read()?;
        let part = items.iter().skip(page.offset).take(page.limit);
        Ok(ItemPage {
            items: part.cloned().collect(),
            total: items.len(),
        })
    }

    async fn update(&self, id: &str, draft: ItemDraft) -> Result<Option<Item>, StoreError> {
        self.edit(id, |item| item.replace(draft))
    }

    async fn patch(&self, id: &str, change: ItemChange) -> Result<Option<Item>, StoreError> {
        self.edit(id, |item| item.apply(change))
    }

    async fn delete(&self, id: &str) -> Result<Option<()>, StoreError> {
        let Some(id) = parse(id) else { return Ok(None) };
        let mut items = self.write()?;
        let found = items.iter().position(|item| item.id == id);
        Ok(found.map(|index| drop(items.remove(index))))
    }
}

/// No item has an id that is not a UUID in its usual form.
fn parse(id: &str) -> Option<Uuid> {
    let parsed = Uuid::try_parse(id).ok()?;
    (parsed.hyphenated().to_string() == id).then_some(parsed)
}

fn poisoned() -> StoreError {
    StoreError::new("a thread panicked while it changed the items")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn there_is_room_for_so_many_and_no_more() {
        let item = Item::new(draft("a"));
        let full = MemoryItems {
            items: RwLock::new(vec![item; ITEMS_MAX - 1]),
        };
        full.create(draft("last")).await.unwrap();
        assert!(full.create(draft("one more")).await.is_err());
    }

    fn draft(name: &str) -> ItemDraft {
        ItemDraft::new(Some(name), Some("text")).unwrap()
    }

    async fn filled(count: usize) -> (MemoryItems, Vec<Item>) {
        let store = MemoryItems::default();
        let mut items = Vec::new();
        for number in 0..count {
            items.push(
                store
                    .create(draft(&format!("item {number}")))
                    .await
                    .unwrap(),
            );
        }
        (store, items)
    }

    async fn all(store: &MemoryItems) -> ItemPage {
        let everything = Page {
            limit: usize::MAX,
            offset: 0,
        };
        store.list(everything).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_created_is_found_under_its_id() {
        let (store, items) = filled(3).await;
        let ids: HashSet<_> = items.iter().map(|item| item.id).collect();
        assert_eq!(ids.len(), 3);
        let found = store.get(&items[1].id.to_string()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&items[1]));
        assert_eq!(found.unwrap().created_at, items[1].updated_at);
    }

    #[tokio::test]
    async fn an_id_that_is_none_or_is_spelled_otherwise_is_not_found() {
        let (store, items) = filled(1).await;
        let other_spelling = items[0].id.simple().to_string();
        let unknown = Uuid::now_v7().to_string();
        for id in ["", "17", &other_spelling, &unknown] {
            assert_eq!(store.get(id).await.unwrap(), None, "{id}");
            assert_eq!(store.update(id, draft("x")).await.unwrap(), None, "{id}");
            assert_eq!(store.delete(id).await.unwrap(), None, "{id}");
        }
        assert_eq!(all(&store).await.items, items);
    }

    #[tokio::test]
    async fn pages_are_cut_from_the_order_of_insertion() {
        let (store, items) = filled(5).await;
        for (limit, offset, expected) in [
            (2, 0, &items[0..2]),
            (2, 4, &items[4..5]),
            (10, 1, &items[1..5]),
            (3, 5, &items[0..0]),
            (3, usize::MAX, &items[0..0]),
        ] {
            let page = store.list(Page { limit, offset }).await.unwrap();
            assert_eq!(page.items, expected, "{limit} from {offset}");
            assert_eq!(page.total, 5);
        }
    }

    #[tokio::test]
    async fn an_update_replaces_and_a_patch_keeps() {
        let (store, items) = filled(2).await;
        let id = items[0].id.to_string();
        let updated = store.update(&id, draft("new")).await.unwrap().unwrap();
        assert_eq!(
            (updated.name.as_str(), updated.description.as_str()),
            ("new", "text")
        );
        assert_eq!(
            (updated.id, updated.created_at),
            (items[0].id, items[0].created_at)
        );

        let change = ItemChange::new(None, Some("other")).unwrap();
        let patched = store.patch(&id, change).await.unwrap().unwrap();
        assert_eq!(
            (patched.name.as_str(), patched.description.as_str()),
            ("new", "other")
        );
        assert!(patched.updated_at >= updated.updated_at);
        assert_eq!(all(&store).await.items, [patched, items[1].clone()]);
    }

    #[tokio::test]
    async fn a_delete_leaves_the_others() {
        let (store, items) = filled(3).await;
        let id = items[1].id.to_string();
        assert_eq!(store.delete(&id).await.unwrap(), Some(()));
        assert_eq!(store.delete(&id).await.unwrap(), None);
        assert_eq!(
            all(&store).await.items,
            [items[0].clone(), items[2].clone()]
        );
    }

    #[tokio::test]
    async fn a_call_that_is_cancelled_changes_nothing() {
        let (store, items) = filled(1).await;
        let id = items[0].id.to_string();
        drop(store.create(draft("never")));
        drop(store.update(&id, draft("never")));
        drop(store.delete(&id));
        assert_eq!(all(&store).await.items, items);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn parallel_writers_lose_nothing() {
        let store = Arc::new(MemoryItems::default());
        let writers: Vec<_> = (0..64)
            .map(|writer| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for number in 0..10 {
                        let name = format!("{writer}-{number}");
                        store.create(draft(&name)).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let page = all(&store).await;
        let ids: HashSet<_> = page.items.iter().map(|item| item.id).collect();
        assert_eq!((page.total, ids.len()), (640, 640));
    }
}

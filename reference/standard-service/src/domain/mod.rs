//! The business: items, the rules they obey, and who keeps them. Nothing here
//! knows HTTP.

mod draft;
mod item;
mod memory;
mod service;

pub(crate) use draft::{Flaw, ItemChange, ItemDraft, Rejected};
pub(crate) use item::{Item, now};
pub(crate) use memory::MemoryItems;
pub(crate) use service::{ItemPage, ItemService, Page, StoreError};

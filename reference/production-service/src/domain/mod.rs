//! The business: items and profiles of tenants, the rules they obey, and who
//! keeps them. Nothing here knows HTTP.

mod draft;
mod item;
mod memory;
mod profile;
mod service;
mod tenant;

pub(crate) use draft::{Flaw, ItemChange, ItemDraft, Rejected};
pub(crate) use item::{Item, now};
pub(crate) use memory::MemoryItems;
#[cfg(test)]
pub(crate) use profile::Profile;
pub(crate) use profile::{ProfileStore, ProfileTable, sample_profiles};
pub(crate) use service::{ItemPage, ItemService, Page, StoreError};
pub(crate) use tenant::{InvalidTenantId, TenantId};

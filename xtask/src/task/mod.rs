//! One module per task.

pub(crate) mod bench;
pub(crate) mod doc;
pub(crate) mod docs;
pub(crate) mod fmt;
pub(crate) mod fuzz;
pub(crate) mod gates;
pub(crate) mod lint;
pub(crate) mod parity;
pub(crate) mod services;
pub(crate) mod setup;
pub(crate) mod test;

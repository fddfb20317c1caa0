//! Markup: nodes and how they are rendered.

mod node;
mod render;

pub use node::{Attributes, element, is_document, node, raw, text};
pub(crate) use render::escaped;
pub use render::{render, take_warnings};

//! Explicit binding: one call reads one source into one type, bounded, and
//! reports every problem it can find.
//!
//! The functions here are methods of [`RequestExt`] as well; handlers use the
//! methods. A body is bound once: a second call is a mistake in the program and
//! answers `500 internal_error`.

mod body;
mod ext;
mod header;
mod json;
mod media;
#[cfg(feature = "multipart")]
mod multipart;
mod options;
mod pairs;
mod path;
mod query;
mod raw;
mod strict;
mod tree;

pub use body::BodyAlreadyBound;
pub use ext::RequestExt;
pub use header::header;
pub use json::{json, json_slice, json_with};
#[cfg(feature = "multipart")]
pub use multipart::{Multipart, MultipartOptions, Part, multipart};
pub use options::{
    EmptyBody, FormOptions, JsonContentType, JsonOptions, QueryOptions, UnknownFields,
};
pub use path::{UnknownParam, path, path_param};
pub use query::{form, form_with, query, query_with};
pub use raw::{bytes, text};

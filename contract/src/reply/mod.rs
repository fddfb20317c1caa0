//! Replies other than JSON.

#[cfg(feature = "fs")]
mod file;
mod redirect;
mod stream;
mod text;

#[cfg(feature = "fs")]
pub use file::FileReply;
pub use redirect::Redirect;
pub use stream::Stream;
pub use text::{Binary, Html, Text};

//! Replies other than JSON.

#[cfg(feature = "fs")]
mod file;

#[cfg(feature = "fs")]
pub use file::FileReply;

//! What outlives the process: profiles in a JSON file.

mod profile_file;
#[cfg(test)]
mod tests;

pub(crate) use profile_file::{ProfileFile, ProfileFileError};

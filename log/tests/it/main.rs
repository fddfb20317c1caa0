//! What users of the logging crate notice.

#[cfg(test)]
mod bridge;
#[cfg(test)]
mod compression;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod encoders;
#[cfg(test)]
mod files;
#[cfg(test)]
mod process;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod support;

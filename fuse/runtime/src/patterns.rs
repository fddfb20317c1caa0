//! Regular expressions, compiled once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use regex::{Regex, RegexBuilder};

/// Bytes that a compiled pattern takes at most.
const COMPILED_MAX: usize = 1024 * 1024;

/// Patterns kept that are not part of a type. Beyond, the cache starts over:
/// patterns that are made while running are the exception.
const KEPT_MAX: usize = 256;

/// Compiled patterns by their text.
#[derive(Default)]
pub(crate) struct Patterns(RwLock<HashMap<Arc<str>, Arc<Regex>>>);

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patterns").finish_non_exhaustive()
    }
}

impl Patterns {
    /// The compiled form of a pattern, shared: a clone of its own would have to warm
    /// up its caches at every use.
    ///
    /// # Errors
    ///
    /// It is none, or too large when compiled.
    pub(crate) fn get(&self, pattern: &str) -> Result<Arc<Regex>, regex::Error> {
        if let Some(regex) = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pattern)
        {
            return Ok(Arc::clone(regex));
        }
        let regex = RegexBuilder::new(pattern)
            .size_limit(COMPILED_MAX)
            .build()
            .map(Arc::new)?;
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(Arc::from(pattern), Arc::clone(&regex));
        Ok(regex)
    }
}

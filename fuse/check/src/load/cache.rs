//! Parse results kept between loads.

use std::collections::HashMap;
use std::sync::Arc;

use fuse_syntax::{FileId, Parsed};

use super::graph::ContentHash;

/// Parse results by content. A load keeps what it used and drops the rest.
#[derive(Debug, Default)]
pub struct ParseCache {
    parsed: HashMap<ContentHash, Slot>,
    round: u64,
}

#[derive(Debug)]
struct Slot {
    parsed: Arc<Parsed>,
    used: u64,
}

impl ParseCache {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many parse results are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parsed.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parsed.is_empty()
    }

    pub(super) fn parse(&mut self, file: FileId, text: &str, hash: ContentHash) -> Arc<Parsed> {
        let round = self.round;
        if let Some(slot) = self.parsed.get_mut(&hash) {
            slot.used = round;
            if slot.parsed.module.file == file {
                return Arc::clone(&slot.parsed);
            }
            // The same text under another number: its spans name the file.
        }
        let parsed = Arc::new(fuse_syntax::parse(file, text));
        self.parsed.insert(
            hash,
            Slot {
                parsed: Arc::clone(&parsed),
                used: round,
            },
        );
        parsed
    }

    /// Drops what the load that ends did not use.
    pub(super) fn sweep(&mut self) {
        let round = self.round;
        self.parsed.retain(|_, slot| slot.used == round);
        self.round += 1;
    }
}

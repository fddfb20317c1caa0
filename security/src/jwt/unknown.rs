//! Ids of keys that are not there, so that asking for them again and again
//! does not reach the store.

use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use parking_lot::Mutex;

use crate::secret::TokenDigest;

const ENTRIES_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct UnknownKeys(Mutex<LinkedHashMap<[u8; 32], Instant>>);

impl UnknownKeys {
    /// Whether the id was not there a short while ago. It may come to be: a
    /// peer's key can arrive after its first token.
    pub(super) fn contains(&self, kid: &str, now: Instant, lifetime: Duration) -> bool {
        let digest = *TokenDigest::of(kid).as_bytes();
        let mut entries = self.0.lock();
        match entries.get(&digest) {
            Some(noted) if now.saturating_duration_since(*noted) < lifetime => true,
            Some(_) => {
                entries.remove(&digest);
                false
            }
            None => false,
        }
    }

    pub(super) fn note(&self, kid: &str, now: Instant) {
        let mut entries = self.0.lock();
        if entries.len() >= ENTRIES_MAX {
            entries.pop_front();
        }
        entries.insert(*TokenDigest::of(kid).as_bytes(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_forgotten_with_time_and_when_there_are_too_many() {
        let (unknown, start) = (UnknownKeys::default(), Instant::now());
        let lifetime = Duration::from_secs(60);
        unknown.note("first", start);
        assert!(unknown.contains("first", start, lifetime));
        assert!(!unknown.contains("other", start, lifetime));
        assert!(!unknown.contains("first", start + lifetime, lifetime));
        unknown.note("first", start);
        for i in 0..ENTRIES_MAX {
            unknown.note(&i.to_string(), start);
        }
        assert_eq!(unknown.0.lock().len(), ENTRIES_MAX);
        assert!(!unknown.contains("first", start, lifetime));
        assert!(unknown.contains("0", start, lifetime));
    }
}

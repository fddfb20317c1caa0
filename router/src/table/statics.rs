//! Patterns without parameters: one probe of a hash table per request.

use super::leaf::NONE;
use super::word::{self, Digest};

/// Open addressing, at most half full.
#[derive(Debug)]
pub(super) struct Statics {
    slots: Vec<Slot>,
    mask: usize,
    /// Bit `n` is set when a path of `n` bytes is present, the highest bit for
    /// all longer ones: most other paths are not even hashed.
    lengths: u64,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    first: u64,
    last: u64,
    text: u32,
    len: u32,
    leaf: u32,
}

impl Slot {
    const EMPTY: Self = Self {
        first: 0,
        last: 0,
        text: 0,
        len: 0,
        leaf: NONE,
    };
}

impl Statics {
    pub(super) fn new(paths: &[(Vec<u8>, u32)]) -> Self {
        let capacity = (paths.len() * 2).next_power_of_two();
        let mut table = Self {
            slots: vec![Slot::EMPTY; capacity],
            mask: capacity - 1,
            lengths: 0,
            text: Vec::with_capacity(paths.iter().map(|(path, _)| path.len()).sum()),
        };
        for (path, leaf) in paths {
            table.insert(path, *leaf);
        }
        table
    }

    fn insert(&mut self, path: &[u8], leaf: u32) {
        let Digest { hash, first, last } = word::digest(path);
        let mut at = hash as usize & self.mask;
        while self.slots[at].leaf != NONE {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = Slot {
            first,
            last,
            text: self.text.len() as u32,
            len: path.len() as u32,
            leaf,
        };
        self.text.extend_from_slice(path);
        self.lengths |= length_bit(path.len());
    }

    /// The leaf of `path`, [`NONE`] when it is not present.
    #[inline(always)]
    pub(super) fn find(&self, path: &[u8]) -> u32 {
        if self.lengths & length_bit(path.len()) == 0 {
            return NONE;
        }
        let digest = word::digest(path);
        let mut at = digest.hash as usize & self.mask;
        loop {
            let slot = &self.slots[at];
            if slot.leaf == NONE || self.holds(slot, path, &digest) {
                return slot.leaf;
            }
            at = (at + 1) & self.mask;
        }
    }

    #[inline(always)]
    fn holds(&self, slot: &Slot, path: &[u8], digest: &Digest) -> bool {
        let (start, len) = (slot.text as usize, slot.len as usize);
        slot.first == digest.first
            && slot.last == digest.last
            && len == path.len()
            && (len <= 16 || word::same_middle(path, &self.text[start..start + len]))
    }
}

#[inline(always)]
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_found_and_near_misses_are_not() {
        let paths: Vec<(Vec<u8>, u32)> = (0..500)
            .map(|n| {
                (
                    format!("/{}{n}", "segment/".repeat(n % 12)).into_bytes(),
                    n as u32,
                )
            })
            .collect();
        let table = Statics::new(&paths);
        for (path, leaf) in &paths {
            assert_eq!(table.find(path), *leaf);
            for at in 0..path.len() {
                let mut other = path.clone();
                other[at] = b'~';
                assert_eq!(table.find(&other), NONE);
            }
            let shorter = &path[..path.len() - 1];
            let expected = paths.iter().find(|(other, _)| other == shorter);
            assert_eq!(
                table.find(shorter),
                expected.map_or(NONE, |(_, leaf)| *leaf)
            );
        }
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = Statics::new(&[]);
        assert_eq!(table.find(b"/"), NONE);
        assert_eq!(table.find(b""), NONE);
    }
}

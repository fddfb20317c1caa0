//! What was acknowledged since the last sync.
//!
//! A store that syncs at intervals commits in memory, and appends what it
//! committed here, unsynced: that survives the end of the process, though not
//! that of the power. At every sync the engine takes all of it over and the
//! journal begins anew.
//!
//! A record is the effect of one commit:
//!
//! | Bytes | |
//! |---|---|
//! | 4 | `PKVJ` |
//! | 1 | format, 1 |
//! | 8 | number of the commit, big endian |
//! | 4 | length of what follows, up to the checksum |
//! | n | changes: operation (1 put, 2 remove), length of the key (4 bytes), key, and for a put length of the entry (4 bytes) and entry |
//! | 4 | CRC-32C over all of the above |
//!
//! Nothing in it was promised to survive the power, so everything from the
//! first record that is not whole counts as never written. What was synced
//! before is in the engine, whose own number of the last commit says which
//! records it has already.

use std::io;
use std::sync::Arc;

use crate::disk::{DiskFile, DiskFileExt};

const MAGIC: [u8; 4] = *b"PKVJ";
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 17;
const CHECKSUM_BYTES: usize = 4;

/// Longest key of a record, in bytes.
const KEY_BYTES_MAX: usize = 64 << 10;

/// Largest entry of a record, in bytes: a value of 512 MiB and its framing.
const ENTRY_BYTES_MAX: usize = (512 << 20) + 64;

/// One change of a commit: the key, and its entry or that it is gone.
pub(crate) type Effect = (String, Option<Vec<u8>>);

/// Bytes of a record with these effects; an error if it cannot be written.
pub(crate) fn encode(commit: u64, effects: &[Effect]) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "a commit is too large");
    let mut record = Vec::new();
    record.extend(MAGIC);
    record.push(FORMAT);
    record.extend(commit.to_be_bytes());
    record.extend([0; 4]);
    let text = |record: &mut Vec<u8>, bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        record.extend(length.to_be_bytes());
        record.extend_from_slice(bytes);
        Ok::<_, io::Error>(())
    };
    for (key, entry) in effects {
        record.push(if entry.is_some() { 1 } else { 2 });
        text(&mut record, key.as_bytes())?;
        if let Some(entry) = entry {
            text(&mut record, entry)?;
        }
    }
    let length = u32::try_from(record.len() - HEADER_BYTES).map_err(|_| too_large())?;
    record[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&length.to_be_bytes());
    record.extend(crc32c::crc32c(&record).to_be_bytes());
    Ok(record)
}

/// Reads the record that `bytes` begin with: its commit, its effects, and how
/// long it is. `None` if there is no whole record.
pub(crate) fn decode(bytes: &[u8]) -> Option<(u64, Vec<Effect>, usize)> {
    let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    if header[..4] != MAGIC || header[4] != FORMAT {
        return None;
    }
    let commit = u64::from_be_bytes(header[5..13].try_into().ok()?);
    let length = u32::from_be_bytes(header[13..17].try_into().ok()?) as usize;
    // What is not there is not read, so no length can ask for more memory
    // than the journal has bytes.
    let body_end = HEADER_BYTES.checked_add(length)?;
    let end = body_end.checked_add(CHECKSUM_BYTES)?;
    let sum = bytes.get(body_end..end)?;
    if crc32c::crc32c(&bytes[..body_end]).to_be_bytes() != sum {
        return None;
    }
    let effects = decode_effects(&bytes[HEADER_BYTES..body_end])?;
    Some((commit, effects, end))
}

fn decode_effects(mut body: &[u8]) -> Option<Vec<Effect>> {
    let mut effects = Vec::new();
    while let Some((operation, rest)) = body.split_first() {
        body = rest;
        let key = take(&mut body, KEY_BYTES_MAX)?;
        let key = std::str::from_utf8(key).ok()?;
        crate::check_key(key, KEY_BYTES_MAX).ok()?;
        let entry = match operation {
            1 => Some(take(&mut body, ENTRY_BYTES_MAX)?.to_vec()),
            2 => None,
            _ => return None,
        };
        effects.push((key.to_owned(), entry));
    }
    Some(effects)
}

fn take<'a>(body: &mut &'a [u8], limit: usize) -> Option<&'a [u8]> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > limit {
        return None;
    }
    let (text, rest) = rest.split_at_checked(length)?;
    *body = rest;
    Some(text)
}

/// The journal of an open store.
#[derive(Debug)]
pub(super) struct Journal {
    file: Arc<dyn DiskFile>,
    len: u64,
    /// Whether the file may be longer than that, with what was given up.
    has_rest: bool,
}

impl Journal {
    /// The journal in `file`; what is in it stays until the next reset.
    pub(super) fn open(file: Arc<dyn DiskFile>) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self {
            file,
            len,
            has_rest: false,
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends a record. After an error the journal is as before.
    pub(super) fn append(&mut self, commit: u64, effects: &[Effect]) -> io::Result<()> {
        let record = encode(commit, effects)?;
        if self.has_rest {
            // Behind a shorter record, a part of the rest could be taken for
            // one that follows.
            self.file.set_len(self.len)?;
            self.has_rest = false;
        }
        let written = self.file.write_all_at(self.len, &record);
        match written {
            Ok(()) => self.len += record.len() as u64,
            Err(_) => self.drop_rest(),
        }
        written
    }

    /// Forgets what was appended after it was `len` bytes long.
    pub(super) fn cut(&mut self, len: u64) {
        if self.len > len {
            self.len = len;
            self.drop_rest();
        }
    }

    /// If the rest cannot be removed now, it is before the next record comes.
    fn drop_rest(&mut self) {
        self.has_rest = self.file.set_len(self.len).is_err();
    }

    /// Forgets everything: the engine has it, synced.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.len = 0;
        self.has_rest = false;
        Ok(())
    }

    /// The commits after `last`, in order, as far as they are whole and none
    /// is missing.
    pub(super) fn commits_after(&self, last: u64) -> io::Result<Vec<(u64, Vec<Effect>)>> {
        let length =
            usize::try_from(self.len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(0, &mut bytes)?;
        let mut rest = &bytes[..];
        let mut commits = Vec::new();
        let mut next = last.saturating_add(1);
        while let Some((commit, effects, length)) = decode(rest) {
            rest = &rest[length..];
            if commit < next {
                continue;
            }
            if commit > next {
                break;
            }
            commits.push((commit, effects));
            next += 1;
        }
        Ok(commits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn effects() -> impl Strategy<Value = Vec<Effect>> {
        let entry = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
        proptest::collection::vec(("[a-z]{1,8}", entry), 0..5)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(commit in any::<u64>(), effects in effects(), tail in proptest::collection::vec(any::<u8>(), 0..9)) {
            let mut bytes = encode(commit, &effects).unwrap();
            let length = bytes.len();
            bytes.extend(tail);
            prop_assert_eq!(decode(&bytes), Some((commit, effects, length)));
        }

        #[test]
        fn a_record_that_is_not_whole_is_none(effects in effects(), at in any::<proptest::sample::Index>(), flip in 1..=255_u8) {
            let bytes = encode(7, &effects).unwrap();
            let at = at.index(bytes.len());
            prop_assert_eq!(decode(&bytes[..at]), None);
            let mut flipped = bytes.clone();
            flipped[at] ^= flip;
            prop_assert_eq!(decode(&flipped), None);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&bytes);
            let _ = decode_effects(&bytes);
        }
    }

    #[test]
    fn lengths_that_lie_ask_for_no_memory() {
        let mut body = vec![1];
        body.extend(u32::MAX.to_be_bytes());
        assert_eq!(decode_effects(&body), None);
        let mut record = encode(1, &[]).unwrap();
        record[13..17].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(decode(&record), None);
    }
}

//! `Range` (RFC 9110 section 14).

use std::ops::Range;

/// Most ranges served in one response; more get the whole file.
const RANGES_MAX: usize = 10;

/// What to send of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Selection {
    Whole,
    One(Range<u64>),
    Several(Vec<Range<u64>>),
    Unsatisfiable,
}

/// Selects parts of a file of `len` bytes. A header that cannot be read, one
/// with too many ranges, and one that asks for more bytes than there are, mean
/// the whole file.
pub(super) fn select(header: &str, len: u64) -> Selection {
    let Some(list) = strip_unit(header) else {
        return Selection::Whole;
    };
    let mut satisfiable = Vec::new();
    for (count, spec) in list.split(',').map(str::trim).enumerate() {
        if count == RANGES_MAX {
            return Selection::Whole;
        }
        match read(spec, len) {
            Some(Some(range)) => satisfiable.push(range),
            Some(None) => {}
            None => return Selection::Whole,
        }
    }
    let total: u64 = satisfiable
        .iter()
        .map(|range| range.end - range.start)
        .sum();
    match satisfiable.len() {
        0 => Selection::Unsatisfiable,
        1 => Selection::One(satisfiable.remove(0)),
        _ if total > len => Selection::Whole,
        _ => Selection::Several(satisfiable),
    }
}

fn strip_unit(header: &str) -> Option<&str> {
    let (unit, list) = header.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(list)
}

/// `None`: not a range. `Some(None)`: a range outside the file.
fn read(spec: &str, len: u64) -> Option<Option<Range<u64>>> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?;
        return Some((suffix > 0 && len > 0).then(|| len.saturating_sub(suffix)..len));
    }
    let start = number(first)?;
    let end = match last {
        "" => len,
        _ => number(last)?.saturating_add(1).min(len),
    };
    if !last.is_empty() && number(last)? < start {
        return None;
    }
    Some((start < len).then_some(start..end))
}

/// Digits only; a number too large for any file is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        use Selection::{One, Several, Unsatisfiable, Whole};
        for (header, expected) in [
            ("bytes=0-3", One(0..4)),
            ("Bytes = 0-3", One(0..4)),
            ("bytes=5-", One(5..10)),
            ("bytes=-3", One(7..10)),
            ("bytes=-30", One(0..10)),
            ("bytes=9-99999999999999999999999", One(9..10)),
            ("bytes=0-1, 4-5 ,-1", Several(vec![0..2, 4..6, 9..10])),
            ("bytes=0-1,20-30", One(0..2)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=20-30,40-50", Unsatisfiable),
            ("bytes=0-9,0-9", Whole),
            ("bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", Whole),
            ("bytes=4-2", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=", Whole),
            ("bytes=0-1,,2-3", Whole),
            ("lines=0-1", Whole),
            ("0-1", Whole),
        ] {
            assert_eq!(select(header, 10), expected, "{header}");
        }
        assert_eq!(select("bytes=0-", 0), Unsatisfiable);
        assert_eq!(select("bytes=-5", 0), Unsatisfiable);
    }

    proptest! {
        #[test]
        fn what_is_selected_lies_in_the_file(header in "bytes=[0-9,\\- ]{0,20}", len in 0_u64..50) {
            let ranges = match select(&header, len) {
                Selection::One(range) => vec![range],
                Selection::Several(ranges) => ranges,
                Selection::Whole | Selection::Unsatisfiable => Vec::new(),
            };
            for range in ranges {
                prop_assert!(range.start < range.end && range.end <= len);
            }
        }
    }
}

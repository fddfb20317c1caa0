use std::sync::LazyLock;

use http::HeaderValue;

/// Lengths below this are prepared, so that most responses need no allocation
/// for the header.
const PREPARED: usize = 2048;

static LENGTHS: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
    let text: String = (0..PREPARED).map(|n| format!("{n:04}")).collect();
    // Kept for the life of the process: a static value is cloned without
    // counting references, which all workers would share.
    let text: &'static str = text.leak();
    let digits = text.as_bytes().chunks_exact(4);
    let prepared = digits.enumerate().map(|(n, _)| {
        let start = n * 4 + (4 - n.checked_ilog10().map_or(1, |log| log as usize + 1));
        HeaderValue::from_static(&text[start..n * 4 + 4])
    });
    prepared.collect()
});

/// `Content-Length`.
pub(crate) fn content_length(bytes: usize) -> HeaderValue {
    match LENGTHS.get(bytes) {
        Some(prepared) => prepared.clone(),
        None => HeaderValue::from(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_reads_back() {
        for bytes in (0..PREPARED + 2).chain([65_536, usize::MAX]) {
            assert_eq!(content_length(bytes), bytes.to_string());
        }
    }
}

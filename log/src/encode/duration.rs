//! Spans of time with units people read.

use std::time::Duration;

/// Appends a duration without loss: one unit below a minute (`12.5ms`), and
/// hours, minutes and seconds above (`1m30s`), where zero parts are left out.
pub(super) fn write(out: &mut Vec<u8>, duration: Duration) {
    let (secs, nanos) = (duration.as_secs(), u64::from(duration.subsec_nanos()));
    match (secs, nanos) {
        (0, 0) => out.extend_from_slice(b"0s"),
        (0, 1..1_000) => decimal(out, nanos, 0, 0, "ns"),
        (0, 1_000..1_000_000) => decimal(out, nanos / 1_000, nanos % 1_000, 3, "µs"),
        (0, _) => decimal(out, nanos / 1_000_000, nanos % 1_000_000, 6, "ms"),
        (1..60, _) => decimal(out, secs, nanos, 9, "s"),
        _ => clock(out, secs, nanos),
    }
}

fn clock(out: &mut Vec<u8>, secs: u64, nanos: u64) {
    if secs >= 3600 {
        decimal(out, secs / 3600, 0, 0, "h");
    }
    if !(secs / 60).is_multiple_of(60) {
        decimal(out, secs / 60 % 60, 0, 0, "m");
    }
    if !secs.is_multiple_of(60) || nanos > 0 {
        decimal(out, secs % 60, nanos, 9, "s");
    }
}

/// Appends `whole.fraction` with the fraction's zeros trimmed, then the unit.
fn decimal(out: &mut Vec<u8>, whole: u64, fraction: u64, digits: usize, unit: &str) {
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    if fraction > 0 {
        out.push(b'.');
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(fraction);
        out.extend(std::iter::repeat_n(b'0', digits - text.len()));
        out.extend_from_slice(text.trim_end_matches('0').as_bytes());
    }
    out.extend_from_slice(unit.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_fit_the_size() {
        let cases = [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(999), "999ns"),
            (Duration::from_nanos(1_500), "1.5µs"),
            (Duration::from_micros(12_500), "12.5ms"),
            (Duration::from_nanos(1_000_001), "1.000001ms"),
            (Duration::from_millis(1_050), "1.05s"),
            (Duration::from_secs(60), "1m"),
            (Duration::from_secs(90), "1m30s"),
            (Duration::from_secs(3_600), "1h"),
            (Duration::from_millis(3_661_500), "1h1m1.5s"),
        ];
        for (duration, text) in cases {
            let mut out = Vec::new();
            write(&mut out, duration);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}

//! Points in time, always in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Last second of year 9999, the last that RFC 3339 can write.
const SECS_MAX: i64 = 253_402_300_799;
/// First second of year 0.
const SECS_MIN: i64 = -62_167_219_200;

/// A point in time, split up. Times beyond the years 0 to 9999 are moved to the
/// nearest that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UtcTime {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) nanos: u32,
}

impl From<SystemTime> for UtcTime {
    fn from(time: SystemTime) -> Self {
        let (secs, nanos) = unix_time(time);
        let (secs, nanos) = match secs {
            ..SECS_MIN => (SECS_MIN, 0),
            SECS_MIN..=SECS_MAX => (secs, nanos),
            _ => (SECS_MAX, 999_999_999),
        };
        let (year, month, day) = civil_date(secs.div_euclid(86_400));
        let of_day = narrow(secs.rem_euclid(86_400));
        Self {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            nanos,
        }
    }
}

/// Seconds since 1970, and the nanoseconds that follow them.
fn unix_time(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            since.subsec_nanos(),
        ),
        Err(before) => {
            let before = before.duration();
            let secs = i64::try_from(before.as_secs()).map_or(i64::MIN + 1, |secs| -secs);
            match before.subsec_nanos() {
                0 => (secs, 0),
                nanos => (secs - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic
/// Gregorian calendar. Years are taken to begin in March, so that the leap day
/// is the last of its year and months follow a fixed pattern of 153 days in five.
fn civil_date(day: i64) -> (u32, u32, u32) {
    const DAYS_PER_ERA: i64 = 146_097;
    let since_march_0 = day + 719_468;
    let era = since_march_0.div_euclid(DAYS_PER_ERA);
    let of_era = since_march_0.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (DAYS_PER_ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (narrow(year), narrow(month), narrow(day))
}

/// For values that are small and not negative by construction.
fn narrow(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

impl UtcTime {
    /// Appends `2026-04-27T10:30:00.123456789Z` (RFC 3339, nanoseconds always).
    pub(crate) fn write_rfc3339(&self, out: &mut Vec<u8>) {
        let mut line = *b"0000-00-00T00:00:00.000000000Z";
        digits(&mut line[0..4], self.year);
        digits(&mut line[5..7], self.month);
        digits(&mut line[8..10], self.day);
        digits(&mut line[11..13], self.hour);
        digits(&mut line[14..16], self.minute);
        digits(&mut line[17..19], self.second);
        digits(&mut line[20..29], self.nanos);
        out.extend_from_slice(&line);
    }

    /// Appends `0427 10:30:00.123456`.
    pub(crate) fn write_short(&self, out: &mut Vec<u8>) {
        let mut line = *b"0000 00:00:00.000000";
        digits(&mut line[0..2], self.month);
        digits(&mut line[2..4], self.day);
        digits(&mut line[5..7], self.hour);
        digits(&mut line[8..10], self.minute);
        digits(&mut line[11..13], self.second);
        digits(&mut line[14..20], self.nanos / 1_000);
        out.extend_from_slice(&line);
    }

    /// Appends `20260427-103000`.
    pub(crate) fn write_compact(&self, out: &mut Vec<u8>) {
        let mut line = *b"00000000-000000";
        digits(&mut line[0..4], self.year);
        digits(&mut line[4..6], self.month);
        digits(&mut line[6..8], self.day);
        digits(&mut line[9..11], self.hour);
        digits(&mut line[11..13], self.minute);
        digits(&mut line[13..15], self.second);
        out.extend_from_slice(&line);
    }
}

/// Fills a slot with the last decimal digits of a number.
fn digits(slot: &mut [u8], mut value: u32) {
    for digit in slot.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rfc3339(time: SystemTime) -> String {
        let mut out = Vec::new();
        UtcTime::from(time).write_rfc3339(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_instants() {
        let at = |secs| UNIX_EPOCH + Duration::from_secs(secs);
        assert_eq!(rfc3339(UNIX_EPOCH), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(rfc3339(at(951_782_400)), "2000-02-29T00:00:00.000000000Z");
        assert_eq!(rfc3339(at(1_777_285_800)), "2026-04-27T10:30:00.000000000Z");
        assert_eq!(rfc3339(at(4_107_542_399)), "2100-02-28T23:59:59.000000000Z");
        assert_eq!(rfc3339(at(4_107_542_400)), "2100-03-01T00:00:00.000000000Z");
    }

    #[test]
    fn instants_before_1970_and_beyond_9999() {
        assert_eq!(
            rfc3339(UNIX_EPOCH - Duration::from_nanos(1)),
            "1969-12-31T23:59:59.999999999Z"
        );
        assert_eq!(
            rfc3339(UNIX_EPOCH + Duration::from_secs(1 << 40)),
            "9999-12-31T23:59:59.999999999Z"
        );
        assert_eq!(
            rfc3339(UNIX_EPOCH - Duration::from_secs(1 << 40)),
            "0000-01-01T00:00:00.000000000Z"
        );
    }

    #[test]
    fn every_day_of_two_eras_follows_its_predecessor() {
        let mut previous = civil_date(-719_468);
        for day in -719_467..292_194 - 719_468 {
            let next = civil_date(day);
            let same_month = next == (previous.0, previous.1, previous.2 + 1);
            let next_month = next == (previous.0, previous.1 + 1, 1) && previous.2 >= 28;
            let next_year = next == (previous.0 + 1, 1, 1) && (previous.1, previous.2) == (12, 31);
            assert!(
                same_month || next_month || next_year,
                "{previous:?} then {next:?}"
            );
            previous = next;
        }
    }

    #[test]
    fn short_and_compact_forms() {
        let time = UtcTime::from(UNIX_EPOCH + Duration::from_nanos(1_777_285_800_123_456_789));
        let (mut short, mut compact) = (Vec::new(), Vec::new());
        time.write_short(&mut short);
        time.write_compact(&mut compact);
        assert_eq!(short, b"0427 10:30:00.123456");
        assert_eq!(compact, b"20260427-103000");
    }
}

//! Points in time as milliseconds since 1970-01-01 UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

/// Why a point in time has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The format is none.
    Format,
    /// The years that are counted do not reach that far.
    Range,
}

/// A point in time, in UTC, by a `strftime` format.
///
/// # Errors
///
/// The format is none, or the point too far away.
pub fn format(millis: i64, format: &str) -> Result<String, FormatError> {
    let time = Timestamp::from_millisecond(millis).map_err(|_| FormatError::Range)?;
    let time = BrokenDownTime::from(&time.to_zoned(TimeZone::UTC));
    time.to_string(format).map_err(|_| FormatError::Format)
}

/// RFC 3339 with milliseconds and `Z`; nothing for what is too far away.
#[must_use]
pub fn iso(millis: i64) -> Option<String> {
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(format!("{time:.3}"))
}

/// The point in time that a text is by a `strptime` format: with an offset, else in
/// UTC, else at midnight.
#[must_use]
pub fn parse(text: &str, format: &str) -> Option<i64> {
    let parsed = strtime::parse(format, text).ok()?;
    if let Ok(time) = parsed.to_timestamp() {
        return Some(time.as_millisecond());
    }
    let civil = match parsed.to_datetime() {
        Ok(civil) => civil,
        Err(_) => parsed
            .to_date()
            .ok()?
            .to_datetime(jiff::civil::Time::midnight()),
    };
    in_utc(civil)
}

fn in_utc(civil: DateTime) -> Option<i64> {
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// The point in time that an RFC 3339 text is: with an offset, else in UTC, else at
/// midnight.
#[must_use]
pub fn parse_iso(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return in_utc(civil);
    }
    in_utc(
        text.parse::<Date>()
            .ok()?
            .to_datetime(jiff::civil::Time::midnight()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_strftime() {
        assert_eq!(
            format(0, "%Y-%m-%d %H:%M:%S").unwrap(),
            "1970-01-01 00:00:00"
        );
        assert_eq!(format(1_500, "%S.%3f").unwrap(), "01.500");
        assert_eq!(format(0, "%!"), Err(FormatError::Format));
        assert_eq!(format(i64::MAX, "%Y"), Err(FormatError::Range));
    }

    #[test]
    fn texts_are_read_with_an_offset_without_one_and_as_dates() {
        assert_eq!(parse("1970-01-02", "%Y-%m-%d"), Some(86_400_000));
        assert_eq!(
            parse("1970-01-01 01:00:00", "%Y-%m-%d %H:%M:%S"),
            Some(3_600_000)
        );
        assert_eq!(
            parse("1970-01-01 01:00:00 +0100", "%Y-%m-%d %H:%M:%S %z"),
            Some(0)
        );
        assert_eq!(parse("x", "%Y"), None);
        assert_eq!(parse("2020", "%Y"), None);
    }

    #[test]
    fn rfc_3339_has_milliseconds() {
        assert_eq!(iso(1_234).unwrap(), "1970-01-01T00:00:01.234Z");
        assert_eq!(iso(-1).unwrap(), "1969-12-31T23:59:59.999Z");
        assert_eq!(iso(i64::MIN), None);
        assert_eq!(parse_iso("1970-01-01T01:00:00.5+01:00"), Some(500));
        assert_eq!(parse_iso("1970-01-01T00:00:01"), Some(1000));
        assert_eq!(parse_iso("1970-01-02"), Some(86_400_000));
        assert_eq!(parse_iso("tomorrow"), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(millis in -62_000_000_000_000_i64..250_000_000_000_000) {
            proptest::prop_assert_eq!(parse_iso(&iso(millis).unwrap()), Some(millis));
        }
    }
}

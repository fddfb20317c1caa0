//! The point in time every model carries.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// First second of year 0, the earliest instant RFC 3339 can write.
const EARLIEST_SECOND: i64 = -62_167_219_200;

/// A wall-clock instant, written as RFC 3339 in UTC.
///
/// The text has a fraction only when the instant has one, with as many digits
/// as needed (at most nine). Instants outside the years RFC 3339 can write are
/// shown as the nearest one it can.
///
/// ```
/// use plumego_health::Timestamp;
/// use std::time::{Duration, SystemTime};
///
/// let at = Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
/// assert_eq!(at.to_string(), "2023-11-14T22:13:20Z");
/// assert_eq!("2023-11-14T22:13:20Z".parse(), Ok(at));
/// ```
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Timestamp(SystemTime);

impl Timestamp {
    /// The Unix epoch, a fixed instant for examples and tests.
    pub const EPOCH: Self = Self(SystemTime::UNIX_EPOCH);

    /// The instant as the standard library's type.
    #[must_use]
    pub fn as_system_time(self) -> SystemTime {
        self.0
    }

    /// This instant moved forward; the same instant if that cannot be represented.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.checked_add(by).unwrap_or(self.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time)
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

/// The civil-time form, moved into the range that can be written.
fn writable(time: SystemTime) -> jiff::Timestamp {
    let earliest =
        jiff::Timestamp::from_second(EARLIEST_SECOND).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    match jiff::Timestamp::try_from(time) {
        Ok(instant) => instant.max(earliest),
        Err(_) if time < SystemTime::UNIX_EPOCH => earliest,
        Err(_) => jiff::Timestamp::MAX,
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&writable(self.0), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an RFC 3339 instant.
///
/// Remedy: write the date, `T`, the time and an offset, as in
/// `2026-04-27T10:30:00Z`.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 instant; expected the form 2026-04-27T10:30:00Z")
    }
}

impl std::error::Error for ParseTimestampError {}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| ParseTimestampError)?;
        Ok(Self(SystemTime::from(instant)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, nanos: u32) -> Timestamp {
        Timestamp::from(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos))
    }

    #[test]
    fn whole_seconds_have_no_fraction() {
        assert_eq!(at(1_777_285_800, 0).to_string(), "2026-04-27T10:30:00Z");
        assert_eq!(
            at(1_777_285_800, 500_000_000).to_string(),
            "2026-04-27T10:30:00.5Z"
        );
        assert_eq!(
            at(1_777_285_800, 1).to_string(),
            "2026-04-27T10:30:00.000000001Z"
        );
    }

    #[test]
    fn instants_before_the_epoch_are_written() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1);
        assert_eq!(
            Timestamp::from(before).to_string(),
            "1969-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn instants_beyond_the_format_are_moved_to_its_edge() {
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
        assert!(Timestamp::from(late).to_string().starts_with("9999-12-3"));
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 60);
        assert_eq!(Timestamp::from(early).to_string(), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn an_offset_is_read_as_the_same_instant() {
        assert_eq!(
            "2026-04-27T12:30:00+02:00".parse(),
            Ok(at(1_777_285_800, 0))
        );
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("2026-04-27T12:30:00".parse::<Timestamp>().is_err());
    }
}

//! Values that go into a database and come out of it.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

/// A value of a parameter or a column.
///
/// Drivers write `Bool`, `Timestamp`, `Json`, `Uuid` and `Decimal` natively
/// where the database has such a type, else in the canonical text that
/// [`to_text`](Self::to_text) gives; `Bool` then is 0 or 1.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number. `NaN` is refused where the database would
    /// store `NULL` for it.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
    /// A moment.
    Timestamp(SystemTime),
    /// A JSON document.
    Json(serde_json::Value),
    /// A UUID, in the order it is written.
    Uuid([u8; 16]),
    /// An exact decimal number, as it is written.
    Decimal(String),
}

impl Value {
    /// The name of the variant, in lower case.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "timestamp",
            Self::Json(_) => "json",
            Self::Uuid(_) => "uuid",
            Self::Decimal(_) => "decimal",
        }
    }

    /// The canonical text for databases without a type of its own for it:
    /// RFC 3339 in UTC with nine decimals for a moment, compact JSON, a
    /// hyphenated lower-case UUID, the decimal as given. `None` for the types
    /// that every database has, and for a moment outside the years 0 to 9999.
    ///
    /// ```
    /// use plumego_store::db::Value;
    ///
    /// assert_eq!(Value::Uuid([0x11; 16]).to_text().unwrap(), "11111111-1111-1111-1111-111111111111");
    /// let moment = Value::Timestamp(std::time::SystemTime::UNIX_EPOCH);
    /// assert_eq!(moment.to_text().unwrap(), "1970-01-01T00:00:00.000000000Z");
    /// ```
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Timestamp(at) => timestamp_text(*at),
            Self::Json(value) => Some(value.to_string()),
            Self::Uuid(bytes) => Some(uuid_text(bytes)),
            Self::Decimal(text) => Some(text.clone()),
            _ => None,
        }
    }
}

/// Values may be secrets: only the type is shown.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

fn timestamp_text(at: SystemTime) -> Option<String> {
    let timestamp = jiff::Timestamp::try_from(at).ok()?;
    let year = timestamp.to_zoned(jiff::tz::TimeZone::UTC).year();
    (0..=9999)
        .contains(&year)
        .then(|| format!("{timestamp:.9}"))
}

fn parse_timestamp(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0xF] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let mut digits = text.iter().filter(|&&byte| byte != b'-');
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let mut digit = || char::from(*digits.next()?).to_digit(16);
        // Two hexadecimal digits are below 256.
        *byte = (digit()? * 16 + digit()?) as u8;
    }
    digits.next().is_none().then_some(bytes)
}

/// An exact decimal number as text, to be read from a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(pub String);

/// What can be read from a column.
///
/// Nothing is lost on the way: a number that does not fit, or text that is not
/// what it should be, is an error.
pub trait FromValue: Sized {
    /// What is expected, for error texts.
    const EXPECTED: &'static str;

    /// Reads a value; `None` if it is something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "any value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "bool, or int 0 or 1";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl FromValue for $type {
            const EXPECTED: &'static str = concat!("int in the range of ", stringify!($type));

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Int(value) => Self::try_from(*value).ok(),
                    _ => None,
                }
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64 usize);

impl FromValue for f64 {
    const EXPECTED: &'static str = "float";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Float(value) => Some(*value),
            // Exact up to 2^53: beyond, the float would be another number.
            Value::Int(value) if value.unsigned_abs() <= 1 << 53 => Some(*value as Self),
            _ => None,
        }
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl FromValue for Bytes {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => Some(value.to_vec()),
            _ => None,
        }
    }
}

impl FromValue for SystemTime {
    const EXPECTED: &'static str = "timestamp, or RFC 3339 text";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Timestamp(value) => Some(*value),
            Value::Text(text) => parse_timestamp(text),
            _ => None,
        }
    }
}

impl FromValue for serde_json::Value {
    const EXPECTED: &'static str = "json, or JSON text";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Json(value) => Some(value.clone()),
            Value::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }
}

impl FromValue for [u8; 16] {
    const EXPECTED: &'static str = "uuid, hyphenated text, or 16 bytes";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Uuid(value) => Some(*value),
            Value::Bytes(value) => Self::try_from(&value[..]).ok(),
            Value::Text(text) => parse_uuid(text),
            _ => None,
        }
    }
}

impl FromValue for Decimal {
    const EXPECTED: &'static str = "decimal, decimal text, or int";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Decimal(text) => Some(Self(text.clone())),
            Value::Text(text) if is_decimal(text) => Some(Self(text.clone())),
            Value::Int(value) => Some(Self(value.to_string())),
            _ => None,
        }
    }
}

/// Optional sign, digits, optional point and digits.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

macro_rules! into_value {
    ($($type:ty => |$value:ident| $variant:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $variant
            }
        }
    )*};
}

into_value! {
    bool => |value| Self::Bool(value);
    i8 => |value| Self::Int(value.into());
    i16 => |value| Self::Int(value.into());
    i32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    u8 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    f64 => |value| Self::Float(value);
    String => |value| Self::Text(value);
    &str => |value| Self::Text(value.to_owned());
    Bytes => |value| Self::Bytes(value);
    Vec<u8> => |value| Self::Bytes(value.into());
    SystemTime => |value| Self::Timestamp(value);
    serde_json::Value => |value| Self::Json(value);
    [u8; 16] => |value| Self::Uuid(value);
    Decimal => |value| Self::Decimal(value.0);
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn canonical_text_reads_back(
            uuid in any::<[u8; 16]>(),
            seconds in -62_135_596_800_i64..253_402_300_799,
            nanos in 0..1_000_000_000_u32,
        ) {
            let text = Value::Text(Value::Uuid(uuid).to_text().unwrap());
            prop_assert_eq!(<[u8; 16]>::from_value(&text), Some(uuid));
            let moment = jiff::Timestamp::new(seconds, 0).unwrap();
            let moment = SystemTime::from(moment) + Duration::from_nanos(nanos.into());
            let text = Value::Text(Value::Timestamp(moment).to_text().unwrap());
            prop_assert_eq!(SystemTime::from_value(&text), Some(moment));
        }

        #[test]
        fn text_sorts_as_moments_do(a in 0..4_000_000_000_000_000_000_u64, b in 0..4_000_000_000_000_000_000_u64) {
            let text = |nanos| Value::Timestamp(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)).to_text().unwrap();
            prop_assert_eq!(text(a).cmp(&text(b)), a.cmp(&b));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let value = Value::Text(text);
            let _ = (SystemTime::from_value(&value), <[u8; 16]>::from_value(&value), Decimal::from_value(&value));
        }
    }

    #[test]
    fn numbers_are_read_only_without_loss() {
        assert_eq!(u8::from_value(&Value::Int(255)), Some(255));
        assert_eq!(u8::from_value(&Value::Int(256)), None);
        assert_eq!(u64::from_value(&Value::Int(-1)), None);
        assert_eq!(f64::from_value(&Value::Int((1 << 53) + 1)), None);
        assert_eq!(i64::from_value(&Value::Float(1.0)), None);
        assert_eq!(bool::from_value(&Value::Int(2)), None);
        assert_eq!(Option::<i64>::from_value(&Value::Null), Some(None));
        assert_eq!(Option::<i64>::from_value(&Value::Bool(true)), None);
    }

    #[test]
    fn a_debugged_value_says_only_its_type() {
        let shown = format!("{:?}", Value::Text("hunter2".into()));
        assert_eq!(shown, "text");
    }

    #[test]
    fn decimals_are_digits() {
        for good in ["0", "-1.50", "+3", "12345678901234567890.5"] {
            assert!(is_decimal(good), "{good}");
        }
        for bad in ["", "-", ".5", "1.", "1e5", "NaN", "1 ", "--1"] {
            assert!(!is_decimal(bad), "{bad}");
        }
    }
}

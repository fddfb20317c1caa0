//! The forms values have.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use plumego_log::{Filter, LogFormat};
use plumego_security::secret::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::DescriptionKind;

/// A value that is written as text.
pub(super) trait Setting: Sized {
    /// Reads the text; `None` when it does not have the form.
    fn parse(text: &str) -> Option<Self>;
}

/// Lets a setting be extracted from a layer.
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: Setting> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::parse(text.trim())
            .map(Text)
            .ok_or_else(|| D::Error::custom("another form is expected"))
    }
}

impl Setting for String {
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// A path that is not given is empty.
impl Setting for PathBuf {
    fn parse(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "y" | "on" | "t" => Some(true),
            "0" | "false" | "no" | "n" | "off" | "f" => Some(false),
            _ => None,
        }
    }
}

impl Setting for u64 {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for NonZeroU32 {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// `30s`, `500ms`, `1m30s`: numbers with units, largest unit first. A bare
/// number is milliseconds.
impl Setting for Duration {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(millis) = text.parse() {
            return Some(Self::from_millis(millis));
        }
        let mut total = Self::ZERO;
        let mut rest = text;
        let mut unit_before = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let unit_millis = millis_of(unit).filter(|millis| *millis < unit_before)?;
            let millis = number.parse::<u64>().ok()?.checked_mul(unit_millis)?;
            total = total.checked_add(Self::from_millis(millis))?;
            (rest, unit_before) = (tail, unit_millis);
        }
        (unit_before != u64::MAX).then_some(total)
    }
}

fn millis_of(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    }
}

/// Separated by commas; blanks around entries and blank entries are dropped.
impl Setting for Vec<String> {
    fn parse(text: &str) -> Option<Self> {
        let entries = text.split(',').map(str::trim);
        let entries = entries.filter(|entry| !entry.is_empty());
        Some(entries.map(str::to_owned).collect())
    }
}

/// A header has to be able to carry it.
impl Setting for SecretString {
    fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        visible.then(|| Self::from(text))
    }
}

impl Setting for Filter {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for LogFormat {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Without `x/openapi` there is no document to hand out: whoever asks for one
/// builds it from the routes.
impl Setting for Option<DescriptionKind> {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(None),
            "openapi" | "routes" => Some(Some(DescriptionKind::Routes)),
            "config" => Some(Some(DescriptionKind::Config)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let millis = |text: &str| Duration::parse(text).map(|duration| duration.as_millis());
        for (text, expected) in [
            ("250", 250),
            ("0", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("1h0m5s10ms", 3_605_010),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1.5s",
            "30 s",
            "5sec",
            "1s1m",
            "1s1s",
            "1m30",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            assert_eq!(millis(text), None, "{text:?}");
        }
    }

    #[test]
    fn switches() {
        for yes in ["1", "true", "Yes", "y", "ON", "t"] {
            assert_eq!(bool::parse(yes), Some(true), "{yes}");
        }
        for no in ["0", "false", "No", "n", "OFF", "f"] {
            assert_eq!(bool::parse(no), Some(false), "{no}");
        }
        for neither in ["", "2", "enabled", "truee"] {
            assert_eq!(bool::parse(neither), None, "{neither}");
        }
    }

    #[test]
    fn lists_drop_blanks() {
        let list = Vec::<String>::parse(" a ,, b,").unwrap();
        assert_eq!(list, ["a", "b"]);
        assert!(Vec::<String>::parse("").unwrap().is_empty());
    }
}

//! Names and media types of objects.

use std::time::SystemTime;

use super::{FileError, FileErrorKind, FileResult, ObjectPath};

/// Longest extension that is taken from a file name, in characters.
const EXTENSION_CHARS_MAX: usize = 16;

/// The media type of content nobody knows anything about.
pub const CONTENT_TYPE_UNKNOWN: &str = "application/octet-stream";

/// Extensions and media types that are told from each other.
const TYPES: [(&str, &str); 15] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("bin", CONTENT_TYPE_UNKNOWN),
];

/// The media type that an extension stands for.
#[must_use]
pub fn content_type_of(extension: &str) -> &'static str {
    let known = TYPES
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(extension));
    known.map_or(CONTENT_TYPE_UNKNOWN, |(_, content_type)| content_type)
}

/// The extension for a file: that of its name, in lower case, if it consists
/// of 1 to 16 ASCII letters and digits; else that of its media type; else
/// none.
///
/// ```
/// use plumego_store::file::extension_of;
///
/// assert_eq!(extension_of("Report.PDF", None), Some("pdf".to_owned()));
/// assert_eq!(extension_of("report.p/d", Some("image/png; q=1")), Some("png".to_owned()));
/// assert_eq!(extension_of("report", None), None);
/// ```
#[must_use]
pub fn extension_of(file_name: &str, content_type: Option<&str>) -> Option<String> {
    let from_name = file_name.rsplit_once('.').map(|(_, extension)| extension);
    let plain = |extension: &&str| {
        (1..=EXTENSION_CHARS_MAX).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if let Some(extension) = from_name.filter(plain) {
        return Some(extension.to_ascii_lowercase());
    }
    let content_type = content_type?.split(';').next().unwrap_or_default().trim();
    let known = TYPES
        .iter()
        .find(|(_, own)| own.eq_ignore_ascii_case(content_type))?;
    (known.1 != CONTENT_TYPE_UNKNOWN).then(|| known.0.to_owned())
}

/// A path that no other object has: year, month and day in UTC, then 32
/// random hexadecimal digits and the extension.
///
/// # Errors
///
/// `StorageUnavailable` if the system has no random bytes.
pub fn generate_path(
    file_name: &str,
    content_type: Option<&str>,
    now: SystemTime,
) -> FileResult<ObjectPath> {
    let unavailable =
        |source| FileError::new("put", FileErrorKind::StorageUnavailable).with_source(source);
    let id = random_hex::<16>()?;
    let date = jiff::Timestamp::try_from(now)
        .map_err(|error| unavailable(crate::BoxError::from(error)))?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    let extension = extension_of(file_name, content_type);
    let extension = extension.map_or_else(String::new, |extension| format!(".{extension}"));
    ObjectPath::parse(&format!("{year:04}/{month:02}/{day:02}/{id}{extension}"))
}

/// `N` random bytes in hexadecimal.
pub(super) fn random_hex<const N: usize>() -> FileResult<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        FileError::new("put", FileErrorKind::StorageUnavailable).with_source(error)
    })?;
    Ok(hex(&bytes))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn generated_paths_say_the_day_in_utc() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_251_199);
        let path = generate_path("Photo.JPG", None, now).unwrap();
        let text = path.as_str();
        assert!(
            text.starts_with("2024/02/29/") && text.ends_with(".jpg"),
            "{text}"
        );
        assert_eq!(path.file_name().len(), 32 + 4);
        let other = generate_path("Photo.JPG", None, now).unwrap();
        assert_ne!(path, other);
    }

    proptest! {
        #[test]
        fn any_name_makes_a_path(name in ".{0,40}", content_type in proptest::option::of(".{0,20}")) {
            let now = SystemTime::UNIX_EPOCH;
            let path = generate_path(&name, content_type.as_deref(), now).unwrap();
            prop_assert!(path.as_str().starts_with("1970/01/01/"));
            prop_assert_eq!(path.components().count(), 4);
        }
    }

    #[test]
    fn extensions_are_plain() {
        let rows = [
            ("a.tar.GZ", None, Some("gz")),
            ("a.", Some("text/plain"), Some("txt")),
            ("a.verylongextension", Some("application/zip"), Some("zip")),
            ("../../etc/passwd", None, None),
            ("a.\u{e9}", None, None),
            ("a", Some("application/octet-stream"), None),
            ("a", Some("nonsense"), None),
        ];
        for (name, content_type, expected) in rows {
            assert_eq!(
                extension_of(name, content_type).as_deref(),
                expected,
                "{name}"
            );
        }
    }
}

//! The compact form: `header.payload.signature`, each strict base64url.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::json::{Name, Seen, Strict};
use super::{InvalidReason, JwtError};

/// Longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Longest of its three parts, in bytes.
pub const SEGMENT_BYTES_MAX: usize = 8 * 1024;

/// Members of a header that would have to be understood or obeyed. A token
/// that brings its own key, or asks for something that is not done here, is
/// refused before anything else is looked at (RFC 8725 sections 3.9, 3.10).
const REFUSED_MEMBERS: [&str; 7] = ["crit", "b64", "jwk", "jku", "x5c", "x5u", "zip"];

/// A token in its parts; nothing is known about whether it holds.
#[derive(Clone, Copy)]
pub(super) struct Compact<'t> {
    /// What was signed: header, dot, payload.
    pub(super) signed: &'t str,
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
}

impl<'t> Compact<'t> {
    pub(super) fn split(token: &'t str) -> Result<Self, JwtError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(InvalidReason::Form.into());
        }
        let mut segments = token.split('.');
        let parts = [
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ];
        let [Some(header), Some(payload), Some(signature), None] = parts else {
            return Err(InvalidReason::Form.into());
        };
        let is_segment = |segment: &str| (1..=SEGMENT_BYTES_MAX).contains(&segment.len());
        if ![header, payload, signature].into_iter().all(is_segment) {
            return Err(InvalidReason::Form.into());
        }
        Ok(Self {
            signed: &token[..header.len() + 1 + payload.len()],
            header,
            payload,
            signature,
        })
    }
}

/// The bytes of a segment: no padding, no stray bits, no other alphabet.
pub(super) fn decode(segment: &str) -> Result<Vec<u8>, JwtError> {
    let bytes = URL_SAFE_NO_PAD.decode(segment);
    bytes.map_err(|_| InvalidReason::Encoding.into())
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a header says.
#[derive(Default)]
pub(super) struct Header {
    pub(super) algorithm: Option<String>,
    pub(super) token_type: Option<String>,
    pub(super) key_id: Option<String>,
    is_unsupported: bool,
}

impl Header {
    /// Reads a header: a JSON object with no member twice.
    pub(super) fn read(segment: &str) -> Result<Self, JwtError> {
        let bytes = decode(segment)?;
        let header: Self = serde_json::from_slice(&bytes).map_err(|_| InvalidReason::Encoding)?;
        if header.is_unsupported {
            return Err(InvalidReason::Unsupported.into());
        }
        Ok(header)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;

        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Header, A::Error> {
                let (mut header, mut seen) = (Header::default(), Seen::default());
                while let Some(name) = members.next_key::<Name<'de>>()? {
                    seen.note::<A::Error>(&name)?;
                    match &*name.0 {
                        "alg" => header.algorithm = text(members.next_value()?),
                        "typ" => header.token_type = text(members.next_value()?),
                        "kid" => header.key_id = text(members.next_value()?),
                        other => {
                            header.is_unsupported |= REFUSED_MEMBERS.contains(&other);
                            members.next_value::<Strict>()?;
                        }
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(HeaderVisitor)
    }
}

/// Text that is not empty; of anything else there is none.
fn text(Strict(value): Strict) -> Option<String> {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A whole number of seconds; floats and numbers beyond it are refused.
pub(super) struct Seconds(pub(super) i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecondsVisitor;

        impl Visitor<'_> for SecondsVisitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of seconds")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Seconds, E> {
                Ok(Seconds(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Seconds, E> {
                i64::try_from(value).map(Seconds).map_err(E::custom)
            }
        }

        deserializer.deserialize_i64(SecondsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T>(outcome: Result<T, JwtError>) -> InvalidReason {
        match outcome.err() {
            Some(JwtError::InvalidToken(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_has_three_parts_within_their_bounds() {
        let parts = Compact::split("aa.bb.cc").unwrap();
        assert_eq!((parts.signed, parts.header), ("aa.bb", "aa"));
        assert_eq!((parts.payload, parts.signature), ("bb", "cc"));
        for token in [
            "", ".", "..", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.", "a.b.c.d",
        ] {
            assert_eq!(
                reason(Compact::split(token)),
                InvalidReason::Form,
                "{token}"
            );
        }
        let part = "x".repeat(SEGMENT_BYTES_MAX);
        assert!(Compact::split(&format!("{part}.b.c")).is_ok());
        assert_eq!(
            reason(Compact::split(&format!("a.{part}x.c"))),
            InvalidReason::Form
        );
        let whole = format!("{part}.{}.c", &part[..SEGMENT_BYTES_MAX - 3]);
        assert_eq!(whole.len(), TOKEN_BYTES_MAX);
        assert!(Compact::split(&whole).is_ok());
        assert_eq!(reason(Compact::split(&(whole + "c"))), InvalidReason::Form);
    }

    #[test]
    fn base64url_is_strict() {
        assert_eq!(decode("_-8").unwrap(), [0xff, 0xef]);
        for segment in ["_-8=", "_-9", "/+8", "_-8 ", "_", "\n_-8", "ä"] {
            assert_eq!(
                reason(decode(segment)),
                InvalidReason::Encoding,
                "{segment}"
            );
        }
    }

    #[test]
    fn headers_are_objects_without_surprises() {
        let read = |text: &str| Header::read(&encode(text));
        let header = read(r#"{"alg":"HS256","typ":"JWT","kid":"k","other":[1]}"#).unwrap();
        assert_eq!(header.algorithm.as_deref(), Some("HS256"));
        assert_eq!(header.token_type.as_deref(), Some("JWT"));
        assert_eq!(header.key_id.as_deref(), Some("k"));
        for text in [
            "",
            "null",
            "[]",
            "\"x\"",
            "{",
            "{}x",
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":"HS256","\u0061lg":"none"}"#,
            r#"{"x":{"y":1,"y":2}}"#,
        ] {
            assert_eq!(reason(read(text)), InvalidReason::Encoding, "{text}");
        }
        for member in REFUSED_MEMBERS {
            let text = format!(r#"{{"alg":"HS256","{member}":null}}"#);
            assert_eq!(reason(read(&text)), InvalidReason::Unsupported, "{text}");
        }
        for text in [r#"{"alg":1,"kid":["k"]}"#, r#"{"alg":"","kid":null}"#, "{}"] {
            let header = read(text).unwrap();
            assert!(header.algorithm.is_none() && header.key_id.is_none());
        }
        let many: Vec<_> = (0..65).map(|i| format!("\"m{i}\":0")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert_eq!(reason(read(&many)), InvalidReason::Encoding);
    }

    #[test]
    fn seconds_are_whole() {
        let read = |text: &str| serde_json::from_str::<Seconds>(text).ok().map(|own| own.0);
        assert_eq!(read("17"), Some(17));
        assert_eq!(read("-1"), Some(-1));
        assert_eq!(read("9223372036854775807"), Some(i64::MAX));
        for text in [
            "9223372036854775808",
            "1.0",
            "1e3",
            "\"1\"",
            "null",
            "1e400",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

/// The hash function of a [`Src::Hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256-",
            Self::Sha384 => "sha384-",
            Self::Sha512 => "sha512-",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Where something may come from.
///
/// `Display` writes it as it is sent, [`Nonce`](Self::Nonce) without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Src {
    /// Nowhere; excludes all others.
    None,
    /// The origin of the page.
    SelfOrigin,
    /// Scripts and styles in the page itself, without a nonce or hash.
    UnsafeInline,
    /// `eval` and its like.
    UnsafeEval,
    /// Compiling WebAssembly.
    WasmUnsafeEval,
    /// What scripts with a nonce or hash load.
    StrictDynamic,
    /// Ask for the beginning of what was blocked in reports.
    ReportSample,
    /// Hashes count for event handlers too.
    UnsafeHashes,
    /// Elements with the nonce of this response.
    Nonce,
    /// Elements whose text has this hash, in base64.
    Hash(HashAlgorithm, String),
    /// A scheme or a host, checked; made by [`Src::scheme`] and [`Src::host`].
    Listed(Listed),
    /// Any of the above as text, checked when the policy is built. Blank text
    /// is ignored.
    Raw(String),
}

/// A scheme or a host that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed(String);

/// Text that is no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source of a content security policy {0}")]
pub struct InvalidSource(pub(super) &'static str);

const KEYWORDS: [(&str, Src); 8] = [
    ("'none'", Src::None),
    ("'self'", Src::SelfOrigin),
    ("'unsafe-inline'", Src::UnsafeInline),
    ("'unsafe-eval'", Src::UnsafeEval),
    ("'wasm-unsafe-eval'", Src::WasmUnsafeEval),
    ("'strict-dynamic'", Src::StrictDynamic),
    ("'report-sample'", Src::ReportSample),
    ("'unsafe-hashes'", Src::UnsafeHashes),
];

impl Src {
    /// A scheme, such as `data:`.
    ///
    /// # Errors
    /// [`InvalidSource`] for anything but a scheme and its colon.
    pub fn scheme(text: impl Into<String>) -> Result<Self, InvalidSource> {
        let text = text.into();
        match text.strip_suffix(':') {
            Some(scheme) if is_scheme(scheme) => Ok(Self::Listed(Listed(text))),
            _ => Err(InvalidSource("is a scheme with its colon, such as `data:`")),
        }
    }

    /// A host, with a scheme, a leading `*.`, a port and a path if wanted.
    ///
    /// # Errors
    /// [`InvalidSource`] for anything else; international names are written in
    /// their ASCII form.
    pub fn host(text: impl Into<String>) -> Result<Self, InvalidSource> {
        let text = text.into();
        if is_bare_keyword(&text) {
            return Err(InvalidSource("is a keyword without its quotes"));
        }
        if is_host_source(&text) {
            Ok(Self::Listed(Listed(text)))
        } else {
            Err(InvalidSource(
                "is a host in ASCII, such as `https://cdn.example.net`",
            ))
        }
    }

    /// Text that is checked when the policy is built.
    #[must_use]
    pub fn raw(text: impl Into<String>) -> Self {
        Self::Raw(text.into())
    }

    /// The checked form; `None` for blank text.
    pub(super) fn check(self) -> Result<Option<Self>, (String, InvalidSource)> {
        match self {
            Self::Raw(text) => match text.trim_matches([' ', '\t']) {
                "" => Ok(None),
                trimmed => match parse(trimmed) {
                    Ok(source) => Ok(Some(source)),
                    Err(error) => Err((text, error)),
                },
            },
            Self::Hash(algorithm, value) if !is_hash(algorithm, &value) => {
                let text = Self::Hash(algorithm, value).to_string();
                Err((text, InvalidSource(BAD_HASH)))
            }
            checked => Ok(Some(checked)),
        }
    }

    /// Whether it makes sense only for what runs inside of the page.
    pub(super) fn is_about_elements(&self) -> bool {
        !matches!(self, Self::None | Self::SelfOrigin | Self::Listed(_))
    }
}

const BAD_HASH: &str = "is not a hash of its algorithm in base64";

fn parse(text: &str) -> Result<Src, InvalidSource> {
    if text.chars().any(char::is_control) {
        return Err(InvalidSource("has a control character"));
    }
    if text.contains([';', ',']) {
        return Err(InvalidSource(
            "has `;` or `,`, which begins another directive or policy: write %3B or %2C",
        ));
    }
    if text.chars().any(char::is_whitespace) {
        return Err(InvalidSource(
            "has white space: give the sources one by one",
        ));
    }
    let quoted = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    if let Some(inner) = quoted {
        return parse_quoted(text, inner);
    }
    if text.ends_with(':') {
        return Src::scheme(text);
    }
    Src::host(text)
}

fn parse_quoted(text: &str, inner: &str) -> Result<Src, InvalidSource> {
    let known = KEYWORDS
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(text));
    if let Some((_, keyword)) = known {
        return Ok(keyword.clone());
    }
    for algorithm in HashAlgorithm::ALL {
        if let Some(value) = strip_prefix_ignoring_case(inner, algorithm.prefix()) {
            return if is_hash(algorithm, value) {
                Ok(Src::Hash(algorithm, value.to_owned()))
            } else {
                Err(InvalidSource(BAD_HASH))
            };
        }
    }
    if strip_prefix_ignoring_case(inner, "nonce-").is_some() {
        return Err(InvalidSource(
            "is a nonce that would be the same in every response: use `Src::Nonce`",
        ));
    }
    Err(InvalidSource("is in quotes and not a keyword"))
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_hash(algorithm: HashAlgorithm, value: &str) -> bool {
    let decoded = STANDARD.decode(value).or_else(|_| URL_SAFE.decode(value));
    decoded.is_ok_and(|bytes| bytes.len() == algorithm.bytes())
}

/// Something that was meant as a keyword and would be read as a host.
fn is_bare_keyword(text: &str) -> bool {
    let is_word = |quoted: &str| quoted.trim_matches('\'').eq_ignore_ascii_case(text);
    let prefixes = ["nonce-", "sha256-", "sha384-", "sha512-"];
    KEYWORDS.iter().any(|(own, _)| is_word(own))
        || prefixes
            .iter()
            .any(|prefix| strip_prefix_ignoring_case(text, prefix).is_some())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// CSP Level 3 section 2.3.1, `host-source`.
fn is_host_source(text: &str) -> bool {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        Some(_) => return false,
        None => text,
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    is_host(host) && port.is_none_or(is_port) && path.bytes().all(is_path_byte)
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text == "*"
        || text
            .strip_prefix("*.")
            .unwrap_or(text)
            .split('.')
            .all(is_label)
}

fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok();
    text == "*" || is_number
}

/// RFC 3986 section 3.3, without `;` and `,`, which CSP wants encoded.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+=:@".contains(&byte)
}

impl fmt::Display for Src {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce => f.write_str("'nonce-'"),
            Self::Hash(algorithm, value) => write!(f, "'{}{value}'", algorithm.prefix()),
            Self::Listed(Listed(text)) | Self::Raw(text) => f.write_str(text),
            keyword => {
                let mut known = KEYWORDS.iter();
                let text = known.find(|(_, own)| own == keyword).map(|(text, _)| *text);
                f.write_str(text.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sources_are_read_as_browsers_read_them() {
        let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        for text in [
            "'self'",
            "'NONE'",
            "data:",
            "https:",
            "*",
            "*.example.com",
            "example.com",
            "localhost",
            "example.com:8080",
            "example.com:*",
            "https://example.com",
            "wss://*.example.com:443/path/x%2C.js",
            "web+app:",
            &format!("'sha256-{hash}'"),
            &format!("'SHA256-{}'", hash.replace('+', "-").replace('/', "_")),
            " example.com ",
        ] {
            let checked = Src::raw(text).check();
            assert!(matches!(checked, Ok(Some(_))), "{text}: {checked:?}");
        }
        assert_eq!(Src::raw(" \t").check(), Ok(None));
        let checked = Src::raw("'Unsafe-Eval'").check().unwrap().unwrap();
        assert_eq!(
            (checked.to_string(), checked),
            ("'unsafe-eval'".to_owned(), Src::UnsafeEval)
        );
    }

    #[test]
    fn text_cannot_add_sources_directives_or_policies() {
        for text in [
            "a;script-src *",
            "a,default-src *",
            "a b",
            "a\u{a0}b",
            "a\tb",
            "a\r\nX: y",
            "a\0",
            "\u{7f}",
            "self",
            "NONE",
            "unsafe-inline",
            "strict-dynamic",
            "nonce-abc",
            "sha256-abc",
            "'nonce-abc'",
            "'sha256-abc'",
            "'sha384-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
            "'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='",
            "'self",
            "'unknown'",
            "''",
            "'",
            ":",
            "1http:",
            "da ta:",
            "://x",
            "1x://example.com",
            "https://",
            "https://*.",
            "https://a..b",
            "https://*a.example.com",
            "https://a.*.com",
            "https://user@example.com",
            "https://[::1]",
            "https://example.com:",
            "https://example.com:x",
            "https://example.com:99999",
            "https://example.com?x",
            "https://example.com/x?y",
            "https://example.com/x#y",
            "https://exämple.com",
        ] {
            assert!(Src::raw(text).check().is_err(), "{text:?}");
        }
        assert!(Src::scheme("data").is_err());
        assert!(Src::host("data:").is_err());
        assert!(Src::host("self").is_err());
        assert!(
            Src::Hash(HashAlgorithm::Sha512, "AA==".into())
                .check()
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_one_source(text in "[ -~]{0,24}") {
            if let Ok(Some(source)) = Src::raw(&text).check() {
                let shown = source.to_string();
                prop_assert!(!shown.contains([';', ',', ' ', '\t']));
                prop_assert_eq!(Src::raw(shown).check(), Ok(Some(source)));
            }
        }
    }
}

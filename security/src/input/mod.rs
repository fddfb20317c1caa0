//! Checks of text from outside: shape alone. Nothing is fetched or resolved,
//! and nothing is changed silently.
//!
//! Each check has a type whose `parse` says what is wrong and where, and a
//! function that answers yes or no. Errors never contain the input.
//!
//! ```
//! use plumego_security::input::{EmailAddress, SafeUrl, is_relative_path};
//!
//! let address = EmailAddress::parse("ada@Example.COM")?;
//! assert_eq!((address.local(), address.domain()), ("ada", "example.com"));
//!
//! let problem = SafeUrl::parse("javascript:alert(1)").unwrap_err();
//! assert_eq!(problem.code, "scheme");
//! assert!(!is_relative_path("../etc/passwd"));
//! # Ok::<(), plumego_security::input::InputError>(())
//! ```
//!
//! # Showing text to browsers
//!
//! Encode where text enters a page, for the place it enters:
//! [`escape_html`], [`escape_js_string`], [`escape_url_query`]. Text that is
//! meant to be HTML goes through `sanitize_html` (feature `sanitize-html`).
//!
//! # SQL
//!
//! There is no function that makes text safe for SQL: taking words out of text
//! gives false safety. Bind values as parameters, and check names of tables and
//! columns with the identifier type of `plumego-store`.

mod email;
#[cfg(feature = "sanitize-html")]
mod html;
mod path;
mod phone;
mod text;
mod token;
mod url;

pub use email::{EmailAddress, EmailOptions, is_email};
#[cfg(feature = "sanitize-html")]
pub use html::{HtmlPolicy, sanitize_html};
pub use path::{PATH_BYTES_MAX, PATH_COMPONENT_BYTES_MAX, RelativePath, is_relative_path};
pub use phone::{PhoneNumber, is_phone};
pub use text::{
    collapse_whitespace, contains_dangerous, escape_js_string, escape_url_query, strip_bidi,
    strip_control,
};
pub use token::{is_header_name, is_header_value, is_token};
pub use url::{PublicUrl, SafeUrl, URL_BYTES_MAX, is_public_url, is_safe_url};

/// Escapes text for the place between tags and for quoted attributes.
#[doc(inline)]
pub use plumego_contract::html::escape as escape_html;

/// What is wrong with an input; never contains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {field_kind}: {code}")]
#[non_exhaustive]
pub struct InputError {
    /// What it was meant to be, such as `email`.
    pub field_kind: &'static str,
    /// What is wrong, in lower snake case, fit for a field error.
    pub code: &'static str,
    /// Where, in bytes from the beginning of the input.
    pub position: Option<usize>,
}

/// Makes errors of one kind of input.
#[derive(Clone, Copy)]
struct Kind(&'static str);

impl Kind {
    fn error(self, code: &'static str) -> InputError {
        InputError {
            field_kind: self.0,
            code,
            position: None,
        }
    }

    fn error_at(self, code: &'static str, position: usize) -> InputError {
        InputError {
            position: Some(position),
            ..self.error(code)
        }
    }

    /// The input as text without the blanks around it, and where it begins.
    fn trimmed(self, raw: &[u8]) -> Result<(&str, usize), InputError> {
        let text = std::str::from_utf8(raw)
            .map_err(|error| self.error_at("invalid_utf8", error.valid_up_to()))?;
        let is_blank = |c: char| c.is_ascii_whitespace();
        let rest = text.trim_start_matches(is_blank);
        let start = text.len() - rest.len();
        let text = rest.trim_end_matches(is_blank);
        if text.is_empty() {
            return Err(self.error("empty"));
        }
        Ok((text, start))
    }

    /// The first byte that `is_allowed` refuses is an error.
    fn every_byte(
        self,
        text: &str,
        start: usize,
        is_allowed: impl Fn(u8) -> bool,
    ) -> Result<(), InputError> {
        match text.bytes().position(|byte| !is_allowed(byte)) {
            Some(at) => Err(self.error_at("invalid_character", start + at)),
            None => Ok(()),
        }
    }
}

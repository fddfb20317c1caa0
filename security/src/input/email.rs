use std::fmt;

use super::{InputError, Kind};

const KIND: Kind = Kind("email");
/// RFC 5321 section 4.5.3.1, counted as forward path without its brackets.
const ADDRESS_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// What else is accepted in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmailOptions {
    /// Local parts outside of ASCII (RFC 6531). Default: no.
    pub smtputf8: bool,
    /// Domains outside of ASCII, which are turned into their ASCII form
    /// (UTS 46). Default: no.
    pub idn: bool,
}

/// An e-mail address as people type it: dot-atom, `@`, domain of at least two
/// labels. Display names, comments, quotes and address literals are refused.
///
/// Whether mail arrives there only mail can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    address: String,
    at: usize,
}

impl EmailAddress {
    /// Reads an address in ASCII.
    ///
    /// # Errors
    /// [`InputError`] of kind `email`.
    pub fn parse(raw: impl AsRef<[u8]>) -> Result<Self, InputError> {
        Self::parse_with(raw, EmailOptions::default())
    }

    /// Reads an address that may leave ASCII where the options say so.
    ///
    /// # Errors
    /// [`InputError`] of kind `email`.
    pub fn parse_with(raw: impl AsRef<[u8]>, options: EmailOptions) -> Result<Self, InputError> {
        let (text, start) = KIND.trimmed(raw.as_ref())?;
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(KIND.error("too_long"));
        }
        let Some((local, domain)) = text.split_once('@') else {
            return Err(KIND.error("missing_at"));
        };
        let at = start + local.len();
        if let Some(second) = domain.find('@') {
            return Err(KIND.error_at("second_at", at + 1 + second));
        }
        check_local(local, start, options)?;
        let domain = domain_in_ascii(domain, at + 1, options)?;
        check_domain(&domain, at + 1)?;
        let address = format!("{local}@{domain}");
        if address.len() > ADDRESS_BYTES_MAX {
            return Err(KIND.error("too_long"));
        }
        Ok(Self {
            address,
            at: local.len(),
        })
    }

    /// The whole address, with its domain in lower-case ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// What is before the `@`, as it was typed.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.address[..self.at]
    }

    /// What is after the `@`, in lower-case ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.address[self.at + 1..]
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Whether [`EmailAddress::parse`] accepts it.
#[must_use]
pub fn is_email(raw: impl AsRef<[u8]>) -> bool {
    EmailAddress::parse(raw).is_ok()
}

/// RFC 5322 section 3.2.3, `dot-atom-text`.
fn check_local(local: &str, start: usize, options: EmailOptions) -> Result<(), InputError> {
    if local.is_empty() {
        return Err(KIND.error_at("empty_local", start));
    }
    if local.len() > LOCAL_BYTES_MAX {
        return Err(KIND.error("local_too_long"));
    }
    let is_legal = |c: char| {
        let is_atext = c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let is_utf8 = !c.is_ascii() && !c.is_control() && !c.is_whitespace();
        is_atext || (options.smtputf8 && is_utf8)
    };
    if let Some((at, _)) = local.char_indices().find(|(_, c)| !is_legal(*c)) {
        return Err(KIND.error_at("invalid_character", start + at));
    }
    let misplaced = if local.starts_with('.') {
        Some(0)
    } else if local.ends_with('.') {
        Some(local.len() - 1)
    } else {
        local.find("..")
    };
    match misplaced {
        Some(at) => Err(KIND.error_at("misplaced_dot", start + at)),
        None => Ok(()),
    }
}

fn domain_in_ascii(
    domain: &str,
    start: usize,
    options: EmailOptions,
) -> Result<String, InputError> {
    if let Some((at, _)) = domain.char_indices().find(|(_, c)| !c.is_ascii()) {
        if !options.idn {
            return Err(KIND.error_at("invalid_character", start + at));
        }
        return idna::domain_to_ascii_strict(domain)
            .map_err(|_| KIND.error_at("invalid_domain", start));
    }
    Ok(domain.to_ascii_lowercase())
}

fn check_domain(domain: &str, start: usize) -> Result<(), InputError> {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !domain.contains('.') {
        return Err(KIND.error_at("single_label_domain", start));
    }
    if domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(KIND.error_at("invalid_domain", start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTERNATIONAL: EmailOptions = EmailOptions {
        smtputf8: true,
        idn: true,
    };

    #[test]
    fn addresses_as_people_type_them() {
        for text in [
            "user@example.com",
            "user+tag@mail.example.com",
            "first.last@ex-ample.com",
            " a@b.c\n",
            "o'hara=x/y@example.com",
            "xn--x@xn--fsqu00a.com",
        ] {
            let address = EmailAddress::parse(text).unwrap();
            assert_eq!(address.as_str(), text.trim());
        }
        let longest = format!("{}@{}.com", "a".repeat(64), "b".repeat(63));
        assert!(is_email(&longest));
        let labels = "d.".repeat(94);
        let bytes_254 = format!("{}@{labels}c", "a".repeat(64));
        assert_eq!(bytes_254.len(), 254);
        assert!(is_email(&bytes_254));
        assert!(!is_email(bytes_254 + "c"));
    }

    #[test]
    fn what_is_no_address_says_why_and_where() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        for (text, code, position) in [
            ("", "empty", None),
            (" \t", "empty", None),
            ("userexample.com", "missing_at", None),
            ("user@@example.com", "second_at", Some(5)),
            ("a@b@example.com", "second_at", Some(3)),
            ("user@", "single_label_domain", Some(5)),
            ("@example.com", "empty_local", Some(0)),
            (" user@example", "single_label_domain", Some(6)),
            ("a..b@example.com", "misplaced_dot", Some(1)),
            (".a@example.com", "misplaced_dot", Some(0)),
            ("a.@example.com", "misplaced_dot", Some(1)),
            (&long_local, "local_too_long", None),
            (&long_label, "invalid_domain", Some(2)),
            ("user name@example.com", "invalid_character", Some(4)),
            ("user<>@example.com", "invalid_character", Some(4)),
            ("Ada <ada@example.com>", "invalid_character", Some(3)),
            ("\"a\"@example.com", "invalid_character", Some(0)),
            ("user@bad_domain.com", "invalid_domain", Some(5)),
            ("user@-a.com", "invalid_domain", Some(5)),
            ("user@a-.com", "invalid_domain", Some(5)),
            ("user@a..com", "invalid_domain", Some(5)),
            ("user@a.com.", "invalid_domain", Some(5)),
            ("user@[127.0.0.1]", "invalid_domain", Some(5)),
            ("user@例子.com", "invalid_character", Some(5)),
            ("ü@example.com", "invalid_character", Some(0)),
            ("us\0er@example.com", "invalid_character", Some(2)),
            ("user@exam\0ple.com", "invalid_domain", Some(5)),
        ] {
            let error = EmailAddress::parse(text).unwrap_err();
            assert_eq!((error.code, error.position), (code, position), "{text:?}");
        }
        let error = EmailAddress::parse(b"user@\xff.com").unwrap_err();
        assert_eq!((error.code, error.position), ("invalid_utf8", Some(5)));
    }

    #[test]
    fn international_addresses_are_accepted_on_request() {
        let address = EmailAddress::parse_with("ü.x@例子.COM", INTERNATIONAL).unwrap();
        assert_eq!(address.local(), "ü.x");
        assert_eq!(address.domain(), "xn--fsqu00a.com");
        for text in [
            "a\u{a0}b@example.com",
            "a@\u{200b}.com",
            "a@b\u{2024}com",
            "a\u{85}@b.com",
        ] {
            let _ = EmailAddress::parse_with(text, INTERNATIONAL);
            assert!(!is_email(text), "{text:?}");
        }
        assert!(EmailAddress::parse_with("a\u{a0}b@example.com", INTERNATIONAL).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_reads_the_same(text in "[a-z.+]{0,6}@?[a-zA-Z.äß-]{0,12}", idn: bool) {
            let options = EmailOptions { idn, ..INTERNATIONAL };
            if let Ok(address) = EmailAddress::parse_with(&text, options) {
                prop_assert_eq!(EmailAddress::parse_with(address.as_str(), options), Ok(address.clone()));
                prop_assert!(address.domain().is_ascii());
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
            }
        }
    }
}

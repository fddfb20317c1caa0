use super::{InputError, Kind};

const KIND: Kind = Kind("phone");
const TEXT_BYTES_MAX: usize = 64;

/// A telephone number as people type it: 7 to 15 digits with blanks, `-`, `.`
/// and parentheses between them, and a `+` at the front if any (E.164 allows 15
/// digits). Whether the number exists in its country is not checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    digits: String,
    is_international: bool,
}

impl PhoneNumber {
    /// Reads a number.
    ///
    /// # Errors
    /// [`InputError`] of kind `phone`.
    pub fn parse(raw: impl AsRef<[u8]>) -> Result<Self, InputError> {
        let (text, start) = KIND.trimmed(raw.as_ref())?;
        if text.len() > TEXT_BYTES_MAX {
            return Err(KIND.error("too_long"));
        }
        let number = text.strip_prefix('+');
        let offset = start + usize::from(number.is_some());
        let (mut digits, mut is_open) = (String::new(), false);
        for (at, byte) in number.unwrap_or(text).bytes().enumerate() {
            match byte {
                b'0'..=b'9' => digits.push(char::from(byte)),
                b' ' | b'-' | b'.' => {}
                b'(' if !is_open => is_open = true,
                b')' if is_open => is_open = false,
                b'(' | b')' => return Err(KIND.error_at("unbalanced", offset + at)),
                _ => return Err(KIND.error_at("invalid_character", offset + at)),
            }
        }
        if is_open {
            return Err(KIND.error("unbalanced"));
        }
        match digits.len() {
            0..7 => Err(KIND.error("too_short")),
            7..=15 => Ok(Self {
                digits,
                is_international: number.is_some(),
            }),
            _ => Err(KIND.error("too_long")),
        }
    }

    /// The digits alone.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// `+` and the digits, when the number was given with a `+`.
    #[must_use]
    pub fn e164(&self) -> Option<String> {
        self.is_international.then(|| format!("+{}", self.digits))
    }
}

/// Whether [`PhoneNumber::parse`] accepts it.
#[must_use]
pub fn is_phone(raw: impl AsRef<[u8]>) -> bool {
    PhoneNumber::parse(raw).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_people_type_them() {
        for (text, digits, e164) in [
            ("+49 (30) 123-45.67", "49301234567", Some("+49301234567")),
            ("555-0100", "5550100", None),
            (" (030) 1234567 ", "0301234567", None),
            (
                "+123456789012345",
                "123456789012345",
                Some("+123456789012345"),
            ),
        ] {
            let number = PhoneNumber::parse(text).unwrap();
            assert_eq!(number.digits(), digits);
            assert_eq!(number.e164().as_deref(), e164);
        }
        for (text, code, position) in [
            ("", "empty", None),
            ("+", "too_short", None),
            ("123456", "too_short", None),
            ("1234567890123456", "too_long", None),
            ("1+2345678", "invalid_character", Some(1)),
            ("++1234567", "invalid_character", Some(1)),
            (" +12345x67", "invalid_character", Some(7)),
            ("(030 1234567", "unbalanced", None),
            ("030) 1234567", "unbalanced", Some(3)),
            ("((030)) 1234567", "unbalanced", Some(1)),
            ("123\t4567", "invalid_character", Some(3)),
            ("１２３４５６７", "invalid_character", Some(0)),
        ] {
            let error = PhoneNumber::parse(text).unwrap_err();
            assert_eq!((error.code, error.position), (code, position), "{text:?}");
        }
        assert!(!is_phone(b"1234567\xff"));
        assert!(!is_phone(format!("1{}234567", "-".repeat(100))));
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_7_to_15_digits(text in "[0-9+ .()x-]{0,24}") {
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert!((7..=15).contains(&number.digits().len()));
                let typed: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(number.digits(), typed);
            }
        }
    }
}

//! The rules of `Id` and `Email`.

/// Characters of a mail address at most.
const EMAIL_MAX: usize = 254;

/// Whether text is an `Id`: it is not empty.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
}

/// Whether text has the shape of a mail address: one `@`, something before it, a
/// domain with a dot and without empty labels, no white space or control
/// characters, and at most 254 characters.
#[must_use]
pub fn is_email(text: &str) -> bool {
    if text.chars().count() > EMAIL_MAX {
        return false;
    }
    if text
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return false;
    }
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = || domain.split('.');
    !local.is_empty()
        && !domain.contains('@')
        && labels().count() > 1
        && labels().all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in ["a@b.co", "a.b+c@d-e.f.g", "é@ü.de"] {
            assert!(is_email(text), "{text:?}");
        }
        for text in [
            "",
            "a",
            "@b.co",
            "a@",
            "x@y",
            "a@@b.co",
            "a@b@c.de",
            "a b@c.de",
            "a@b..c",
            "a@.b",
            "a@b.",
            "a\u{7}@b.co",
        ] {
            assert!(!is_email(text), "{text:?}");
        }
        let local = "a".repeat(EMAIL_MAX - "@b.co".len());
        assert!(is_email(&format!("{local}@b.co")));
        assert!(!is_email(&format!("{local}a@b.co")));
    }
}

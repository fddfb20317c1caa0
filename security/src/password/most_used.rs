use super::policy::Blocklist;

/// One per line in byte order, in lower case: the first 10 000 of the ranked
/// list that zxcvbn was trained on (Wheeler, USENIX Security 2016; MIT).
const SORTED: &str = include_str!("most_used.txt");

/// The 10 000 most common passwords, without regard to ASCII case.
///
/// ```
/// use plumego_security::password::{Blocklist, CommonPasswords};
///
/// assert!(CommonPasswords.contains("Password1"));
/// assert!(!CommonPasswords.contains("correct horse battery staple"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CommonPasswords;

impl Blocklist for CommonPasswords {
    fn contains(&self, password: &str) -> bool {
        let mut rest = SORTED;
        while !rest.is_empty() {
            let middle = rest.floor_char_boundary(rest.len() / 2);
            let start = rest[..middle].rfind('\n').map_or(0, |at| at + 1);
            let end = rest[start..].find('\n').map_or(rest.len(), |at| start + at);
            match order(password, &rest[start..end]) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => rest = &rest[..start],
                std::cmp::Ordering::Greater => rest = rest.get(end + 1..).unwrap_or(""),
            }
        }
        false
    }
}

/// Compares as if the password were in lower case, without a copy of it.
fn order(password: &str, listed: &str) -> std::cmp::Ordering {
    let lower = password.bytes().map(|byte| byte.to_ascii_lowercase());
    lower.cmp(listed.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_and_nothing_between_them() {
        let entries: Vec<_> = SORTED.lines().collect();
        assert_eq!(entries.len(), 10_000);
        assert!(entries.is_sorted());
        for entry in &entries {
            assert!(CommonPasswords.contains(entry), "{entry}");
            assert!(
                CommonPasswords.contains(&entry.to_ascii_uppercase()),
                "{entry}"
            );
            let longer = format!("{entry}~");
            assert!(!CommonPasswords.contains(&longer), "{longer}");
        }
        for absent in ["", "\n", "!", "~~~~", "passwor\nd", "pässword"] {
            assert!(!CommonPasswords.contains(absent), "{absent:?}");
        }
    }
}

use std::fmt;
use std::sync::Arc;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use zeroize::Zeroizing;

use super::{CommonPasswords, PASSWORD_BYTES_MAX, PasswordError};
use crate::secret::SecretString;

/// Fewest characters of a context that count when they occur in a password.
const CONTEXT_CHARACTERS_MIN: usize = 4;

/// Passwords that are known to be guessed.
pub trait Blocklist: Send + Sync {
    /// Whether this password is on the list. Must not keep or log it.
    fn contains(&self, password: &str) -> bool;
}

/// What a new password must be like. It is not applied to logins.
///
/// ```
/// use plumego_security::password::{PasswordPolicy, PolicyViolation};
/// use plumego_security::secret::SecretString;
///
/// let policy = PasswordPolicy::default();
/// let problems = policy.check(&SecretString::from("ada1"), &["ada@example.com"]).unwrap_err();
/// let codes: Vec<_> = problems.iter().map(PolicyViolation::code).collect();
/// assert_eq!(codes, ["too_short", "missing_uppercase"]);
/// ```
#[derive(Clone)]
pub struct PasswordPolicy {
    /// Fewest characters (Unicode scalar values). Default: 8.
    pub min_length: usize,
    /// Most characters; zero leaves only the bound of hashing,
    /// [`PASSWORD_BYTES_MAX`] bytes. Default: 1 024, all of which can be hashed.
    pub max_length: usize,
    /// An upper-case letter. Default: yes.
    pub require_uppercase: bool,
    /// A lower-case letter. Default: yes.
    pub require_lowercase: bool,
    /// A decimal digit. Default: yes.
    pub require_digit: bool,
    /// Punctuation or a symbol. Default: no.
    pub require_special: bool,
    /// Words that may not occur, in any case.
    pub forbid: Vec<String>,
    /// Passwords that may not be chosen.
    pub blocklist: Option<Arc<dyn Blocklist>>,
    /// Least estimated strength, 0 to 4 (zxcvbn); needs the feature
    /// `password-strength`.
    pub min_strength: Option<u8>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_length: 8,
            max_length: 1024,
            require_uppercase: true,
            require_lowercase: true,
            require_digit: true,
            require_special: false,
            forbid: Vec::new(),
            blocklist: None,
            min_strength: None,
        }
    }
}

impl PasswordPolicy {
    /// Long passwords that are not common, in place of rules about characters
    /// (NIST SP 800-63B): at least 12 characters, none of the 10 000 most
    /// common, and with the feature `password-strength` an estimate of at
    /// least 3.
    #[must_use]
    pub fn modern() -> Self {
        Self {
            min_length: 12,
            require_uppercase: false,
            require_lowercase: false,
            require_digit: false,
            blocklist: Some(Arc::new(CommonPasswords)),
            min_strength: cfg!(feature = "password-strength").then_some(3),
            ..Self::default()
        }
    }

    /// Checks the policy itself, for the start of a service.
    ///
    /// # Errors
    /// [`PasswordError::Config`] when no password could fulfil it.
    pub fn validate(&self) -> Result<(), PasswordError> {
        let refuse = |remedy: &str| Err(PasswordError::Config(remedy.to_owned()));
        let bytes_min = self.min_length;
        if (self.max_length != 0 && self.min_length > self.max_length)
            || bytes_min > PASSWORD_BYTES_MAX
        {
            return refuse("the shortest password is longer than the longest: lower `min_length`");
        }
        if self.forbid.iter().any(|word| word.trim().is_empty()) {
            return refuse("`forbid` has an empty word, which occurs in every password: remove it");
        }
        match self.min_strength {
            Some(5..) => refuse("`min_strength` is 0 to 4"),
            Some(_) if !cfg!(feature = "password-strength") => {
                refuse("`min_strength` needs the feature `password-strength`")
            }
            _ => Ok(()),
        }
    }

    /// Everything that is wrong with a password, in a fixed order. `context`
    /// is what an attacker knows about the account: user name, e-mail address
    /// or its local part, name of the service.
    ///
    /// # Errors
    /// The violations, at least one.
    pub fn check(
        &self,
        password: &SecretString,
        context: &[&str],
    ) -> Result<(), Vec<PolicyViolation>> {
        let text = password.expose();
        let mut violations = Vec::new();
        self.check_length(text, &mut violations);
        if text.len() > PASSWORD_BYTES_MAX {
            // The rest would take time in proportion to what a stranger sent.
            return Err(violations);
        }
        self.check_classes(text, &mut violations);
        let lower = Zeroizing::new(text.to_lowercase());
        if context.iter().any(|word| occurs(word, &lower)) {
            violations.push(PolicyViolation::ContainsContext);
        }
        let is_listed = self
            .blocklist
            .as_ref()
            .is_some_and(|list| list.contains(text));
        let has_forbidden = |word: &String| lower.contains(&word.to_lowercase());
        if is_listed || self.forbid.iter().any(has_forbidden) {
            violations.push(PolicyViolation::Blocked);
        }
        if self
            .min_strength
            .is_some_and(|least| strength(text, context) < least)
        {
            violations.push(PolicyViolation::TooWeak);
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }

    fn check_length(&self, text: &str, violations: &mut Vec<PolicyViolation>) {
        let counted = match self.max_length {
            0 => usize::MAX,
            max => max.saturating_add(1).max(self.min_length),
        };
        let length = text.chars().take(counted).count();
        if length < self.min_length {
            violations.push(PolicyViolation::TooShort {
                min: self.min_length,
            });
        }
        if (self.max_length != 0 && length > self.max_length) || text.len() > PASSWORD_BYTES_MAX {
            violations.push(PolicyViolation::TooLong {
                max: self.max_length,
            });
        }
    }

    fn check_classes(&self, text: &str, violations: &mut Vec<PolicyViolation>) {
        let mut demand = |is_required: bool, class: fn(char) -> bool, violation| {
            if is_required && !text.chars().any(class) {
                violations.push(violation);
            }
        };
        demand(
            self.require_uppercase,
            |c| c.general_category() == GeneralCategory::UppercaseLetter,
            PolicyViolation::MissingUppercase,
        );
        demand(
            self.require_lowercase,
            |c| c.general_category() == GeneralCategory::LowercaseLetter,
            PolicyViolation::MissingLowercase,
        );
        demand(
            self.require_digit,
            |c| c.general_category() == GeneralCategory::DecimalNumber,
            PolicyViolation::MissingDigit,
        );
        demand(
            self.require_special,
            is_special,
            PolicyViolation::MissingSpecial,
        );
    }
}

fn is_special(character: char) -> bool {
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol
    )
}

impl fmt::Debug for PasswordPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPolicy")
            .field("min_length", &self.min_length)
            .field("max_length", &self.max_length)
            .field("require_uppercase", &self.require_uppercase)
            .field("require_lowercase", &self.require_lowercase)
            .field("require_digit", &self.require_digit)
            .field("require_special", &self.require_special)
            .field("forbid", &self.forbid.len())
            .field("blocklist", &self.blocklist.is_some())
            .field("min_strength", &self.min_strength)
            .finish()
    }
}

/// Whether a context is long enough to count and occurs in the password; of an
/// e-mail address the local part counts too.
fn occurs(context: &str, lower_password: &str) -> bool {
    let context = context.trim().to_lowercase();
    let local = context.rsplit_once('@').map(|(local, _)| local);
    let mut words = std::iter::once(context.as_str()).chain(local);
    words
        .any(|word| word.chars().count() >= CONTEXT_CHARACTERS_MIN && lower_password.contains(word))
}

#[cfg(feature = "password-strength")]
fn strength(password: &str, context: &[&str]) -> u8 {
    zxcvbn::zxcvbn(password, context).score().into()
}

/// Without an estimate nothing is strong enough.
#[cfg(not(feature = "password-strength"))]
fn strength(_: &str, _: &[&str]) -> u8 {
    0
}

/// What is wrong with a new password. No text contains the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyViolation {
    /// Fewer characters than demanded.
    TooShort {
        /// Fewest characters.
        min: usize,
    },
    /// More characters than allowed, or than can be hashed.
    TooLong {
        /// Most characters; zero when only the bound of hashing applies.
        max: usize,
    },
    /// No upper-case letter.
    MissingUppercase,
    /// No lower-case letter.
    MissingLowercase,
    /// No decimal digit.
    MissingDigit,
    /// Neither punctuation nor a symbol.
    MissingSpecial,
    /// It contains the user's name or another fact about the account.
    ContainsContext,
    /// It is too common, or contains a word that is forbidden.
    Blocked,
    /// It is too easy to guess.
    TooWeak,
}

impl PolicyViolation {
    /// The stable code, for field errors.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::MissingUppercase => "missing_uppercase",
            Self::MissingLowercase => "missing_lowercase",
            Self::MissingDigit => "missing_digit",
            Self::MissingSpecial => "missing_special",
            Self::ContainsContext => "contains_context",
            Self::Blocked => "blocked",
            Self::TooWeak => "too_weak",
        }
    }
}

impl fmt::Display for PolicyViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { min } => write!(f, "use at least {min} characters"),
            Self::TooLong { max: 0 } => write!(f, "use at most {PASSWORD_BYTES_MAX} bytes"),
            Self::TooLong { max } => write!(f, "use at most {max} characters"),
            Self::MissingUppercase => f.write_str("use an upper-case letter"),
            Self::MissingLowercase => f.write_str("use a lower-case letter"),
            Self::MissingDigit => f.write_str("use a digit"),
            Self::MissingSpecial => f.write_str("use punctuation or a symbol"),
            Self::ContainsContext => f.write_str("do not use your name or address in it"),
            Self::Blocked => f.write_str("choose one that is not commonly used"),
            Self::TooWeak => f.write_str("choose one that is harder to guess"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(policy: &PasswordPolicy, password: &str, context: &[&str]) -> Vec<&'static str> {
        match policy.check(&SecretString::from(password), context) {
            Ok(()) => Vec::new(),
            Err(violations) => violations.iter().map(PolicyViolation::code).collect(),
        }
    }

    fn no_rules() -> PasswordPolicy {
        PasswordPolicy {
            min_length: 0,
            max_length: 0,
            require_uppercase: false,
            require_lowercase: false,
            require_digit: false,
            ..PasswordPolicy::default()
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let strict = PasswordPolicy {
            require_special: true,
            forbid: vec!["plumego".to_owned()],
            ..PasswordPolicy::default()
        };
        let all = [
            "too_short",
            "missing_uppercase",
            "missing_lowercase",
            "missing_digit",
            "missing_special",
        ];
        assert_eq!(codes(&strict, "", &[]), all);
        assert_eq!(codes(&strict, "Tr0ub4dor&3", &[]), [""; 0]);
        let words = ["contains_context", "blocked"];
        assert_eq!(codes(&strict, "Ada.PlumeGo-17", &["ada.plumego@x"]), words);
    }

    #[test]
    fn each_class_is_its_unicode_category() {
        let base = no_rules();
        let upper = PasswordPolicy {
            require_uppercase: true,
            ..base.clone()
        };
        let lower = PasswordPolicy {
            require_lowercase: true,
            ..base.clone()
        };
        let digit = PasswordPolicy {
            require_digit: true,
            ..base.clone()
        };
        let special = PasswordPolicy {
            require_special: true,
            ..base
        };
        for (policy, with, without) in [
            (upper, ["A", "É", "Σ"], ["aé1!", "ª", "漢字"]),
            (lower, ["a", "é", "σ"], ["AÉ1!", "漢字", "ǅ"]),
            (digit, ["1", "٣", "９"], ["aA!", "½", "Ⅷ"]),
            (special, ["!", "€", "—"], ["aA1", " ", "漢"]),
        ] {
            for password in with {
                assert!(codes(&policy, password, &[]).is_empty(), "{password}");
            }
            for password in without {
                assert_eq!(codes(&policy, password, &[]).len(), 1, "{password}");
            }
        }
    }

    #[test]
    fn lengths_are_characters() {
        let policy = PasswordPolicy {
            min_length: 4,
            max_length: 6,
            ..no_rules()
        };
        for (password, expected) in [
            ("äöü", &["too_short"][..]),
            ("äöüß", &[]),
            ("😀😀😀😀😀😀", &[]),
            ("😀😀😀😀😀😀😀", &["too_long"]),
        ] {
            assert_eq!(codes(&policy, password, &[]), expected, "{password}");
        }
        let longest = "😀".repeat(1024);
        let default = PasswordPolicy {
            min_length: 8,
            max_length: 1024,
            ..no_rules()
        };
        assert!(codes(&default, &longest, &[]).is_empty());
        assert!(longest.len() <= PASSWORD_BYTES_MAX);
        assert_eq!(codes(&default, &format!("{longest}x"), &[]), ["too_long"]);
        // Without a maximum the bound of hashing remains.
        let open = no_rules();
        assert!(codes(&open, &"x".repeat(PASSWORD_BYTES_MAX), &[]).is_empty());
        let longer = "x".repeat(PASSWORD_BYTES_MAX + 1);
        assert_eq!(codes(&open, &longer, &[]), ["too_long"]);
    }

    #[test]
    fn facts_about_the_account_may_not_occur() {
        let policy = no_rules();
        for (password, context, found) in [
            ("xxADA.lovelaceyy", &["Ada.Lovelace"][..], true),
            ("my-lovelace-17", &["lovelace@example.com"], true),
            ("lovelace@example.com", &["lovelace@example.com"], true),
            ("ada17", &["ada"], false),
            ("straße", &["STRASSE"], false),
            ("anything", &["", "  "], false),
            ("anything", &[], false),
        ] {
            let expected: &[&str] = if found { &["contains_context"] } else { &[] };
            assert_eq!(codes(&policy, password, context), expected, "{password}");
        }
    }

    #[test]
    fn the_modern_policy_is_about_length_and_lists() {
        let policy = PasswordPolicy::modern();
        policy.validate().unwrap();
        assert!(codes(&policy, "correct horse battery staple", &[]).is_empty());
        assert!(codes(&policy, "1qaz2wsx3edc", &[]).contains(&"blocked"));
        assert!(codes(&policy, "short", &[]).contains(&"too_short"));
        #[cfg(feature = "password-strength")]
        assert_eq!(codes(&policy, "aaaaaaaaaaaaaaaa", &[]), ["too_weak"]);
    }

    #[test]
    fn policies_that_refuse_everything_are_refused() {
        let is_refused = |policy: PasswordPolicy| policy.validate().is_err();
        assert!(!is_refused(PasswordPolicy::default()));
        assert!(is_refused(PasswordPolicy {
            min_length: 9,
            max_length: 8,
            ..no_rules()
        }));
        assert!(is_refused(PasswordPolicy {
            min_length: 5000,
            ..no_rules()
        }));
        assert!(is_refused(PasswordPolicy {
            forbid: vec![String::new()],
            ..no_rules()
        }));
        assert!(is_refused(PasswordPolicy {
            min_strength: Some(5),
            ..no_rules()
        }));
        let estimated = PasswordPolicy {
            min_strength: Some(2),
            ..no_rules()
        };
        let has_estimate = cfg!(feature = "password-strength");
        assert_eq!(estimated.validate().is_ok(), has_estimate);
        // And without an estimate it denies.
        #[cfg(not(feature = "password-strength"))]
        assert_eq!(
            codes(&estimated, "correct horse battery", &[]),
            ["too_weak"]
        );
    }

    #[test]
    fn no_violation_shows_the_password() {
        let policy = PasswordPolicy {
            min_length: 100,
            require_special: true,
            blocklist: Some(Arc::new(CommonPasswords)),
            ..PasswordPolicy::default()
        };
        let violations = policy
            .check(&SecretString::from("hunter2"), &["hunter2"])
            .unwrap_err();
        let shown: String = violations.iter().map(|v| format!("{v} {v:?}")).collect();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

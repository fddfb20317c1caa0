//! Which names are secret.

use std::{collections::BTreeSet, fmt};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words that make a name secret wherever they occur in it. Besides the common
/// spelling of compound words their other spellings stand here, because
/// `privateKey` is as secret as `private_key`.
const STANDARD_KEYS: [&str; 25] = [
    "token",
    "secret",
    "signature",
    "password",
    "passwd",
    "passphrase",
    "authorization",
    "cookie",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "private-key",
    "privatekey",
    "access_key",
    "access-key",
    "accesskey",
    "session_id",
    "session-id",
    "sessionid",
    "dsn",
    "connection_string",
    "connection-string",
    "connectionstring",
];

/// Names that contain such a word and are harmless.
const STANDARD_EXCEPTIONS: [&str; 8] = [
    "token_type",
    "token_count",
    "max_tokens",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "tokens_used",
    "password_policy",
];

/// The list of words and exceptions, all in lower case, with its automaton.
pub(super) struct KeyRules {
    keys: Vec<String>,
    exceptions: BTreeSet<String>,
    matcher: AhoCorasick,
}

impl KeyRules {
    pub(super) fn standard() -> Self {
        Self::empty()
            .extended(STANDARD_KEYS)
            .excepting(STANDARD_EXCEPTIONS)
    }

    pub(super) fn empty() -> Self {
        Self::new(Vec::new(), BTreeSet::new())
    }

    fn new(keys: Vec<String>, exceptions: BTreeSet<String>) -> Self {
        let matcher = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&keys)
            .or_else(|_| {
                AhoCorasick::builder()
                    .ascii_case_insensitive(true)
                    .build(&keys)
            })
            .expect("a list of names stays far below the automaton's limit of 2^31 states");
        Self {
            keys,
            exceptions,
            matcher,
        }
    }

    pub(super) fn extended<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        let mut all = self.keys.clone();
        for key in normalized(keys) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        Self::new(all, self.exceptions.clone())
    }

    pub(super) fn excepting<K: AsRef<str>>(&self, names: impl IntoIterator<Item = K>) -> Self {
        let mut exceptions = self.exceptions.clone();
        exceptions.extend(normalized(names));
        Self::new(self.keys.clone(), exceptions)
    }

    pub(super) fn weakness(&self) -> Option<String> {
        if self.keys.is_empty() {
            return Some("the list of secret names is empty".to_owned());
        }
        let exempt = self
            .keys
            .iter()
            .find(|key| self.exceptions.contains(*key))?;
        Some(format!(
            "the exception {exempt:?} is itself on the list of secret names"
        ))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        if name.is_ascii() {
            self.matcher.is_match(name) && !self.exceptions.contains(&name.to_ascii_lowercase())
        } else {
            let name = name.to_lowercase();
            self.matcher.is_match(&name) && !self.exceptions.contains(&name)
        }
    }
}

fn normalized<K: AsRef<str>>(names: impl IntoIterator<Item = K>) -> impl Iterator<Item = String> {
    names
        .into_iter()
        .map(|name| name.as_ref().trim().to_lowercase())
        .filter(|name| !name.is_empty())
}

impl fmt::Debug for KeyRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRules")
            .field("keys", &self.keys)
            .field("exceptions", &self.exceptions)
            .finish_non_exhaustive()
    }
}

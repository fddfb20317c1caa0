//! Environment variables, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Where environment variables come from.
pub trait EnvSource: Send + Sync {
    /// All of them, as they are now.
    fn variables(&self) -> Vec<(OsString, OsString)>;
}

/// The environment of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl EnvSource for ProcessEnv {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        std::env::vars_os().collect()
    }
}

/// These variables and no others.
impl<K, V> EnvSource for Vec<(K, V)>
where
    K: AsRef<OsStr> + Send + Sync,
    V: AsRef<OsStr> + Send + Sync,
{
    fn variables(&self) -> Vec<(OsString, OsString)> {
        self.iter()
            .map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()))
            .collect()
    }
}

/// Why a variable cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is set to something that is not text.
    #[error("environment variable {0} is not valid UTF-8")]
    NotUtf8(String),
    /// It has to be a number or word that it is not.
    #[error("invalid {name}: expected {expected}")]
    Invalid {
        /// The variable.
        name: String,
        /// What it has to be.
        expected: String,
    },
}

impl EnvError {
    /// A variable that has to be something else.
    #[must_use]
    pub fn expected(name: &str, expected: impl Into<String>) -> Self {
        Self::Invalid {
            name: name.to_owned(),
            expected: expected.into(),
        }
    }
}

/// The variables as they were when the runtime was built.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Reads all variables of a source.
    #[must_use]
    pub fn read(source: &dyn EnvSource) -> Self {
        let variables = source.variables().into_iter();
        Self {
            variables: variables.map(|(name, value)| (key(&name), value)).collect(),
        }
    }

    /// The value of a variable; names are compared exactly, on Windows without
    /// regard to case.
    ///
    /// # Errors
    ///
    /// The value is not text.
    pub fn get(&self, name: &str) -> Result<Option<&str>, EnvError> {
        match self.variables.get(&key(OsStr::new(name))) {
            None => Ok(None),
            Some(value) => match value.to_str() {
                Some(value) => Ok(Some(value)),
                None => Err(EnvError::NotUtf8(name.to_owned())),
            },
        }
    }

    /// Whether a variable is set to `1`, `true`, `yes` or `on`. What is not text
    /// is not among them.
    #[must_use]
    pub fn truthy(&self, name: &str) -> bool {
        self.get(name).ok().flatten().is_some_and(is_truthy)
    }

    /// A variable that has to be a whole number from `min` to `max`.
    ///
    /// # Errors
    ///
    /// It is set and not one; the message says `expected` then.
    pub fn number(
        &self,
        name: &str,
        min: u64,
        max: u64,
        expected: &str,
    ) -> Result<Option<u64>, EnvError> {
        let Some(text) = self.get(name)? else {
            return Ok(None);
        };
        let number = text
            .trim()
            .parse()
            .ok()
            .filter(|number| (min..=max).contains(number));
        number
            .map(Some)
            .ok_or_else(|| EnvError::expected(name, expected))
    }

    /// Names and values of all variables that are text, ascending by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.variables.iter();
        variables.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }
}

/// Whether a text says yes.
#[must_use]
pub fn is_truthy(text: &str) -> bool {
    ["1", "true", "yes", "on"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

fn key(name: &OsStr) -> OsString {
    if cfg!(windows) {
        name.to_ascii_uppercase()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::read(&variables.to_vec())
    }

    #[test]
    fn numbers_are_checked() {
        let env = environment(&[("A", " 7 "), ("B", "x"), ("C", "9")]);
        assert_eq!(env.number("A", 1, 8, "a number"), Ok(Some(7)));
        assert_eq!(env.number("Z", 1, 8, "a number"), Ok(None));
        let error = env.number("B", 1, 8, "integer >= 1").unwrap_err();
        assert_eq!(error.to_string(), "invalid B: expected integer >= 1");
        assert!(env.number("C", 1, 8, "a number").is_err());
    }

    #[test]
    fn only_four_words_say_yes() {
        let env = environment(&[("A", "YES"), ("B", "2"), ("C", "on"), ("D", "")]);
        assert!(env.truthy("A") && env.truthy("C"));
        assert!(!env.truthy("B") && !env.truthy("D") && !env.truthy("Z"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_an_error() {
        use std::os::unix::ffi::OsStrExt;
        let source = vec![(OsStr::new("A"), OsStr::from_bytes(b"\xff"))];
        let error = Environment::read(&source).get("A").unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable A is not valid UTF-8"
        );
    }
}

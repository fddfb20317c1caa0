use std::fmt;

use super::variables::Variable;

/// Who gave a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    EnvFile,
    Environment,
    Flag,
}

impl Origin {
    /// The name in the effective configuration.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::EnvFile => "env_file",
            Self::Environment => "env",
            Self::Flag => "flag",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Default, Self::EnvFile, Self::Environment, Self::Flag]
            .into_iter()
            .find(|origin| origin.as_str() == name)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::EnvFile => "env file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// A problem that has no value to blame.
    pub(super) fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// A problem with the value of a variable.
    pub(super) fn blame(&mut self, variable: &Variable, origin: Origin, what: impl fmt::Display) {
        let name = match origin {
            Origin::Flag => variable.flag_name(),
            _ => None,
        };
        let name = name.unwrap_or_else(|| variable.title());
        self.add(format!("{name} ({}): {what}", origin.title()));
    }

    /// The value, when nothing is wrong.
    pub(super) fn into_result<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    #[cfg(test)]
    pub(super) fn texts(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the configuration has {} problem{plural}:", self.0.len())?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

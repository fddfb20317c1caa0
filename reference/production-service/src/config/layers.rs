//! Where values come from, and which one counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

use config::{ConfigError, Map, Source, Value};

use super::cli::Flags;
use super::env_file;
use super::problem::{Origin, Problems};
use super::setting::{Setting, Text};
use super::variables::{Kind, VARIABLES, Variable, by_key};

/// Values of one origin, by key.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    origin: Origin,
    values: BTreeMap<&'static str, String>,
}

impl Layer {
    /// Leaves out what is empty and does not clear.
    pub(super) fn new(
        origin: Origin,
        values: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let says_something =
            |(key, value): &(&str, String)| !value.trim().is_empty() || by_key(key).is_clearable();
        Self {
            origin,
            values: values.into_iter().filter(says_something).collect(),
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let origin = self.origin.as_str().to_owned();
        let value = |text: &String| Value::new(Some(&origin), text.clone());
        let values = self.values.iter();
        Ok(values
            .map(|(key, text)| ((*key).to_owned(), value(text)))
            .collect())
    }
}

/// The variables of the environment that are ours.
pub(super) fn environment(
    read: &dyn Fn(&str) -> Option<OsString>,
    problems: &mut Problems,
) -> Layer {
    let mut values = Vec::new();
    for variable in VARIABLES {
        let Some(value) = variable.env.and_then(read) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => values.push((variable.key, value)),
            Err(_) => problems.blame(variable, Origin::Environment, "not valid UTF-8"),
        }
    }
    Layer::new(Origin::Environment, values)
}

/// What the env file says.
pub(super) struct EnvFile {
    pub(super) layer: Layer,
    pub(super) warnings: Vec<String>,
}

/// Reads the env file that the flags or the environment name, or the default
/// one, which alone may be absent.
pub(super) fn env_file(
    flags: &Flags,
    environment: &Layer,
    directory: &Path,
    problems: &mut Problems,
) -> EnvFile {
    let variable = by_key("env_file");
    let named = [
        (&flags.layer, Origin::Flag),
        (environment, Origin::Environment),
    ]
    .into_iter()
    .find_map(|(layer, origin)| Some((layer.get(variable.key)?, origin)));
    let (name, origin) = named.unwrap_or((variable.default, Origin::Default));
    let entries = match std::fs::read_to_string(directory.join(name)) {
        Ok(text) => env_file::parse(&text),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            Ok(env_file::Entries::default())
        }
        Err(error) => {
            problems.blame(variable, origin, format!("cannot read {name:?}: {error}"));
            Ok(env_file::Entries::default())
        }
    };
    let entries = entries.unwrap_or_else(|refused| {
        for what in refused {
            problems.add(format!("{name} {what}"));
        }
        env_file::Entries::default()
    });
    EnvFile {
        warnings: warnings(name, &entries),
        layer: Layer::new(Origin::EnvFile, ours(entries)),
    }
}

fn ours(mut entries: env_file::Entries) -> Vec<(&'static str, String)> {
    let values = VARIABLES
        .iter()
        .filter(|variable| variable.key != "env_file");
    values
        .filter_map(|variable| Some((variable.key, entries.values.remove(variable.env?)?)))
        .collect()
}

/// What is probably not meant. Values are never shown.
fn warnings(file: &str, entries: &env_file::Entries) -> Vec<String> {
    let repeated = entries
        .repeated
        .iter()
        .map(|(key, line)| format!("{file}: {key} is given more than once; line {line} counts"));
    let is_known = |key: &str| VARIABLES.iter().any(|variable| variable.env == Some(key));
    let unknown = entries
        .values
        .keys()
        .filter(|key| key.starts_with("APP_") && !is_known(key))
        .map(|key| format!("{file}: {key} is not a variable of this service"));
    repeated.chain(unknown).collect()
}

/// The values that count, with their origins.
#[derive(Debug)]
pub(super) struct Merged(config::Config);

/// Merges layers over the defaults; the last layer counts most.
pub(super) fn merge(layers: [Layer; 3], problems: &mut Problems) -> Merged {
    let defaults = VARIABLES
        .iter()
        .map(|variable| (variable.key, variable.default.to_owned()));
    let defaults = Layer {
        origin: Origin::Default,
        values: defaults.collect(),
    };
    let builder = [defaults]
        .into_iter()
        .chain(layers)
        .fold(config::Config::builder(), |builder, layer| {
            builder.add_source(layer)
        });
    Merged(builder.build().unwrap_or_else(|error| {
        problems.add(format!("the configuration cannot be merged: {error}"));
        config::Config::default()
    }))
}

impl Merged {
    /// Reads a value in the form of its variable; nothing when it is refused,
    /// which is noted.
    pub(super) fn read<T: Setting>(&self, key: &str, problems: &mut Problems) -> Option<T> {
        match self.0.get::<Text<T>>(key) {
            Ok(Text(value)) => Some(value),
            Err(_) => {
                let variable = by_key(key);
                let given = match variable.kind {
                    Kind::Secret => "***".to_owned(),
                    _ => format!("{:?}", shorten(&self.text(key))),
                };
                let what = format!("{given} is not {}", variable.form);
                problems.blame(variable, self.origin(key), what);
                None
            }
        }
    }

    /// The value as it was given.
    pub(super) fn text(&self, key: &str) -> String {
        self.0.get_string(key).unwrap_or_default()
    }

    /// Who gave the value.
    pub(super) fn origin(&self, key: &str) -> Origin {
        let config::ValueKind::Table(values) = &self.0.cache.kind else {
            return Origin::Default;
        };
        let origin = values.get(key).and_then(Value::origin);
        origin.and_then(Origin::parse).unwrap_or(Origin::Default)
    }

    fn shown(&self, variable: &Variable) -> String {
        let text = self.text(variable.key);
        match variable.kind {
            Kind::Secret if !text.is_empty() => "***".to_owned(),
            _ if text.contains(|c: char| c.is_whitespace() || matches!(c, '#' | '"' | '\'')) => {
                format!("{text:?}")
            }
            _ => text,
        }
    }
}

/// The effective configuration: one line per variable, secrets masked, each
/// with its source.
impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in VARIABLES.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let setting = format!("{}={}", variable.title(), self.shown(variable));
            write!(f, "{setting:<48} # {}", self.origin(variable.key).as_str())?;
        }
        Ok(())
    }
}

/// Enough of a value to recognise it.
fn shorten(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}

//! The configuration file.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value as Toml};

use crate::context::Ctx;
use crate::decode::{DataMode, Invalid, decode_data};
use crate::fault::Outcome;
use crate::heap::{list_of, map_of};
use crate::meta::{TypeDesc, well_known};
use crate::system::{EnvError, Environment};
use crate::value::Value;

/// Bytes of the file at most.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// What a configuration file holds.
#[derive(Debug, Default)]
pub struct ConfigFile {
    table: Table,
}

/// Why a configuration file was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Line, from 1; 0 when the file could not be read.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Why.
    pub reason: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.reason);
        }
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.reason
        )
    }
}

/// Reads the text of a configuration file.
///
/// # Errors
///
/// It is not TOML.
pub fn parse(text: &str) -> Result<ConfigFile, FileError> {
    match text.parse::<Table>() {
        Ok(table) => Ok(ConfigFile { table }),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start).min(text.len());
            let before = &text[..text.floor_char_boundary(offset)];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            Err(FileError {
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                reason: error.message().replace('\n', " "),
            })
        }
    }
}

impl ConfigFile {
    /// The file that the environment names, or `config.toml` in the directory; with
    /// what is to be said about it.
    ///
    /// # Errors
    ///
    /// It cannot be read or is not TOML.
    pub(super) fn load(
        directory: &Path,
        env: &Environment,
    ) -> Result<(Self, PathBuf, Vec<String>), (PathBuf, FileError)> {
        let named = env.get("FUSE_CONFIG");
        let named =
            named.map_err(|error: EnvError| (PathBuf::from("FUSE_CONFIG"), unreadable(error)))?;
        let shown = PathBuf::from(named.unwrap_or("config.toml"));
        let path = directory.join(&shown);
        let mut hints = Vec::new();
        let data = match std::fs::metadata(&path) {
            Ok(data) => data,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if named.is_some() {
                    let shown = shown.display();
                    hints.push(format!(
                        "config file {shown} not found; using environment and defaults"
                    ));
                }
                return Ok((Self::default(), shown, hints));
            }
            Err(error) => return Err((shown, unreadable(error))),
        };
        if data.len() > FILE_MAX {
            return Err((shown, unreadable("the file is larger than 16 MiB")));
        }
        if is_world_writable(&data) {
            hints.push(format!(
                "config file {} can be changed by everybody",
                shown.display()
            ));
        }
        let text =
            std::fs::read_to_string(&path).map_err(|error| (shown.clone(), unreadable(error)))?;
        match parse(&text) {
            Ok(file) => Ok((file, shown, hints)),
            Err(error) => Err((shown, error)),
        }
    }

    /// The value of a field as one of type `desc`, if the file has it. `redact` keeps
    /// what is there out of messages.
    ///
    /// # Errors
    ///
    /// A default or predicate faulted; inside, what is wrong with the value.
    pub fn decode(
        &self,
        ctx: &mut Ctx,
        block: &str,
        field: &str,
        desc: &'static TypeDesc,
        redact: bool,
    ) -> Outcome<Option<Result<Value, Invalid>>> {
        let Some(value) = self.get(block, field) else {
            return Ok(None);
        };
        let (data, root) = (to_data(value), format!("config.{block}.{field}"));
        let mode = if redact {
            DataMode::SecretFile
        } else {
            DataMode::File
        };
        decode_data(ctx, desc, data.peek(), mode, &root).map(Some)
    }

    /// The text of a field, if it is one.
    pub(super) fn text(&self, block: &str, field: &str) -> Option<&str> {
        self.get(block, field)?.as_str()
    }

    /// The value of a field, if the file has it.
    fn get(&self, block: &str, field: &str) -> Option<&Toml> {
        self.table.get(block)?.as_table()?.get(field)
    }

    /// The keys of a section.
    #[must_use]
    pub fn keys(&self, block: &str) -> Vec<&str> {
        let section = self.table.get(block).and_then(Toml::as_table);
        section
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
            .collect()
    }
}

fn unreadable(reason: impl fmt::Display) -> FileError {
    FileError {
        line: 0,
        column: 0,
        reason: reason.to_string(),
    }
}

#[cfg(unix)]
fn is_world_writable(data: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn is_world_writable(_: &std::fs::Metadata) -> bool {
    false
}

/// A value of the file as data. The depth is that of the TOML parser, which bounds it.
fn to_data(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::text(text),
        Toml::Integer(value) => Value::Int(*value),
        Toml::Float(value) => Value::Float(*value),
        Toml::Boolean(value) => Value::Bool(*value),
        Toml::Datetime(time) => Value::text(&time.to_string()),
        Toml::Array(items) => {
            Value::Ref(list_of(&well_known::LIST_VALUE, items.iter().map(to_data)))
        }
        Toml::Table(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| (Value::text(key), to_data(value)));
            Value::Ref(map_of(&well_known::MAP_VALUE, entries))
        }
    }
}

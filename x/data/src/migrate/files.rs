//! Steps from files: `<version>_<name>.up.sql` with an optional
//! `<version>_<name>.down.sql`, and `R__<name>.sql`.

use std::collections::BTreeMap;
use std::path::Path;

use super::step::SqlStep;

/// Why a directory is no list of steps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file or the directory cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// What.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A name fits no form.
    #[error("{name}: name it <version>_<name>.up.sql, <version>_<name>.down.sql or R__<name>.sql")]
    Name {
        /// The name.
        name: String,
    },
    /// Two steps have one version.
    #[error("{first} and {second} have the same version")]
    Duplicate {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A way back without a way forth.
    #[error("{name} has no .up.sql beside it")]
    DownOnly {
        /// The name.
        name: String,
    },
}

/// Reads the steps of a directory; files that do not end in `.sql` are passed
/// over.
///
/// # Errors
///
/// See [`FileError`].
pub fn read_directory(directory: &Path) -> Result<Vec<SqlStep>, FileError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| FileError::Read { path, source }
    };
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(failed(directory))? {
        let path = entry.map_err(failed(directory))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".sql") {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            files.push((name, text));
        }
    }
    read_files(files)
}

/// Reads steps from names and texts, from an embedded directory say.
///
/// # Errors
///
/// See [`FileError`]; nothing is read.
pub fn read_files<N, T>(files: impl IntoIterator<Item = (N, T)>) -> Result<Vec<SqlStep>, FileError>
where
    N: Into<String>,
    T: Into<String>,
{
    let mut files: Vec<(String, String)> = files
        .into_iter()
        .map(|(name, text)| (name.into(), text.into()))
        .collect();
    files.sort();
    let mut versions: BTreeMap<i64, (String, SqlStep)> = BTreeMap::new();
    let mut downs = Vec::new();
    let mut repeatable = Vec::new();
    for (file, text) in files {
        match parse(&file) {
            Some(FileName::Up(version, name)) => {
                let step = SqlStep::new(version, name).with_up(text);
                if let Some((first, _)) = versions.get(&version) {
                    return Err(FileError::Duplicate {
                        first: first.clone(),
                        second: file,
                    });
                }
                versions.insert(version, (file, step));
            }
            Some(FileName::Down(version)) => downs.push((version, file, text)),
            Some(FileName::Repeatable(name)) => {
                repeatable.push(SqlStep::repeatable(name).with_up(text));
            }
            None => return Err(FileError::Name { name: file }),
        }
    }
    for (version, file, text) in downs {
        let Some((_, step)) = versions.get_mut(&version) else {
            return Err(FileError::DownOnly { name: file });
        };
        *step = step.clone().with_down(text);
    }
    Ok(versions
        .into_values()
        .map(|(_, step)| step)
        .chain(repeatable)
        .collect())
}

enum FileName<'n> {
    Up(i64, &'n str),
    Down(i64),
    Repeatable(&'n str),
}

fn parse(file: &str) -> Option<FileName<'_>> {
    let stem = file.strip_suffix(".sql")?;
    if let Some(name) = stem.strip_prefix("R__") {
        return (!name.is_empty()).then_some(FileName::Repeatable(name));
    }
    let (stem, up) = match stem.strip_suffix(".up") {
        Some(stem) => (stem, true),
        None => (stem.strip_suffix(".down")?, false),
    };
    let (version, name) = stem.split_once('_')?;
    if name.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let version = version.parse().ok()?;
    Some(if up {
        FileName::Up(version, name)
    } else {
        FileName::Down(version)
    })
}

#[cfg(test)]
mod tests {
    use super::super::step::Step as _;
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let steps = read_files([
            ("R__views.sql", "v"),
            ("10_b.up.sql", "b"),
            ("2_a.up.sql", "a"),
            ("2_a.down.sql", "undo"),
        ])
        .unwrap();
        let names: Vec<_> = steps.iter().map(SqlStep::name).collect();
        assert_eq!(names, ["2_a", "10_b", "R__views"]);
        assert_eq!(steps[0].down(), Some("undo"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (files, part) in [
            (vec!["a.up.sql"], "name it"),
            (vec!["1_.up.sql"], "name it"),
            (vec!["-1_a.up.sql"], "name it"),
            (vec!["99999999999999999999_a.up.sql"], "name it"),
            (vec!["1_a.up.sql", "01_b.up.sql"], "same version"),
            (vec!["1_a.down.sql"], "no .up.sql"),
        ] {
            let error = read_files(files.iter().map(|name| (*name, "")))
                .unwrap_err()
                .to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_editor_changes_nothing() {
        let unix = SqlStep::new(1, "a").with_up("x;\ny;\n");
        let dos = SqlStep::new(1, "a").with_up("\u{FEFF}x;\r\ny;\r\n");
        assert_eq!(unix.checksum(), dos.checksum());
    }
}

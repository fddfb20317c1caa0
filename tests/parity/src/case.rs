//! Rows of the matrix as they stand in `cases/*.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;

use crate::backend::Backend;

/// One row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name in the matrix, such as `N-03`.
    pub id: String,
    /// The directory below `fixtures/` with the program; without it, `files`
    /// has a `main.fuse`.
    #[serde(default)]
    pub fixture: Option<String>,
    /// The command of `fuse`.
    #[serde(default = "run")]
    pub command: String,
    /// Arguments of the program, behind `--`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Flags of the command, before the program.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The whole environment, beside `PATH` and `HOME`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// More files in the working directory.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What the program reads.
    #[serde(default)]
    pub stdin: String,
    /// Lines of standard output after which its reader goes away.
    pub stdout_lines: Option<usize>,
    /// Arguments of runs before this one, in the same directory.
    #[serde(default)]
    pub before: Vec<Vec<String>>,
    /// The command of `fuse` for those, if it is another.
    pub before_command: Option<String>,
    /// A run after this one, in the same directory.
    pub after: Option<After>,
    /// A database file whose write lock is held when the program starts.
    pub lock: Option<Lock>,
    /// Whether the port in `PORT` is taken by another listener.
    #[serde(default)]
    pub port_taken: bool,
    /// Exchanges with a program that serves.
    #[serde(default)]
    pub requests: Vec<Exchange>,
    /// The signal that ends a program that serves: `SIGTERM`, unless said
    /// otherwise. `none` waits for it to end by itself.
    #[serde(default = "term")]
    pub signal: String,
    /// What is expected everywhere.
    #[serde(default)]
    pub expect: Expect,
    /// What is expected of executables instead.
    pub aot: Option<AotExpect>,
    /// Where the row runs; everywhere unless said otherwise.
    #[serde(default)]
    pub backends: Vec<Backend>,
}

fn run() -> String {
    "run".into()
}

fn term() -> String {
    "SIGTERM".into()
}

/// What executables are expected to show where they differ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AotExpect {
    /// Replaces the whole expectation.
    pub expect: Expect,
}

/// A run after the one that is checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The command of `fuse`, if it is another.
    pub command: Option<String>,
    /// Flags of the command, before the program.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Arguments of the program.
    #[serde(default)]
    pub args: Vec<String>,
    /// All it writes, in which `$TIME` stands for a time.
    pub stdout: String,
}

/// A write lock that somebody else holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The database, in the working directory.
    pub file: String,
    /// How long it is held after the program has started.
    pub milliseconds: u64,
}

/// What a run is expected to show. What is absent is expected to be empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// All of standard output.
    pub stdout: String,
    /// Texts somewhere in standard output, instead of all of it.
    pub stdout_contains: Vec<String>,
    /// The failure of the program, with status 1.
    pub error: Option<String>,
    /// How the failure begins.
    pub error_prefix: Option<String>,
    /// What stands in the failure.
    pub error_contains: Option<String>,
    /// The one line of standard error that is an envelope.
    pub envelope: Option<String>,
    /// How that line begins.
    pub envelope_prefix: Option<String>,
    /// All lines of standard error.
    pub stderr: Option<Vec<String>>,
    /// Texts somewhere in standard error.
    pub stderr_contains: Vec<String>,
    /// The last line of standard error.
    pub stderr_last: Option<String>,
    /// Standard error is so many objects, each with these members.
    pub stderr_json: Option<JsonLines>,
    /// One line of standard error is an object with these members.
    pub stderr_object: Option<BTreeMap<String, serde_json::Value>>,
    /// The exit status.
    pub exit: Option<i32>,
}

/// Lines that are JSON objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonLines {
    /// How many.
    pub lines: usize,
    /// Members that each has.
    pub members: Vec<String>,
}

/// One request and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// The target, as it is written on the wire.
    pub target: String,
    /// Headers beside `Host` and `Content-Length`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// Bytes of a body sent in chunks, instead of `body`.
    pub chunked_bytes: Option<usize>,
    /// Bytes of a header named `X-Large`.
    pub header_bytes: Option<usize>,
    /// How many times, at once on one connection for HTTP/2.
    #[serde(default = "one")]
    pub times: usize,
    /// `1.1` or `2`.
    #[serde(default = "http1")]
    pub http: String,
    /// Whether the connection of the request before is used again.
    #[serde(default)]
    pub reuse: bool,
    /// Sends the `ETag` of the answer before as `If-None-Match`.
    #[serde(default)]
    pub if_none_match: bool,
    /// The status of the answer.
    pub status: u16,
    /// Headers that the answer has, by name in lower case. A value of `*`
    /// means any; one that ends with `*` is a beginning.
    #[serde(default)]
    pub expect_headers: Vec<(String, String)>,
    /// Headers that the answer does not have.
    #[serde(default)]
    pub no_headers: Vec<String>,
    /// Texts that no header value is.
    #[serde(default)]
    pub no_values: Vec<String>,
    /// All of the answer's body, in which `$ID` stands for its request id.
    pub expect_body: Option<String>,
    /// Members of the answer's body, by JSON pointer; `*` means any.
    #[serde(default)]
    pub expect_members: BTreeMap<String, serde_json::Value>,
    /// Texts somewhere in the answer's body.
    #[serde(default)]
    pub body_contains: Vec<String>,
    /// Whether the connection is closed after the answer.
    #[serde(default)]
    pub closes: bool,
}

fn get() -> String {
    "GET".into()
}

fn http1() -> String {
    "1.1".into()
}

const fn one() -> usize {
    1
}

impl Case {
    /// The backends that the row runs on, of those that exist.
    #[must_use]
    pub fn backends(&self) -> Vec<Backend> {
        Backend::EXISTING
            .into_iter()
            .filter(|backend| self.backends.is_empty() || self.backends.contains(backend))
            .collect()
    }

    /// What is expected on a backend.
    #[must_use]
    pub fn expect_on(&self, backend: Backend) -> &Expect {
        match &self.aot {
            Some(aot) if backend == Backend::Aot => &aot.expect,
            _ => &self.expect,
        }
    }

    /// Its program, unless its files have one.
    #[must_use]
    pub fn program(&self) -> Option<PathBuf> {
        let fixture = self.fixture.as_ref()?;
        Some(root().join("fixtures").join(fixture).join("main.fuse"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// All rows, in the order of their files' names.
///
/// # Errors
///
/// When a file cannot be read, and when two rows have one name.
pub fn load() -> anyhow::Result<Vec<Case>> {
    let directory = root().join("cases");
    let mut files: Vec<PathBuf> = directory
        .read_dir()
        .with_context(|| format!("cannot read {}", directory.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        let file: File =
            toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
        cases.extend(file.case);
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = cases.iter().find(|case| !seen.insert(case.id.clone())) {
        anyhow::bail!("two rows are named {}", twice.id);
    }
    Ok(cases)
}

//! The runtime of one program.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::code::Code;
use crate::db::{self, Database};
use crate::meta::ProgramMeta;
use crate::patterns::Patterns;
use crate::system::{
    Clock, Entropy, EnvSource, Environment, ProcessEnv, Stdio, SystemClock, SystemEntropy,
};

/// Which backend runs the program, as logs and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BackendLabel {
    /// The interpreter.
    #[default]
    Ast,
    /// Compiled code, in the process or ahead of time.
    Native,
}

impl BackendLabel {
    /// The label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ast => "ast",
            Self::Native => "native",
        }
    }
}

/// Everything that a running program has to do with, shared by its threads.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    meta: &'static ProgramMeta,
    code: Box<dyn Code>,
    environment: Environment,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stdio: Stdio,
    directory: PathBuf,
    backend: BackendLabel,
    patterns: Patterns,
    database: Database,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("program", &self.0.meta.name)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime with the environment, clocks and streams of the process, to be
    /// changed before it is built.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// The program.
    #[must_use]
    pub fn meta(&self) -> &'static ProgramMeta {
        self.0.meta
    }

    /// The code of the program.
    #[must_use]
    pub fn code(&self) -> &dyn Code {
        &*self.0.code
    }

    /// The database, opened when it is used first.
    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// Runs the migrations that did not run yet, and tells each name when it is
    /// done.
    ///
    /// # Errors
    ///
    /// The first that failed; those before it stay. Or there is no database.
    pub fn migrate(
        &self,
        options: db::MigrateOptions<'_>,
        told: impl FnMut(&str),
    ) -> Result<db::MigrationReport, db::MigrationFailed> {
        db::migrate(self, options, told)
    }

    /// Ends the use of the database: what is under way is waited for, and its log
    /// is moved into the file. Nothing happens where it was not used.
    pub fn close_database(&self) {
        self.0.database.close();
    }

    /// Where every migration stands. Changes nothing.
    ///
    /// # Errors
    ///
    /// There is no database, or it cannot be read.
    pub fn migrations(&self) -> Result<Vec<db::MigrationStatus>, db::MigrationFailed> {
        db::status(self)
    }

    /// Whether messages may show values, and responses causes.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.0.environment.truthy("FUSE_DEV_MODE")
    }

    /// The environment variables.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The clocks.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The source of randomness.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.0.entropy
    }

    /// The standard streams.
    #[must_use]
    pub fn stdio(&self) -> &Stdio {
        &self.0.stdio
    }

    /// The directory that relative paths are looked up in.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// Compiled patterns.
    pub(crate) fn patterns(&self) -> &Patterns {
        &self.0.patterns
    }

    /// Which backend runs the program.
    #[must_use]
    pub fn backend(&self) -> BackendLabel {
        self.0.backend
    }
}

/// Collects what a [`Runtime`] is made of.
#[must_use = "a builder does nothing until `build` is called"]
pub struct RuntimeBuilder {
    environment: Arc<dyn EnvSource>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stdio: Option<Stdio>,
    directory: PathBuf,
    backend: BackendLabel,
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl Default for RuntimeBuilder {
    fn default() -> Self {
        Self {
            environment: Arc::new(ProcessEnv),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            stdio: None,
            directory: PathBuf::from("."),
            backend: BackendLabel::default(),
        }
    }
}

impl RuntimeBuilder {
    /// Sets where environment variables come from; by default the process.
    pub fn env(mut self, source: Arc<dyn EnvSource>) -> Self {
        self.environment = source;
        self
    }

    /// Sets the clocks; by default those of the system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of randomness; by default that of the system.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Sets the standard streams; by default those of the process.
    pub fn stdio(mut self, stdio: Stdio) -> Self {
        self.stdio = Some(stdio);
        self
    }

    /// Sets the directory that relative paths are looked up in; by default the
    /// working directory.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Sets which backend runs the program; by default the interpreter.
    pub fn backend(mut self, backend: BackendLabel) -> Self {
        self.backend = backend;
        self
    }

    /// Makes the runtime of a program.
    pub fn build(self, meta: &'static ProgramMeta, code: Box<dyn Code>) -> Runtime {
        let environment = Environment::read(&*self.environment);
        Runtime(Arc::new(Inner {
            meta,
            code,
            environment,
            clock: self.clock,
            entropy: self.entropy,
            stdio: self.stdio.unwrap_or_else(Stdio::process),
            directory: self.directory,
            backend: self.backend,
            patterns: Patterns::default(),
            database: Database::default(),
        }))
    }
}

//! The runtime of one program.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use plumego_log::{BuiltLogger, Logger};

use crate::assets::{Assets, Svg};
use crate::client::Client;
use crate::code::Code;
use crate::db::{self, Database};
use crate::error::Failure;
use crate::fault::{Fault, Outcome};
use crate::logging::{self, Journal};
use crate::meta::ProgramMeta;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::system::{
    Clock, Entropy, EnvError, EnvSource, Environment, ProcessEnv, Stdio, SystemClock, SystemEntropy,
};
use crate::task::Pool;
use crate::telemetry::{SpanSink, Telemetry};
use crate::value::Value;
use crate::{client, config, heap};

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

/// A runtime that this does not keep alive.
#[derive(Clone)]
pub(crate) struct WeakRuntime(Weak<Inner>);

impl WeakRuntime {
    /// The runtime, while it is there.
    pub(crate) fn upgrade(&self) -> Option<Runtime> {
        self.0.upgrade().map(Runtime)
    }
}

struct Inner {
    meta: &'static ProgramMeta,
    code: Box<dyn Code>,
    environment: Environment,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stdio: Stdio,
    directory: PathBuf,
    backend: BackendLabel,
    options: Options,
    started: Instant,
    patterns: Patterns,
    database: Database,
    config: config::Values,
    journal: Journal,
    assets: Assets,
    svg: Svg,
    telemetry: Telemetry,
    /// Whether a server runs.
    serving: AtomicBool,
    // Made when first used: a program that prints a line starts no thread for them.
    logger: OnceLock<BuiltLogger>,
    tasks: OnceLock<Pool>,
    client: OnceLock<Result<Client, String>>,
    client_settings: client::Settings,
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

    /// Says that a server runs, until the guard is dropped; nothing if one runs.
    pub(crate) fn begin_serving(&self) -> Option<Serving> {
        let free = !self.0.serving.swap(true, Ordering::AcqRel);
        free.then(|| Serving(self.clone()))
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

    /// What environment variables say about the runtime itself.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The monotonic time at which the runtime was made.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.0.started
    }

    /// The logger that the program logs through.
    #[must_use]
    pub fn logger(&self) -> &Arc<dyn Logger> {
        let built = self.0.logger.get_or_init(|| {
            let built = logging::logger(&self.0.options, &self.0.stdio, &self.0.clock);
            built.unwrap_or_else(|error| {
                // A program without logs is better than none, and says so once.
                self.0.stdio.error_line(&format!("log: {error}"));
                logging::silent()
            })
        });
        &built.logger
    }

    /// Waits until all log lines are written.
    pub fn flush_logs(&self) {
        if let Some(built) = self.0.logger.get() {
            logging::flush(&*built.logger);
        }
    }

    /// The last lines that were logged.
    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// The pool that runs tasks.
    #[must_use]
    pub fn tasks(&self) -> &Pool {
        self.0
            .tasks
            .get_or_init(|| Pool::new(self.0.options.task_workers, self.0.code.stack_bytes()))
    }

    /// What makes requests to other servers.
    ///
    /// # Errors
    ///
    /// The system gives no thread for it.
    pub(crate) fn client(&self) -> Outcome<&Client> {
        let client = self.0.client.get_or_init(|| {
            let client = Client::new(&self.0.client_settings);
            client.map_err(|error| format!("cannot start the HTTP client: {error}"))
        });
        client.as_ref().map_err(Fault::error)
    }

    /// What environment variables say about requests to other servers.
    pub(crate) fn client_settings(&self) -> &client::Settings {
        &self.0.client_settings
    }

    /// The value of a configuration field, by the positions of block and field.
    ///
    /// # Errors
    ///
    /// It has none: only while configuration is being resolved.
    pub fn config(&self, block: usize, field: usize) -> Outcome<Value> {
        self.0.config.get(block, field)
    }

    pub(crate) fn config_values(&self) -> &config::Values {
        &self.0.config
    }

    /// Resolves the configuration: from the environment, a file, or defaults. Done by
    /// [`run`](Self::run) and [`run_test`](Self::run_test).
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, or the fault of a default.
    pub fn resolve_config(&self) -> Result<(), Failure> {
        config::resolve(self)
    }

    /// What tasks did so far, if there were any.
    pub(crate) fn tasks_so_far(&self) -> Option<crate::task::Snapshot> {
        self.0.tasks.get().and_then(Pool::snapshot)
    }

    /// What is measured.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// The runtime, for what must not keep it alive.
    pub(crate) fn downgrade(&self) -> WeakRuntime {
        WeakRuntime(Arc::downgrade(&self.0))
    }

    /// The map of assets.
    pub(crate) fn assets(&self) -> &Assets {
        &self.0.assets
    }

    /// SVG files.
    pub(crate) fn svg(&self) -> &Svg {
        &self.0.svg
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

/// A server runs.
pub(crate) struct Serving(Runtime);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.0.serving.store(false, Ordering::Release);
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
    spans: Option<Arc<dyn SpanSink>>,
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
            spans: None,
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

    /// Sets who hears of spans: of requests, their handlers, tasks, and calls of
    /// the database and of other servers. By default nobody does, and none are
    /// made.
    pub fn spans(mut self, sink: Arc<dyn SpanSink>) -> Self {
        self.spans = Some(sink);
        self
    }

    /// Makes the runtime of a program. Nothing is started, opened or resolved.
    ///
    /// # Errors
    ///
    /// An environment variable that is about the runtime cannot be understood.
    pub fn build(
        self,
        meta: &'static ProgramMeta,
        code: Box<dyn Code>,
    ) -> Result<Runtime, EnvError> {
        let environment = Environment::read(&*self.environment);
        let stdio = self.stdio.unwrap_or_else(Stdio::process);
        let options = Options::read(&environment, &stdio)?;
        let client_settings = client::Settings::read(&environment, &self.directory)?;
        if options.heap_bytes_max.is_some() {
            heap::set_limit(options.heap_bytes_max);
        }
        let telemetry = Telemetry::new(self.spans, &self.entropy, &self.clock);
        Ok(Runtime(Arc::new(Inner {
            meta,
            code,
            environment,
            started: self.clock.instant(),
            clock: self.clock,
            entropy: self.entropy,
            stdio,
            directory: self.directory,
            backend: self.backend,
            options,
            patterns: Patterns::default(),
            database: Database::default(),
            config: config::Values::new(meta),
            journal: Journal::default(),
            assets: Assets::default(),
            svg: Svg::default(),
            telemetry,
            serving: AtomicBool::new(false),
            logger: OnceLock::new(),
            tasks: OnceLock::new(),
            client: OnceLock::new(),
            client_settings,
        })))
    }
}

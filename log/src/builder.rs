//! Builds loggers.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    Color, Delivery, Encoder, Fields, FileSink, Filter, FilterError, JsonEncoder, Level,
    LevelHandle, LogConfigError, LogFormat, LogGuard, Logger, Record, Redactor, Sampling,
    TextEncoder,
    base::{BaseLogger, Clock, Family, LineMaker},
    config::Problem,
    discard::{Discard, FatalHook},
    filter::Gate,
    limits,
    names::messages::LOG_RECORDS_DROPPED,
    prepare::{self, BaseFields, Changes, Layout},
    sample::Sampler,
    sink::{
        Route, Routes,
        nonblocking::{DropLine, Queue},
        outlet::{Ledger, Outlet, Reporter},
        stream::StreamSink,
    },
};

/// Describes a logger and builds it.
///
/// ```
/// use plumego_log::{LogBuilder, LogFormat, Level, LoggerExt, fields};
///
/// let built = LogBuilder::new().format(LogFormat::Json).level(Level::Debug).build()?;
/// built.logger.debug("ready", fields! { port = 8080 });
/// # Ok::<(), plumego_log::LogConfigError>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct LogBuilder {
    format: LogFormat,
    output: Output,
    error_output: Option<Output>,
    filter: Result<Filter, FilterError>,
    fields: Fields,
    verbosity: u8,
    respect_verbosity: bool,
    redactor: Redactor,
    delivery: Delivery,
    line_bytes_max: usize,
    sampling: Option<Sampling>,
    color: Color,
    location: bool,
    target: bool,
    process_id: u32,
    clock: Option<Clock>,
    fatal_hook: Option<FatalHook>,
    reporter: Reporter,
}

/// A destination as configured.
enum Output {
    /// Standard error for text, standard output for JSON.
    Standard,
    Writer(Box<dyn Write + Send>),
    File(FileSink),
}

impl Output {
    fn into_route(self, format: &LogFormat) -> Route {
        match self {
            Self::File(file) => Route::File(file),
            Self::Writer(writer) => Route::Stream(StreamSink::new(writer)),
            Self::Standard if matches!(format, LogFormat::Json) => {
                Route::Stream(StreamSink::standard(Box::new(io::stdout())))
            }
            Self::Standard => Route::Stream(StreamSink::standard(Box::new(io::stderr()))),
        }
    }
}

impl LogBuilder {
    /// Text to standard error, from [`Level::Info`] on, written by the caller.
    pub fn new() -> Self {
        Self {
            format: LogFormat::Text,
            output: Output::Standard,
            error_output: None,
            filter: Ok(Filter::default()),
            fields: Fields::new(),
            verbosity: 0,
            respect_verbosity: false,
            redactor: Redactor::standard(),
            delivery: Delivery::Sync,
            line_bytes_max: limits::LINE_BYTES_DEFAULT,
            sampling: None,
            color: Color::Never,
            location: false,
            target: false,
            process_id: std::process::id(),
            clock: None,
            fatal_hook: None,
            reporter: Reporter::stderr(),
        }
    }

    /// Sets how lines look; text by default.
    pub fn format(mut self, format: LogFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets where lines go; by default standard error for text and custom
    /// formats, standard output for JSON.
    pub fn output(mut self, output: impl Write + Send + 'static) -> Self {
        self.output = Output::Writer(Box::new(output));
        self
    }

    /// Sends lines to rotating files.
    pub fn file(mut self, sink: FileSink) -> Self {
        self.output = Output::File(sink);
        self
    }

    /// Sends `Error` and `Fatal` here instead of to the main output.
    pub fn error_output(mut self, output: impl Write + Send + 'static) -> Self {
        self.error_output = Some(Output::Writer(Box::new(output)));
        self
    }

    /// Sets the filter; `info` by default.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filter = Ok(filter.into());
        self
    }

    /// Sets the filter by its directives, such as `info,app::db=warn`; a bad one
    /// fails the build.
    pub fn directives(mut self, directives: &str) -> Self {
        self.filter = directives.parse();
        self
    }

    /// Sets the lowest level that is written, for every target.
    pub fn level(self, minimum: Level) -> Self {
        self.filter(minimum)
    }

    /// Sets fields that every record carries.
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = fields;
        self
    }

    /// Whether [`verbosity`](Self::verbosity) also has to allow `Debug` and `Trace`.
    pub fn respect_verbosity(mut self, on: bool) -> Self {
        self.respect_verbosity = on;
        self
    }

    /// Sets the verbosity: `Debug` needs 1, `Trace` needs 2, when respected.
    pub fn verbosity(mut self, verbosity: u8) -> Self {
        self.verbosity = verbosity;
        self
    }

    /// Replaces the redaction rules, usually by extended standard ones. Rules that
    /// redact nothing fail the build.
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Sets who writes; the caller by default.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Sets the longest line in bytes; 64 KiB by default, at least 1 KiB.
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.line_bytes_max = bytes;
        self
    }

    /// Thins out messages that repeat; off by default.
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Colours the level in text lines; off by default.
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// Whether JSON lines carry the call site as `file` and `line`; text lines
    /// always show it.
    pub fn json_location(mut self, on: bool) -> Self {
        self.location = on;
        self
    }

    /// Whether JSON lines carry the `target`.
    pub fn json_target(mut self, on: bool) -> Self {
        self.target = on;
        self
    }

    /// Sets the process id text lines show; by default that of this process.
    pub fn process_id(mut self, process_id: u32) -> Self {
        self.process_id = process_id;
        self
    }

    /// Sets the source of time; the system clock by default.
    pub fn now(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(now));
        self
    }

    /// Sets what runs at the end of a fatal call. A hook that returns is followed
    /// by the default, exit code 1.
    pub fn fatal_hook(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.fatal_hook = Some(Arc::new(hook));
        self
    }

    /// Sets who hears about the first failure of the output; by default a line on
    /// standard error.
    pub fn report_failure(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.reporter = Reporter::new(report);
        self
    }

    /// Builds the logger, the handle to its filter, and the guard of its output.
    ///
    /// # Errors
    ///
    /// A filter directive that does not parse, redaction rules that redact
    /// nothing, a line limit below 1 KiB, a queue without room, or a worker
    /// thread that cannot be started.
    pub fn build(self) -> Result<BuiltLogger, LogConfigError> {
        let filter = self.filter.clone().map_err(Problem::Filter)?;
        self.check()?;
        let verbosity = self.respect_verbosity.then_some(self.verbosity);
        let gate = Arc::new(Gate::new(filter, verbosity));
        let level = LevelHandle::new(Arc::clone(&gate));
        if matches!(self.format, LogFormat::Discard) {
            let logger = Arc::new(Discard {
                fatal_hook: self.fatal_hook,
            });
            return Ok(BuiltLogger {
                logger,
                level,
                guard: LogGuard::new(None),
            });
        }
        let (logger, outlet) = self.build_family(gate)?;
        Ok(BuiltLogger {
            logger,
            level,
            guard: LogGuard::new(Some(outlet)),
        })
    }

    fn check(&self) -> Result<(), Problem> {
        if let Some(weakness) = self.redactor.weakness() {
            return Err(Problem::Redaction { weakness });
        }
        if self.line_bytes_max < limits::LINE_BYTES_MIN {
            return Err(Problem::LineLimit {
                bytes: self.line_bytes_max,
            });
        }
        if matches!(self.delivery, Delivery::NonBlocking { capacity: 0, .. }) {
            return Err(Problem::NoQueue);
        }
        Ok(())
    }

    fn build_family(self, gate: Arc<Gate>) -> Result<(Arc<dyn Logger>, Arc<Outlet>), Problem> {
        let lines = self.line_maker();
        let routes = Routes {
            main: self.output.into_route(&self.format),
            error: self
                .error_output
                .map(|output| output.into_route(&self.format)),
        };
        let ledger = Arc::new(Ledger::new(self.reporter));
        let outlet = match self.delivery {
            Delivery::Sync => Outlet::direct(routes, ledger),
            Delivery::NonBlocking { capacity, overflow } => {
                let drop_line = drop_line(lines.clone(), self.clock.clone());
                let queue =
                    Queue::start(routes, Arc::clone(&ledger), capacity, overflow, drop_line)
                        .map_err(Problem::Worker)?;
                Outlet::queued(queue, ledger)
            }
        };
        let outlet = Arc::new(outlet);
        let (base, _) = BaseFields::default().extended(&self.fields, &self.redactor);
        let family = Arc::new(Family {
            gate,
            lines,
            outlet: Arc::clone(&outlet),
            redactor: self.redactor,
            sampler: self.sampling.map(Sampler::new),
            clock: self.clock,
            fatal_hook: self.fatal_hook,
        });
        Ok((Arc::new(BaseLogger { family, base }), outlet))
    }

    fn line_maker(&self) -> LineMaker {
        let (encoder, trusted): (Arc<dyn Encoder>, bool) = match &self.format {
            LogFormat::Json => {
                let json = JsonEncoder::new();
                (
                    Arc::new(json.with_location(self.location).with_target(self.target)),
                    true,
                )
            }
            LogFormat::Custom(encoder) => (Arc::clone(encoder), false),
            LogFormat::Text | LogFormat::Discard => {
                let text = TextEncoder::new().with_process_id(self.process_id);
                (Arc::new(text.with_color(self.is_coloured())), true)
            }
        };
        LineMaker {
            encoder,
            trusted,
            line_bytes_max: self.line_bytes_max,
        }
    }

    fn is_coloured(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => matches!(self.output, Output::Standard) && io::stderr().is_terminal(),
        }
    }
}

/// Encodes the line about dropped records in the format of the family.
fn drop_line(lines: LineMaker, clock: Option<Clock>) -> DropLine {
    Box::new(move |count| {
        let now = clock.as_ref().map_or_else(SystemTime::now, |clock| clock());
        let fields = Fields::new().with("count", count);
        let sets = [&fields];
        let record = Record::new(Level::Warn, LOG_RECORDS_DROPPED, now).with_target("plumego_log");
        let base = BaseFields::default();
        let layout = Layout {
            reserved: &[],
            error_chains: false,
        };
        let mut changes = Changes::default();
        let fields = prepare::prepare(&base, &sets, &Redactor::standard(), layout, &mut changes);
        let mut line = Vec::new();
        lines.write(&record, &fields, false, &mut line);
        line
    })
}

impl Default for LogBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBuilder")
            .field("format", &self.format)
            .field("filter", &self.filter)
            .field("fields", &self.fields)
            .field("delivery", &self.delivery)
            .field("line_bytes_max", &self.line_bytes_max)
            .field("sampling", &self.sampling)
            .finish_non_exhaustive()
    }
}

/// A logger with what belongs to it.
pub struct BuiltLogger {
    /// The logger.
    pub logger: Arc<dyn Logger>,
    /// Changes the filter at run time.
    pub level: LevelHandle,
    /// Flushes the output and stops its worker when dropped: keep it until the
    /// program ends.
    pub guard: LogGuard,
}

impl fmt::Debug for BuiltLogger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltLogger")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

//! The base loggers pass the suite that others have to pass.

use std::{io::Write, process::Command};

use plumego_log::{
    BuiltLogger, Fields, LogBuilder, LogFormat, LoggerExt,
    conformance::{Entry, Fixture, Setup, Subject, run},
};

use crate::support::{Sheet, parse_json, parse_text};

/// Asks a child process to end itself, and says with which format.
const FATAL_ROLE: &str = "PLUMEGO_LOG_TEST_FATAL";

struct Base {
    format: LogFormat,
    /// The test that plays both roles.
    test: &'static str,
}

impl Base {
    fn builder(&self, setup: Setup) -> LogBuilder {
        let report = setup.report;
        let mut builder = LogBuilder::new()
            .format(self.format.clone())
            .json_location(true)
            .filter(setup.filter)
            .fields(setup.fields)
            .respect_verbosity(setup.verbosity.is_some())
            .verbosity(setup.verbosity.unwrap_or(0))
            .redactor(setup.redactor)
            .delivery(setup.delivery)
            .report_failure(move |line| report(line));
        if let Some(hook) = setup.fatal_hook {
            builder = builder.fatal_hook(move || hook());
        }
        builder
    }

    fn is_json(&self) -> bool {
        matches!(self.format, LogFormat::Json)
    }
}

impl Subject for Base {
    fn name(&self) -> &str {
        self.test
    }

    fn build(&self, setup: Setup) -> Fixture {
        let sheet = Sheet::default();
        let BuiltLogger {
            logger,
            level,
            guard,
        } = self.builder(setup).output(sheet.clone()).build().unwrap();
        let parse = if self.is_json() {
            parse_json
        } else {
            parse_text
        };
        let entries = Box::new(move || parse(&sheet.text()));
        Fixture {
            logger,
            level: Some(level),
            entries,
            keep: Some(Box::new(guard)),
        }
    }

    fn build_on(
        &self,
        setup: Setup,
        output: Box<dyn Write + Send>,
        error_output: Option<Box<dyn Write + Send>>,
    ) -> Option<BuiltLogger> {
        let mut builder = self.builder(setup).output(output);
        if let Some(error_output) = error_output {
            builder = builder.error_output(error_output);
        }
        Some(builder.build().unwrap())
    }

    fn parse(&self, lines: &str) -> Result<Vec<Entry>, String> {
        if self.is_json() {
            parse_json(lines)
        } else {
            parse_text(lines)
        }
    }

    fn reserved_names(&self) -> &[&str] {
        if self.is_json() {
            &["time", "level", "msg", "file", "line"]
        } else {
            &[]
        }
    }

    fn fatal_in_child(&self) -> Option<(Option<i32>, String)> {
        Some(fatal_in_child(self.test))
    }
}

/// Runs one test again, as the process that ends.
fn fatal_in_child(test: &str) -> (Option<i32>, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FATAL_ROLE, "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn end_if_asked(format: &LogFormat) {
    if std::env::var_os(FATAL_ROLE).is_some() {
        let built = LogBuilder::new().format(format.clone()).build().unwrap();
        built.logger.fatal("ending", Fields::new());
    }
}

fn conforms(format: LogFormat, test: &'static str) {
    end_if_asked(&format);
    let report = run(&Base { format, test });
    assert!(report.passed(), "{report}");
    assert_eq!(
        report.held().len(),
        16,
        "every case applies to a base logger\n{report}"
    );
}

#[test]
fn text() {
    conforms(LogFormat::Text, "conformance::text");
}

#[test]
fn json() {
    conforms(LogFormat::Json, "conformance::json");
}

#[test]
fn a_discarding_logger_ends_the_process_without_a_word() {
    end_if_asked(&LogFormat::Discard);
    let test = "conformance::a_discarding_logger_ends_the_process_without_a_word";
    let (code, output) = fatal_in_child(test);
    assert_eq!(code, Some(1));
    assert!(!output.contains("ending"), "{output}");
}

//! The Plumego service with what a deployment needs: guarded, limited, and strict
//! about its settings. Copy it.

mod app;
mod config;
mod domain;
mod handler;
mod routes;
mod storage;

use std::io::{self, Write};
use std::process::ExitCode;

use config::Start;

/// The configuration cannot be used (`EX_CONFIG` of `sysexits.h`).
const EXIT_CONFIG: u8 = 78;

#[tokio::main]
async fn main() -> ExitCode {
    let start = match config::load() {
        Ok(start) => start,
        Err(problems) => return fail(EXIT_CONFIG, &problems),
    };
    match start {
        Start::Print(text) => print(&text),
        Start::Describe(config, description) => match app::describe(&config, &description) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(1, &error),
        },
        Start::Serve(config) => match app::serve(&config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.is_config() => fail(EXIT_CONFIG, &error),
            Err(error) => fail(1, &error),
        },
    }
}

fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

/// Says what is wrong, with the causes that the text does not have yet.
fn fail(code: u8, error: &dyn std::error::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        cause = error.source();
    }
    // When not even standard error can be written, the code has to do.
    let _ = writeln!(io::stderr(), "production-service: {text}");
    ExitCode::from(code)
}

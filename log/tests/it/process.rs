//! What happens to a whole process.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use plumego_log::{Fields, FileConfig, FileSink, LogBuilder, LogFormat, LoggerExt, fields};

use crate::{
    files::{log_files, logger_on},
    support::parse_json,
};

/// Where the child finds its directory.
const DIR: &str = "PLUMEGO_LOG_TEST_DIR";
/// Set for the child whose reader goes away.
const PIPE: &str = "PLUMEGO_LOG_TEST_PIPE";

fn spawn(test: &str, variable: &str, value: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(variable, value)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Rotates as fast as it can until it is killed.
fn rotate_forever(dir: PathBuf) -> ! {
    let config = FileConfig::new(dir)
        .with_program("victim")
        .with_max_size(500)
        .with_max_backups(None);
    let sink = FileSink::open(config).unwrap();
    let built = logger_on(&sink);
    for n in 0_u64.. {
        built.logger.info("rotating", fields! { n });
        if n == 200 {
            println!("going");
        }
    }
    unreachable!("a count never ends")
}

#[test]
fn a_process_killed_while_rotating_leaves_whole_records() {
    if let Some(dir) = std::env::var_os(DIR) {
        rotate_forever(dir.into());
    }
    let dir = tempfile::tempdir().unwrap();
    let test = "process::a_process_killed_while_rotating_leaves_whole_records";
    let mut child = spawn(test, DIR, dir.path().to_str().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().ends_with("going")),
        "the child never got going"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let text: String = log_files(dir.path()).into_values().collect();
    let entries = parse_json(&text).unwrap();
    assert!(entries.len() > 200);
    for (n, entry) in entries.iter().enumerate() {
        assert_eq!(
            entry.fields["n"],
            n.to_string(),
            "records are complete and in order"
        );
    }
    // The next run goes on in the same directory and may clean up after the dead.
    let config = FileConfig::new(dir.path())
        .with_program("victim")
        .with_max_backups(1);
    let sink = FileSink::open(config).unwrap();
    logger_on(&sink).logger.info("next run", Fields::new());
    assert_eq!(log_files(dir.path()).len(), 2);
}

/// Writes to standard output after its reader has gone, then says what happened.
#[expect(clippy::exit, reason = "the child has said what it had to say")]
fn write_to_closed_pipe() -> ! {
    let built = LogBuilder::new().format(LogFormat::Json).build().unwrap();
    eprintln!("ready");
    // Waits for the parent, which closes its ends in order.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    for _ in 0..3 {
        built.logger.info("nobody reads this", Fields::new());
    }
    let stats = built.logger.stats();
    eprintln!(
        "stats {} {} {}",
        stats.written, stats.write_errors, stats.dropped
    );
    std::process::exit(0)
}

#[test]
fn a_closed_pipe_stops_the_output_and_not_the_process() {
    if std::env::var_os(PIPE).is_some() {
        write_to_closed_pipe();
    }
    let test = "process::a_closed_pipe_stops_the_output_and_not_the_process";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PIPE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    while !stderr.contains("ready") {
        assert_ne!(
            errors.read_line(&mut stderr).unwrap(),
            0,
            "the child never got ready: {stderr}"
        );
    }
    drop(child.stdout.take());
    drop(child.stdin.take());
    errors.read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert_eq!(
        stderr.matches("log: failed to write log output").count(),
        1,
        "{stderr}"
    );
    assert!(stderr.contains("stats 0 1 2"), "{stderr}");
}

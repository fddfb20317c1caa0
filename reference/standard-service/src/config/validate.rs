//! From merged text to a configuration that holds.

use std::path::PathBuf;
use std::time::Duration;

use plumego_core::AppConfig;
use plumego_middleware::cors::CorsConfig;

use super::layers::Merged;
use super::problem::Problems;
use super::variables::by_key;
use super::{Config, Description, Start, TlsFiles};

/// Longest name of a service, in characters.
const SERVICE_NAME_CHARS_MAX: usize = 100;

/// Reads and checks every value, so that all problems are known at the end;
/// nothing when one could not be read.
pub(super) fn start(
    merged: &Merged,
    warnings: Vec<String>,
    problems: &mut Problems,
) -> Option<Start> {
    let description = description(merged, problems);
    let config = config(merged, warnings, problems).map(Box::new);
    Some(match description? {
        Some(description) => Start::Describe(config?, description),
        None => Start::Serve(config?),
    })
}

fn config(merged: &Merged, warnings: Vec<String>, problems: &mut Problems) -> Option<Config> {
    // Each is read before the first `?`, so that none hides another.
    let addr = address(merged, problems);
    let service_name = service_name(merged, problems);
    let debug = merged.read("debug", problems);
    let log_level = merged.read("log_level", problems);
    let log_format = merged.read("log_format", problems);
    let max_body_bytes = merged.read("max_body_bytes", problems);
    let write_key = merged.read("write_key", problems);
    let cors_allowed_origins = origins(merged, problems);
    let tls = tls(merged, problems);
    let shutdown_timeout = timeout(merged, "shutdown_timeout", problems);
    let request_timeout = timeout(merged, "request_timeout", problems);
    Some(Config {
        addr: addr?,
        service_name: service_name?,
        debug: debug?,
        log_level: log_level?,
        log_format: log_format?,
        max_body_bytes: max_body_bytes?,
        write_key: write_key?,
        cors_allowed_origins: cors_allowed_origins?,
        tls: tls?,
        shutdown_timeout: shutdown_timeout?,
        request_timeout: request_timeout?,
        warnings,
    })
}

/// The server knows which addresses it can listen on.
fn address(merged: &Merged, problems: &mut Problems) -> Option<String> {
    let addr = merged.read::<String>("addr", problems)?;
    match AppConfig::default().with_addr(&addr).validate() {
        Ok(()) => Some(addr),
        Err(refused) => {
            problems.blame(by_key("addr"), merged.origin("addr"), refused);
            None
        }
    }
}

fn service_name(merged: &Merged, problems: &mut Problems) -> Option<String> {
    let name = merged.read::<String>("service_name", problems)?;
    if name.chars().count() <= SERVICE_NAME_CHARS_MAX {
        return Some(name);
    }
    refuse(merged, "service_name", problems)
}

/// The layer that will use them knows which origins it can match.
fn origins(merged: &Merged, problems: &mut Problems) -> Option<Vec<String>> {
    const KEY: &str = "cors_allowed_origins";
    let origins = merged.read::<Vec<String>>(KEY, problems)?;
    if origins.is_empty() {
        return Some(origins);
    }
    match CorsConfig::strict(&origins) {
        Ok(_) => Some(origins),
        Err(refused) => {
            problems.blame(by_key(KEY), merged.origin(KEY), refused);
            None
        }
    }
}

fn tls(merged: &Merged, problems: &mut Problems) -> Option<Option<TlsFiles>> {
    let enabled = merged.read::<bool>("tls_enabled", problems)?;
    let cert_file = merged.read::<PathBuf>("tls_cert_file", problems)?;
    let key_file = merged.read::<PathBuf>("tls_key_file", problems)?;
    if !enabled {
        return Some(None);
    }
    let mut complete = true;
    for (key, file) in [("tls_cert_file", &cert_file), ("tls_key_file", &key_file)] {
        if file.as_os_str().is_empty() {
            problems.add(format!("{}: required with TLS", by_key(key).title()));
            complete = false;
        }
    }
    complete.then_some(Some(TlsFiles {
        cert_file,
        key_file,
    }))
}

fn timeout(merged: &Merged, key: &str, problems: &mut Problems) -> Option<Duration> {
    let timeout = merged.read::<Duration>(key, problems)?;
    if timeout.is_zero() {
        return refuse(merged, key, problems);
    }
    Some(timeout)
}

fn description(merged: &Merged, problems: &mut Problems) -> Option<Option<Description>> {
    let kind = merged.read("describe", problems)?;
    let out = merged.read::<PathBuf>("describe_out", problems)?;
    let Some(kind) = kind else { return Some(None) };
    if out.as_os_str().is_empty() {
        let title = by_key("describe_out").title();
        problems.add(format!("{title}: required with PLUMEGO_DESCRIBE"));
        return None;
    }
    Some(Some(Description { kind, out }))
}

/// A value that could be read but not used.
fn refuse<T>(merged: &Merged, key: &str, problems: &mut Problems) -> Option<T> {
    let variable = by_key(key);
    let what = format!("expected {}", variable.form);
    problems.blame(variable, merged.origin(key), what);
    None
}

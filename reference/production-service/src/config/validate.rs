//! From merged text to a configuration that holds.

use std::path::PathBuf;
use std::time::Duration;

use plumego_core::AppConfig;
use plumego_middleware::cors::CorsConfig;

use super::layers::Merged;
use super::problem::Problems;
use super::variables::by_key;
use super::{Config, Description, Start, TlsFiles, strict};

/// Longest name of a service, in characters.
const SERVICE_NAME_CHARS_MAX: usize = 100;

/// Longest label of an environment, in bytes.
const ENVIRONMENT_BYTES_MAX: usize = 32;

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
    let environment = environment(merged, problems);
    let service_name = service_name(merged, problems);
    let debug = merged.read("debug", problems);
    let log_level = merged.read("log_level", problems);
    let log_format = merged.read("log_format", problems);
    let body_limit_bytes = body_limit(merged, problems);
    let rate_limit = merged.read("rate_limit", problems);
    let rate_burst = merged.read("rate_burst", problems);
    let trusted_proxies = proxies(merged, problems);
    let api_token = merged.read("api_token", problems);
    let ops_token = merged.read("ops_token", problems);
    let profile_store_path = merged.read::<PathBuf>("profile_store_path", problems);
    let write_key = merged.read("write_key", problems);
    let cors_allowed_origins = origins(merged, problems);
    let tls = tls(merged, problems);
    let shutdown_timeout = timeout(merged, "shutdown_timeout", problems);
    let request_timeout = timeout(merged, "request_timeout", problems);
    let read_header_timeout = timeout(merged, "read_header_timeout", problems);
    let read_timeout = timeout(merged, "read_timeout", problems);
    let write_timeout = timeout(merged, "write_timeout", problems);
    let idle_timeout = timeout(merged, "idle_timeout", problems);
    let config = Config {
        environment: environment?,
        addr: addr?,
        service_name: service_name?,
        debug: debug?,
        log_level: log_level?,
        log_format: log_format?,
        body_limit_bytes: body_limit_bytes?,
        rate_limit: rate_limit?,
        rate_burst: rate_burst?,
        trusted_proxies: trusted_proxies?,
        api_token: api_token?,
        ops_token: ops_token?,
        profile_store_path: Some(profile_store_path?).filter(|path| !path.as_os_str().is_empty()),
        write_key: write_key?,
        cors_allowed_origins: cors_allowed_origins?,
        tls: tls?,
        shutdown_timeout: shutdown_timeout?,
        request_timeout: request_timeout?,
        read_header_timeout: read_header_timeout?,
        read_timeout: read_timeout?,
        write_timeout: write_timeout?,
        idle_timeout: idle_timeout?,
        warnings,
    };
    if config.is_production() {
        strict::check(&config, problems);
    }
    Some(config)
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

/// A label for people and dashboards, never more than one word.
fn environment(merged: &Merged, problems: &mut Problems) -> Option<String> {
    let label = merged.read::<String>("environment", problems)?;
    let is_word =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if label.len() <= ENVIRONMENT_BYTES_MAX && label.bytes().all(is_word) {
        return Some(label);
    }
    refuse(merged, "environment", problems)
}

fn body_limit(merged: &Merged, problems: &mut Problems) -> Option<u64> {
    match merged.read("body_limit_bytes", problems)? {
        0 => refuse(merged, "body_limit_bytes", problems),
        bytes => Some(bytes),
    }
}

/// The server knows which proxies it can tell from clients.
fn proxies(merged: &Merged, problems: &mut Problems) -> Option<Vec<String>> {
    const KEY: &str = "trusted_proxies";
    let proxies = merged.read::<Vec<String>>(KEY, problems)?;
    match AppConfig::default()
        .with_trusted_proxies(&proxies)
        .validate()
    {
        Ok(()) => Some(proxies),
        Err(refused) => {
            problems.blame(by_key(KEY), merged.origin(KEY), refused);
            None
        }
    }
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

//! Every problem of a configuration, in one go.

use std::fmt;
use std::path::Path;

use super::{AppConfig, Http2Config, TlsConfig, TlsReload};
use crate::client::TrustedPeer;
use crate::listen::Address;
use crate::tls::sni;

/// Smallest useful request head.
const HEADER_BYTES_MIN: usize = 4096;
/// Bounds of a frame and of a window (RFC 9113 sections 6.5.2 and 6.9.1).
const FRAME_BYTES: std::ops::RangeInclusive<u32> = 16_384..=16_777_215;
const WINDOW_BYTES_MAX: u32 = 2_147_483_647;

/// All problems of an [`AppConfig`]; at least one.
///
/// ```
/// use plumego_core::AppConfig;
///
/// let config = AppConfig::default().with_addr(" ").with_max_header_bytes(1);
/// let problems = config.validate().unwrap_err();
/// assert_eq!(
///     problems.iter().collect::<Vec<_>>(),
///     ["server address cannot be empty", "max header bytes must be at least 4096"]
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    /// The problems, in the order of the fields.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

pub(super) fn validate(config: &AppConfig) -> Result<(), ConfigErrors> {
    let mut problems = Vec::new();
    check_address(&config.addr, &mut problems);
    if let Some(tls) = &config.tls {
        check_tls(tls, &mut problems);
    }
    check_limits(config, &mut problems);
    check_http2(&config.http2, &mut problems);
    for proxy in &config.trusted_proxies {
        if TrustedPeer::parse(proxy).is_none() {
            problems.push(format!("trusted proxy {proxy:?} is not an IP network"));
        }
    }
    if config.errors.expose_internal && !config.development {
        problems.push("expose_internal requires development".to_owned());
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ConfigErrors(problems))
    }
}

fn check_address(addr: &str, problems: &mut Vec<String>) {
    if addr.trim().is_empty() {
        problems.push("server address cannot be empty".to_owned());
    } else if let Err(why) = Address::parse(addr) {
        problems.push(format!("server address {addr:?} is invalid: {why}"));
    }
}

fn check_tls(tls: &TlsConfig, problems: &mut Vec<String>) {
    if tls.custom.is_some() {
        if tls.reload != TlsReload::Off {
            problems.push("TLS reload needs certificate files, not a custom config".to_owned());
        }
        return;
    }
    if is_blank(&tls.cert_file) || is_blank(&tls.key_file) {
        problems.push("TLS enabled but certificate or key file not provided".to_owned());
    }
    for extra in &tls.extra {
        let name = &extra.server_name;
        if sni::Pattern::parse(name).is_none() {
            problems.push(format!("TLS server name {name:?} is invalid"));
        }
        if is_blank(&extra.cert_file) || is_blank(&extra.key_file) {
            problems.push(format!(
                "TLS server name {name:?}: certificate or key file not provided"
            ));
        }
    }
    if tls.client_auth.ca_file().is_some_and(is_blank) {
        problems.push("TLS client authentication without a CA file".to_owned());
    }
    if matches!(tls.reload, TlsReload::Every(pause) if pause.is_zero()) {
        problems.push("TLS reload interval must not be zero".to_owned());
    }
}

fn check_limits(config: &AppConfig, problems: &mut Vec<String>) {
    if (1..HEADER_BYTES_MIN).contains(&config.max_header_bytes) {
        problems.push(format!(
            "max header bytes must be at least {HEADER_BYTES_MIN}"
        ));
    }
    if !config.read_timeout.is_zero() && config.read_header_timeout > config.read_timeout {
        problems.push("read header timeout must not exceed read timeout".to_owned());
    }
}

fn check_http2(http2: &Http2Config, problems: &mut Vec<String>) {
    if !FRAME_BYTES.contains(&http2.max_frame_bytes) {
        problems.push("http2 max frame bytes must be from 16384 to 16777215".to_owned());
    }
    let windows = [
        http2.initial_stream_window_bytes,
        http2.initial_connection_window_bytes,
    ];
    if windows.iter().any(|window| *window > WINDOW_BYTES_MAX) {
        problems.push("http2 windows must be at most 2147483647 bytes".to_owned());
    }
}

fn is_blank(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.trim().is_empty())
}

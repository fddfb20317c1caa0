//! Configuration: defaults, setters, and every message of its check.

use std::time::Duration;

use plumego_contract::ErrorRendering;
use plumego_core::{
    AppConfig, ClientAuth, ForwardingHeader, Http2Config, Http2Policy, SniCertificate,
    SocketConfig, TlsConfig, TlsReload, TlsVersion,
};

const ZERO: Duration = Duration::ZERO;

fn problems(config: &AppConfig) -> Vec<String> {
    match config.validate() {
        Ok(()) => Vec::new(),
        Err(problems) => problems.iter().map(str::to_owned).collect(),
    }
}

fn only_problem(config: AppConfig, text: &str) {
    assert_eq!(problems(&config), [text], "{config:?}");
}

#[test]
fn defaults() {
    let config = AppConfig::default();
    let secs = Duration::from_secs;
    assert_eq!(config.addr, ":8080");
    assert!(config.tls.is_none());
    assert!(config.router.method_not_allowed && config.router.head_from_get);
    assert_eq!(config.read_header_timeout, secs(5));
    assert_eq!(config.read_timeout, secs(30));
    assert_eq!(config.write_timeout, secs(30));
    assert_eq!(config.idle_timeout, secs(60));
    assert_eq!(config.max_header_bytes, 65_536);
    assert_eq!(config.max_headers, 100);
    assert_eq!(config.max_uri_bytes, 8_192);
    assert_eq!(config.max_connections, 10_000);
    assert_eq!(config.drain_delay, ZERO);
    assert_eq!(config.drain_interval, Duration::from_millis(500));
    assert_eq!(config.shutdown_timeout, secs(30));
    assert!(config.trusted_proxies.is_empty());
    assert_eq!(config.forwarding_header, ForwardingHeader::XForwardedFor);
    assert!(config.request_id.trust_inbound);
    assert!(!config.errors.expose_internal);
    assert!(!config.development);
    assert_eq!(
        config.socket,
        SocketConfig::default()
            .with_backlog(1024)
            .with_nodelay(true)
            .with_reuse_port(false)
            .with_unix_mode(0o600)
    );
    assert_eq!(
        config.http2,
        Http2Config::default()
            .with_policy(Http2Policy::Alpn)
            .with_max_concurrent_streams(256)
            .with_initial_stream_window_bytes(1 << 20)
            .with_initial_connection_window_bytes(2 << 20)
            .with_max_frame_bytes(16 << 10)
            .with_keep_alive_interval(secs(20))
            .with_keep_alive_timeout(secs(20))
            .with_max_pending_accept_resets(20)
            .with_max_local_error_resets(1024)
            .with_extended_connect(true)
    );
    let tls = TlsConfig::new("c", "k");
    assert_eq!(tls.min_version, TlsVersion::V1_2);
    assert_eq!(tls.reload, TlsReload::Off);
    assert_eq!(tls.client_auth, ClientAuth::None);
    assert!(tls.extra.is_empty());
    assert!(config.validate().is_ok());
}

#[test]
fn a_setter_changes_its_field_and_a_copy_is_independent() {
    let original = AppConfig::default();
    let changed = original
        .clone()
        .with_addr("localhost:1")
        .with_max_headers(7)
        .with_trusted_proxies(["10.0.0.0/8"])
        .with_development(true);
    assert_eq!(changed.addr, "localhost:1");
    assert_eq!(changed.max_headers, 7);
    assert_eq!(changed.trusted_proxies, ["10.0.0.0/8"]);
    assert!(changed.development);
    assert_eq!(original.addr, ":8080");
    assert!(original.trusted_proxies.is_empty());
}

#[test]
fn addresses() {
    for blank in ["", " ", "\t"] {
        let config = AppConfig::default().with_addr(blank);
        only_problem(config, "server address cannot be empty");
    }
    only_problem(
        AppConfig::default().with_addr("localhost"),
        "server address \"localhost\" is invalid: expected host:port, with a port",
    );
    for good in [
        ":0",
        "0.0.0.0:80",
        "[::]:80",
        "unix:/run/x.sock",
        "fd:3",
        "systemd:",
    ] {
        assert!(
            problems(&AppConfig::default().with_addr(good)).is_empty(),
            "{good}"
        );
    }
}

#[test]
fn limits() {
    let config = AppConfig::default;
    only_problem(
        config().with_max_header_bytes(4095),
        "max header bytes must be at least 4096",
    );
    only_problem(
        config().with_read_timeout(Duration::from_secs(4)),
        "read header timeout must not exceed read timeout",
    );
    only_problem(
        config().with_http2(Http2Config::default().with_max_frame_bytes(16_383)),
        "http2 max frame bytes must be from 16384 to 16777215",
    );
    only_problem(
        config().with_http2(Http2Config::default().with_initial_stream_window_bytes(u32::MAX)),
        "http2 windows must be at most 2147483647 bytes",
    );
}

#[test]
fn zero_switches_a_limit_off_or_means_the_default() {
    let config = AppConfig::default()
        .with_read_header_timeout(ZERO)
        .with_read_timeout(ZERO)
        .with_write_timeout(ZERO)
        .with_idle_timeout(ZERO)
        .with_max_header_bytes(0)
        .with_max_headers(0)
        .with_max_uri_bytes(0)
        .with_max_connections(0)
        .with_drain_delay(ZERO)
        .with_drain_interval(ZERO)
        .with_shutdown_timeout(ZERO);
    assert!(config.validate().is_ok());
    let only_total_off = AppConfig::default().with_read_timeout(ZERO);
    assert!(only_total_off.validate().is_ok());
}

#[test]
fn trusted_proxies() {
    let config = AppConfig::default().with_trusted_proxies(["10.0.0.0/8", "::1", "unix"]);
    assert!(config.validate().is_ok());
    only_problem(
        AppConfig::default().with_trusted_proxies(["10.0.0.0/8", "proxy.internal"]),
        "trusted proxy \"proxy.internal\" is not an IP network",
    );
}

#[test]
fn causes_are_shown_in_development_only() {
    let config =
        AppConfig::default().with_errors(ErrorRendering::default().with_expose_internal(true));
    assert!(config.clone().with_development(true).validate().is_ok());
    only_problem(config, "expose_internal requires development");
}

#[test]
fn tls_material_must_be_named() {
    let with = |tls| AppConfig::default().with_tls(tls);
    let missing = "TLS enabled but certificate or key file not provided";
    only_problem(with(TlsConfig::default()), missing);
    only_problem(with(TlsConfig::new("cert.pem", " \t")), missing);
    only_problem(with(TlsConfig::new("", "key.pem")), missing);
    let named = TlsConfig::new("cert.pem", "key.pem");
    assert!(with(named.clone()).validate().is_ok());
    only_problem(
        with(
            named
                .clone()
                .with_extra(SniCertificate::new("bad name", "c", "k")),
        ),
        "TLS server name \"bad name\" is invalid",
    );
    only_problem(
        with(
            named
                .clone()
                .with_extra(SniCertificate::new("a.example", "c", "")),
        ),
        "TLS server name \"a.example\": certificate or key file not provided",
    );
    only_problem(
        with(
            named
                .clone()
                .with_client_auth(ClientAuth::Required("".into())),
        ),
        "TLS client authentication without a CA file",
    );
    only_problem(
        with(named.with_reload(TlsReload::Every(ZERO))),
        "TLS reload interval must not be zero",
    );
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_fields() {
    let config = AppConfig::default()
        .with_addr("")
        .with_tls(TlsConfig::default())
        .with_max_header_bytes(1)
        .with_read_timeout(Duration::from_secs(1))
        .with_trusted_proxies(["x", "y"])
        .with_errors(ErrorRendering::default().with_expose_internal(true));
    let all = problems(&config);
    assert_eq!(
        all,
        [
            "server address cannot be empty",
            "TLS enabled but certificate or key file not provided",
            "max header bytes must be at least 4096",
            "read header timeout must not exceed read timeout",
            "trusted proxy \"x\" is not an IP network",
            "trusted proxy \"y\" is not an IP network",
            "expose_internal requires development",
        ]
    );
    assert_eq!(config.validate().unwrap_err().to_string(), all.join("; "));
}

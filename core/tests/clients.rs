//! Clients that others wrote: curl, nghttp and h2load. `cargo xtask setup`
//! installs them; without them these tests fail and say so.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "server/harness.rs"]
mod harness;

use std::process::Command;

use harness::{basic, config, start};
use plumego_core::{Http2Policy, TlsConfig};
use plumego_testkit::certificates::self_signed;

/// Runs a client off the runtime's workers and returns what it printed.
async fn run(program: &'static str, arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(program)
            .args(&arguments)
            .output()
            .unwrap_or_else(|e| panic!("{program}: {e}; install it with `cargo xtask setup`"))
    });
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed: {text}{errors}");
    text
}

const FACTS: &str = "%{http_version} %{http_code} %{content_type}";

#[tokio::test(flavor = "multi_thread")]
async fn curl_speaks_every_version_in_clear_text() {
    let mut config = config();
    config.http2.policy = Http2Policy::AlpnAndPriorKnowledge;
    let server = start(config, basic).await;
    let url = format!("http://{}/", server.address);
    for (flag, version) in [
        ("--http1.0", "1"),
        ("--http1.1", "1.1"),
        ("--http2-prior-knowledge", "2"),
        // An upgrade from HTTP/1.1 is not served: the client stays with it.
        ("--http2", "1.1"),
    ] {
        let printed = run("curl", &["-sS", flag, "-w", FACTS, &url]).await;
        let expected = format!("\"hello\"{version} 200 application/json");
        assert_eq!(printed, expected, "{flag}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_and_nghttp_negotiate_over_tls() {
    let certificate = self_signed(&["localhost"]);
    let files = tempfile::tempdir().unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&cert, &certificate.cert_pem).unwrap();
    std::fs::write(&key, &certificate.key_pem).unwrap();
    let config = config().with_tls(TlsConfig::new(&cert, &key));
    let server = start(config, basic).await;
    let url = format!("https://localhost:{}/echo", server.address.port());
    let ca = cert.to_str().unwrap();
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let data = [
            "-sS",
            flag,
            "--cacert",
            ca,
            "-d",
            "over tls",
            "-w",
            "|%{http_version}",
            &url,
        ];
        let resolve = format!("localhost:{}:127.0.0.1", server.address.port());
        let mut arguments = vec!["--resolve", &resolve];
        arguments.extend(data);
        assert_eq!(run("curl", &arguments).await, format!("over tls|{version}"));
    }
    let printed = run("nghttp", &["-v", "-n", &url]).await;
    assert!(printed.contains(":status: 405"), "{printed}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h2load_gets_every_answer() {
    let mut config = config();
    config.http2.policy = Http2Policy::AlpnAndPriorKnowledge;
    let server = start(config, basic).await;
    let url = format!("http://{}/", server.address);
    let printed = run("h2load", &["-n", "4000", "-c", "8", "-m", "32", &url]).await;
    assert!(
        printed.contains("4000 succeeded, 0 failed, 0 errored, 0 timeout"),
        "{printed}"
    );
    let printed = run("h2load", &["--h1", "-n", "2000", "-c", "8", &url]).await;
    assert!(
        printed.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"),
        "{printed}"
    );
    server.stop().await;
}

//! TLS on real sockets: protocols, identities, reload.

use std::path::PathBuf;
use std::time::Duration;

use plumego_contract::{Json, Request, RequestScope};
use plumego_core::{AppConfig, ClientAuth, Http2Policy, SniCertificate, TlsConfig, TlsReload};
use plumego_testkit::certificates::{
    TestCertificate, client_authority, client_config, self_signed,
};
use plumego_testkit::http1::{RawClient, get};
use plumego_testkit::http2::Http2Client;
use plumego_testkit::until;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::harness::{basic, config, start};

struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, certificate: &TestCertificate) -> (PathBuf, PathBuf) {
        let cert = self.dir.path().join(format!("{name}.pem"));
        let key = self.dir.path().join(format!("{name}.key"));
        std::fs::write(&key, &certificate.key_pem).unwrap();
        std::fs::write(&cert, &certificate.cert_pem).unwrap();
        (cert, key)
    }

    fn config(&self, certificate: &TestCertificate) -> (AppConfig, TlsConfig) {
        let (cert, key) = self.write("server", certificate);
        (config(), TlsConfig::new(cert, key))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alpn_chooses_the_protocol() {
    let (files, certificate) = (Files::new(), self_signed(&["localhost"]));
    let (config, tls) = files.config(&certificate);
    let server = start(config.with_tls(tls), |app| {
        app.get("/tls", tls_facts).unwrap();
    })
    .await;
    let connector = TlsConnector::from(client_config(&certificate, &["h2", "http/1.1"], None));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let client = Http2Client::over(stream).await.unwrap();
    let response = client.get("https://localhost/tls").await.unwrap();
    assert_eq!(response.body(), r#"["https","TLSv1.3","h2","localhost"]"#);
    let old = client_config(&certificate, &[], None);
    let mut old = RawClient::connect_tls(server.address, "localhost", old)
        .await
        .unwrap();
    let response = old.exchange(get("/tls")).await;
    assert_eq!(response.text(), r#"["https","TLSv1.3","","localhost"]"#);
    drop((client, old));
    server.stop().await;
}

async fn tls_facts(request: Request) -> Json<[String; 4]> {
    let scope = RequestScope::of(&request).expect("a server");
    let tls = scope.client().tls().cloned().unwrap_or_default();
    Json([
        scope.client().scheme().as_str().to_owned(),
        tls.version,
        tls.alpn.unwrap_or_default(),
        tls.server_name.unwrap_or_default(),
    ])
}

#[tokio::test]
async fn http2_off_falls_back_to_http_11() {
    let (files, certificate) = (Files::new(), self_signed(&["localhost"]));
    let (mut config, tls) = files.config(&certificate);
    config.http2.policy = Http2Policy::Off;
    let server = start(config.with_tls(tls), basic).await;
    let offer = client_config(&certificate, &["h2", "http/1.1"], None);
    let mut client = RawClient::connect_tls(server.address, "localhost", offer)
        .await
        .unwrap();
    assert_eq!(client.exchange(get("/")).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_cut() {
    let (files, certificate) = (Files::new(), self_signed(&["localhost"]));
    let (config, tls) = files.config(&certificate);
    let config = config
        .with_tls(tls)
        .with_read_header_timeout(Duration::from_millis(80));
    let server = start(config, basic).await;
    let mut silent = RawClient::connect(server.address).await;
    silent.closed().await;
    let mut clear = RawClient::connect(server.address).await;
    clear.send(get("/")).await.unwrap();
    clear.closed().await;
    let log = server.log.clone();
    until("both failures", || async {
        log.with_message("tls handshake failed").len() == 2
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn names_choose_the_certificate() {
    let (files, first) = (Files::new(), self_signed(&["one.test"]));
    let second = self_signed(&["two.test"]);
    let (config, tls) = files.config(&first);
    let (cert, key) = files.write("second", &second);
    let tls = tls.with_extra(SniCertificate::new("two.test", cert, key));
    let server = start(config.with_tls(tls), basic).await;
    for (root, name) in [(&first, "one.test"), (&second, "two.test")] {
        let trust = client_config(root, &[], None);
        let mut client = RawClient::connect_tls(server.address, name, trust)
            .await
            .unwrap();
        assert_eq!(client.exchange(get("/")).await.status, 200, "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn client_certificates_are_asked_for_and_shown() {
    let (files, certificate) = (Files::new(), self_signed(&["localhost"]));
    let (authority, identity) = client_authority();
    let (config, tls) = files.config(&certificate);
    let (ca, _) = files.write("ca", &authority);
    let tls = tls.with_client_auth(ClientAuth::Required(ca));
    let server = start(config.with_tls(tls), |app| {
        app.get("/", |request: Request| async move {
            let scope = RequestScope::of(&request).expect("a server");
            Json(
                scope
                    .client()
                    .tls()
                    .is_some_and(|tls| tls.client_cert_der.is_some()),
            )
        })
        .unwrap();
    })
    .await;
    let with = client_config(&certificate, &[], Some(&identity));
    let mut client = RawClient::connect_tls(server.address, "localhost", with)
        .await
        .unwrap();
    assert_eq!(client.exchange(get("/")).await.text(), "true");
    let without = client_config(&certificate, &[], None);
    if let Ok(mut client) = RawClient::connect_tls(server.address, "localhost", without).await {
        // TLS 1.3 tells the client of the refusal on its first read.
        let _ = client.send(get("/")).await;
        assert!(client.read_some().await.is_err());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificates_are_taken_over_and_bad_ones_are_not() {
    let (files, first) = (Files::new(), self_signed(&["localhost"]));
    let (config, tls) = files.config(&first);
    let tls = tls.with_reload(TlsReload::Every(Duration::from_millis(30)));
    let server = start(config.with_tls(tls), basic).await;
    let address = server.address;
    let trusts = |root: &TestCertificate| {
        let config = client_config(root, &[], None);
        async move { RawClient::connect_tls(address, "localhost", config).await }
    };
    let mut kept = trusts(&first).await.unwrap();
    assert_eq!(kept.exchange(get("/")).await.status, 200);

    std::fs::write(files.dir.path().join("server.pem"), "broken").unwrap();
    let log = server.log.clone();
    until("the failed reload", || async {
        !log.with_message("tls reload failed, the old certificates stay")
            .is_empty()
    })
    .await;
    assert!(
        trusts(&first).await.is_ok(),
        "the old certificate stays in force"
    );

    let second = self_signed(&["localhost"]);
    files.write("server", &second);
    until("the new certificate", || async {
        trusts(&second).await.is_ok()
    })
    .await;
    assert_eq!(
        kept.exchange(get("/")).await.status,
        200,
        "old connections are untouched"
    );
    drop(kept);
    server.stop().await;
}

#[tokio::test]
async fn policy_beyond_the_configuration_is_the_callers() {
    let (files, certificate) = (Files::new(), self_signed(&["localhost"]));
    let (config, tls) = files.config(&certificate);
    let mut app = plumego_core::with_config(config.with_tls(tls));
    basic(&mut app);
    let mut server = app.prepare().map_err(|e| e.source).unwrap();
    server.tls_mut().expect("TLS is on").alpn_protocols = vec![b"http/1.1".to_vec()];
    let handle = server.handle();
    let bound = server.bind().await.unwrap();
    let plumego_core::BoundAddr::Tcp(address) = *bound.local_addr() else {
        panic!()
    };
    let task = tokio::spawn(bound.serve());
    let connector = TlsConnector::from(client_config(&certificate, &["h2", "http/1.1"], None));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    drop(stream);
    handle.shutdown(None).await.unwrap();
    task.await.unwrap().unwrap();
}

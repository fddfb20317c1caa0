use std::error::Error as _;
use std::time::Duration;

use plumego_testkit::RecordingLogger;
use rustls::ClientConfig;
use rustls::version::TLS12;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::config::{ClientAuth, SniCertificate, TlsReload, TlsVersion};
use crate::tls::testing::Authority;

fn load(tls: &TlsConfig) -> Result<TlsRuntime, TlsLoadError> {
    TlsRuntime::load(tls, Http2Policy::Alpn)
}

/// An authority and a server certificate for `localhost`.
fn simple() -> (Authority, TlsConfig) {
    let authority = Authority::new();
    let (cert, key) = authority.issue("server", &["localhost"]);
    (authority, TlsConfig::new(cert, key))
}

/// What came of a handshake, as the client sees it.
struct Shaken {
    leaf: Vec<u8>,
    alpn: Option<Vec<u8>>,
    client_cert: bool,
}

/// One handshake; a byte travels in both directions so that refusals of TLS
/// 1.3, which come late, are seen.
async fn shake(tls: &TlsRuntime, client: ClientConfig, name: &str) -> io::Result<Shaken> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let tls = tls.clone();
    let server = tokio::spawn(async move {
        let mut stream = tls.accept(ours).await?;
        let byte = stream.read_u8().await?;
        stream.write_u8(byte).await?;
        io::Result::Ok(stream.get_ref().1.peer_certificates().is_some())
    });
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = connector.connect(name, theirs).await?;
    stream.write_u8(7).await?;
    stream.flush().await?;
    assert_eq!(stream.read_u8().await?, 7);
    let session = stream.get_ref().1;
    Ok(Shaken {
        leaf: session.peer_certificates().unwrap()[0].to_vec(),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        client_cert: server.await.unwrap()?,
    })
}

fn offering(mut client: ClientConfig, protocols: &[&str]) -> ClientConfig {
    client.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    client
}

#[tokio::test]
async fn http2_is_offered_by_policy() {
    let (authority, config) = simple();
    for (policy, offered, agreed) in [
        (Http2Policy::Alpn, &["h2", "http/1.1"][..], Some("h2")),
        (Http2Policy::Alpn, &["http/1.1"], Some("http/1.1")),
        (Http2Policy::Alpn, &[], None),
        (Http2Policy::Off, &["h2", "http/1.1"], Some("http/1.1")),
        (Http2Policy::Off, &["h2"], None),
        (Http2Policy::AlpnAndPriorKnowledge, &["h2"], Some("h2")),
    ] {
        let tls = TlsRuntime::load(&config, policy).unwrap();
        let client = offering(authority.client(), offered);
        let shaken = shake(&tls, client, "localhost").await.unwrap();
        let agreed = agreed.map(|name| name.as_bytes().to_vec());
        assert_eq!(shaken.alpn, agreed, "{policy:?} {offered:?}");
    }
    let tls = load(&config).unwrap();
    let stranger = offering(authority.client(), &["spdy/3"]);
    assert!(shake(&tls, stranger, "localhost").await.is_err());
}

#[tokio::test]
async fn each_server_name_gets_its_certificate() {
    let (authority, config) = simple();
    let (api, api_key) = authority.issue("api", &["api.example.com"]);
    let (any, any_key) = authority.issue("any", &["*.example.com"]);
    let config = config
        .with_extra(SniCertificate::new("*.Example.com", any, any_key))
        .with_extra(SniCertificate::new("api.example.com", api, api_key));
    let tls = load(&config).unwrap();
    let leaf = |file: &str| {
        let chain = super::super::pem::certificates(&authority.path(file)).unwrap();
        chain[0].to_vec()
    };
    for (name, file) in [
        ("localhost", "server.pem"),
        ("api.example.com", "api.pem"),
        ("www.example.com", "any.pem"),
    ] {
        let shaken = shake(&tls, authority.client(), name).await.unwrap();
        assert_eq!(shaken.leaf, leaf(file), "{name}");
    }
    // Neither one label deeper nor the bare parent: the default certificate,
    // which the client refuses.
    for name in ["a.b.example.com", "example.com"] {
        assert!(
            shake(&tls, authority.client(), name).await.is_err(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn client_certificates() {
    let (authority, config) = simple();
    let (cert, key) = authority.issue("client", &["client"]);
    let shown = || authority.client_with(&cert, &key);
    let silent = || authority.client();
    let stranger = || {
        let other = Authority::new();
        let (cert, key) = other.issue("client", &["client"]);
        authority.client_with(&cert, &key)
    };
    for (auth, client, outcome) in [
        (ClientAuth::None, shown(), Some(false)),
        (ClientAuth::Optional(authority.ca()), silent(), Some(false)),
        (ClientAuth::Optional(authority.ca()), shown(), Some(true)),
        (ClientAuth::Optional(authority.ca()), stranger(), None),
        (ClientAuth::Required(authority.ca()), shown(), Some(true)),
        (ClientAuth::Required(authority.ca()), silent(), None),
        (ClientAuth::Required(authority.ca()), stranger(), None),
    ] {
        let tls = load(&config.clone().with_client_auth(auth.clone())).unwrap();
        let shaken = shake(&tls, client, "localhost").await.ok();
        assert_eq!(shaken.map(|s| s.client_cert), outcome, "{auth:?}");
    }
}

#[tokio::test]
async fn the_lowest_version_is_kept() {
    let (authority, config) = simple();
    let mut roots = rustls::RootCertStore::empty();
    for ca in super::super::pem::certificates(&authority.ca()).unwrap() {
        roots.add(ca).unwrap();
    }
    let provider = super::super::provider::provider().unwrap();
    let old = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = load(&config).unwrap();
    assert!(shake(&tls, old.clone(), "localhost").await.is_ok());
    let tls = load(&config.with_min_version(TlsVersion::V1_3)).unwrap();
    assert!(shake(&tls, old, "localhost").await.is_err());
    assert!(shake(&tls, authority.client(), "localhost").await.is_ok());
}

#[test]
fn a_key_in_sec1_form() {
    let (authority, config) = simple();
    let PrivateKeyDer::Pkcs8(pkcs8) = PrivateKeyDer::from_pem_file(&config.key_file).unwrap()
    else {
        panic!("keys are generated as PKCS#8")
    };
    // RFC 5915: a sequence of version 1 and 32 bytes; RFC 5958 wraps it.
    let pkcs8 = pkcs8.secret_pkcs8_der();
    let version = pkcs8
        .windows(5)
        .position(|w| w == [2, 1, 1, 4, 32])
        .unwrap();
    let sec1 = base64(&pkcs8[version - 2..]);
    let pem = format!("-----BEGIN EC PRIVATE KEY-----\n{sec1}\n-----END EC PRIVATE KEY-----\n");
    let key = authority.write("sec1.key", pem);
    load(&TlsConfig::new(config.cert_file, key)).unwrap();
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes(group);
        for digit in 0..4 {
            let index = number >> (18 - 6 * digit) & 63;
            let known = digit as usize <= chunk.len();
            text.push(if known {
                char::from(DIGITS[index as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn material_that_cannot_be_used() {
    let (authority, good) = simple();
    let (_, other_key) = authority.issue("other", &["other"]);
    let text = |error: TlsLoadError| error.to_string();
    let secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    let broken = format!("-----BEGIN CERTIFICATE-----\n{secret}!\n-----END CERTIFICATE-----\n");
    let broken = authority.write("broken.pem", broken);
    let garbage = format!("-----BEGIN {secret}\n");
    let garbage = authority.write("garbage.pem", garbage);
    let empty = authority.write("empty.pem", "");
    let missing = authority.path("missing.pem");
    let TlsConfig {
        cert_file,
        key_file,
        ..
    } = good.clone();
    for (config, path, why) in [
        (
            TlsConfig::new(&missing, &key_file),
            &missing,
            "cannot be read: ",
        ),
        (
            TlsConfig::new(&cert_file, &missing),
            &missing,
            "cannot be read: ",
        ),
        (
            TlsConfig::new(&empty, &key_file),
            &empty,
            "holds no certificate",
        ),
        (
            TlsConfig::new(&key_file, &key_file),
            &key_file,
            "holds no certificate",
        ),
        (
            TlsConfig::new(&broken, &key_file),
            &broken,
            "is not valid PEM",
        ),
        (
            TlsConfig::new(&cert_file, &garbage),
            &garbage,
            "is not valid PEM",
        ),
        (
            TlsConfig::new(&cert_file, &cert_file),
            &cert_file,
            "holds no private key in PKCS#8, PKCS#1 or SEC1 form",
        ),
        (
            TlsConfig::new(&cert_file, &other_key),
            &other_key,
            "holds a private key that does not belong to the certificate",
        ),
        (
            good.clone()
                .with_client_auth(ClientAuth::Required(empty.clone())),
            &empty,
            "holds no certificate",
        ),
        (
            good.clone().with_extra(SniCertificate::new(
                "elsewhere.example",
                &cert_file,
                &key_file,
            )),
            &cert_file,
            "holds a certificate that is not valid for the server name \"elsewhere.example\"",
        ),
    ] {
        let error = text(load(&config).unwrap_err());
        let expected = format!("load tls certificate: {}: {why}", path.display());
        assert!(error.starts_with(&expected), "{error}");
        assert!(!error.contains("MII"), "{error}");
    }
}

#[test]
fn the_cause_of_an_unreadable_file_is_kept() {
    let (authority, config) = simple();
    let config = TlsConfig::new(authority.path("missing"), config.key_file);
    let error = load(&config).unwrap_err();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return assert_eq!(io.kind(), io::ErrorKind::NotFound);
        }
        cause = inner.source();
    }
    panic!("no io::Error behind {error:?}");
}

#[tokio::test]
async fn a_custom_configuration_is_copied_when_changed() {
    let (authority, config) = simple();
    let own = load(&config).unwrap().config();
    let custom = TlsConfig::custom(Arc::clone(&own));
    let mut tls = load(&custom).unwrap();
    assert!(Arc::ptr_eq(&tls.config(), &own));
    tls.config_mut().alpn_protocols = vec![b"http/1.1".to_vec()];
    let client = offering(authority.client(), &["h2", "http/1.1"]);
    let shaken = shake(&tls, client, "localhost").await.unwrap();
    assert_eq!(shaken.alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(own.alpn_protocols.len(), 2);
}

/// Waits for the message of the record with this number.
async fn message(log: &RecordingLogger, number: usize) -> String {
    loop {
        if let Some(entry) = log.entries().get(number) {
            return entry.message.clone();
        }
        tokio::task::yield_now().await;
    }
}

const RELOADED: &str = "tls certificates reloaded";
const FAILED: &str = "tls reload failed, the old certificates stay";

#[tokio::test]
async fn new_material_is_used_and_bad_material_is_not() {
    let (authority, config) = simple();
    let config = config.with_reload(TlsReload::Every(Duration::from_millis(1)));
    let mut tls = load(&config).unwrap();
    // Policy set beside the files outlives them.
    tls.config_mut().alpn_protocols = vec![b"own".to_vec()];
    let client = || offering(authority.client(), &["own"]);
    let leaf = async |tls: &TlsRuntime| shake(tls, client(), "localhost").await.unwrap();
    let first = leaf(&tls).await;

    authority.issue("server", &["localhost"]);
    tls.reload().unwrap();
    let second = leaf(&tls).await;
    assert_ne!(first.leaf, second.leaf);
    assert_eq!(second.alpn.as_deref(), Some(&b"own"[..]));

    authority.write("server.key", "not a key");
    assert!(tls.reload().is_err());
    assert_eq!(leaf(&tls).await.leaf, second.leaf);

    let log = RecordingLogger::new();
    let (keeper, logger) = (tls.clone(), log.as_logger());
    let task = tokio::spawn(async move { keeper.keep_fresh(&*logger).await });
    assert_eq!(message(&log, 0).await, FAILED);
    authority.issue("server", &["localhost"]);
    let mut number = 1;
    while message(&log, number).await != RELOADED {
        number += 1;
    }
    assert_ne!(leaf(&tls).await.leaf, second.leaf);
    task.abort();
}

#[tokio::test]
async fn a_resolver_of_the_caller_survives_a_reload() {
    let (authority, config) = simple();
    let mut tls = load(&config).unwrap();
    let (cert, key) = authority.issue("own", &["localhost"]);
    let own = load(&TlsConfig::new(cert, key)).unwrap().config();
    tls.config_mut().cert_resolver = Arc::clone(&own.cert_resolver);
    tls.reload().unwrap();
    assert!(Arc::ptr_eq(&tls.config().cert_resolver, &own.cert_resolver));
}

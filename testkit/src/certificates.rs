//! Self-signed certificates for loopback.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedKey, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate and its key, as PEM and DER.
#[derive(Debug)]
pub struct TestCertificate {
    /// Certificate in PEM.
    pub cert_pem: String,
    /// PKCS#8 key in PEM.
    pub key_pem: String,
    /// Certificate in DER.
    pub cert_der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

impl TestCertificate {
    /// The key in DER.
    #[must_use]
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_der.clone()).into()
    }

    fn new(cert_pem: String, cert_der: CertificateDer<'static>, key: &KeyPair) -> Self {
        Self {
            cert_pem,
            cert_der,
            key_pem: key.serialize_pem(),
            key_der: key.serialize_der(),
        }
    }
}

/// A self-signed certificate for these names.
///
/// # Panics
/// When a name is no legal subject alternative name.
#[must_use]
pub fn self_signed(names: &[&str]) -> TestCertificate {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).expect("the names are legal");
    TestCertificate::new(cert.pem(), cert.der().clone(), &signing_key)
}

/// A certificate authority and one client certificate it signed.
///
/// # Panics
/// Never for the fixed names it uses.
#[must_use]
pub fn client_authority() -> (TestCertificate, TestCertificate) {
    let ca_key = KeyPair::generate().expect("key generation needs no input");
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).expect("own key");
    let authority = TestCertificate::new(ca_cert.pem(), ca_cert.der().clone(), &ca_key);
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("key generation needs no input");
    let params = CertificateParams::new(vec!["client.test".to_owned()]).expect("legal name");
    let cert = params.signed_by(&key, &issuer).expect("own issuer");
    let client = TestCertificate::new(cert.pem(), cert.der().clone(), &key);
    (authority, client)
}

/// A client configuration that trusts `root`, offers `alpn` and shows `identity`.
///
/// # Panics
/// When the certificate or key is unusable.
#[must_use]
pub fn client_config(
    root: &TestCertificate,
    alpn: &[&str],
    identity: Option<&TestCertificate>,
) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.cert_der.clone()).expect("a usable root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(vec![identity.cert_der.clone()], identity.key_der())
            .expect("a usable client certificate"),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

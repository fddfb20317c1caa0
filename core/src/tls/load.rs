//! From a [`TlsConfig`] to what the TLS library works with.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::ServerName;

use super::error::{Problem, TlsLoadError};
use super::sni::{Pattern, Resolver};
use super::{pem, provider};
use crate::config::{ClientAuth, Http2Policy, SniCertificate, TlsConfig, TlsVersion};

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Reads and checks every file.
pub(super) fn load(tls: &TlsConfig, http2: Http2Policy) -> Result<ServerConfig, TlsLoadError> {
    let about = tls.cert_file.as_path();
    let provider = provider::provider().ok_or_else(|| Problem::NoProvider.of(about))?;
    let resolver = resolver(tls, &provider)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(tls.min_version))
        .map_err(|error| Problem::Policy(error).of(about))?;
    let builder = match client_verifier(&tls.client_auth, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.ticketer = provider::ticketer().map_err(|error| Problem::Policy(error).of(about))?;
    config.alpn_protocols = match http2 {
        Http2Policy::Off => vec![HTTP_1.to_vec()],
        Http2Policy::Alpn | Http2Policy::AlpnAndPriorKnowledge => {
            vec![HTTP_2.to_vec(), HTTP_1.to_vec()]
        }
    };
    Ok(config)
}

fn versions(min: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    match min {
        TlsVersion::V1_2 => vec![&TLS13, &TLS12],
        TlsVersion::V1_3 => vec![&TLS13],
    }
}

fn resolver(tls: &TlsConfig, provider: &CryptoProvider) -> Result<Resolver, TlsLoadError> {
    let mut resolver = Resolver::new(certificate(&tls.cert_file, &tls.key_file, provider)?);
    for extra in &tls.extra {
        let (pattern, certificate) = extra_certificate(extra, provider)?;
        resolver.add(pattern, certificate);
    }
    Ok(resolver)
}

fn certificate(
    cert_file: &Path,
    key_file: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsLoadError> {
    let chain = pem::certificates(cert_file)?;
    let key = provider
        .key_provider
        .load_private_key(pem::private_key(key_file)?)
        .map_err(|error| Problem::UnusableKey(error).of(key_file))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // A key that does not tell its public half cannot be compared.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(certified)
        }
        Err(error @ rustls::Error::InconsistentKeys(_)) => {
            Err(Problem::KeyMismatch(error).of(key_file))
        }
        Err(error) => Err(Problem::UnusableCertificate(error).of(cert_file)),
    }
}

fn extra_certificate(
    extra: &SniCertificate,
    provider: &CryptoProvider,
) -> Result<(Pattern, CertifiedKey), TlsLoadError> {
    let path = extra.cert_file.as_path();
    let wrong_name = |cause| {
        Problem::WrongName {
            name: extra.server_name.clone(),
            cause,
        }
        .of(path)
    };
    let invalid = || rustls::Error::General("not a DNS name".to_owned());
    let pattern = Pattern::parse(&extra.server_name).ok_or_else(|| wrong_name(invalid()))?;
    let certified = certificate(path, &extra.key_file, provider)?;
    let name = ServerName::try_from(pattern.sample()).map_err(|_| wrong_name(invalid()))?;
    certified
        .end_entity_cert()
        .and_then(ParsedCertificate::try_from)
        .and_then(|leaf| rustls::client::verify_server_name(&leaf, &name))
        .map_err(wrong_name)?;
    Ok((pattern, certified))
}

fn client_verifier(
    auth: &ClientAuth,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsLoadError> {
    let Some(path) = auth.ca_file() else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for authority in pem::certificates(path)? {
        let added = roots.add(authority);
        added.map_err(|error| Problem::UnusableCertificate(error).of(path))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match auth {
        ClientAuth::Required(_) => builder,
        ClientAuth::None | ClientAuth::Optional(_) => builder.allow_unauthenticated(),
    };
    let verifier = builder.build();
    verifier
        .map(|verifier| Some(verifier as Arc<dyn ClientCertVerifier>))
        .map_err(|error| Problem::BadAuthority(error).of(path))
}

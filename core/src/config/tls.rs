use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::setters;

/// Where certificates and keys come from, and who may connect.
///
/// Certificate files are PEM chains, leaf first; keys are PEM in PKCS#8, PKCS#1
/// or SEC1 form. TLS 1.2 and 1.3 are spoken, session tickets are on. Policy
/// beyond these fields is the caller's, through
/// [`Server::tls_mut`](crate::Server::tls_mut) or [`TlsConfig::custom`].
///
/// ```
/// use plumego_core::{ClientAuth, SniCertificate, TlsConfig, TlsReload};
///
/// let tls = TlsConfig::new("server.pem", "server.key")
///     .with_extra(SniCertificate::new("api.example.com", "api.pem", "api.key"))
///     .with_client_auth(ClientAuth::Required("clients.pem".into()))
///     .with_reload(TlsReload::OnSighup);
/// # let _ = tls;
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Certificate chain for clients that name no server, or an unknown one.
    pub cert_file: PathBuf,
    /// Key that belongs to it.
    pub key_file: PathBuf,
    /// Certificates for particular server names.
    pub extra: Vec<SniCertificate>,
    /// Whether clients show certificates.
    pub client_auth: ClientAuth,
    /// Lowest protocol version. Default TLS 1.2.
    pub min_version: TlsVersion,
    /// When the files are read again. Default never.
    pub reload: TlsReload,
    pub(crate) custom: Option<Arc<rustls::ServerConfig>>,
}

/// A certificate for one server name (SNI, RFC 6066).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SniCertificate {
    /// The name clients ask for; `*.example.com` stands for one label.
    pub server_name: String,
    /// Certificate chain, which must be valid for the name.
    pub cert_file: PathBuf,
    /// Key that belongs to it.
    pub key_file: PathBuf,
}

/// Whether clients show certificates. The files hold the authorities that sign
/// them, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    None,
    /// A client may; one it shows must be valid.
    Optional(PathBuf),
    /// Every client must.
    Required(PathBuf),
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

/// When certificates and keys are read again. New material is checked first;
/// when it is not usable the old stays in force and an error is logged. Open
/// connections are not touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsReload {
    /// Never.
    #[default]
    Off,
    /// When the process receives SIGHUP.
    OnSighup,
    /// Over and over, with this pause.
    Every(Duration),
}

impl TlsConfig {
    /// TLS with this certificate chain and key.
    #[must_use]
    pub fn new(cert_file: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            ..Self::default()
        }
    }

    /// TLS exactly as the caller set it up; no other field is used.
    #[must_use]
    pub fn custom(config: Arc<rustls::ServerConfig>) -> Self {
        Self {
            custom: Some(config),
            ..Self::default()
        }
    }

    /// Adds a certificate for a server name.
    #[must_use]
    pub fn with_extra(mut self, certificate: SniCertificate) -> Self {
        self.extra.push(certificate);
        self
    }

    setters! {
        with_client_auth sets client_auth: ClientAuth;
        with_min_version sets min_version: TlsVersion;
        with_reload sets reload: TlsReload;
    }
}

impl SniCertificate {
    /// A certificate for a server name.
    #[must_use]
    pub fn new(
        server_name: impl Into<String>,
        cert_file: impl Into<PathBuf>,
        key_file: impl Into<PathBuf>,
    ) -> Self {
        Self {
            server_name: server_name.into(),
            cert_file: cert_file.into(),
            key_file: key_file.into(),
        }
    }
}

impl ClientAuth {
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        match self {
            Self::None => None,
            Self::Optional(file) | Self::Required(file) => Some(file),
        }
    }
}

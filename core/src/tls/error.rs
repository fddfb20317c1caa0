use std::io;
use std::path::{Path, PathBuf};

/// Why TLS material cannot be used. Texts name files, never what is in them.
#[derive(Debug, thiserror::Error)]
#[error("load tls certificate: {}: {problem}", path.display())]
pub(crate) struct TlsLoadError {
    path: PathBuf,
    #[source]
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    #[error("is not valid PEM")]
    BadPem,
    #[error("holds no certificate")]
    NoCertificate,
    #[error("holds no private key in PKCS#8, PKCS#1 or SEC1 form")]
    NoKey,
    #[error("holds a private key that cannot be used: {0}")]
    UnusableKey(#[source] rustls::Error),
    #[error("holds a private key that does not belong to the certificate")]
    KeyMismatch(#[source] rustls::Error),
    #[error("holds a certificate that cannot be used: {0}")]
    UnusableCertificate(#[source] rustls::Error),
    #[error("holds a certificate that is not valid for the server name {name:?}")]
    WrongName {
        name: String,
        #[source]
        cause: rustls::Error,
    },
    #[error("holds no authority that can check client certificates: {0}")]
    BadAuthority(#[source] rustls::server::VerifierBuilderError),
    #[error(
        "cannot be used without a TLS implementation: switch on the feature `ring` or `aws-lc-rs`"
    )]
    NoProvider,
    #[error("cannot be used: {0}")]
    Policy(#[source] rustls::Error),
}

impl Problem {
    pub(super) fn of(self, path: &Path) -> TlsLoadError {
        TlsLoadError {
            path: path.to_owned(),
            problem: self,
        }
    }
}

//! The cryptography behind TLS. It is named for each configuration, so that no
//! process-wide default has to be installed or can be missed.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;

#[cfg(feature = "ring")]
use rustls::crypto::ring as chosen;

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
use rustls::crypto::aws_lc_rs as chosen;

/// The provider the crate was built with.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(super) fn provider() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(chosen::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(super) fn provider() -> Option<Arc<CryptoProvider>> {
    None
}

/// Session tickets with keys of their own, rotated by the implementation.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(super) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    chosen::Ticketer::new()
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(super) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    Err(rustls::Error::General("no TLS implementation".to_owned()))
}

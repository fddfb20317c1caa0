use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use plumego_log::Logger;
use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::error::TlsLoadError;
use super::{load, reload};
use crate::config::{Http2Policy, TlsConfig};

/// TLS of one server: the material in force, which a reload replaces whole.
/// Clones share it.
#[derive(Clone)]
pub(crate) struct TlsRuntime {
    current: Arc<RwLock<Current>>,
    pub(super) source: Arc<TlsConfig>,
    http2: Http2Policy,
}

#[derive(Clone)]
struct Current {
    config: Arc<ServerConfig>,
    /// The resolver that came from files; none in a custom configuration.
    loaded: Option<Arc<dyn ResolvesServerCert>>,
}

impl TlsRuntime {
    /// Loads the material of a configuration.
    pub(crate) fn load(tls: &TlsConfig, http2: Http2Policy) -> Result<Self, TlsLoadError> {
        let current = match &tls.custom {
            Some(config) => Current {
                config: Arc::clone(config),
                loaded: None,
            },
            None => Current::from_files(load::load(tls, http2)?),
        };
        Ok(Self {
            current: Arc::new(RwLock::new(current)),
            source: Arc::new(tls.clone()),
            http2,
        })
    }

    /// The configuration, for changes before anything is served. What a caller
    /// was given to share, such as a custom configuration, is copied first.
    pub(crate) fn config_mut(&mut self) -> &mut ServerConfig {
        if Arc::get_mut(&mut self.current).is_none() {
            self.current = Arc::new(RwLock::new(self.snapshot()));
        }
        let current = Arc::get_mut(&mut self.current)
            .expect("the line above made this value the only owner")
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut current.config)
    }

    /// What new handshakes use.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.snapshot().config
    }

    fn snapshot(&self) -> Current {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again. What is in force stays when they are not usable,
    /// and so does policy that was set beside the files.
    pub(super) fn reload(&self) -> Result<(), TlsLoadError> {
        let fresh = Current::from_files(load::load(&self.source, self.http2)?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = fresh.with_policy_of(&current);
        Ok(())
    }

    /// Replaces the material whenever the configuration says so.
    pub(crate) async fn keep_fresh(&self, logger: &dyn Logger) -> Infallible {
        reload::keep_fresh(self, logger).await
    }

    /// Performs the server's part of a handshake.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let config = self.config_for(&start.client_hello());
        start.into_stream(config).await
    }

    /// Without HTTP/2, a client that offers protocols we do not know is served
    /// HTTP/1.1 as if it had offered none, where ALPN (RFC 7301 section 3.2)
    /// would end the handshake.
    fn config_for(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let config = self.config();
        if self.http2 != Http2Policy::Off {
            return config;
        }
        let Some(mut offered) = hello.alpn() else {
            return config;
        };
        if offered.any(|protocol| config.alpn_protocols.iter().any(|own| own == protocol)) {
            return config;
        }
        let mut silent = ServerConfig::clone(&config);
        silent.alpn_protocols.clear();
        Arc::new(silent)
    }
}

impl Current {
    fn from_files(config: ServerConfig) -> Self {
        Self {
            loaded: Some(Arc::clone(&config.cert_resolver)),
            config: Arc::new(config),
        }
    }

    /// This material under the policy of another. A resolver that the caller
    /// put in place of the files' stays too. Tickets do not: a session from
    /// before would not see new authorities.
    fn with_policy_of(self, old: &Self) -> Self {
        let policy = &old.config;
        let mut config = ServerConfig::clone(&self.config);
        let replaced = old
            .loaded
            .as_ref()
            .is_none_or(|loaded| !Arc::ptr_eq(loaded, &policy.cert_resolver));
        if replaced {
            config.cert_resolver = Arc::clone(&policy.cert_resolver);
        }
        config.alpn_protocols.clone_from(&policy.alpn_protocols);
        config.ignore_client_order = policy.ignore_client_order;
        config.max_fragment_size = policy.max_fragment_size;
        config.key_log = Arc::clone(&policy.key_log);
        config.enable_secret_extraction = policy.enable_secret_extraction;
        config.max_early_data_size = policy.max_early_data_size;
        config.send_half_rtt_data = policy.send_half_rtt_data;
        config.send_tls13_tickets = policy.send_tls13_tickets;
        config.require_ems = policy.require_ems;
        config.time_provider = Arc::clone(&policy.time_provider);
        Self {
            config: Arc::new(config),
            loaded: self.loaded,
        }
    }
}

impl fmt::Debug for TlsRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsRuntime")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

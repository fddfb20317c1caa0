//! The client: its connections and the thread that drives them.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, PROXY_AUTHORIZATION};
use http::{Request, Response};
use http_body::Body;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client as Pooled};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plumego_contract::BoxError;
use plumego_security::ssrf::SsrfPolicy;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Handle};
use tower_http::decompression::Decompression;
use tower_service::Service;

use super::connect::Connector;
use super::names::Names;
use super::phase::Outbound;
use super::settings::Settings;

/// Connections to one host that are kept for later.
const IDLE_MAX: usize = 32;
/// How long they are kept.
const IDLE: Duration = Duration::from_secs(90);

/// Makes requests of one program.
pub(crate) struct Client {
    pooled: Decompression<Pooled<Connector, Outbound>>,
    proxies: Option<Arc<Matcher>>,
    pub(super) policy: Option<Arc<SsrfPolicy>>,
    pub(super) body_bytes_max: u64,
    /// Drives connections; taken when the client is dropped.
    threads: Option<tokio::runtime::Runtime>,
    handle: Handle,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Starts the thread; nothing is connected.
    ///
    /// # Errors
    ///
    /// The system gives no thread, or a root cannot be used.
    pub(crate) fn new(settings: &Settings) -> io::Result<Self> {
        let threads = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fuse-client")
            .enable_all()
            .build()?;
        let policy = settings
            .deny_private
            .then(|| Arc::new(SsrfPolicy::strict()));
        let mut tcp = HttpConnector::new_with_resolver(Names(policy.clone()));
        // TLS is spoken on top of it.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = Connector {
            tcp,
            tls: tls(settings)?.into(),
            proxies: settings.proxies.clone(),
        };
        let pooled = Pooled::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            pooled: Decompression::new(pooled).no_deflate().no_zstd(),
            proxies: settings.proxies.clone(),
            policy,
            body_bytes_max: settings.body_bytes_max,
            handle: threads.handle().clone(),
            threads: Some(threads),
        })
    }

    /// Waits on this thread, which must not drive tasks itself.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// The head of the answer; its body is decompressed while it is read.
    pub(super) async fn send(
        &self,
        mut request: Request<Outbound>,
    ) -> Result<Response<impl Body<Data = Bytes, Error = BoxError>>, legacy::Error> {
        let is_plain = request.uri().scheme_str() == Some("http");
        let proxy = self.proxies.as_ref().filter(|_| is_plain);
        let proxy = proxy.and_then(|proxies| proxies.intercept(request.uri()));
        // Inside a tunnel only the proxy sees it; here it is a header like others.
        if let Some(auth) = proxy.as_ref().and_then(|proxy| proxy.basic_auth()) {
            let auth: HeaderValue = auth.clone();
            request.headers_mut().insert(PROXY_AUTHORIZATION, auth);
        }
        self.pooled.clone().call(request).await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// The roots of the system, those of browsers, and those that were added.
fn tls(settings: &Settings) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // A root of the system that cannot be read is one that is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for extra in &settings.extra_roots {
        roots.add(extra.clone()).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

//! Connections: by TCP, through a proxy, with TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use plumego_contract::BoxError;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;

use super::names::Names;
use super::phase::{Phase, Progress};

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) tcp: HttpConnector<Names>,
    pub(super) tls: TlsConnector,
    pub(super) proxies: Option<Arc<Matcher>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The name, the connection, or the proxy.
    #[error("{0}")]
    Network(#[source] BoxError),
    /// The handshake or the certificate.
    #[error("{0}")]
    Tls(#[source] io::Error),
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let progress = Progress::current();
            if let Some(progress) = &progress {
                progress.dial();
            }
            let stream = connector.connect(uri, progress.as_ref()).await?;
            if let Some(progress) = &progress {
                progress.connected();
            }
            Ok(stream)
        })
    }
}

impl Connector {
    async fn connect(
        mut self,
        uri: Uri,
        progress: Option<&Progress>,
    ) -> Result<Stream, ConnectError> {
        let proxies = self.proxies.clone();
        let proxy = proxies.and_then(|proxies| proxies.intercept(&uri));
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let through = proxy.as_ref().map_or(&uri, Intercept::uri).clone();
            let tcp = self.tcp.call(through).await.map_err(network)?;
            return Ok(Stream {
                io: TokioIo::new(Either::Left(tcp.into_inner())),
                is_proxied: proxy.is_some(),
                is_http2: false,
                dialler: progress.cloned(),
            });
        }
        let host = uri.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let tcp = match proxy {
            None => self.tcp.call(uri).await.map_err(network)?,
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                tunnel.call(uri).await.map_err(network)?
            }
        };
        if let Some(progress) = progress {
            progress.enter(Phase::Tls);
        }
        let name = ServerName::try_from(host)
            .map_err(|error| ConnectError::Tls(io::Error::other(error)))?;
        let tls = self.tls.connect(name, tcp.into_inner()).await;
        let tls = tls.map_err(ConnectError::Tls)?;
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Stream {
            io: TokioIo::new(Either::Right(tls)),
            is_proxied: false,
            is_http2,
            dialler: progress.cloned(),
        })
    }
}

fn network(error: impl Into<BoxError>) -> ConnectError {
    ConnectError::Network(error.into())
}

/// A connection.
pub(super) struct Stream {
    io: TokioIo<Either<TcpStream, TlsStream<TcpStream>>>,
    /// Whether requests are for a proxy to pass on.
    is_proxied: bool,
    is_http2: bool,
    /// The request that the connection was made for.
    dialler: Option<Progress>,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let mut connected = Connected::new().proxy(self.is_proxied);
        if let Some(dialler) = &self.dialler {
            connected = connected.extra(dialler.clone());
        }
        match self.is_http2 {
            true => connected.negotiated_h2(),
            false => connected,
        }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }
}

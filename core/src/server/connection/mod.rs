//! One connection: handshake, choice of protocol, timers, end.

mod body;
mod driver;
pub(crate) mod framing;
mod guard;
pub(crate) mod io;
mod receive;
pub(crate) mod service;
pub(crate) mod timers;

use std::cell::Cell;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use plumego_contract::{ConnectionInfo, EnvelopeView, Error, ErrorKind, TlsInfo, encode_error};
use plumego_log::{Fields, LoggerExt};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_rustls::server::TlsStream;

use self::body::ConnectionShared;
use self::driver::drive;
use self::io::{ConnectionIo, Transport};
use self::service::{RequestService, ServiceContext};
use self::timers::{ConnectionState, Limits};
use super::registry::ConnectionGuard;
use crate::listen::{Peer, Stream};
use crate::tls::TlsRuntime;

/// The client preface of HTTP/2 (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How connections of a server are served.
pub(crate) struct Protocols {
    pub(crate) context: Arc<ServiceContext>,
    pub(crate) limits: Limits,
    pub(crate) http1: http1::Builder,
    pub(crate) http2: http2::Builder<TokioExecutor>,
    pub(crate) tls: Option<TlsRuntime>,
    /// Clear-text HTTP/2 with prior knowledge is served.
    pub(crate) prior_knowledge: bool,
    pub(crate) head_answers: HeadAnswers,
}

/// An accepted connection on its way to being served.
pub(crate) struct Accepted {
    pub(crate) peer: Peer,
    pub(crate) state: Arc<ConnectionState>,
    pub(crate) guard: ConnectionGuard,
}

impl Transport for Stream {
    fn reset_on_close(&self) {
        self.linger_zero();
    }
}

impl Transport for TlsStream<Stream> {
    fn reset_on_close(&self) {
        self.get_ref().0.linger_zero();
    }
}

/// What is answered to heads of HTTP/1 that no request comes of.
#[derive(Debug)]
pub(crate) struct HeadAnswers {
    /// To one that does not come in.
    timeout: Bytes,
    /// To one that is larger, or has more fields, than is read.
    too_large: Bytes,
}

impl HeadAnswers {
    pub(crate) fn new() -> Self {
        let timeout = "timed out while reading the request head";
        Self {
            timeout: head_answer(ErrorKind::Timeout, timeout),
            too_large: head_answer(ErrorKind::HeadersTooLarge, "request head too large"),
        }
    }
}

fn head_answer(kind: ErrorKind, message: &'static str) -> Bytes {
    let document = encode_error(&Error::new(kind).message(message), EnvelopeView::Full, None);
    let mut response = format!(
        "HTTP/1.1 {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\r\n",
        kind.meta().status,
        document.len()
    )
    .into_bytes();
    response.extend_from_slice(&document);
    response.into()
}

impl Protocols {
    /// Serves one connection to its end, in a task of its own.
    pub(crate) fn spawn(self: Arc<Self>, stream: Stream, accepted: Accepted) {
        if self.tls.is_some() {
            tokio::spawn(async move { self.serve_tls(stream, accepted).await });
        } else if self.prior_knowledge {
            tokio::spawn(async move { self.serve_either(stream, accepted).await });
        } else {
            // There is nothing to find out, and nothing stands between the task
            // and the protocol.
            let info = Arc::new(connection_info(accepted.peer, None));
            tokio::spawn(self.http1(stream, Bytes::new(), info, accepted));
        }
    }

    /// Serves HTTP/1 or HTTP/2 in clear text, whichever the client speaks.
    async fn serve_either(&self, mut stream: Stream, accepted: Accepted) {
        let info = Arc::new(connection_info(accepted.peer, None));
        let sniffed = self.within_head_limit(sniff_preface(&mut stream)).await;
        match sniffed {
            Some(Ok(bytes)) if bytes.starts_with(HTTP2_PREFACE) => {
                self.http2(stream, bytes, info, accepted).await;
            }
            Some(Ok(bytes)) if !bytes.is_empty() => {
                self.http1(stream, bytes, info, accepted).await;
            }
            _ => {}
        }
    }

    async fn serve_tls(&self, stream: Stream, accepted: Accepted) {
        let Some(tls) = &self.tls else { return };
        let handshake = self.within_head_limit(tls.accept(stream)).await;
        let stream = match handshake {
            Some(Ok(stream)) => stream,
            failed => {
                let reason = match failed {
                    Some(Err(error)) => error.to_string(),
                    _ => "timed out".to_owned(),
                };
                let fields = Fields::new().with("error", reason);
                let fields = match accepted.peer {
                    Peer::Tcp(address) => fields.with("peer", address.to_string()),
                    Peer::Unix => fields,
                };
                return self.context.logger.debug("tls handshake failed", fields);
            }
        };
        let info = tls_info(&stream);
        let is_http2 = info.alpn.as_deref() == Some("h2");
        let info = Arc::new(connection_info(accepted.peer, Some(info)));
        if is_http2 {
            self.http2(stream, Bytes::new(), info, accepted).await;
        } else {
            self.http1(stream, Bytes::new(), info, accepted).await;
        }
    }

    /// Runs a step before the first request under the limit for heads; `None`
    /// when it took too long.
    async fn within_head_limit<F: Future>(&self, step: F) -> Option<F::Output> {
        match self.limits.head {
            Some(limit) => tokio::time::timeout(limit, step).await.ok(),
            None => Some(step.await),
        }
    }

    fn http1<T: Transport>(
        &self,
        transport: T,
        replay: Bytes,
        info: Arc<ConnectionInfo>,
        accepted: Accepted,
    ) -> impl Future<Output = ()> + Send + use<T> {
        let state = Arc::clone(&accepted.state);
        let service = self.service(info, &accepted);
        let io = ConnectionIo::new(transport, Arc::clone(&state), accepted.guard)
            .with_replay(replay)
            .with_http1(&self.head_answers);
        let connection = self
            .http1
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        drive(connection, state, Arc::clone(&self.context))
    }

    fn http2<T: Transport>(
        &self,
        transport: T,
        replay: Bytes,
        info: Arc<ConnectionInfo>,
        accepted: Accepted,
    ) -> impl Future<Output = ()> + Send + use<T> {
        let state = Arc::clone(&accepted.state);
        state.set_multiplexed();
        let service = self.service(info, &accepted);
        let io =
            ConnectionIo::new(transport, Arc::clone(&state), accepted.guard).with_replay(replay);
        let connection = self.http2.serve_connection(TokioIo::new(io), service);
        drive(connection, state, Arc::clone(&self.context))
    }

    fn service(&self, connection: Arc<ConnectionInfo>, accepted: &Accepted) -> RequestService {
        let is_unix = matches!(accepted.peer, Peer::Unix);
        RequestService {
            shared: Arc::new(ConnectionShared {
                state: Arc::clone(&accepted.state),
                context: Arc::clone(&self.context),
                peer: self.context.clients.peer(connection, is_unix),
            }),
            requests: Cell::new(0),
        }
    }
}

/// Reads until the input is the HTTP/2 preface or cannot become it.
async fn sniff_preface<R: AsyncRead + Unpin>(input: &mut R) -> std::io::Result<Bytes> {
    let mut seen = BytesMut::with_capacity(HTTP2_PREFACE.len());
    while seen.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(&seen) {
        let room = HTTP2_PREFACE.len() - seen.len();
        if input.take(room as u64).read_buf(&mut seen).await? == 0 {
            break;
        }
    }
    Ok(seen.freeze())
}

fn connection_info(peer: Peer, tls: Option<TlsInfo>) -> ConnectionInfo {
    let mut info = ConnectionInfo::default();
    if let Peer::Tcp(address) = peer {
        info.peer = Some(address);
    }
    info.tls = tls;
    info
}

fn tls_info(stream: &TlsStream<Stream>) -> TlsInfo {
    let (_, session) = stream.get_ref();
    let mut info = TlsInfo::default();
    info.version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        other => format!("{other:?}"),
    };
    info.alpn = session
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned());
    info.server_name = session.server_name().map(str::to_owned);
    info.client_cert_der = session
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|leaf| Bytes::copy_from_slice(leaf));
    info
}

//! The development server of a front end, for requests that nothing else
//! answers while the program is developed.
//!
//! Bodies are streamed both ways, and WebSockets are passed through, as hot
//! reloading needs. What belongs to one connection alone (RFC 9110 section 7.6.1)
//! is not passed on.

mod page;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, EXPECT,
    HOST, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, Scheme};
use http::{Method, StatusCode, Uri, Version};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo};
use plumego_contract::{
    Body, BoxError, CollectError, Error, ErrorKind, IntoResponse, Request, RequestScope, Response,
    ResponseFuture, X_REQUEST_ID,
};

use super::fallback::not_found;
use super::output::is_html;
use super::reload::Reload;
use crate::system::{Entropy, EnvError, Environment};

const URL: &str = "FUSE_VITE_PROXY_URL";

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What a connection may go on as. What other protocols would carry, HTTP/2 above
/// all, is for the host to check.
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Headers that are about one connection, beside those that `Connection` names.
const OF_A_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where the development server listens; nothing unless the program is
/// developed.
///
/// # Errors
///
/// It is no address of a server.
pub(super) fn upstream(env: &Environment) -> Result<Option<Authority>, EnvError> {
    let url = env.get(URL)?.filter(|url| !url.is_empty());
    let Some(url) = url.filter(|_| env.truthy("FUSE_DEV_MODE")) else {
        return Ok(None);
    };
    let expected = || EnvError::expected(URL, "an address such as http://127.0.0.1:5173");
    let uri: Uri = url.parse().map_err(|_| expected())?;
    let is_root = matches!(uri.path(), "" | "/") && uri.query().is_none();
    match uri.authority() {
        Some(authority)
            if uri.scheme() == Some(&Scheme::HTTP)
                && is_root
                && !authority.as_str().contains('@') =>
        {
            Ok(Some(authority.clone()))
        }
        _ => Err(expected()),
    }
}

/// Passes requests on.
#[derive(Clone)]
pub(super) struct Proxy {
    upstream: Authority,
    client: Client<HttpConnector, Body>,
    /// What pages get that load themselves again.
    reload: Option<Reload>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

impl Proxy {
    pub(super) fn new(
        upstream: Authority,
        reload: Option<Reload>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        Self {
            upstream,
            // A connection for each request: none meets one that the server is
            // about to close, and the server may be started again at any time.
            client: Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build(connector),
            reload,
            entropy,
        }
    }

    /// Answers with what the development server says.
    pub(super) fn answer(&self, request: Request, scope: RequestScope) -> ResponseFuture {
        let proxy = self.clone();
        ResponseFuture::boxed(async move {
            let answered = proxy.exchange(request, &scope).await;
            answered.unwrap_or_else(|error| error.into_response(&scope))
        })
    }

    async fn exchange(
        &self,
        mut request: Request,
        scope: &RequestScope,
    ) -> Result<Response, Error> {
        let is_get = request.method() == Method::GET;
        let is_part = Reload::is_part(request.headers());
        let reload = self.reload.as_ref().filter(|_| is_get && !is_part);
        let upgraded = wants_socket(&request).then(|| hyper::upgrade::on(&mut request));
        let mut request = self.outgoing(request, scope, upgraded.is_some())?;
        if reload.is_some() {
            // What is compressed cannot be added to.
            let identity = HeaderValue::from_static("identity");
            request.headers_mut().insert(ACCEPT_ENCODING, identity);
        }
        let answer = self.client.request(request).await;
        let mut answer = answer.map_err(|error| self.failed(error))?;
        let has_switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let is_socket = has_switched && is_websocket(answer.headers());
        let switched = is_socket.then(|| hyper::upgrade::on(&mut answer));
        let mut response = answer.map(Body::new);
        drop_what_is_of_a_connection(response.headers_mut());
        // Whoever answers, the request has one id.
        response.headers_mut().remove(X_REQUEST_ID);
        *response.version_mut() = Version::default();
        match (upgraded, switched) {
            (Some(client), Some(server)) => {
                set_websocket(response.headers_mut());
                let draining = scope.draining();
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass_through(client, server) => {}
                        () = draining => {}
                    }
                });
                Ok(response)
            }
            _ if has_switched => Err(bad_gateway(
                "the development server switched to a protocol that nobody asked for",
            )),
            _ => match reload.filter(|_| may_be_added_to(&response)) {
                Some(reload) => self.reloading(reload, response).await,
                None => Ok(response),
            },
        }
    }

    /// The request as the development server gets it.
    fn outgoing(
        &self,
        request: Request,
        scope: &RequestScope,
        is_socket: bool,
    ) -> Result<http::Request<Body>, Error> {
        let (mut parts, body) = request.into_parts();
        // Neither a tunnel to anywhere nor a question about the server as a whole.
        let path = parts.uri.path_and_query().filter(|path| *path != "*");
        let path = path.filter(|_| parts.method != Method::CONNECT).cloned();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.upstream.clone())
            .path_and_query(path.ok_or_else(not_found)?);
        let uri = uri.build().map_err(|error| not_found().wrap(error))?;
        let headers = &mut parts.headers;
        drop_what_is_of_a_connection(headers);
        // The host asks for the body itself, when it is read.
        headers.remove(EXPECT);
        if is_socket {
            set_websocket(headers);
        }
        // The host stays as the client named it: the server refuses names that are
        // not its own, and so keeps pages out that only pretend to be here.
        let named = parts.uri.authority().map(Authority::as_str);
        let named = named.and_then(|named| HeaderValue::try_from(named).ok());
        if let Some(host) = headers.get(HOST).cloned().or(named) {
            headers.insert(HOST, host.clone());
            headers.insert(X_FORWARDED_HOST, host);
        }
        let mut insert = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        insert(X_FORWARDED_PROTO, scope.client().scheme().as_str());
        if let Some(ip) = scope.client().ip() {
            insert(X_FORWARDED_FOR, &ip.to_string());
        }
        if let Some(id) = scope.request_id() {
            insert(X_REQUEST_ID, id.as_str());
        }
        let mut outgoing = http::Request::new(body);
        *outgoing.method_mut() = parts.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = parts.headers;
        Ok(outgoing)
    }

    /// A page gets the script that waits for changes.
    async fn reloading(&self, reload: &Reload, response: Response) -> Result<Response, Error> {
        let (mut parts, body) = response.into_parts();
        // They are about the page without the script, whose address changes too.
        for stale in [CONTENT_LENGTH, ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
            parts.headers.remove(stale);
        }
        let page = page::whole(body).await.map_err(|error| {
            bad_gateway("the page of the development server broke off").wrap(error)
        })?;
        let response = Response::from_parts(parts, page);
        Ok(reload.answer(response, |bytes| self.entropy.fill(bytes).is_ok()))
    }

    /// Why there is no answer: the client's body, or the server.
    fn failed(&self, error: legacy::Error) -> Error {
        let is_absent = error.is_connect();
        let error = match CollectError::from(BoxError::from(error)) {
            CollectError::Broken(error) => error,
            body => return body.into(),
        };
        let message = match is_absent {
            true => format!(
                "nothing answers at http://{}; start the development server there, or change \
                 `dev_url` of [vite] in fuse.toml",
                self.upstream
            ),
            false => "the development server broke off before its answer".to_owned(),
        };
        bad_gateway(message).wrap(error)
    }
}

fn bad_gateway(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadGateway).message(message.into())
}

/// Whether an answer is a page, whole and in clear.
fn may_be_added_to(response: &Response) -> bool {
    let identity = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    let mut codings = response.headers().get_all(CONTENT_ENCODING).iter();
    let has_page = !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT
    );
    has_page && is_html(response) && codings.all(identity)
}

/// Whether a request asks to go on as a WebSocket (RFC 6455 section 4.1).
fn wants_socket(request: &Request) -> bool {
    let headers = request.headers();
    let wants = |value: &HeaderValue| names(value).any(|name| name == UPGRADE);
    request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && headers.get_all(CONNECTION).iter().any(wants)
        && is_websocket(headers)
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    let first = protocols.next().map(HeaderValue::as_bytes);
    let is_named = first.is_some_and(|name| name.eq_ignore_ascii_case(WEBSOCKET.as_bytes()));
    is_named && protocols.next().is_none()
}

fn set_websocket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
}

/// The header names in a value of `Connection`.
fn names(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let names = value.to_str().unwrap_or_default().split(',');
    names.filter_map(|name| name.trim().parse().ok())
}

fn drop_what_is_of_a_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers.get_all(CONNECTION).iter().flat_map(names).collect();
    for name in named.iter().chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}

/// Copies both ways until both ends are done or one breaks off.
async fn pass_through(client: hyper::upgrade::OnUpgrade, server: hyper::upgrade::OnUpgrade) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return;
    };
    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
    // Either end may leave without saying so.
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_a_connection_are_dropped() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("te", "trailers"),
            ("x-kept", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        drop_what_is_of_a_connection(&mut headers);
        let left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["x-kept"]);
    }
}

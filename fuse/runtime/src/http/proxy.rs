//! The development server of a front end, for requests that nothing else
//! answers while the program is developed.
//!
//! Bodies are streamed both ways, and a connection that changes its protocol is
//! passed through, as hot reloading needs. What belongs to one connection alone
//! (RFC 9110 section 7.6.1) is not passed on.

use std::fmt;
use std::sync::Arc;

use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plumego_contract::{
    Body, Error, ErrorKind, IntoResponse, Request, RequestScope, Response, ResponseFuture,
    X_REQUEST_ID,
};

use super::reload::Reload;
use crate::system::{Entropy, EnvError, Environment};

const URL: &str = "FUSE_VITE_PROXY_URL";

/// Bytes of a page that gets the script, at most. A larger one goes without.
const PAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Headers that are about one connection, beside those that `Connection` names.
const OF_A_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
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
        Self {
            upstream,
            client: Client::builder(TokioExecutor::new()).build_http(),
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
        let protocol = wanted_protocol(&request);
        let is_part = Reload::is_part(request.headers());
        let upgraded = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
        let request = self.outgoing(request, scope, protocol.as_ref())?;
        let answer = self.client.request(request).await;
        let mut answer = answer.map_err(|error| bad_gateway().wrap(error))?;
        let switched = (answer.status() == StatusCode::SWITCHING_PROTOCOLS)
            .then(|| hyper::upgrade::on(&mut answer));
        let answered_protocol = answer.headers().get(UPGRADE).cloned();
        let mut response = answer.map(Body::new);
        drop_what_is_of_a_connection(response.headers_mut());
        // Whoever answers, the request has one id.
        response.headers_mut().remove(X_REQUEST_ID);
        *response.version_mut() = Version::default();
        match (upgraded, switched) {
            (Some(client), Some(server)) => {
                let headers = response.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                if let Some(protocol) = answered_protocol {
                    headers.insert(UPGRADE, protocol);
                }
                let draining = scope.draining();
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass_through(client, server) => {}
                        () = draining => {}
                    }
                });
                Ok(response)
            }
            (None, Some(_)) => Err(bad_gateway()),
            _ if is_part => Ok(response),
            _ => self.reloading(response).await,
        }
    }

    /// The request as the development server gets it.
    fn outgoing(
        &self,
        request: Request,
        scope: &RequestScope,
        protocol: Option<&HeaderValue>,
    ) -> Result<http::Request<Body>, Error> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().cloned();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.upstream.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let uri = uri.build().map_err(|error| bad_gateway().wrap(error))?;
        let headers = &mut parts.headers;
        drop_what_is_of_a_connection(headers);
        if let Some(protocol) = protocol {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, protocol.clone());
        }
        if let Some(host) = headers.remove(HOST) {
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
        if self.reload.is_some() {
            // The script is added to a page as it is.
            headers.remove(ACCEPT_ENCODING);
        }
        let mut outgoing = http::Request::new(body);
        *outgoing.method_mut() = parts.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = parts.headers;
        Ok(outgoing)
    }

    /// A page gets the script that waits for changes.
    async fn reloading(&self, response: Response) -> Result<Response, Error> {
        let Some(reload) = self.reload.as_ref().filter(|_| is_page(&response)) else {
            return Ok(response);
        };
        let (parts, body) = response.into_parts();
        let most = usize::try_from(PAGE_BYTES_MAX).unwrap_or(usize::MAX);
        let page = Limited::new(body, most).collect().await;
        let page = page.map_err(|error| {
            bad_gateway()
                .message("the page of the development server broke off")
                .wrap(std::io::Error::other(error))
        })?;
        let response = Response::from_parts(parts, Body::from_bytes(page.to_bytes()));
        Ok(reload.answer(response, |bytes| self.entropy.fill(bytes).is_ok()))
    }
}

fn bad_gateway() -> Error {
    Error::new(ErrorKind::BadGateway).message("the development server does not answer")
}

/// A page that is complete and not too large for a script.
fn is_page(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE);
    let is_html = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    is_html
        && response.status() != StatusCode::PARTIAL_CONTENT
        && length.unwrap_or(0) <= PAGE_BYTES_MAX
}

/// The protocol that a request of HTTP/1.1 asks to go on in.
fn wanted_protocol(request: &Request) -> Option<HeaderValue> {
    if request.version() != Version::HTTP_11 {
        return None;
    }
    let wants = |value: &HeaderValue| names(value).any(|name| name == UPGRADE);
    let asks = request.headers().get_all(CONNECTION).iter().any(wants);
    request.headers().get(UPGRADE).filter(|_| asks).cloned()
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

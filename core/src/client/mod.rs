//! Who sent a request: the socket's peer, or what trusted proxies say.

pub(crate) mod forwarded;
mod trusted;

use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use plumego_contract::{ClientInfo, ConnectionInfo, Scheme};

use crate::config::{AppConfig, ForwardingHeader};
pub(crate) use trusted::TrustedPeer;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Most entries of a chain that are looked at.
const HOPS_MAX: usize = 32;

/// The other end of a connection, as the policy sees it.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionPeer {
    /// The client of a request without forwarding headers.
    client: ClientInfo,
    /// Forwarding headers are believed.
    is_trusted: bool,
}

/// Decides the client of each request; made once per server.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientPolicy {
    trusted: Vec<TrustedPeer>,
    header: ForwardingHeader,
}

impl ClientPolicy {
    /// The policy of a configuration. Texts that name no network, which
    /// validation refuses, trust nobody.
    pub(crate) fn from_config(config: &AppConfig) -> Self {
        let proxies = config.trusted_proxies.iter();
        Self {
            trusted: proxies
                .filter_map(|text| TrustedPeer::parse(text))
                .collect(),
            header: config.forwarding_header,
        }
    }

    /// What is known of a connection before its first request.
    pub(crate) fn peer(&self, connection: Arc<ConnectionInfo>, is_unix: bool) -> ConnectionPeer {
        let client = ClientInfo::direct(connection);
        let is_trusted = match client.ip() {
            Some(ip) => self.trusts(ip),
            None => is_unix && self.trusted.iter().any(TrustedPeer::is_unix),
        };
        ConnectionPeer { client, is_trusted }
    }

    /// The client of one request; `host` is its first `Host` header.
    #[inline]
    pub(crate) fn evaluate(
        &self,
        peer: &ConnectionPeer,
        target: &Uri,
        headers: &HeaderMap,
        host: Option<&HeaderValue>,
    ) -> ClientInfo {
        let client = peer.client.clone();
        let client = match asked_host(target, host) {
            Some(host) => client.with_host(host),
            None => client,
        };
        if peer.is_trusted {
            self.forwarded(client, headers)
        } else {
            client
        }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|trusted| trusted.contains(ip))
    }

    /// What a trusted peer says about the client.
    #[inline(never)]
    fn forwarded(&self, mut client: ClientInfo, headers: &HeaderMap) -> ClientInfo {
        let walked = match self.header {
            ForwardingHeader::XForwardedFor => self.walk(
                values(headers, &X_FORWARDED_FOR).flat_map(|v| v.rsplit(',')),
                |entry| forwarded::parse_address(entry.trim_ascii()),
            ),
            ForwardingHeader::Forwarded => self.walk(
                values(headers, &FORWARDED).flat_map(forwarded::elements),
                |entry| forwarded::Element::parse(entry)?.address(),
            ),
        };
        if let Some(ip) = walked {
            client = client.with_ip(ip);
        }
        if client.tls().is_none() {
            client = client.with_scheme(forwarded_scheme(headers));
        }
        match forwarded_host(headers) {
            Some(host) => client.with_host(host),
            None => client,
        }
    }

    /// Reads a chain from right to left: trusted hops are passed, the first
    /// other address is the client, and something unreadable ends the walk at
    /// the last good hop.
    fn walk<'h>(
        &self,
        chain: impl Iterator<Item = &'h str>,
        address: impl Fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut last_good = None;
        for entry in chain.take(HOPS_MAX) {
            let Some(ip) = address(entry) else {
                return last_good;
            };
            last_good = Some(ip);
            if !self.trusts(ip) {
                return last_good;
            }
        }
        last_good
    }
}

/// The values of a header from the last to the first: the last was added by the
/// nearest proxy. One that is not text is an entry nobody can read.
fn values<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'h str> + use<'h> {
    let values = headers.get_all(name).iter();
    values.rev().map(|value| value.to_str().unwrap_or(""))
}

/// The host of the request itself: `:authority` or the absolute target, else
/// `Host` (RFC 9112 section 3.2.2).
fn asked_host(target: &Uri, host: Option<&HeaderValue>) -> Option<HeaderValue> {
    match target.authority() {
        None => host.cloned(),
        Some(authority) => host_of(authority),
    }
}

#[inline(never)]
fn host_of(authority: &Authority) -> Option<HeaderValue> {
    let text = authority.as_str();
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    HeaderValue::from_str(host).ok()
}

/// `https` only when everybody on the way says so.
fn forwarded_scheme(headers: &HeaderMap) -> Scheme {
    let is_https = |text: &str| text.trim_ascii().eq_ignore_ascii_case("https");
    let all_https = if headers.contains_key(X_FORWARDED_PROTO) {
        let mut elements = values(headers, &X_FORWARDED_PROTO).flat_map(|v| v.rsplit(','));
        elements.all(is_https)
    } else {
        let mut elements = values(headers, &FORWARDED).flat_map(forwarded::elements);
        headers.contains_key(FORWARDED)
            && elements.all(|element| {
                forwarded::Element::parse(element)
                    .and_then(|element| element.proto)
                    .is_some_and(|proto| is_https(&proto))
            })
    };
    if all_https {
        Scheme::Https
    } else {
        Scheme::Http
    }
}

/// The host as the nearest proxy saw it, when it is one.
fn forwarded_host(headers: &HeaderMap) -> Option<HeaderValue> {
    let text = values(headers, &X_FORWARDED_HOST)
        .flat_map(|v| v.rsplit(','))
        .next()?
        .trim_ascii();
    let authority: Authority = text.parse().ok()?;
    if authority.as_str().contains('@') {
        return None;
    }
    HeaderValue::from_str(text).ok()
}

#[cfg(test)]
mod tests;

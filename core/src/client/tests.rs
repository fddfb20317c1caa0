use http::Request;
use http::header::HOST;
use http::request::Parts;
use plumego_contract::TlsInfo;
use proptest::prelude::*;

use super::*;

/// A policy that believes these peers.
fn policy(trusted: &[&str], header: ForwardingHeader) -> ClientPolicy {
    let config = AppConfig::default()
        .with_trusted_proxies(trusted.iter().copied())
        .with_forwarding_header(header);
    ClientPolicy::from_config(&config)
}

impl ClientPolicy {
    fn client_of(
        &self,
        connection: &Arc<ConnectionInfo>,
        unix_peer: bool,
        parts: &Parts,
    ) -> ClientInfo {
        let peer = self.peer(Arc::clone(connection), unix_peer);
        let headers = &parts.headers;
        self.evaluate(&peer, &parts.uri, headers, headers.get(HOST))
    }
}

fn connection(peer: &str) -> Arc<ConnectionInfo> {
    let mut info = ConnectionInfo::default();
    info.peer = (!peer.is_empty()).then(|| peer.parse().unwrap());
    Arc::new(info)
}

fn parts(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

const XFF: ForwardingHeader = ForwardingHeader::XForwardedFor;

/// The client's address behind proxies in 10.0.0.0/8.
fn behind(peer: &str, header: ForwardingHeader, headers: &[(&str, &str)]) -> String {
    let client =
        policy(&["10.0.0.0/8"], header).client_of(&connection(peer), false, &parts(headers));
    client.ip().unwrap().to_string()
}

#[test]
fn without_trusted_proxies_headers_are_ignored() {
    let client = ClientPolicy::default().client_of(
        &connection("10.0.0.1:4000"),
        false,
        &parts(&[
            ("host", "direct.example"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=1.2.3.4;proto=https"),
        ]),
    );
    assert_eq!(client.ip().unwrap().to_string(), "10.0.0.1");
    assert_eq!(client.scheme(), Scheme::Http);
    assert_eq!(client.host(), Some("direct.example"));
}

#[test]
fn chains_are_read_from_the_right() {
    for (chain, client) in [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("6.6.6.6,garbage,10.0.0.2", "10.0.0.2"),
        ("6.6.6.6, unknown", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:1.2.3.4, ::ffff:10.0.0.9", "1.2.3.4"),
    ] {
        let seen = behind("10.0.0.1:4000", XFF, &[("x-forwarded-for", chain)]);
        assert_eq!(seen, client, "{chain}");
    }
}

#[test]
fn an_untrusted_peer_is_the_client_whatever_it_says() {
    let spoofed = [("x-forwarded-for", "1.2.3.4")];
    assert_eq!(behind("192.0.2.1:4000", XFF, &spoofed), "192.0.2.1");
    assert_eq!(behind("[::ffff:10.0.0.1]:4000", XFF, &spoofed), "1.2.3.4");
}

#[test]
fn several_headers_are_one_chain() {
    let headers = [
        ("x-forwarded-for", "6.6.6.6, 1.2.3.4"),
        ("x-forwarded-for", "10.0.0.2"),
    ];
    assert_eq!(behind("10.0.0.1:4000", XFF, &headers), "1.2.3.4");
}

#[test]
fn at_most_32_hops_are_read() {
    let chain = |hops| format!("1.2.3.4{}", ", 10.0.0.2".repeat(hops));
    let seen = |hops: usize| {
        let chain = chain(hops);
        behind("10.0.0.1:4000", XFF, &[("x-forwarded-for", &chain)])
    };
    assert_eq!(seen(31), "1.2.3.4");
    assert_eq!(seen(32), "10.0.0.2");
}

#[test]
fn only_the_configured_header_names_clients() {
    let both = [
        ("x-forwarded-for", "1.1.1.1"),
        (
            "forwarded",
            r#"for=6.6.6.6, for="[2001:db8::1]:80", for=10.0.0.2"#,
        ),
    ];
    let peer = "10.0.0.1:4000";
    assert_eq!(behind(peer, XFF, &both), "1.1.1.1");
    assert_eq!(
        behind(peer, ForwardingHeader::Forwarded, &both),
        "2001:db8::1"
    );
    let hidden = [("forwarded", "for=6.6.6.6, for=_hidden, for=10.0.0.2")];
    assert_eq!(
        behind(peer, ForwardingHeader::Forwarded, &hidden),
        "10.0.0.2"
    );
}

#[test]
fn unix_peers_are_trusted_by_name() {
    let headers = [("x-forwarded-for", "1.2.3.4")];
    let seen = |trusted: &[&str]| {
        policy(trusted, XFF)
            .client_of(&connection(""), true, &parts(&headers))
            .ip()
    };
    assert_eq!(seen(&["unix"]), "1.2.3.4".parse().ok());
    assert_eq!(seen(&["0.0.0.0/0"]), None);
    let call_in_process =
        policy(&["unix"], XFF).client_of(&connection(""), false, &parts(&headers));
    assert_eq!(call_in_process.ip(), None);
}

#[test]
fn https_needs_every_hop_to_agree() {
    use Scheme::{Http, Https};
    let proto = "x-forwarded-proto";
    for (headers, scheme) in [
        (&[(proto, "https")][..], Https),
        (&[(proto, "https, https")], Https),
        (&[(proto, "HTTPS")], Https),
        (&[(proto, "https"), (proto, "https")], Https),
        (&[(proto, "https, http")], Http),
        (&[(proto, "http, https")], Http),
        (&[(proto, "https,")], Http),
        (&[(proto, "")], Http),
        (&[(proto, "http"), ("forwarded", "proto=https")], Http),
        (&[("forwarded", "proto=https")], Https),
        (
            &[("forwarded", "for=1.2.3.4;proto=https, proto=https")],
            Https,
        ),
        (&[("forwarded", "proto=https, for=1.2.3.4")], Http),
        (&[("forwarded", "proto=https, nonsense")], Http),
        (&[("x-forwarded-ssl", "on"), ("x-scheme", "https")], Http),
        (&[], Http),
    ] {
        let client =
            policy(&["10.0.0.1"], XFF).client_of(&connection("10.0.0.1:1"), false, &parts(headers));
        assert_eq!(client.scheme(), scheme, "{headers:?}");
    }
}

#[test]
fn direct_tls_is_https_whatever_a_proxy_says() {
    let mut info = ConnectionInfo::default();
    info.peer = "10.0.0.1:1".parse().ok();
    info.tls = Some(TlsInfo::default());
    let headers = parts(&[("x-forwarded-proto", "http")]);
    let client = policy(&["10.0.0.1"], XFF).client_of(&Arc::new(info), false, &headers);
    assert_eq!(client.scheme(), Scheme::Https);
}

#[test]
fn the_host_of_a_trusted_peer_counts_when_it_is_one() {
    for (forwarded, host) in [
        ("shop.example", "shop.example"),
        ("shop.example:8443", "shop.example:8443"),
        ("evil.example, shop.example", "shop.example"),
        ("user@shop.example", "inner"),
        ("shop.example/path", "inner"),
        ("", "inner"),
    ] {
        let headers = parts(&[("host", "inner"), ("x-forwarded-host", forwarded)]);
        let client =
            policy(&["10.0.0.1"], XFF).client_of(&connection("10.0.0.1:1"), false, &headers);
        assert_eq!(client.host(), Some(host), "{forwarded}");
    }
}

#[test]
fn the_target_wins_over_the_host_header() {
    let mut parts = parts(&[("host", "header.example")]);
    parts.uri = "http://user@target.example:81/x".parse().unwrap();
    let client = ClientPolicy::default().client_of(&connection("10.0.0.1:1"), false, &parts);
    assert_eq!(client.host(), Some("target.example:81"));
}

proptest! {
    /// No text in any header changes what is said of an untrusted peer.
    #[test]
    fn untrusted_headers_change_nothing(chain in "[ -~]{0,60}", forwarded in "[ -~]{0,60}") {
        let headers = parts(&[
            ("x-forwarded-for", &chain),
            ("forwarded", &forwarded),
            ("x-forwarded-proto", &chain),
            ("x-forwarded-host", &forwarded),
        ]);
        let info = connection("192.0.2.1:1");
        let client = policy(&["10.0.0.0/8", "unix"], XFF).client_of(&info, false, &headers);
        prop_assert_eq!(client, ClientInfo::direct(info));
    }

    /// What stands left of the first untrusted address cannot change it.
    #[test]
    fn spoofed_left_entries_change_nothing(spoofed in "[ -~]{0,60}", trusted_hops in 0_usize..5) {
        for (header, name, real, hop) in [
            (XFF, "x-forwarded-for", "203.0.113.9", "10.0.0.2"),
            (ForwardingHeader::Forwarded, "forwarded", "for=203.0.113.9", "for=10.0.0.2"),
        ] {
            let chain = format!("{spoofed},{real}{}", format!(", {hop}").repeat(trusted_hops));
            prop_assert_eq!(behind("10.0.0.1:1", header, &[(name, &chain)]), "203.0.113.9");
        }
    }
}

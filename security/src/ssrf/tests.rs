use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use proptest::prelude::*;
use tower_service::Service as _;

use super::*;

fn rule(text: &str) -> HostRule {
    text.parse().unwrap()
}

fn outcome(policy: &SsrfPolicy, url: &str) -> &'static str {
    match policy.check_url(url) {
        Ok(()) => "ok",
        Err(SsrfError::Scheme) => "scheme",
        Err(SsrfError::UserInfo) => "user info",
        Err(SsrfError::Host) => "host",
        Err(SsrfError::Blocked) => "blocked",
        Err(SsrfError::NotAllowed) => "not allowed",
        Err(SsrfError::PrivateAddress) => "private",
        Err(SsrfError::Port) => "port",
        Err(SsrfError::Resolve(_)) => "resolve",
    }
}

#[test]
fn urls_are_refused_by_the_first_rule_that_applies() {
    let policy = SsrfPolicy::strict();
    for (url, expected) in [
        ("https://example.com", "ok"),
        ("http://example.com.:8080/x?y#z", "ok"),
        ("https://8.8.8.8", "ok"),
        ("https://[2606:4700::1111]:8443", "ok"),
        ("ftp://example.com", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com", "scheme"),
        ("javascript:x", "scheme"),
        ("http://user@example.com", "user info"),
        ("http://:pw@example.com", "user info"),
        ("http://user@127.0.0.1", "user info"),
        ("", "host"),
        ("/path", "host"),
        ("http://", "host"),
        ("http:\\\\example.com", "host"),
        ("http://exa mple.com", "host"),
        ("http://example.com\t", "host"),
        ("http://[fe80::1%25eth0]/", "host"),
        ("http://localhost", "blocked"),
        ("http://LOCALHOST.:80", "blocked"),
        ("http://a.b.localhost", "blocked"),
        ("http://metadata.google.internal/computeMetadata", "blocked"),
        ("http://metadata", "blocked"),
        ("http://instance-data./latest", "blocked"),
        ("http://notlocalhost", "ok"),
        ("http://127.0.0.1", "private"),
        ("http://127.1", "private"),
        ("http://0x7f000001", "private"),
        ("http://0x7f.1", "private"),
        ("http://2130706433", "private"),
        ("http://017700000001", "private"),
        ("http://0177.0.0.1", "private"),
        ("http://127.0.0.1.", "private"),
        ("http://%31%32%37.0.0.1", "private"),
        ("http://１２７.0.0.1", "private"),
        ("http://0", "private"),
        ("http://10.0.0.1", "private"),
        ("http://169.254.169.254/latest/meta-data", "private"),
        ("http://[::1]", "private"),
        ("http://[::]", "private"),
        ("http://[::ffff:127.0.0.1]", "private"),
        ("http://[::ffff:a00:1]", "private"),
        ("http://[::127.0.0.1]", "private"),
        ("http://[64:ff9b::a9fe:a9fe]", "private"),
        ("http://[fd00::1]", "private"),
    ] {
        assert_eq!(outcome(&policy, url), expected, "{url}");
    }
}

#[test]
fn blocked_hosts_win_over_allowed_ones() {
    let policy = SsrfPolicy {
        allowed_hosts: vec![
            rule("*.Example.com."),
            rule("api.other.net"),
            rule("8.8.8.8"),
        ],
        blocked_hosts: vec![rule("bad.example.com"), rule("*.bad.example.com")],
        ..SsrfPolicy::strict()
    };
    for (url, expected) in [
        ("https://a.example.com", "ok"),
        ("https://A.B.EXAMPLE.com.", "ok"),
        ("https://api.other.net", "ok"),
        ("https://8.8.8.8", "ok"),
        ("https://example.com", "not allowed"),
        ("https://example.com.evil.net", "not allowed"),
        ("https://xexample.com", "not allowed"),
        ("https://www.api.other.net", "not allowed"),
        ("https://8.8.4.4", "not allowed"),
        ("https://bad.example.com", "blocked"),
        ("https://x.bad.example.com", "blocked"),
        ("https://localhost", "blocked"),
    ] {
        assert_eq!(outcome(&policy, url), expected, "{url}");
    }
}

#[test]
fn ports_networks_and_schemes_can_be_narrowed_and_widened() {
    let policy = SsrfPolicy {
        schemes: vec![Scheme::Https],
        allowed_nets: vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()],
        ports: PortRule::Only(vec![443, 8443]),
        ..SsrfPolicy::strict()
    };
    policy.validate().unwrap();
    for (url, expected) in [
        ("https://example.com", "ok"),
        ("https://example.com:8443", "ok"),
        ("https://example.com:80", "port"),
        ("http://example.com", "scheme"),
        ("https://10.1.255.1", "ok"),
        ("https://[::ffff:10.1.0.1]", "ok"),
        ("https://10.2.0.1", "private"),
        ("https://[fd12::1]", "ok"),
        ("https://127.0.0.1", "private"),
    ] {
        assert_eq!(outcome(&policy, url), expected, "{url}");
    }
}

#[test]
fn rules_are_read_or_refused() {
    for text in [
        "example.com",
        "*.example.com",
        "10.0.0.1",
        "::1",
        "xn--fsqu00a.com",
    ] {
        let rule = text.parse::<HostRule>();
        if text == "::1" {
            assert!(rule.is_err(), "an address in brackets is meant");
        } else {
            assert_eq!(rule.unwrap().to_string(), text);
        }
    }
    assert_eq!(rule("[::1]").to_string(), "::1");
    for text in [
        "",
        "*",
        "*.",
        "a b",
        "a.*.com",
        "*.10.0.0.1",
        "http://x",
        "x/y",
    ] {
        assert!(text.parse::<HostRule>().is_err(), "{text}");
    }
    for text in ["10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "10.0.0.1/32"] {
        assert_eq!(text.parse::<IpNet>().unwrap().to_string(), text);
    }
    assert_eq!("::1".parse::<IpNet>().unwrap().to_string(), "::1/128");
    for text in ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "x"] {
        assert!(text.parse::<IpNet>().is_err(), "{text}");
    }
}

#[test]
fn a_policy_that_would_not_protect_is_refused() {
    SsrfPolicy::strict().validate().unwrap();
    let skip = SsrfPolicy {
        dns: DnsRule::Skip,
        ..SsrfPolicy::strict()
    };
    assert!(skip.validate().is_err());
    let everything: Vec<IpNet> = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    let only_v4 = SsrfPolicy {
        allowed_nets: everything[..1].to_vec(),
        ..skip.clone()
    };
    assert!(only_v4.validate().is_err());
    let open = SsrfPolicy {
        allowed_nets: everything,
        ..skip
    };
    open.validate().unwrap();
    for unusable in [
        SsrfPolicy {
            schemes: Vec::new(),
            ..SsrfPolicy::strict()
        },
        SsrfPolicy {
            ports: PortRule::Only(Vec::new()),
            ..SsrfPolicy::strict()
        },
    ] {
        assert!(unusable.validate().is_err());
    }
}

/// Answers one list of addresses after the other.
#[derive(Clone)]
struct Scripted(Arc<Mutex<VecDeque<Vec<&'static str>>>>);

impl Scripted {
    fn new(answers: &[&[&'static str]]) -> Self {
        let answers = answers.iter().map(|answer| answer.to_vec());
        Self(Arc::new(Mutex::new(answers.collect())))
    }
}

impl tower_service::Service<String> for Scripted {
    type Response = Vec<IpAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Vec<IpAddr>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: String) -> Self::Future {
        let answer = self.0.lock().unwrap().pop_front().expect("no more calls");
        ready(Ok(answer
            .iter()
            .map(|text| text.parse().unwrap())
            .collect()))
    }
}

#[tokio::test]
async fn every_answer_of_the_name_server_is_checked() {
    let scripted = Scripted::new(&[
        &["8.8.8.8", "2606:4700::1111"],
        &["10.0.0.1"],
        &["8.8.8.8", "::ffff:127.0.0.1"],
        &[],
    ]);
    let policy = Arc::new(SsrfPolicy::strict());
    let mut resolver = GuardedResolver::new(scripted, policy);
    let mut resolve = async || resolver.call("rebinding.example".to_owned()).await;
    assert_eq!(resolve().await.unwrap().len(), 2);
    assert!(matches!(resolve().await, Err(SsrfError::PrivateAddress)));
    assert!(matches!(resolve().await, Err(SsrfError::PrivateAddress)));
    assert!(matches!(resolve().await, Err(SsrfError::Resolve(_))));
}

#[tokio::test]
async fn refused_names_are_not_even_asked_for() {
    let mut resolver = GuardedResolver::new(Scripted::new(&[]), Arc::default());
    for name in ["localhost", "x.localhost.", "METADATA", ""] {
        assert!(resolver.call(name.to_owned()).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn answers_go_unchecked_only_where_nothing_is_kept_out() {
    let careless = SsrfPolicy {
        dns: DnsRule::Skip,
        ..SsrfPolicy::strict()
    };
    let mut resolver = GuardedResolver::new(Scripted::new(&[&["127.0.0.1"]]), Arc::new(careless));
    assert!(resolver.call("a.example".to_owned()).await.is_err());
}

#[test]
fn errors_name_no_host() {
    let policy = SsrfPolicy::strict();
    let error = policy
        .check_url("http://internal.localhost/secret")
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("internal"));
}

proptest! {
    #[test]
    fn whatever_form_an_address_has_it_is_seen_as_one(address in any::<u32>(), form in 0..5) {
        let v4 = std::net::Ipv4Addr::from_bits(address);
        let [a, b, c, d] = v4.octets();
        let host = match form {
            0 => format!("{address}"),
            1 => format!("0x{address:x}"),
            2 => format!("0{address:o}"),
            3 => format!("{a}.{}", u32::from(b) << 16 | u32::from(c) << 8 | u32::from(d)),
            _ => format!("[::ffff:{v4}]"),
        };
        let policy = SsrfPolicy::strict();
        let expected = policy.check_addr(IpAddr::V4(v4)).is_ok();
        let url = format!("http://{host}/");
        prop_assert_eq!(policy.check_url(&url).is_ok(), expected);
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,40}") {
        let policy = SsrfPolicy::strict();
        let _ = policy.check_url(&text);
        let _ = policy.check_url(&format!("http://{text}"));
    }
}

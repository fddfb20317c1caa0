use http::{HeaderMap, HeaderValue, header};
use plumego_contract::Scheme;

use super::*;

fn applied(policy: HeaderPolicy, scheme: Scheme) -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    let policy = policy.compile().unwrap();
    policy.apply(&mut headers, &ApplyContext::new(scheme));
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(own).collect()
}

#[test]
fn the_baseline_byte_for_byte() {
    let pairs = [
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ];
    for scheme in [Scheme::Http, Scheme::Https] {
        let own = applied(HeaderPolicy::default(), scheme);
        assert_eq!(own, expected(&pairs));
    }
    let mut headers = HeaderMap::new();
    CompiledPolicy::default().apply(&mut headers, &ApplyContext::new(Scheme::Https));
    assert_eq!(headers.len(), pairs.len());
}

#[test]
fn strict_byte_for_byte() {
    let mut pairs = vec![
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        (
            "permissions-policy",
            "geolocation=(), camera=(), microphone=()",
        ),
        (
            "content-security-policy",
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; \
             font-src 'self'; connect-src 'self'; frame-src 'none'; object-src 'none'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'self'; \
             upgrade-insecure-requests",
        ),
    ];
    let own = applied(HeaderPolicy::strict(), Scheme::Http);
    assert_eq!(own, expected(&pairs));
    pairs.push((
        "strict-transport-security",
        "max-age=31536000; includeSubDomains; preload",
    ));
    let own = applied(HeaderPolicy::strict(), Scheme::Https);
    assert_eq!(own, expected(&pairs));
}

#[test]
fn api_byte_for_byte() {
    let own = applied(HeaderPolicy::api(), Scheme::Https);
    let pairs = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
    ];
    assert_eq!(own, expected(&pairs));
}

#[test]
fn handlers_win_unless_the_policy_is_enforced() {
    let policy = HeaderPolicy::baseline().compile().unwrap();
    let own = HeaderMap::from_iter([(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))]);
    let mut headers = own.clone();
    policy.apply(&mut headers, &ApplyContext::new(Scheme::Http));
    assert_eq!(headers["x-frame-options"], "DENY");
    let mut headers = own;
    headers.append(header::X_FRAME_OPTIONS, HeaderValue::from_static("again"));
    let enforced = ApplyContext {
        mode: ApplyMode::Enforce,
        ..ApplyContext::new(Scheme::Http)
    };
    policy.apply(&mut headers, &enforced);
    let values: Vec<_> = headers.get_all("x-frame-options").iter().collect();
    assert_eq!(values, ["SAMEORIGIN"]);
}

#[test]
fn hsts_is_sent_on_https_alone_and_cleared_by_name() {
    let with = |hsts| HeaderPolicy {
        hsts: Some(hsts),
        ..HeaderPolicy::empty()
    };
    let pairs = [("strict-transport-security", "max-age=0")];
    assert_eq!(applied(with(Hsts::Clear), Scheme::Https), expected(&pairs));
    assert_eq!(applied(with(Hsts::Clear), Scheme::Http), []);
    let short = Hsts::For {
        seconds: 300,
        include_subdomains: false,
        preload: false,
    };
    let pairs = [("strict-transport-security", "max-age=300")];
    assert_eq!(applied(with(short), Scheme::Https), expected(&pairs));
    for (seconds, include_subdomains, preload) in [
        (0, true, false),
        (31_535_999, true, true),
        (31_536_000, false, true),
    ] {
        let hsts = Hsts::For {
            seconds,
            include_subdomains,
            preload,
        };
        assert!(with(hsts).compile().is_err(), "{hsts:?}");
    }
}

#[test]
fn additional_headers_are_checked() {
    let problem = |name: &str, value: &str| {
        let policy = HeaderPolicy {
            additional: vec![(name.to_owned(), value.to_owned())],
            ..HeaderPolicy::empty()
        };
        policy.compile().err().map(|errors| errors.to_string())
    };
    assert_eq!(problem("X-Robots-Tag", "noindex; ä"), None);
    for name in ["", "a b", "a:", "ä", "a\n"] {
        let shown = problem(name, "x").unwrap();
        assert!(shown.contains("is not the name of a header"), "{shown}");
    }
    for value in ["a\nb", "a\rb", "\x1b[0m", "\0", "\x7f"] {
        let shown = problem("x-a", value).unwrap();
        assert!(shown.contains("has a value that is not legal"), "{shown}");
    }
    for name in [
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "Upgrade",
        "set-cookie",
        "HOST",
    ] {
        assert!(problem(name, "x").unwrap().contains("not for a policy"));
    }
    for name in [
        "X-Frame-Options",
        "content-security-policy",
        "Strict-Transport-Security",
    ] {
        assert!(problem(name, "x").unwrap().contains("a field of its own"));
    }
}

#[test]
fn every_problem_is_told_at_once_and_nothing_is_applied() {
    let policy = HeaderPolicy {
        permissions_policy: Some(PermissionsPolicy::new().deny("Camera").deny("a b")),
        hsts: Some(Hsts::For {
            seconds: 0,
            include_subdomains: false,
            preload: false,
        }),
        additional: vec![
            ("x-a".into(), "1".into()),
            ("X-A".into(), "2".into()),
            ("x b".into(), "3".into()),
        ],
        ..HeaderPolicy::baseline()
    };
    let errors = policy.compile().unwrap_err();
    let headers: Vec<_> = errors
        .problems()
        .iter()
        .map(|own| own.header.as_str())
        .collect();
    assert_eq!(
        headers,
        [
            "permissions-policy",
            "permissions-policy",
            "strict-transport-security",
            "X-A",
            "x b"
        ]
    );
    assert!(
        errors
            .to_string()
            .starts_with("header policy: `permissions-policy`: `Camera` is not")
    );
}

#[test]
fn empty_policies_send_nothing() {
    let policy = HeaderPolicy {
        permissions_policy: Some(PermissionsPolicy::new()),
        csp: Some(Csp::builder().build().unwrap()),
        ..HeaderPolicy::empty()
    };
    assert_eq!(applied(policy, Scheme::Https), []);
}

fn with_nonce() -> CompiledPolicy {
    let scripts = Csp::builder()
        .script_src([Src::Nonce])
        .style_src([Src::Nonce, Src::SelfOrigin]);
    let policy = HeaderPolicy {
        csp: Some(scripts.clone().build().unwrap()),
        csp_report_only: Some(scripts.report_to("csp").build().unwrap()),
        ..HeaderPolicy::empty()
    };
    policy.compile().unwrap()
}

#[test]
fn nonces_differ_and_are_those_of_the_page() {
    let policy = with_nonce();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let mut request = http::Extensions::new();
        let drawn = policy.prepare(&mut request).unwrap();
        let nonce = request.get::<CspNonce>().unwrap();
        assert_eq!(drawn.as_ref(), Some(nonce));
        assert_eq!(nonce.as_str().len(), 24);
        assert!(seen.insert(nonce.as_str().to_owned()));
        let cx = ApplyContext {
            nonce: Some(nonce),
            ..ApplyContext::new(Scheme::Https)
        };
        let mut headers = HeaderMap::new();
        policy.apply(&mut headers, &cx);
        let nonce = nonce.as_str();
        let value = format!("script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}' 'self'");
        assert_eq!(headers["content-security-policy"], value);
        let value = format!("{value}; report-to csp");
        assert_eq!(headers["content-security-policy-report-only"], value);
        assert_eq!(headers["cache-control"], "private");
    }
}

#[test]
fn without_a_nonce_no_script_runs() {
    let policy = with_nonce();
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    policy.apply(&mut headers, &ApplyContext::new(Scheme::Https));
    let value = "script-src 'none'; style-src 'self'";
    assert_eq!(headers["content-security-policy"], value);
    assert_eq!(headers["cache-control"], "no-store");
}

#[test]
fn policies_without_a_nonce_draw_none() {
    let policy = HeaderPolicy::strict().compile().unwrap();
    let mut request = http::Extensions::new();
    assert_eq!(policy.prepare(&mut request).unwrap(), None);
    assert!(request.is_empty());
}

#[test]
fn applying_allocates_what_the_map_needs() {
    let policy = HeaderPolicy::strict().compile().unwrap();
    let mut headers = HeaderMap::with_capacity(32);
    let cx = ApplyContext::new(Scheme::Https);
    let used = plumego_testkit::allocations::allocations_of(|| policy.apply(&mut headers, &cx));
    assert_eq!(used.count, 0);
    assert_eq!(headers.len(), 9);
}

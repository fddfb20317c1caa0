//! What browsers are told, from configuration and from requests.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use plumego_contract::Scheme;
use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard};
use plumego_security::headers::{
    Allowlist, ApplyContext, Csp, HeaderPolicy, PermissionsPolicy, Src,
};

/// Sources and tokens in lines: none of them adds a source, a directive or a
/// policy.
pub(crate) fn csp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<_> = text.split('\n').take(8).collect();
    let sources = || lines.iter().map(|line| Src::raw(*line));
    let csp = Csp::builder()
        .script_src(sources())
        .frame_ancestors(sources())
        .report_uri(lines.iter().copied())
        .report_to(lines[0])
        .trusted_types(lines.iter().copied())
        .build();
    let Ok(csp) = csp else {
        // One by one, what is right by itself stays by itself.
        for line in lines {
            if let Ok(csp) = Csp::builder().img_src([Src::raw(line)]).build() {
                let value = csp.to_string();
                assert!(!value.contains([';', ',']) && value.matches(' ').count() <= 1);
            }
        }
        return;
    };
    let value = csp.to_string();
    assert!(!value.contains(','));
    assert!(value.split("; ").count() <= 5);
    assert!(value.split(' ').count() <= 5 + 4 * lines.len() + 1);
}

/// Names and values in lines: a policy that compiles is applied whole.
pub(crate) fn header_policy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<_> = text.split('\n').take(8).collect();
    let pairs = lines.iter().filter_map(|line| line.split_once('='));
    let additional: Vec<_> = pairs
        .clone()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let permissions = pairs
        .clone()
        .fold(PermissionsPolicy::new(), |own, (name, origin)| {
            own.allow(name, Allowlist::Origins(vec![origin.to_owned()]))
        });
    let policy = HeaderPolicy {
        additional: additional.clone(),
        ..HeaderPolicy::baseline()
    };
    if let Ok(policy) = policy.compile() {
        let mut headers = HeaderMap::new();
        policy.apply(&mut headers, &ApplyContext::new(Scheme::Https));
        assert_eq!(headers.len(), 3 + additional.len());
    }
    let policy = HeaderPolicy {
        permissions_policy: Some(permissions),
        ..HeaderPolicy::empty()
    };
    if let Ok(policy) = policy.compile() {
        let mut headers = HeaderMap::new();
        policy.apply(&mut headers, &ApplyContext::new(Scheme::Https));
        if let Some(value) = headers.get("permissions-policy") {
            let value = value.to_str().expect("visible text");
            assert_eq!(
                value.matches("=(self \"").count(),
                value.split(", ").count()
            );
        }
    }
}

/// `Origin`, `Sec-Fetch-Site`, `Cookie` and a path in lines: no request that
/// changes something passes that a foreign page could send.
pub(crate) fn cross_origin(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    for name in ["origin", "sec-fetch-site", "cookie"] {
        let line = lines.next().unwrap_or_default();
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_str(line)) {
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    let host = HeaderValue::from_static("own.example");
    request.headers_mut().insert("host", host);
    let config = CrossOriginConfig {
        trusted_origins: vec!["https://trusted.example".into()],
        cookie_names: vec!["session".into()],
        ..CrossOriginConfig::default()
    };
    let guard = CrossOriginGuard::new(config).expect("a legal configuration");
    let (head, ()) = request.into_parts();
    let text_of = |name: &str| {
        let value = head.headers.get(name).map(HeaderValue::as_bytes);
        String::from_utf8_lossy(value.unwrap_or_default().trim_ascii()).into_owned()
    };
    if guard.check(&head).is_ok() {
        let (site, origin) = (text_of("sec-fetch-site"), text_of("origin"));
        let is_trusted = origin == "https://trusted.example";
        match (
            head.headers.contains_key("sec-fetch-site"),
            head.headers.contains_key("origin"),
        ) {
            (true, _) => assert!(matches!(&*site, "same-origin" | "none") || is_trusted),
            (false, true) => {
                let own = origin.to_ascii_lowercase();
                let is_own = own == "http://own.example" || own == "http://own.example:80";
                assert!(is_own || is_trusted, "{origin}");
            }
            (false, false) => {
                let cookies = text_of("cookie");
                let mut pairs = cookies.split(';');
                assert!(!pairs.any(|pair| pair.trim().starts_with("session=")));
            }
        }
    }
    // Reading passes always.
    let mut head = head;
    head.method = Method::GET;
    assert!(guard.check(&head).is_ok());
}

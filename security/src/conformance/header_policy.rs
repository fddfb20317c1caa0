//! What holds for whatever puts a [`HeaderPolicy`] on responses: HP-01 to
//! HP-05.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use plumego_contract::Scheme;

use super::report::{Outcome, Report, failed};
use crate::BoxFuture;
use crate::headers::{HeaderPolicy, Hsts, PolicyErrors};

/// What the handler inside answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Headers of its own.
    pub headers: HeaderMap,
}

/// Whatever applies policies, as the suite needs it.
pub trait HeaderPolicyFixture: Sync {
    /// The headers a client gets who asks by this scheme, with these headers of
    /// the request, when the handler answers so.
    ///
    /// # Errors
    /// [`PolicyErrors`] when the policy does not compile.
    fn respond<'a>(
        &'a self,
        policy: HeaderPolicy,
        scheme: Scheme,
        request: HeaderMap,
        answer: Answer,
    ) -> BoxFuture<'a, Result<HeaderMap, PolicyErrors>>;
}

/// Puts it through every case.
pub async fn run(subject: &str, fixture: &dyn HeaderPolicyFixture) -> Report {
    let mut report = Report::new("header_policy", subject);
    report.add("HP-01", "the presets arrive", presets(fixture).await);
    report.add(
        "HP-02",
        "text cannot leave its header",
        injections(fixture).await,
    );
    report.add(
        "HP-03",
        "a policy that is wrong sends nothing",
        nothing(fixture).await,
    );
    report.add(
        "HP-04",
        "HSTS follows the scheme that was decided",
        schemes(fixture).await,
    );
    report.add(
        "HP-05",
        "every status carries the headers",
        statuses(fixture).await,
    );
    report
}

fn ok() -> Answer {
    Answer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
    }
}

async fn get(
    fixture: &dyn HeaderPolicyFixture,
    policy: HeaderPolicy,
    scheme: Scheme,
) -> Result<HeaderMap, super::report::Stop> {
    let headers = fixture
        .respond(policy, scheme, HeaderMap::new(), ok())
        .await;
    headers.map_err(|errors| failed(errors.to_string()))
}

async fn presets(fixture: &dyn HeaderPolicyFixture) -> Outcome {
    for (policy, name, value) in [
        (HeaderPolicy::baseline(), "x-frame-options", "SAMEORIGIN"),
        (HeaderPolicy::strict(), "x-frame-options", "DENY"),
        (
            HeaderPolicy::strict(),
            "cross-origin-embedder-policy",
            "require-corp",
        ),
        (
            HeaderPolicy::api(),
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        let headers = get(fixture, policy, Scheme::Https).await?;
        let sent: Vec<_> = headers.get_all(name).iter().collect();
        ensure!(sent == [value], "{name}: {sent:?}");
        ensure!(
            headers
                .get("x-content-type-options")
                .is_some_and(|own| own == "nosniff"),
            "nosniff"
        );
    }
    Ok(())
}

fn with(name: &str, value: &str) -> HeaderPolicy {
    HeaderPolicy {
        additional: vec![(name.to_owned(), value.to_owned())],
        ..HeaderPolicy::baseline()
    }
}

async fn injections(fixture: &dyn HeaderPolicyFixture) -> Outcome {
    for (name, value) in [
        ("x-a", "a\r\nset-cookie: b=c"),
        ("x-a", "a\nb"),
        ("x-a\r\nx-b", "c"),
        ("x a", "b"),
        ("", "b"),
        ("set-cookie", "a=b"),
        ("content-length", "0"),
    ] {
        let refused = fixture
            .respond(with(name, value), Scheme::Http, HeaderMap::new(), ok())
            .await;
        ensure!(refused.is_err(), "{name:?}: {value:?} was accepted");
    }
    let headers = get(fixture, with("x-robots-tag", "noindex"), Scheme::Http).await?;
    ensure!(
        headers.contains_key("x-robots-tag"),
        "a legal header is missing"
    );
    Ok(())
}

async fn nothing(fixture: &dyn HeaderPolicyFixture) -> Outcome {
    let wrong = HeaderPolicy {
        additional: vec![
            ("bad name".into(), "x".into()),
            ("x-a".into(), "a\0".into()),
        ],
        ..HeaderPolicy::strict()
    };
    match fixture
        .respond(wrong, Scheme::Https, HeaderMap::new(), ok())
        .await
    {
        Err(errors) if errors.problems().len() == 2 => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

async fn schemes(fixture: &dyn HeaderPolicyFixture) -> Outcome {
    let policy = || HeaderPolicy {
        hsts: Some(Hsts::year()),
        ..HeaderPolicy::empty()
    };
    let forged = HeaderMap::from_iter([
        (
            HeaderName::from_static("x-forwarded-proto"),
            HeaderValue::from_static("https"),
        ),
        (
            HeaderName::from_static("x-forwarded-ssl"),
            HeaderValue::from_static("on"),
        ),
        (
            HeaderName::from_static("forwarded"),
            HeaderValue::from_static("proto=https"),
        ),
    ]);
    for (scheme, request, is_sent) in [
        (Scheme::Https, HeaderMap::new(), true),
        (Scheme::Http, HeaderMap::new(), false),
        (Scheme::Http, forged, false),
    ] {
        let headers = fixture.respond(policy(), scheme, request, ok()).await;
        let headers = headers.map_err(|errors| failed(errors.to_string()))?;
        let sent = headers.contains_key("strict-transport-security");
        ensure!(sent == is_sent, "by {}: {sent}", scheme.as_str());
    }
    Ok(())
}

async fn statuses(fixture: &dyn HeaderPolicyFixture) -> Outcome {
    for status in [200, 204, 301, 304, 400, 401, 404, 413, 429, 500, 503, 504] {
        let mut answer = ok();
        answer.status = StatusCode::from_u16(status).map_err(|error| failed(error.to_string()))?;
        let policy = HeaderPolicy::baseline();
        let headers = fixture
            .respond(policy, Scheme::Http, HeaderMap::new(), answer)
            .await;
        let headers = headers.map_err(|errors| failed(errors.to_string()))?;
        for name in [
            "x-frame-options",
            "x-content-type-options",
            "referrer-policy",
        ] {
            ensure!(headers.contains_key(name), "{status} without {name}");
        }
    }
    Ok(())
}

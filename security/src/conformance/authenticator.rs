//! What holds for every [`Authenticator`]: AU-01 to AU-10.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::report::{Outcome, Report, failed, staged};
use crate::authn::{Authenticated, Authenticator, AuthnError};

/// An authenticator as the suite needs it.
pub trait AuthenticatorFixture: Sync {
    /// The authenticator.
    fn authenticator(&self) -> Arc<dyn Authenticator>;

    /// The head of a request that it recognises.
    fn recognised(&self) -> Parts;

    /// The head of a request with a credential of its kind that does not hold.
    fn wrong(&self) -> Parts;

    /// Texts of credentials that nobody may see, those in the heads included.
    fn secrets(&self) -> Vec<String>;

    /// The header that carries its credentials.
    fn header(&self) -> HeaderName {
        http::header::AUTHORIZATION
    }

    /// The authenticator with a backend that does not answer, and the head of a
    /// request that makes it ask.
    fn backend_down(&self) -> Option<(Arc<dyn Authenticator>, Parts)> {
        None
    }
}

/// Puts an authenticator through every case.
pub async fn run(subject: &str, fixture: &dyn AuthenticatorFixture) -> Report {
    let mut report = Report::new("authenticator", subject);
    report.add(
        "AU-01",
        "no credential is unauthenticated",
        no_credential(fixture).await,
    );
    report.add(
        "AU-02",
        "malformed credentials are refused quietly",
        malformed(fixture).await,
    );
    report.add(
        "AU-03",
        "a wrong credential is not a failure of a backend",
        wrong(fixture).await,
    );
    report.add(
        "AU-04",
        "a backend that is down is unavailable",
        down(fixture).await,
    );
    report.add(
        "AU-05",
        "a failure leaves nothing on the request",
        leaves_nothing(fixture).await,
    );
    report.add(
        "AU-06",
        "queries and cookies are no credentials",
        elsewhere(fixture).await,
    );
    report.add(
        "AU-07",
        "a principal has a subject",
        has_subject(fixture).await,
    );
    report.add(
        "AU-08",
        "nothing shows a credential",
        shows_nothing(fixture).await,
    );
    report.add(
        "AU-09",
        "it is used by many at once",
        concurrent(fixture).await,
    );
    report.add(
        "AU-10",
        "a check that is dropped leaks nothing",
        dropped(fixture).await,
    );
    report
}

fn empty_head() -> Parts {
    http::Request::new(()).into_parts().0
}

async fn ask(
    fixture: &dyn AuthenticatorFixture,
    head: &Parts,
) -> Result<Authenticated, AuthnError> {
    fixture.authenticator().authenticate(head).await
}

async fn no_credential(fixture: &dyn AuthenticatorFixture) -> Outcome {
    match ask(fixture, &empty_head()).await {
        Err(AuthnError::Unauthenticated) => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

async fn malformed(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let long = vec![b'x'; 64 * 1024];
    let texts: [&[u8]; 14] = [
        b"",
        b" ",
        b"Bearer",
        b"Bearer ",
        b"Bearer\t",
        b"bearer a b",
        b"Basic",
        b"Basic !",
        b"Bearer \xff\xfe",
        b"\xff",
        b"Bearer ..",
        b"Bearer a.b.c",
        b"Digest x=\"",
        &long,
    ];
    for text in texts {
        for times in 1..=2 {
            let mut head = empty_head();
            let value = HeaderValue::from_bytes(text).map_err(|error| failed(error.to_string()))?;
            for _ in 0..times {
                head.headers.append(fixture.header(), value.clone());
            }
            let outcome = ask(fixture, &head).await;
            let is_refused = matches!(
                outcome,
                Err(AuthnError::Unauthenticated | AuthnError::InvalidToken { .. })
            );
            ensure!(
                is_refused,
                "{} bytes, {times} times: {outcome:?}",
                text.len()
            );
        }
    }
    Ok(())
}

async fn wrong(fixture: &dyn AuthenticatorFixture) -> Outcome {
    match ask(fixture, &fixture.wrong()).await {
        Ok(_) => Err(failed("it was accepted")),
        Err(AuthnError::Unavailable(error)) => Err(failed(format!("unavailable: {error}"))),
        Err(_) => Ok(()),
    }
}

async fn down(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let (authenticator, head) = staged(fixture.backend_down())?;
    match authenticator.authenticate(&head).await {
        Err(AuthnError::Unavailable(_)) => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

async fn leaves_nothing(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let head = fixture.wrong();
    let before = head.extensions.len();
    let _ = ask(fixture, &head).await;
    ensure!(
        head.extensions.len() == before,
        "the request has more than before"
    );
    Ok(())
}

async fn elsewhere(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let mut head = empty_head();
    for secret in fixture.secrets() {
        let pair = format!("token={secret}; access_token={secret}; authorization={secret}");
        if let Ok(value) = HeaderValue::from_str(&pair) {
            head.headers.append(http::header::COOKIE, value);
        }
        let query = format!("/?token={secret}&access_token={secret}&authorization={secret}");
        if let Ok(uri) = query.parse() {
            head.uri = uri;
        }
    }
    match ask(fixture, &head).await {
        Err(AuthnError::Unauthenticated) => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

async fn has_subject(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let caller = ask(fixture, &fixture.recognised()).await;
    let caller = caller.map_err(|error| failed(error.to_string()))?;
    ensure!(!caller.principal.subject.is_empty(), "the subject is empty");
    Ok(())
}

async fn shows_nothing(fixture: &dyn AuthenticatorFixture) -> Outcome {
    for head in [fixture.recognised(), fixture.wrong()] {
        let shown = match ask(fixture, &head).await {
            Ok(caller) => format!("{caller:?}"),
            Err(error) => {
                let mut shown = format!("{error} {error:?}");
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    shown.push_str(&format!(" {cause} {cause:?}"));
                    source = cause.source();
                }
                shown
            }
        };
        let is_shown = |secret: &String| !secret.is_empty() && shown.contains(secret.as_str());
        ensure!(
            !fixture.secrets().iter().any(is_shown),
            "a credential is shown"
        );
    }
    Ok(())
}

async fn concurrent(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let authenticator = fixture.authenticator();
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..64 {
        let authenticator = Arc::clone(&authenticator);
        let is_good = at % 2 == 0;
        let head = if is_good {
            fixture.recognised()
        } else {
            fixture.wrong()
        };
        tasks.spawn(async move { authenticator.authenticate(&head).await.is_ok() == is_good });
    }
    while let Some(outcome) = tasks.join_next().await {
        ensure!(
            matches!(outcome, Ok(true)),
            "one of many got the answer of another"
        );
    }
    Ok(())
}

async fn dropped(fixture: &dyn AuthenticatorFixture) -> Outcome {
    let authenticator = fixture.authenticator();
    let before = Arc::strong_count(&authenticator);
    for turns in 0..4 {
        let head = fixture.recognised();
        let mut check = authenticator.authenticate(&head);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..turns {
            if check.as_mut().poll(&mut cx).is_ready() {
                break;
            }
        }
    }
    ensure!(
        Arc::strong_count(&authenticator) == before,
        "the authenticator is held"
    );
    has_subject(fixture).await
}

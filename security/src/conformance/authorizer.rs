//! What holds for every [`Authorizer`]: AZ-01 to AZ-05.

use std::sync::Arc;

use super::report::{Outcome, Report, failed, staged};
use crate::authn::{Authorizer, AuthzError, Principal};

/// An authorizer as the suite needs it.
pub trait AuthorizerFixture: Sync {
    /// The authorizer, with a policy that says something.
    fn authorizer(&self) -> Arc<dyn Authorizer>;

    /// The authorizer with a policy that demands nothing, which denies unless
    /// it was asked to allow then.
    fn empty(&self, allow_empty: bool) -> Option<Arc<dyn Authorizer>>;

    /// The authorizer with a backend that does not answer.
    fn backend_down(&self) -> Option<Arc<dyn Authorizer>> {
        None
    }
}

/// Puts an authorizer through every case.
pub async fn run(subject: &str, fixture: &dyn AuthorizerFixture) -> Report {
    let mut report = Report::new("authorizer", subject);
    report.add("AZ-01", "nobody is unauthenticated", nobody(fixture).await);
    report.add(
        "AZ-02",
        "an empty policy denies",
        empty(fixture, false).await,
    );
    report.add(
        "AZ-03",
        "an empty policy allows only on request",
        empty(fixture, true).await,
    );
    report.add(
        "AZ-04",
        "a backend that is down is no denial",
        down(fixture).await,
    );
    report.add(
        "AZ-05",
        "the answer is the same for many at once",
        concurrent(fixture).await,
    );
    report
}

async fn nobody(fixture: &dyn AuthorizerFixture) -> Outcome {
    let authorizer = fixture.authorizer();
    for (action, resource) in [("", ""), ("read", ""), ("", "items"), ("read", "items")] {
        match authorizer.authorize(None, action, resource).await {
            Err(AuthzError::Unauthenticated) => {}
            other => return Err(failed(format!("{action:?} {resource:?}: {other:?}"))),
        }
    }
    Ok(())
}

async fn empty(fixture: &dyn AuthorizerFixture, allow_empty: bool) -> Outcome {
    let authorizer = staged(fixture.empty(allow_empty))?;
    let who = Principal::new("somebody");
    match (allow_empty, authorizer.authorize(Some(&who), "", "").await) {
        (true, Ok(())) | (false, Err(AuthzError::Forbidden)) => Ok(()),
        (_, other) => Err(failed(format!("{other:?}"))),
    }
}

async fn down(fixture: &dyn AuthorizerFixture) -> Outcome {
    let authorizer = staged(fixture.backend_down())?;
    let who = Principal::new("somebody");
    match authorizer.authorize(Some(&who), "read", "items").await {
        Err(AuthzError::Unavailable(_)) => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

async fn concurrent(fixture: &dyn AuthorizerFixture) -> Outcome {
    let authorizer = fixture.authorizer();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let authorizer = Arc::clone(&authorizer);
        tasks.spawn(async move {
            let who = Principal::new("somebody");
            let answer = authorizer.authorize(Some(&who), "read", "items").await;
            format!("{answer:?}")
        });
    }
    let mut answers = std::collections::BTreeSet::new();
    while let Some(answer) = tasks.join_next().await {
        answers.insert(answer.map_err(|error| failed(error.to_string()))?);
    }
    ensure!(answers.len() == 1, "{answers:?}");
    Ok(())
}

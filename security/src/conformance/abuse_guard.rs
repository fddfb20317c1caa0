//! What holds for every [`AbuseGuard`]: AG-01 to AG-10.

use std::sync::Arc;
use std::time::Duration;

use super::report::{Outcome, Report, Stop, staged};
use crate::BoxFuture;
use crate::abuse::{AbuseConfig, AbuseError, AbuseGuard, Guarded, Limiter, OnError};

/// A limiter as the suite needs it.
pub trait AbuseGuardFixture: Sync {
    /// A fresh limiter with these limits. Called once per case.
    fn fresh(&self, rate: f64, capacity: u32) -> BoxFuture<'_, Arc<dyn AbuseGuard>>;

    /// Lets this time pass: by a clock that tests turn, or by waiting.
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Another client of the last fresh limiter, for one that is shared.
    fn second_client(&self) -> BoxFuture<'_, Option<Arc<dyn AbuseGuard>>> {
        Box::pin(std::future::ready(None))
    }

    /// A limiter whose backend does not answer.
    fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn AbuseGuard>>> {
        Box::pin(std::future::ready(None))
    }

    /// Turns the clock of the last fresh limiter back; false if there is none
    /// to turn.
    fn step_back(&self, time: Duration) -> bool {
        let _ = time;
        false
    }

    /// How many keys the last fresh limiter holds, after it was given a chance
    /// to drop idle ones.
    fn keys_held(&self) -> BoxFuture<'_, Option<u64>> {
        Box::pin(std::future::ready(None))
    }
}

/// Puts a limiter through every case.
pub async fn run(subject: &str, fixture: &dyn AbuseGuardFixture) -> Report {
    let mut report = Report::new("abuse_guard", subject);
    report.add("AG-01", "a burst, then denial", burst(fixture).await);
    report.add(
        "AG-02",
        "tokens come back at the rate",
        refill(fixture).await,
    );
    report.add(
        "AG-03",
        "the wait it names is enough and needed",
        wait(fixture).await,
    );
    report.add("AG-04", "keys are independent", independent(fixture).await);
    report.add("AG-05", "an empty key is refused", empty_key(fixture).await);
    report.add(
        "AG-06",
        "costs are taken whole or not at all",
        cost(fixture).await,
    );
    report.add(
        "AG-07",
        "two clients share one budget",
        shared(fixture).await,
    );
    report.add(
        "AG-08",
        "a backend that is down follows the plan",
        down(fixture).await,
    );
    report.add(
        "AG-09",
        "a clock that steps back gives nothing",
        clock(fixture).await,
    );
    report.add("AG-10", "idle keys disappear", idle(fixture).await);
    report
}

impl From<AbuseError> for Stop {
    fn from(error: AbuseError) -> Self {
        Self::Failed(format!("{error:?}"))
    }
}

/// How many of so many requests are allowed.
async fn allowed(guard: &dyn AbuseGuard, key: &str, requests: u32) -> Result<u32, AbuseError> {
    let mut allowed = 0;
    for _ in 0..requests {
        allowed += u32::from(guard.check(key, 1).await?.allowed);
    }
    Ok(allowed)
}

async fn burst(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(0.01, 5).await;
    for remaining in (0..5).rev() {
        let decision = guard.check("a", 1).await?;
        ensure!(
            decision.allowed && decision.remaining == remaining,
            "{decision:?}"
        );
        ensure!(
            decision.limit == 5 && decision.retry_after.is_none(),
            "{decision:?}"
        );
    }
    let denied = guard.check("a", 1).await?;
    ensure!(
        !denied.allowed && denied.retry_after.is_some(),
        "{denied:?}"
    );
    Ok(())
}

async fn refill(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(10.0, 4).await;
    allowed(&*guard, "a", 4).await?;
    fixture.pass(Duration::from_millis(250)).await;
    let back = allowed(&*guard, "a", 4).await?;
    ensure!(
        (2..=3).contains(&back),
        "{back} tokens after 250 ms at ten per second"
    );
    fixture.pass(Duration::from_secs(1)).await;
    let back = allowed(&*guard, "a", 5).await?;
    ensure!((4..=5).contains(&back), "{back} tokens of at most 4");
    Ok(())
}

async fn wait(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(2.0, 1).await;
    allowed(&*guard, "a", 1).await?;
    let denied = guard.check("a", 1).await?;
    let wait = denied.retry_after.unwrap_or_default();
    ensure!(
        wait > Duration::from_millis(300) && wait <= Duration::from_millis(500),
        "{wait:?}"
    );
    fixture.pass(wait / 2).await;
    ensure!(
        !guard.check("a", 1).await?.allowed,
        "half the wait was enough"
    );
    fixture
        .pass(wait - wait / 2 + Duration::from_millis(1))
        .await;
    ensure!(
        guard.check("a", 1).await?.allowed,
        "the wait was not enough"
    );
    Ok(())
}

async fn independent(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(0.01, 2).await;
    allowed(&*guard, "a", 5).await?;
    for key in ["b", "A", "a ", "aa"] {
        let own = allowed(&*guard, key, 3).await?;
        ensure!(own == 2, "{key:?} got {own}");
    }
    Ok(())
}

async fn empty_key(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(10.0, 2).await;
    let refused = guard.check("", 1).await;
    ensure!(
        matches!(refused, Err(AbuseError::InvalidKey)),
        "{refused:?}"
    );
    let long = guard.check(&"x".repeat(10_000), 1).await?;
    ensure!(long.allowed, "a long key was refused");
    Ok(())
}

async fn cost(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(0.01, 5).await;
    ensure!(guard.check("a", 3).await?.remaining == 2, "three of five");
    let denied = guard.check("a", 3).await?;
    ensure!(!denied.allowed && denied.remaining == 2, "{denied:?}");
    ensure!(guard.check("a", 2).await?.allowed, "two of two");
    let never = guard.check("b", 6).await;
    ensure!(
        matches!(never, Err(AbuseError::InvalidCost { .. })),
        "{never:?}"
    );
    Ok(())
}

async fn shared(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let one = fixture.fresh(0.01, 4).await;
    let other = staged(fixture.second_client().await)?;
    let together = allowed(&*one, "a", 3).await? + allowed(&*other, "a", 3).await?;
    ensure!(together == 4, "{together} of 4");
    Ok(())
}

async fn down(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = staged(fixture.backend_down().await)?;
    let plan = |on_error| Guarded::new(Arc::clone(&guard)).on_error(on_error);
    let closed = plan(OnError::FailClosed).check("a", 1).await;
    ensure!(
        matches!(closed, Err(AbuseError::Unavailable(_))),
        "{closed:?}"
    );
    ensure!(
        plan(OnError::FailOpen).check("a", 1).await?.allowed,
        "not open"
    );
    let local = Limiter::new(AbuseConfig::default().with_capacity(1))?;
    ensure!(
        plan(OnError::Local(local)).check("a", 1).await?.limit == 1,
        "not local"
    );
    Ok(())
}

async fn clock(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(1.0, 3).await;
    fixture.pass(Duration::from_secs(10)).await;
    allowed(&*guard, "a", 2).await?;
    if !fixture.step_back(Duration::from_secs(5)) {
        return Err(Stop::NotApplicable);
    }
    let decision = guard.check("a", 1).await?;
    ensure!(decision.allowed && decision.remaining == 0, "{decision:?}");
    ensure!(!guard.check("a", 1).await?.allowed, "the step gave a token");
    Ok(())
}

async fn idle(fixture: &dyn AbuseGuardFixture) -> Outcome {
    let guard = fixture.fresh(100.0, 2).await;
    for key in ["a", "b", "c"] {
        guard.check(key, 1).await?;
    }
    let held = staged(fixture.keys_held().await)?;
    ensure!(held == 3, "{held} keys of 3");
    fixture.pass(Duration::from_secs(3600)).await;
    let held = staged(fixture.keys_held().await)?;
    ensure!(held == 0, "{held} idle keys");
    Ok(())
}

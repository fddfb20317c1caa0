//! The cases themselves.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{CheckerFixture, Verdict};
use crate::{
    BoxFuture, CheckOutcome, ComponentChecker, ComponentHealth, HealthState, ProbePolicy,
    ProbeReport, ProbeSet, is_component_name, probe,
};

/// Checks that follow one another in HC-01.
const REPEATED: usize = 100;
/// Checks that run at the same time in HC-07.
const CONCURRENT: usize = 64;
/// Checks a pool with broken connections may take to see that its backend is back.
const CHECKS_TO_RECOVER: usize = 3;
/// How often, and how long apart, a count is read before it is taken as a leak.
const SETTLE_READS: usize = 100;
const SETTLE_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) run: for<'a> fn(&'a dyn CheckerFixture) -> BoxFuture<'a, Verdict>,
}

pub(super) const ALL: [Case; 8] = [
    Case {
        id: "HC-01",
        title: "healthy, again and again, without leaks",
        run: |f| Box::pin(judged(repeated(f))),
    },
    Case {
        id: "HC-02",
        title: "sees the backend stop and come back",
        run: |f| Box::pin(judged(stopped(f))),
    },
    Case {
        id: "HC-03",
        title: "a backend that never answers times out",
        run: |f| Box::pin(judged(hanging(f))),
    },
    Case {
        id: "HC-04",
        title: "a valid and constant name",
        run: |f| Box::pin(judged(named(f))),
    },
    Case {
        id: "HC-05",
        title: "shows no secret and no error text",
        run: |f| Box::pin(judged(silent(f))),
    },
    Case {
        id: "HC-06",
        title: "leaves no data behind",
        run: |f| Box::pin(judged(clean(f))),
    },
    Case {
        id: "HC-07",
        title: "64 checks at the same time",
        run: |f| Box::pin(judged(concurrent(f))),
    },
    Case {
        id: "HC-08",
        title: "wrong credentials are unhealthy",
        run: |f| Box::pin(judged(refused(f))),
    },
];

/// Why a case did not pass.
enum Miss {
    NotApplicable,
    Failed(String),
}

type Judged = Result<(), Miss>;

async fn judged(case: impl Future<Output = Judged>) -> Verdict {
    match case.await {
        Ok(()) => Verdict::Passed,
        Err(Miss::NotApplicable) => Verdict::NotApplicable,
        Err(Miss::Failed(how)) => Verdict::Failed(how),
    }
}

fn ensure(holds: bool, how: impl FnOnce() -> String) -> Judged {
    if holds {
        Ok(())
    } else {
        Err(Miss::Failed(how()))
    }
}

fn applicable(can: bool) -> Judged {
    if can {
        Ok(())
    } else {
        Err(Miss::NotApplicable)
    }
}

/// One check through the runner.
async fn report(
    checker: &Arc<dyn ComponentChecker>,
    deadline: Duration,
) -> Result<ProbeReport, Miss> {
    let set = ProbeSet::new([checker.clone()]).map_err(|error| Miss::Failed(error.to_string()))?;
    let policy = ProbePolicy::default()
        .with_timeout(deadline)
        .with_overall(deadline * 2);
    Ok(probe(&set, &policy).await)
}

async fn seen(
    checker: &Arc<dyn ComponentChecker>,
    deadline: Duration,
) -> Result<ComponentHealth, Miss> {
    let components = report(checker, deadline).await?.components;
    components
        .into_values()
        .next()
        .ok_or_else(|| Miss::Failed("the runner reported no component".into()))
}

async fn expect(
    checker: &Arc<dyn ComponentChecker>,
    fixture: &dyn CheckerFixture,
    state: HealthState,
) -> Judged {
    let component = seen(checker, fixture.deadline()).await?;
    ensure(component.health.status == state, || {
        format!("expected {state}, saw {component:?}")
    })
}

/// Waits until no more is open than at the start, within a second.
async fn settled(fixture: &dyn CheckerFixture, resources: usize, tasks: usize) -> Judged {
    let mut open = (0, 0);
    for _ in 0..SETTLE_READS {
        open = (
            fixture.open_resources().await,
            Handle::current().metrics().num_alive_tasks(),
        );
        if open.0 <= resources && open.1 <= tasks {
            return Ok(());
        }
        sleep(SETTLE_PAUSE).await;
    }
    let (now, running) = open;
    Err(Miss::Failed(format!(
        "leak: {resources} resources became {now}, {tasks} tasks became {running}"
    )))
}

async fn open_now(fixture: &dyn CheckerFixture) -> (usize, usize) {
    (
        fixture.open_resources().await,
        Handle::current().metrics().num_alive_tasks(),
    )
}

async fn repeated(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    expect(&checker, fixture, HealthState::Healthy).await?;
    let (resources, tasks) = open_now(fixture).await;
    for _ in 0..REPEATED {
        expect(&checker, fixture, HealthState::Healthy).await?;
    }
    settled(fixture, resources, tasks).await
}

async fn stopped(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    expect(&checker, fixture, HealthState::Healthy).await?;
    applicable(fixture.stop().await)?;
    expect(&checker, fixture, HealthState::Unhealthy).await?;
    fixture.restore().await;
    for _ in 1..CHECKS_TO_RECOVER {
        if expect(&checker, fixture, HealthState::Healthy)
            .await
            .is_ok()
        {
            return Ok(());
        }
    }
    expect(&checker, fixture, HealthState::Healthy).await
}

async fn hanging(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    expect(&checker, fixture, HealthState::Healthy).await?;
    let (resources, tasks) = open_now(fixture).await;
    applicable(fixture.hang().await)?;
    expect(&checker, fixture, HealthState::Unhealthy).await?;
    settled(fixture, resources, tasks).await
}

async fn named(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    let name = checker.name().to_owned();
    ensure(is_component_name(&name), || {
        format!("{name:?} is not a component name")
    })?;
    seen(&checker, fixture.deadline()).await?;
    fixture.stop().await;
    seen(&checker, fixture.deadline()).await?;
    ensure(checker.name() == name, || {
        format!("{name:?} became {:?}", checker.name())
    })
}

async fn silent(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    says_nothing(&checker, fixture).await?;
    if fixture.stop().await {
        says_nothing(&checker, fixture).await?;
        fixture.restore().await;
    }
    if fixture.hang().await {
        says_nothing(&checker, fixture).await?;
        fixture.restore().await;
    }
    match fixture.with_wrong_credentials() {
        Some(refused) => says_nothing(&refused, fixture).await,
        None => Ok(()),
    }
}

/// Looks for secrets and error texts in everything that may be printed.
async fn says_nothing(checker: &Arc<dyn ComponentChecker>, fixture: &dyn CheckerFixture) -> Judged {
    let report = report(checker, fixture.deadline()).await?;
    let mut hidden = fixture.secrets();
    hidden.extend(
        report
            .cause(checker.name())
            .into_iter()
            .flat_map(|cause| texts(cause)),
    );
    let mut shown = vec![format!("{report:?}")];
    for component in report.components.values() {
        let public = serde_json::to_string(&component.public())
            .map_err(|error| Miss::Failed(error.to_string()))?;
        shown.push(public);
    }
    // In a task of its own, so that a check that panics fails its case alone.
    let (direct, deadline) = (checker.clone(), fixture.deadline());
    let ended = tokio::spawn(async move { timeout(deadline, direct.check()).await });
    if let Ok(Ok(outcome)) = ended.await {
        hidden.extend(outcome.cause.iter().flat_map(|cause| texts(&**cause)));
        shown.push(printed(&outcome));
    }
    // A fixed message was written for everybody, even if an error says the same.
    let fixed: Vec<&str> = report
        .components
        .values()
        .map(|component| component.health.message.as_str())
        .collect();
    let leaks = |text: &&String| {
        !text.is_empty()
            && !fixed.iter().any(|message| message.contains(text.as_str()))
            && shown.iter().any(|shown| shown.contains(text.as_str()))
    };
    ensure(hidden.iter().find(leaks).is_none(), || {
        format!("a secret or an error text is shown in {shown:?}")
    })
}

fn printed(outcome: &CheckOutcome) -> String {
    format!("{outcome:?}")
}

/// The texts of an error and of what caused it.
fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        texts.push(source.to_string());
        next = source.source();
    }
    texts
}

async fn clean(fixture: &dyn CheckerFixture) -> Judged {
    let before = fixture.contents().await;
    applicable(before.is_some())?;
    let checker = fixture.checker();
    for _ in 0..10 {
        expect(&checker, fixture, HealthState::Healthy).await?;
    }
    let after = fixture.contents().await;
    ensure(before == after, || {
        "the checks changed what the backend holds".into()
    })
}

async fn concurrent(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture.checker();
    expect(&checker, fixture, HealthState::Healthy).await?;
    let (_, tasks) = open_now(fixture).await;
    let mut checks = JoinSet::new();
    for _ in 0..CONCURRENT {
        let (checker, deadline) = (checker.clone(), fixture.deadline());
        checks.spawn(async move {
            timeout(deadline, checker.check())
                .await
                .map(|outcome| outcome.state)
        });
    }
    for ended in checks.join_all().await {
        ensure(ended == Ok(HealthState::Healthy), || {
            format!("one of {CONCURRENT} checks ended with {ended:?}")
        })?;
    }
    // A pool may well keep more connections after a burst than after one check,
    // but no task of a check may be left.
    settled(fixture, usize::MAX, tasks).await
}

async fn refused(fixture: &dyn CheckerFixture) -> Judged {
    let checker = fixture
        .with_wrong_credentials()
        .ok_or(Miss::NotApplicable)?;
    let component = seen(&checker, fixture.deadline()).await?;
    let answered = component.health.message != "check timed out"
        && component.health.message != "check panicked";
    ensure(
        component.health.status == HealthState::Unhealthy && answered,
        || format!("expected an unhealthy answer, saw {component:?}"),
    )
}

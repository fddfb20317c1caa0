//! What holds for every [`KeyStore`]: KS-01 to KS-09.

use std::collections::BTreeSet;
use std::sync::Arc;

use plumego_contract::BoxError;

use super::report::{Outcome, Report, Stop, failed, staged};
use crate::BoxFuture;
use crate::jwt::KeyStore;
use crate::secret::SecretBytes;

/// A store as the suite needs it.
pub trait KeyStoreFixture: Sync {
    /// A fresh, empty store. Called once per case.
    fn fresh(&self) -> BoxFuture<'_, Arc<dyn KeyStore>>;

    /// The last fresh store, closed and opened again with what it held.
    fn reopened(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
        Box::pin(std::future::ready(None))
    }

    /// A store whose backend does not answer.
    fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
        Box::pin(std::future::ready(None))
    }

    /// All that was logged so far, where it can be seen.
    fn logged(&self) -> Option<String> {
        None
    }
}

/// Puts a store through every case.
pub async fn run(subject: &str, fixture: &dyn KeyStoreFixture) -> Report {
    let mut report = Report::new("key_store", subject);
    report.add("KS-01", "values come and go", come_and_go(fixture).await);
    report.add(
        "KS-02",
        "one of many puts an absent value",
        put_once(fixture).await,
    );
    report.add(
        "KS-03",
        "a swap looks at what is there",
        swap(fixture).await,
    );
    report.add(
        "KS-04",
        "swaps are linearisable",
        linearisable(fixture).await,
    );
    report.add(
        "KS-05",
        "lists are sorted and of their prefix",
        list(fixture).await,
    );
    report.add(
        "KS-06",
        "what was acknowledged survives",
        durable(fixture).await,
    );
    report.add("KS-07", "any bytes are a value", any_bytes(fixture).await);
    report.add(
        "KS-08",
        "a backend that is down is an error",
        down(fixture).await,
    );
    report.add("KS-09", "values are not logged", not_logged(fixture).await);
    report
}

impl From<BoxError> for Stop {
    fn from(error: BoxError) -> Self {
        Self::Failed(error.to_string())
    }
}

fn value(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes())
}

async fn come_and_go(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = fixture.fresh().await;
    ensure!(
        store.get("jwt:keys:a").await?.is_none(),
        "a fresh store has a value"
    );
    ensure!(
        !store.delete("jwt:keys:a").await?,
        "what is not there was deleted"
    );
    ensure!(
        store.put_if_absent("jwt:keys:a", value("1")).await?,
        "an absent value was not put"
    );
    ensure!(
        store.get("jwt:keys:a").await? == Some(value("1")),
        "another value came back"
    );
    ensure!(
        store.delete("jwt:keys:a").await?,
        "what is there was not deleted"
    );
    ensure!(
        store.get("jwt:keys:a").await?.is_none(),
        "a deleted value came back"
    );
    Ok(())
}

async fn put_once(fixture: &dyn KeyStoreFixture) -> Outcome {
    const CALLERS: usize = 64;
    let store = fixture.fresh().await;
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let own = value(&caller.to_string());
            store
                .put_if_absent("jwt:active", own.clone())
                .await
                .map(|put| put.then_some(own))
        });
    }
    let mut winners = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        winners.extend(outcome.map_err(|error| failed(error.to_string()))??);
    }
    ensure!(
        winners.len() == 1,
        "{} of {CALLERS} callers put a value",
        winners.len()
    );
    ensure!(
        store.get("jwt:active").await?.as_ref() == winners.first(),
        "the winner's value is lost"
    );
    Ok(())
}

async fn swap(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = fixture.fresh().await;
    let swap = async |expected: Option<&[u8]>, text: &str| {
        store
            .compare_and_swap("jwt:active", expected, value(text))
            .await
    };
    ensure!(
        !swap(Some(b"1"), "2").await?,
        "an absent value was taken for one"
    );
    ensure!(swap(None, "1").await?, "an absent value was not swapped");
    ensure!(!swap(None, "2").await?, "a value was taken for absent");
    for other in [&b"2"[..], b"", b"11", b"1\0"] {
        ensure!(
            !swap(Some(other), "2").await?,
            "a value was taken for another"
        );
    }
    ensure!(
        swap(Some(b"1"), "3").await?,
        "the value that is there was not swapped"
    );
    ensure!(
        store.get("jwt:active").await? == Some(value("3")),
        "another value came back"
    );
    Ok(())
}

/// Many count up in one place; every number may be reached by one alone.
async fn linearisable(fixture: &dyn KeyStoreFixture) -> Outcome {
    const CALLERS: usize = 16;
    const STEPS: usize = 8;
    let store = fixture.fresh().await;
    store.put_if_absent("n", value("0")).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut reached = Vec::new();
            while reached.len() < STEPS {
                let Some(seen) = store.get("n").await? else {
                    return Err("the value is lost".into());
                };
                let number: usize = String::from_utf8_lossy(seen.expose()).parse()?;
                let next = value(&(number + 1).to_string());
                if store
                    .compare_and_swap("n", Some(seen.expose()), next)
                    .await?
                {
                    reached.push(number + 1);
                }
            }
            Ok::<_, BoxError>(reached)
        });
    }
    let mut all = Vec::new();
    while let Some(reached) = tasks.join_next().await {
        all.extend(reached.map_err(|error| failed(error.to_string()))??);
    }
    all.sort_unstable();
    let expected: Vec<_> = (1..=CALLERS * STEPS).collect();
    ensure!(all == expected, "numbers were reached twice or not at all");
    Ok(())
}

async fn list(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = fixture.fresh().await;
    let keys = [
        "jwt:keys:b",
        "jwt:keys:a",
        "jwt:active",
        "jwt:keysx",
        "other",
        "jwt:keys:a1",
    ];
    for key in keys {
        store.put_if_absent(key, value("v")).await?;
    }
    let listed = store.list("jwt:keys:").await?;
    ensure!(
        listed == ["jwt:keys:a", "jwt:keys:a1", "jwt:keys:b"],
        "{listed:?}"
    );
    let all: BTreeSet<_> = store.list("jwt:").await?.into_iter().collect();
    ensure!(all.len() == 5, "{all:?}");
    ensure!(store.list("nothing").await?.is_empty(), "keys of no prefix");
    Ok(())
}

async fn durable(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = fixture.fresh().await;
    store.put_if_absent("jwt:keys:a", value("1")).await?;
    store
        .compare_and_swap("jwt:active", None, value("a"))
        .await?;
    store.put_if_absent("jwt:keys:b", value("2")).await?;
    store.delete("jwt:keys:b").await?;
    drop(store);
    let again = staged(fixture.reopened().await)?;
    ensure!(
        again.get("jwt:keys:a").await? == Some(value("1")),
        "a value is lost"
    );
    ensure!(
        again.get("jwt:active").await? == Some(value("a")),
        "a swap is lost"
    );
    ensure!(
        again.get("jwt:keys:b").await?.is_none(),
        "a deleted value is back"
    );
    Ok(())
}

async fn any_bytes(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = fixture.fresh().await;
    let all: Vec<u8> = (0..=255).collect();
    for (key, bytes) in [
        ("empty", vec![]),
        ("all", all.clone()),
        ("long", all.repeat(256)),
    ] {
        let own = SecretBytes::from(bytes.as_slice());
        ensure!(
            store.put_if_absent(key, own.clone()).await?,
            "{key} was not put"
        );
        ensure!(
            store.get(key).await?.as_ref() == Some(&own),
            "{key} came back as another"
        );
        ensure!(
            store.compare_and_swap(key, Some(&bytes), own).await?,
            "{key} was not swapped"
        );
    }
    Ok(())
}

async fn down(fixture: &dyn KeyStoreFixture) -> Outcome {
    let store = staged(fixture.backend_down().await)?;
    ensure!(store.get("a").await.is_err(), "get");
    ensure!(store.list("a").await.is_err(), "list");
    ensure!(
        store.put_if_absent("a", value("1")).await.is_err(),
        "put_if_absent"
    );
    ensure!(
        store.compare_and_swap("a", None, value("1")).await.is_err(),
        "compare_and_swap"
    );
    ensure!(store.delete("a").await.is_err(), "delete");
    Ok(())
}

async fn not_logged(fixture: &dyn KeyStoreFixture) -> Outcome {
    const VALUE: &str = "hunter2-hunter2-hunter2";
    staged(fixture.logged())?;
    let store = fixture.fresh().await;
    store.put_if_absent("a", value(VALUE)).await?;
    store
        .compare_and_swap("a", Some(b"other"), value(VALUE))
        .await?;
    store.get("a").await?;
    let logged = staged(fixture.logged())?;
    ensure!(!logged.contains(VALUE), "a value was logged");
    Ok(())
}

//! Random operations against a plain map.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::{FileFixture, all, open, path, put, read};
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::conformance::sample::samples;
use crate::file::{CopyOptions, FileErrorKind, FileStorage, ListPrefix, ListRequest};

/// Paths that operations are about; none is a directory of another.
const PATHS: [&str; 6] = ["a", "b/1", "b/10", "b/2/x", "b-c", "\u{e9}/z"];

#[derive(Clone, Debug)]
enum Step {
    Put(usize, u8, bool),
    Get(usize),
    Delete(usize),
    Copy(usize, usize, bool),
    List(bool),
}

fn steps() -> impl Strategy<Value = Step> {
    let at = 0..PATHS.len();
    prop_oneof![
        4 => (at.clone(), any::<u8>(), proptest::bool::weighted(0.3))
            .prop_map(|(at, value, new)| Step::Put(at, value, new)),
        3 => at.clone().prop_map(Step::Get),
        2 => at.clone().prop_map(Step::Delete),
        2 => (at.clone(), at, proptest::bool::weighted(0.3))
            .prop_map(|(from, to, new)| Step::Copy(from, to, new)),
        1 => any::<bool>().prop_map(Step::List),
    ]
}

fn content(value: u8) -> Bytes {
    Bytes::from(vec![value; usize::from(value) * 5])
}

pub(super) async fn agrees(fixture: &dyn FileFixture) -> Outcome {
    let length = 250;
    samples(
        fixture.steps().div_ceil(length),
        proptest::collection::vec(steps(), length),
        async |steps: Vec<Step>| {
            let storage = open(fixture).await?;
            let mut model = BTreeMap::new();
            for (number, step) in steps.iter().enumerate() {
                take(&*storage, &mut model, step)
                    .await
                    .map_err(|stop| stop.within(format!("step {number}, {step:?}")))?;
            }
            Ok(())
        },
    )
    .await
}

async fn take(
    storage: &dyn FileStorage,
    model: &mut BTreeMap<&'static str, Bytes>,
    step: &Step,
) -> Outcome {
    match *step {
        Step::Put(at, value, new) => {
            let at = PATHS[at];
            let mut request = put(at, content(value))?;
            if new {
                request = request.create_new();
            }
            match storage.put(request).await {
                Ok(record) => {
                    ensure!(!new || !model.contains_key(at), "it was there already");
                    ensure_eq!(record.size, content(value).len() as u64, "its size");
                    model.insert(at, content(value));
                }
                Err(error) => {
                    ensure_eq!(error.kind(), FileErrorKind::AlreadyExists, "{error}");
                    ensure!(new && model.contains_key(at), "it was not there");
                }
            }
        }
        Step::Get(at) => {
            let at = PATHS[at];
            match model.get(at) {
                Some(content) => ensure_eq!(&read(storage, at).await?, content, "content"),
                None => ensure!(!storage.exists(&path(at)?).await?, "it is there"),
            }
        }
        Step::Delete(at) => {
            let deleted = storage.delete(&path(PATHS[at])?).await;
            let there = model.remove(PATHS[at]).is_some();
            ensure_eq!(deleted.is_ok(), there, "delete");
        }
        Step::Copy(from, to, new) => {
            let (from, to) = (PATHS[from], PATHS[to]);
            let mut options = CopyOptions::default();
            if new {
                options = options.create_new();
            }
            let copied = storage.copy(&path(from)?, &path(to)?, options).await;
            let may = model.contains_key(from) && (from == to || !new || !model.contains_key(to));
            ensure_eq!(copied.is_ok(), may, "copy");
            if may && let Some(content) = model.get(from).cloned() {
                model.insert(to, content);
            }
        }
        Step::List(below) => {
            let expected: Vec<_> = model
                .keys()
                .filter(|at| !below || at.starts_with("b/"))
                .copied()
                .collect();
            if below {
                let page = storage
                    .list(ListRequest::new(ListPrefix::parse("b")?))
                    .await?;
                let found: Vec<_> = page
                    .entries
                    .iter()
                    .map(|entry| entry.path.as_str())
                    .collect();
                ensure_eq!(found, expected, "below b");
            } else {
                ensure_eq!(all(storage).await?, expected, "all");
            }
        }
    }
    Ok(())
}

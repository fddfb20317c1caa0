//! Where objects may be.

use bytes::Bytes;
use serde::Deserialize;

use super::{FileFixture, all, nothing_else, open, path, put, read};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::file::{
    CopyOptions, FileErrorKind, GetOptions, ListPrefix, ListRequest, ObjectPath, PutRequest,
};

/// The vectors that `plumego-security` runs, too.
const VECTORS: &str = include_str!("../../../../testdata/path_safety.json");

#[derive(Deserialize)]
struct Vectors {
    accepted: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    path: String,
}

pub(super) async fn vectors(fixture: &dyn FileFixture) -> Outcome {
    let vectors: Vectors = serde_json::from_str(VECTORS)?;
    for Refused { path } in &vectors.refused {
        // A path is checked once, when it is made: no operation takes a text.
        ensure_kind!(
            ObjectPath::parse(path),
            FileErrorKind::InvalidPath,
            "{path:?}"
        );
        let prefix = path.trim_end_matches('/');
        if !prefix.is_empty() && ObjectPath::parse(prefix).is_err() {
            let listed = ListPrefix::parse(path);
            ensure_kind!(listed, FileErrorKind::InvalidPath, "{path:?} as a prefix");
        }
    }
    let storage = open(fixture).await?;
    // A path that is a prefix of another stands alone.
    for text in &vectors.accepted {
        let (at, copy) = (path(text)?, path("copy-of-it")?);
        let content = Bytes::from(text.clone());
        storage
            .put(PutRequest::bytes("n", content.clone()).at(at.clone()))
            .await?;
        ensure_eq!(read(&*storage, text).await?, content, "what is at {text:?}");
        ensure_eq!(storage.stat(&at).await?.path, at, "where {text:?} is");
        ensure!(storage.exists(&at).await?, "{text:?} does not exist");
        ensure_eq!(all(&*storage).await?, [text.as_str()], "what is listed");
        storage.copy(&at, &copy, CopyOptions::default()).await?;
        ensure_eq!(
            read(&*storage, "copy-of-it").await?,
            content,
            "a copy of {text:?}"
        );
        storage.delete(&copy).await?;
        storage.delete(&at).await?;
        ensure!(
            !storage.exists(&at).await?,
            "{text:?} is there after its delete"
        );
    }
    // The file name is data, whatever it says.
    for name in [
        "../../etc/passwd",
        "a/b\\c",
        "\0",
        "",
        "con",
        &"x".repeat(10_000),
    ] {
        let record = storage.put(PutRequest::bytes(name, "x")).await?;
        ensure_eq!(record.name, name, "the name in the record");
        ensure_eq!(
            record.path.components().count(),
            4,
            "components of {}",
            record.path
        );
        storage.delete(&record.path).await?;
    }
    // What is said twice is one object; what is written otherwise is another.
    storage.put(put("Case", "upper")?).await?;
    storage.put(put("case", "lower")?).await?;
    ensure_eq!(
        read(&*storage, "Case").await?,
        Bytes::from("upper"),
        "another case"
    );
    nothing_else(fixture, &*storage, &["Case", "case"]).await
}

pub(super) async fn links(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    if !fixture.link_out() {
        return Err(Stop::NotApplicable("there are no links"));
    }
    let secret = path("out/secret.txt")?;
    let got = storage.get(&secret, GetOptions::new()).await;
    ensure!(got.is_err(), "a link led out to read");
    ensure!(
        storage.stat(&secret).await.is_err(),
        "a link led out to look"
    );
    ensure!(
        !matches!(storage.exists(&secret).await, Ok(true)),
        "a link led out to look"
    );
    ensure!(
        storage.put(put("out/new.txt", "x")?).await.is_err(),
        "a link led out to write"
    );
    ensure!(
        storage.put(put("out/secret.txt", "x")?).await.is_err(),
        "a link led out to write"
    );
    ensure!(
        storage.delete(&secret).await.is_err(),
        "a link led out to delete"
    );
    storage.put(put("inside", "x")?).await?;
    let inside = path("inside")?;
    let copied = storage
        .copy(&inside, &path("out/c")?, CopyOptions::default())
        .await;
    ensure!(copied.is_err(), "a link led out to copy to");
    let copied = storage
        .copy(&secret, &path("c")?, CopyOptions::default())
        .await;
    ensure!(copied.is_err(), "a link led out to copy from");
    let listed = all(&*storage).await?;
    ensure!(
        !listed.iter().any(|at| at.contains("secret")),
        "a link led out to list"
    );
    // A directory becomes such a link, and a directory again, all the while.
    storage.put(put("swapped/secret.txt", "inside")?).await?;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reader = {
        let (storage, stop) = (storage.clone(), stop.clone());
        tokio::spawn(async move {
            let at = ObjectPath::parse("swapped/secret.txt")?;
            let mut reads = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                if let Ok(reader) = storage.get(&at, GetOptions::new()).await {
                    let bytes = reader.bytes(1_000).await?;
                    if bytes != "inside" {
                        return Ok(Err(bytes));
                    }
                    reads += 1;
                }
            }
            Ok::<_, crate::file::FileError>(Ok(reads))
        })
    };
    for _ in 0..200 {
        fixture.swap_link();
        tokio::task::yield_now().await;
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    match reader.await?? {
        Ok(_) => Ok(()),
        Err(bytes) => Err(Stop::Failed(format!("{bytes:?} was read through a link"))),
    }
}

pub(super) async fn list(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let paths = [
        "tenant-1/a",
        "tenant-1/b/c",
        "tenant-1/b-c",
        "tenant-1/b/d/e",
        "tenant-10/a",
        "tenant-2",
        "tenant",
        "\u{e9}/x",
        "Z",
    ];
    for at in paths {
        storage.put(put(at, at.to_owned())?).await?;
    }
    let mut sorted = paths.to_vec();
    sorted.sort_unstable();
    ensure_eq!(all(&*storage).await?, sorted, "all objects");
    let below = async |prefix: &str| {
        let page = storage
            .list(ListRequest::new(ListPrefix::parse(prefix)?))
            .await?;
        let paths = page.entries.into_iter().map(|entry| entry.path.to_string());
        Ok::<Vec<String>, Stop>(paths.collect())
    };
    let one = [
        "tenant-1/a",
        "tenant-1/b-c",
        "tenant-1/b/c",
        "tenant-1/b/d/e",
    ];
    ensure_eq!(below("tenant-1").await?, one, "below a directory");
    ensure_eq!(
        below("tenant-1/").await?,
        one,
        "below a directory, with its separator"
    );
    ensure_eq!(
        below("tenant-1/b").await?,
        ["tenant-1/b/c", "tenant-1/b/d/e"],
        "deeper"
    );
    ensure_eq!(below("tenant-2").await?, ["tenant-2"], "an object itself");
    ensure_eq!(below("tenan").await?, [""; 0], "a part of a component");
    ensure_eq!(
        below("nobody/uses/this").await?,
        [""; 0],
        "a prefix that nobody uses"
    );
    for limit in 1..=sorted.len() + 1 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let mut request = ListRequest::default().limit(limit);
            request.after = after;
            let page = storage.list(request).await?;
            ensure!(page.entries.len() <= limit, "a page of {limit} is larger");
            found.extend(page.entries.into_iter().map(|entry| entry.path.to_string()));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        ensure_eq!(found, sorted, "pages of {limit}");
    }
    for entry in storage.list(ListRequest::default()).await?.entries {
        ensure_eq!(
            storage.stat(&entry.path).await?,
            entry,
            "an entry, listed and asked for"
        );
    }
    Ok(())
}

pub(super) async fn secrets(fixture: &dyn FileFixture) -> Outcome {
    let storage = fixture.open(100).await?;
    storage.put(put("a", "x")?).await?;
    let missing = path("none/there")?;
    let errors = [
        storage.get(&missing, GetOptions::new()).await.err(),
        storage.stat(&missing).await.err(),
        storage.delete(&missing).await.err(),
        storage
            .copy(&missing, &path("b")?, CopyOptions::default())
            .await
            .err(),
        storage.put(put("a", "x")?.create_new()).await.err(),
        storage.put(put("a/below", "x")?).await.err(),
        storage.put(put("large", vec![0; 101])?).await.err(),
        ObjectPath::parse("../a").err(),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        let Some(error) = error else {
            return Err(Stop::Failed(format!("operation {number} did not fail")));
        };
        let mut shown = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            shown = format!("{shown} {cause} {cause:?}");
            source = cause.source();
        }
        for secret in fixture.secrets() {
            ensure!(
                !shown.contains(&secret),
                "an error shows where the backend is: {shown}"
            );
        }
        let text = error.to_string();
        ensure!(
            text.starts_with("file: ") && !text.contains("None"),
            "{text}"
        );
    }
    let found = storage
        .stat(&missing)
        .await
        .err()
        .map(|error| error.to_string());
    let expected = "file: stat none/there: there is no such object";
    ensure_eq!(found.as_deref(), Some(expected), "the text of an error");
    Ok(())
}

//! What goes in and comes out.

use std::io;
use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{FileFixture, all, body, nothing_else, open, path, put, read};
use crate::conformance::report::{Outcome, ensure, ensure_eq, ensure_kind};
use crate::file::{
    ByteRange, CopyOptions, FileErrorKind, GetOptions, Metadata, PutRequest, SIZE_MAX_DEFAULT,
};

/// Content that is no repetition of itself.
fn content(len: usize) -> Bytes {
    Bytes::from(
        (0..len)
            .map(|at| (at % 251) as u8 ^ (at >> 8) as u8)
            .collect::<Vec<_>>(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) async fn round_trip(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let before = SystemTime::now();
    for len in [0, 1, 1_000, 3 << 20] {
        let content = content(len);
        let at = format!("some/where/{len}.txt");
        let record = storage.put(put(&at, content.clone())?).await?;
        ensure_eq!(record.path.as_str(), at, "where it is");
        ensure_eq!(
            (record.size, record.name.as_str()),
            (len as u64, "name.bin"),
            "the record"
        );
        ensure_eq!(record.hash, hex(&Sha256::digest(&content)), "its hash");
        ensure_eq!(
            (record.extension.as_str(), record.mime_type.as_str()),
            ("txt", "text/plain"),
            "its type"
        );
        ensure_eq!(
            record.storage_type,
            storage.describe().storage_type,
            "its backend"
        );
        ensure!(
            read(&*storage, &at).await? == content,
            "{len} bytes came back different"
        );
        let stat = storage.stat(&path(&at)?).await?;
        ensure_eq!(
            (stat.size, stat.is_dir),
            (len as u64, false),
            "what is known of it"
        );
        ensure_eq!(stat.path.as_str(), at, "where it is known to be");
        ensure!(storage.exists(&path(&at)?).await?, "it does not exist");
    }
    // In pieces, of unknown size, without a path.
    let pieces = (0..40).map(|number| Ok(content(number * 700))).collect();
    let whole: Vec<u8> = (0..40).flat_map(|number| content(number * 700)).collect();
    let record = storage
        .put(PutRequest::new("Photo.JPEG", body(pieces)))
        .await?;
    ensure!(
        record.path.as_str().ends_with(".jpeg"),
        "{} is its path",
        record.path
    );
    ensure_eq!(
        record.path.components().count(),
        4,
        "components of a generated path"
    );
    ensure!(
        read(&*storage, record.path.as_str()).await? == whole,
        "pieces came back different"
    );
    // Another put replaces it, and is another version.
    let at = path("some/where/1.txt")?;
    let old = storage.stat(&at).await?;
    storage.put(put(at.as_str(), "x")?).await?;
    let new = storage.stat(&at).await?;
    ensure!(
        old.etag.is_none() || old.etag != new.etag,
        "two versions have one tag"
    );
    ensure_eq!(
        read(&*storage, at.as_str()).await?,
        Bytes::from("x"),
        "what replaced it"
    );
    let earlier = before.checked_sub(std::time::Duration::from_secs(3_600));
    let plausible = new.modified_at == SystemTime::UNIX_EPOCH || Some(new.modified_at) > earlier;
    ensure!(plausible, "it was modified long ago");
    Ok(())
}

pub(super) async fn sizes(fixture: &dyn FileFixture) -> Outcome {
    let storage = fixture.open(1_000).await?;
    storage.put(put("kept", "old")?).await?;
    let piece = |len: usize| Ok(content(len));
    let refused = [
        ("shorter than said", Some(10), vec![piece(9)]),
        ("longer than said", Some(10), vec![piece(5), piece(6)]),
        ("nothing, though said", Some(1), vec![]),
        ("something, though none said", Some(0), vec![piece(1)]),
        ("said to be too large", Some(1_001), vec![]),
        ("too large, unsaid", None, vec![piece(600), piece(401)]),
        (
            "more than said, and too large",
            Some(10),
            vec![piece(2_000)],
        ),
    ];
    for (what, size, pieces) in refused {
        for at in ["kept", "new"] {
            let mut request = PutRequest::new("n", body(pieces_of(&pieces))).at(path(at)?);
            request.size = size;
            let failed = storage.put(request).await;
            ensure_kind!(failed, FileErrorKind::InvalidSize, "{what}");
        }
    }
    nothing_else(fixture, &*storage, &["kept"]).await?;
    ensure_eq!(
        read(&*storage, "kept").await?,
        Bytes::from("old"),
        "what it must not replace"
    );
    let request = PutRequest::new("n", body(vec![piece(600), piece(400)])).at(path("most")?);
    storage.put(request.size(1_000)).await?;
    ensure_eq!(
        storage.describe().max_size,
        1_000,
        "the largest size it says"
    );
    Ok(())
}

fn pieces_of(pieces: &[io::Result<Bytes>]) -> Vec<io::Result<Bytes>> {
    pieces
        .iter()
        .map(|piece| Ok(piece.as_ref().cloned().unwrap_or_default()))
        .collect()
}

pub(super) async fn checksum(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let right: [u8; 32] = Sha256::digest(b"content").into();
    storage.put(put("right", "content")?.sha256(right)).await?;
    storage.put(put("kept", "old")?).await?;
    for at in ["kept", "new"] {
        let failed = storage.put(put(at, "other content")?.sha256(right)).await;
        ensure_kind!(failed, FileErrorKind::ChecksumMismatch, "a wrong checksum");
    }
    nothing_else(fixture, &*storage, &["kept", "right"]).await?;
    ensure_eq!(
        read(&*storage, "kept").await?,
        Bytes::from("old"),
        "what it must not replace"
    );
    Ok(())
}

pub(super) async fn old_version(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let old = content(2 << 20);
    let at = path("a/object")?;
    for change in ["overwritten", "deleted", "copied over"] {
        storage.put(put("a/object", old.clone())?).await?;
        let mut reader = storage.get(&at, GetOptions::new()).await?;
        let mut read = Vec::new();
        let mut changed = false;
        while let Some(piece) = futures_util::StreamExt::next(&mut reader.body).await {
            read.extend_from_slice(&piece?);
            if !changed {
                changed = true;
                match change {
                    "overwritten" => drop(storage.put(put("a/object", "new")?).await?),
                    "deleted" => storage.delete(&at).await?,
                    _ => {
                        storage.put(put("b", "new")?).await?;
                        storage
                            .copy(&path("b")?, &at, CopyOptions::default())
                            .await?;
                    }
                }
            }
        }
        ensure!(read == old, "{change} while it was read, an object changed");
    }
    Ok(())
}

pub(super) async fn missing(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    storage.put(put("there/is", "one")?).await?;
    for at in ["none", "there/none", "there/is/below", "there"] {
        let at = path(at)?;
        let kind = FileErrorKind::NotFound;
        ensure_kind!(storage.get(&at, GetOptions::new()).await, kind, "get {at}");
        ensure_kind!(storage.stat(&at).await, kind, "stat {at}");
        ensure_kind!(storage.delete(&at).await, kind, "delete {at}");
        let copied = storage
            .copy(&at, &path("to")?, CopyOptions::default())
            .await;
        ensure_kind!(copied, kind, "copy {at}");
        let copied = storage.copy(&at, &at, CopyOptions::default()).await;
        ensure_kind!(copied, kind, "copy {at} onto itself");
        ensure!(!storage.exists(&at).await?, "{at} exists");
    }
    let at = path("there/is")?;
    storage.delete(&at).await?;
    ensure_kind!(
        storage.delete(&at).await,
        FileErrorKind::NotFound,
        "a second delete"
    );
    ensure_eq!(all(&*storage).await?, [""; 0], "objects that are left");
    Ok(())
}

pub(super) async fn copy(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let large = content(700_000);
    storage.put(put("from", large.clone())?).await?;
    storage.put(put("to", "old")?).await?;
    let (from, to, new) = (path("from")?, path("to")?, path("a/new/place")?);
    let create = CopyOptions::default().create_new();
    let refused = storage.copy(&from, &to, create).await;
    ensure_kind!(
        refused,
        FileErrorKind::AlreadyExists,
        "a copy that must create"
    );
    ensure_eq!(
        read(&*storage, "to").await?,
        Bytes::from("old"),
        "what it must not replace"
    );
    let stat = storage.copy(&from, &to, CopyOptions::default()).await?;
    ensure_eq!(
        (stat.path.as_str(), stat.size),
        ("to", 700_000),
        "what was copied"
    );
    ensure_eq!(storage.stat(&to).await?, stat, "what is known of the copy");
    storage.copy(&from, &new, create).await?;
    for at in ["from", "to", "a/new/place"] {
        ensure!(
            read(&*storage, at).await? == large,
            "{at} is not what was copied"
        );
    }
    let before = storage.stat(&from).await?;
    let itself = storage.copy(&from, &from, CopyOptions::default()).await?;
    ensure_eq!(itself, before, "a copy onto itself");
    ensure!(
        read(&*storage, "from").await? == large,
        "a copy onto itself changed it"
    );
    nothing_else(fixture, &*storage, &["a/new/place", "from", "to"]).await
}

pub(super) async fn ranges(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    let whole = content(600_000);
    storage.put(put("object", whole.clone())?).await?;
    storage.put(put("empty", "")?).await?;
    let at = path("object")?;
    let ranges = [
        ByteRange::FromTo(0, 0),
        ByteRange::FromTo(10, 299_999),
        ByteRange::FromTo(599_999, u64::MAX),
        ByteRange::From(0),
        ByteRange::From(599_999),
        ByteRange::Last(1),
        ByteRange::Last(300_001),
        ByteRange::Last(u64::MAX),
    ];
    for range in ranges {
        let reader = storage.get(&at, GetOptions::new().range(range)).await?;
        let expected = range.resolve(whole.len() as u64)?;
        ensure_eq!(reader.range, expected, "the range of {range:?}");
        ensure_eq!(
            reader.stat.size,
            whole.len() as u64,
            "the size of the whole"
        );
        let bytes = reader.bytes(whole.len()).await?;
        let (start, end) = (expected.start as usize, expected.end as usize);
        ensure!(
            bytes == whole.slice(start..end),
            "{range:?} gave other bytes"
        );
    }
    for range in [
        ByteRange::FromTo(5, 4),
        ByteRange::From(600_000),
        ByteRange::Last(0),
    ] {
        let refused = storage.get(&at, GetOptions::new().range(range)).await;
        ensure_kind!(refused, FileErrorKind::RangeNotSatisfiable, "{range:?}");
    }
    let refused = storage
        .get(&path("empty")?, GetOptions::new().range(ByteRange::From(0)))
        .await;
    ensure_kind!(
        refused,
        FileErrorKind::RangeNotSatisfiable,
        "a range of nothing"
    );
    let Some(etag) = storage.stat(&at).await?.etag else {
        return Ok(());
    };
    let matching = GetOptions::new().if_etag(etag.clone());
    drop(storage.get(&at, matching.clone()).await?);
    storage.put(put("object", "new")?).await?;
    let refused = storage.get(&at, matching).await;
    ensure_kind!(
        refused,
        FileErrorKind::PreconditionFailed,
        "another version"
    );
    ensure!(
        etag.starts_with('"') && etag.ends_with('"'),
        "{etag} is no entity tag"
    );
    Ok(())
}

pub(super) async fn failing_body(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    storage.put(put("kept", "old")?).await?;
    let broken = || io::Error::new(io::ErrorKind::ConnectionReset, "the client went away");
    for pieces in [0, 1, 3] {
        for at in ["kept", "new/place"] {
            let mut parts: Vec<_> = (0..pieces).map(|_| Ok(content(300_000))).collect();
            parts.push(Err(broken()));
            parts.push(Ok(content(1)));
            let request = PutRequest::new("n", body(parts)).at(path(at)?);
            let failed = storage.put(request).await;
            ensure_kind!(
                failed,
                FileErrorKind::Io,
                "a body that fails after {pieces} pieces"
            );
        }
    }
    // And a put that is given up.
    for at in ["kept", "new/place"] {
        let endless = futures_util::stream::once(async { Ok(content(300_000)) });
        let endless = futures_util::StreamExt::chain(endless, futures_util::stream::pending());
        let request = PutRequest::new("n", endless).at(path(at)?);
        let waited = std::time::Duration::from_millis(20);
        let given_up = tokio::time::timeout(waited, storage.put(request)).await;
        ensure!(given_up.is_err(), "a put ended before its body");
    }
    nothing_else(fixture, &*storage, &["kept"]).await?;
    ensure_eq!(
        read(&*storage, "kept").await?,
        Bytes::from("old"),
        "what they must not replace"
    );
    Ok(())
}

pub(super) async fn described(fixture: &dyn FileFixture) -> Outcome {
    let storage = fixture.open(SIZE_MAX_DEFAULT).await?;
    let mut map = Map::new();
    map.insert("owner".to_owned(), Value::from("alice"));
    map.insert("tags".to_owned(), Value::from(vec![1, 2, 3]));
    let metadata = Metadata::from_map(map)?;
    let request = put("doc.txt", "text")?
        .content_type("text/markdown; charset=utf-8")
        .metadata(metadata.clone());
    let record = storage.put(request).await?;
    ensure_eq!(record.metadata, metadata, "the metadata of the record");
    ensure_eq!(
        record.mime_type,
        "text/markdown; charset=utf-8",
        "the media type of the record"
    );
    let stat = storage.stat(&path("doc.txt")?).await?;
    if storage.describe().preserves_metadata {
        ensure_eq!(
            stat.content_type,
            record.mime_type,
            "the media type that was kept"
        );
        let (from, to) = (path("doc.txt")?, path("copy.png")?);
        let copy = storage.copy(&from, &to, CopyOptions::default()).await?;
        ensure_eq!(
            copy.content_type,
            record.mime_type,
            "the media type of a copy"
        );
    } else {
        ensure_eq!(
            stat.content_type,
            "text/plain",
            "the media type of the extension"
        );
    }
    let guesses = [
        ("a.png", "image/png"),
        ("a.PDF", "application/pdf"),
        ("a.unknown", "application/octet-stream"),
        ("none", "application/octet-stream"),
    ];
    for (name, expected) in guesses {
        let request = PutRequest::bytes(name, "x").at(path(&format!("guess/{name}"))?);
        let record = storage.put(request).await?;
        ensure_eq!(record.mime_type, expected, "the media type of {name}");
    }
    Ok(())
}

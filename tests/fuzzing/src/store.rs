//! What stores read: names, keys, SQL text, and what they have written.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use plumego_store::cache::{
    Cache, LoadOptions, LoadedFrom, LoadingCache, MemoryCache, TypedCache, parse_counter,
};
use plumego_store::conformance::{Image, SimulatedDisk};
use plumego_store::db::{Decimal, Dialect, FromValue, Identifier, Query, Value};
use plumego_store::file::{ListPrefix, ObjectPath, extension_of, generate_path};
use plumego_store::idempotency::{IdempotencyStore, KvIdempotencyStore, NewRecord};
use plumego_store::kv::{EmbeddedKvOptions, KvResult, KvStore, MemoryKv, ScanRequest, SyncPolicy};
use plumego_store::{KeyExcerpt, Ttl, check_key};

use crate::now;

/// A key is kept as it is given, or refused with a text that can be shown.
pub(crate) fn key(data: &[u8]) {
    let key = String::from_utf8_lossy(data);
    let excerpt = KeyExcerpt::of(&key).to_string();
    assert!(!excerpt.chars().any(char::is_control));
    match check_key(&key, 64) {
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
        Ok(()) => {
            assert!((1..=64).contains(&key.len()));
            let store = MemoryKv::new();
            now(store.set(&key, Bytes::from_static(b"v"), Ttl::Never)).expect("a good key");
            let page = now(store.scan(ScanRequest::prefix(&key))).expect("a good prefix");
            assert_eq!(page.entries[0].key, key);
        }
    }
}

/// A path leads below the directory it is joined to; prefixes are components.
pub(crate) fn object_path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let path = ObjectPath::from_bytes(data);
    let prefix = ListPrefix::parse(&text);
    if let Ok(path) = &path {
        let joined = Path::new("/base").join(path.as_str());
        assert!(joined.starts_with("/base"));
        assert_eq!(path.components().count() + 2, joined.components().count());
        let prefix = prefix.as_ref().expect("a path is a prefix");
        assert!(path.is_below(prefix) && path.is_below(&ListPrefix::all()));
        let sibling = ObjectPath::parse(&format!("{path}x"));
        assert!(
            sibling.is_ok_and(|sibling| !sibling.is_below(prefix)) || path.as_str().len() > 254
        );
    }
    if let Ok(prefix) = prefix {
        assert!(prefix.as_str().is_empty() || ObjectPath::parse(prefix.as_str()).is_ok());
    }
    let (name, content_type) = text.split_once('\n').unwrap_or((&text, ""));
    if let Some(extension) = extension_of(name, Some(content_type)) {
        assert!(extension.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    let generated = generate_path(name, Some(content_type), SystemTime::UNIX_EPOCH);
    assert_eq!(
        generated
            .expect("any name makes a path")
            .components()
            .count(),
        4
    );
}

/// Rewriting SQL touches nothing but placeholders; names cannot leave their
/// quotes.
pub(crate) fn sql(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let most = text.matches('?').count().min(32);
        for binds in 0..=most {
            let query = Query::portable(&*text).bind_all(vec![Value::Null; binds]);
            let Ok(rendered) = query.render(dialect) else {
                continue;
            };
            let kept = rendered.matches('?').count();
            match dialect {
                Dialect::Postgres => assert_eq!(kept + binds, text.matches('?').count()),
                _ => assert_eq!(rendered, text),
            }
        }
        if let Ok(name) = Identifier::parse(&text) {
            let quoted = name.quoted(dialect);
            let inside = quoted.trim_matches(['"', '`']);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.\"`".contains(&byte);
            assert!(
                inside.bytes().all(plain) && !inside.contains('"') | name.as_str().contains('.')
            );
        }
    }
}

/// Text of a column is read as what it is, or not at all.
pub(crate) fn column(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let value = Value::Text(text.clone());
    if let Some(at) = SystemTime::from_value(&value)
        && let Some(again) = Value::Timestamp(at).to_text()
    {
        assert_eq!(SystemTime::from_value(&Value::Text(again)), Some(at));
    }
    if let Some(uuid) = <[u8; 16]>::from_value(&value) {
        let again = Value::Uuid(uuid).to_text().expect("a UUID has a text");
        assert!(again.eq_ignore_ascii_case(&text));
    }
    if let Some(Decimal(digits)) = Decimal::from_value(&value) {
        assert_eq!(digits, text);
    }
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
    assert_eq!(
        parse_counter(data).ok(),
        trimmed.parse().ok().filter(|_: &i64| data.is_ascii())
    );
}

/// What is in a cache and was not written there is loaded anew.
pub(crate) fn cached(data: &[u8]) {
    let stored = Bytes::copy_from_slice(data);
    let cache = LoadingCache::new(MemoryCache::new());
    now(cache.cache().set("k", stored.clone(), Ttl::Never)).expect("a good key");
    let options = LoadOptions::new(Duration::from_secs(60));
    let load = || async { Ok::<_, std::io::Error>(Some(Bytes::from_static(b"loaded"))) };
    let loaded = now(cache.get_or_load("k", &options, load)).expect("nothing fails");
    match loaded.from {
        LoadedFrom::Load => assert_eq!(loaded.value.as_deref(), Some(&b"loaded"[..])),
        // It has the header of a value that is fresh.
        _ => assert!(data.starts_with(b"PLC") && data.len() >= 16),
    }
    let plain = Arc::new(MemoryCache::new());
    now(plain.set("k", stored, Ttl::Never)).expect("a good key");
    let typed = TypedCache::<BTreeMap<String, Option<i64>>>::new(plain.clone(), 1);
    let read = now(typed.get("k")).expect("nothing fails");
    assert_eq!(read.is_some(), now(plain.exists("k")).expect("a good key"));
}

/// A record that cannot be read lets no operation run.
pub(crate) fn record(data: &[u8]) {
    let kv = Arc::new(MemoryKv::new());
    let stored = Bytes::copy_from_slice(data);
    now(kv.set("idem:k", stored, Ttl::Never)).expect("a good key");
    let store = KvIdempotencyStore::new(kv);
    let read = now(store.get("k"));
    let put = now(store.put_if_absent(NewRecord::new("k", "hash")));
    match read {
        Err(error) => {
            assert_eq!(error.kind(), "invalid_record");
            assert!(put.is_err());
        }
        Ok(Some(record)) => {
            assert_eq!(record.key, "k");
            assert_eq!(put.ok(), Some(false));
        }
        Ok(None) => assert_eq!(put.ok(), Some(true)),
    }
}

type Contents = Vec<(String, Bytes)>;

/// What a small store was left as: closed, and killed with a journal.
fn images() -> &'static (Image, Image, Contents) {
    static IMAGES: OnceLock<(Image, Image, Contents)> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let disk = SimulatedDisk::new();
        let store = open(&disk, Duration::from_secs(3_600)).expect("a new store");
        for number in 0..12_u32 {
            let value = Bytes::from(vec![b'v'; 40 * number as usize]);
            now(store.set(&format!("key/{number:02}"), value, Ttl::Never)).expect("a good key");
        }
        let killed = disk.image();
        let contents = contents(&store).expect("it was just written");
        now(store.close()).expect("nothing fails");
        (disk.image(), killed, contents)
    })
}

fn open(disk: &Arc<SimulatedDisk>, interval: Duration) -> KvResult<plumego_store::kv::EmbeddedKv> {
    EmbeddedKvOptions::on_disk(disk.clone())
        .sync(SyncPolicy::Interval(interval))
        .sweep_interval(Duration::ZERO)
        .open_blocking()
}

fn contents(store: &dyn KvStore) -> KvResult<Contents> {
    let page = now(store.scan(ScanRequest::prefix("").with_values()))?;
    let entries = page.entries.into_iter();
    Ok(entries
        .map(|entry| (entry.key, entry.value.unwrap_or_default()))
        .collect())
}

/// Any journal is recovered as far as it is whole, and twice the same.
pub(crate) fn kv_journal(data: &[u8]) {
    let (_, killed, expected) = images();
    let mut image = killed.clone();
    let journal = image.entry("store.journal".to_owned()).or_default();
    // The beginning says how much of the real journal is kept.
    let (kept, rest) = data.split_at(data.len().min(2));
    let kept = kept
        .iter()
        .fold(0, |kept, byte| kept << 8 | usize::from(*byte));
    journal.truncate(kept % (journal.len() + 1));
    journal.extend_from_slice(rest);
    let mut read = Vec::new();
    for _ in 0..2 {
        let disk = Arc::new(SimulatedDisk::from_image(&image));
        let store = open(&disk, Duration::from_secs(3_600)).expect("a journal never stops a start");
        read.push(contents(&store).expect("what was recovered can be read"));
        image = disk.image();
        now(store.close()).expect("nothing fails");
    }
    assert_eq!(read[0], read[1]);
    assert!(
        expected.starts_with(&read[0]) || read[0].iter().any(|entry| !expected.contains(entry))
    );
}

/// A damaged file is refused, or every answer is right.
pub(crate) fn kv_file(data: &[u8]) {
    let (closed, _, expected) = images();
    let mut image = closed.clone();
    let Some(file) = image.get_mut("store.redb") else {
        panic!("the store has no file");
    };
    for patch in data.chunks_exact(4).take(16) {
        let at = u32::from_be_bytes([0, patch[0], patch[1], patch[2]]) as usize % file.len();
        file[at] ^= patch[3];
    }
    let disk = Arc::new(SimulatedDisk::from_image(&image));
    let read = open(&disk, Duration::from_secs(3_600)).and_then(|store| contents(&store));
    match read {
        Ok(read) => assert_eq!(read, *expected),
        Err(error) => assert!(
            matches!(error.kind(), "corrupt_state" | "newer_format"),
            "{error}"
        ),
    }
}

//! Values of one type.

use std::sync::Arc;

use plumego_log::{LogBuilder, LogFormat};
use plumego_store::Ttl;
use plumego_store::cache::{Cache, Codec, MemoryCache, TypedCache};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct User {
    id: u64,
    name: String,
    tags: Vec<Option<i8>>,
}

fn ada() -> User {
    User {
        id: u64::MAX,
        name: "Ada".to_owned(),
        tags: vec![Some(-1), None],
    }
}

#[tokio::test]
async fn every_codec_gives_back_what_it_took() {
    for codec in [Codec::Json, Codec::Postcard] {
        let users = TypedCache::new(Arc::new(MemoryCache::new()), 1).codec(codec);
        assert_eq!(users.get("u:1").await.unwrap(), None);
        users.set("u:1", &ada(), Ttl::Default).await.unwrap();
        assert_eq!(users.get("u:1").await.unwrap(), Some(ada()), "{codec:?}");
        assert!(users.delete("u:1").await.unwrap());
        assert_eq!(users.stats().undecodable, 0);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss_and_goes() {
    let cache = Arc::new(MemoryCache::new());
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let built = LogBuilder::new()
        .format(LogFormat::Json)
        .output(Lines(Arc::clone(&lines)))
        .build()
        .unwrap();
    let one = TypedCache::<User>::new(cache.clone(), 1);
    let two = TypedCache::<User>::new(cache.clone(), 2).logger(built.logger);
    let other = TypedCache::<u64>::new(cache.clone(), 2);
    for key in ["user:1", "user:2", "session/1"] {
        one.set(key, &ada(), Ttl::Default).await.unwrap();
        assert_eq!(two.get(key).await.unwrap(), None, "another version");
        assert!(!cache.exists(key).await.unwrap(), "it stays");
    }
    other.set("user:3", &7, Ttl::Default).await.unwrap();
    assert_eq!(two.get("user:3").await.unwrap(), None, "another type");
    for stored in ["", "x", "\u{e9}bcdefgh"] {
        cache
            .set("user:4", stored.into(), Ttl::Default)
            .await
            .unwrap();
        assert_eq!(two.get("user:4").await.unwrap(), None, "{stored:?}");
    }
    assert_eq!(two.stats().undecodable, 7);
    drop(built.guard);
    let lines = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    assert_eq!(
        lines.lines().count(),
        2,
        "one line for each prefix: {lines}"
    );
    assert!(lines.contains("\"key_prefix\":\"user\"") && lines.contains("\"session\""));
}

struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

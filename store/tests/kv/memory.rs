//! The store in memory.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plumego_contract::ManualClock;
use plumego_store::BoxFuture;
use plumego_store::conformance::kv::{KvFixture, KvSetup, run};
use plumego_store::kv::{KvResult, KvStore, MemoryKv, MemoryKvOptions};

struct Memory(ManualClock);

impl KvFixture for Memory {
    fn name(&self) -> &str {
        "MemoryKv"
    }

    fn open<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, KvResult<Arc<dyn KvStore>>> {
        let mut options = MemoryKvOptions::default();
        options.max_entries = setup.max_entries;
        options.max_memory = setup.max_memory;
        options.max_key_length = setup.max_key_length;
        options.capacity = setup.capacity;
        options.clock = Arc::new(self.0.clone());
        Box::pin(async { Ok(Arc::new(MemoryKv::with_options(options)?) as Arc<dyn KvStore>) })
    }

    fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite() {
    let report = run(&Memory(ManualClock::new(SystemTime::now()))).await;
    report.assert_passed_except(&["KV-04", "KV-10", "KV-14", "KV-15", "KV-17", "KV-18"]);
}

#[test]
fn options_are_checked() {
    let spoilers: [fn(&mut MemoryKvOptions); 4] = [
        |options| options.max_entries = 0,
        |options| options.max_memory = 0,
        |options| options.max_key_length = 0,
        |options| options.max_key_length = (64 << 10) + 1,
    ];
    for spoil in spoilers {
        let mut options = MemoryKvOptions::default();
        spoil(&mut options);
        let refused = MemoryKv::with_options(options);
        assert_eq!(refused.unwrap_err().kind(), "invalid_config");
    }
}

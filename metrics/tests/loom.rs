//! Every interleaving of records, a clear and a reader, on a small tally.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p plumego-metrics --test loom`.

#![allow(unexpected_cfgs)]
#![cfg(loom)]

/// The primitives of the tally, checked.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

    loom::thread_local! {
        static SLOT: std::cell::Cell<usize> = std::cell::Cell::new(0);
    }

    /// Every thread takes the slot a test gave it.
    pub(crate) fn thread_slot() -> usize {
        SLOT.with(std::cell::Cell::get)
    }

    pub(crate) fn take_slot(slot: usize) {
        SLOT.with(|held| held.set(slot));
    }
}

#[path = "../src/base/tally.rs"]
mod tally;

use loom::sync::{Arc, Mutex};
use loom::thread;

use tally::Tally;

type Small = Tally<2>;

const OK: usize = 0;
const SERVER: usize = 2;

/// The collector's rule: a record takes the span it finds and counts there once.
struct Collector(Mutex<Arc<Small>>);

impl Collector {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Arc::new(Small::default()))))
    }

    fn span(&self) -> Arc<Small> {
        self.0.lock().unwrap().clone()
    }

    fn record(&self, class: usize) {
        self.span().add(class);
    }

    fn clear(&self) {
        *self.0.lock().unwrap() = Arc::new(Small::default());
    }

    fn total_and_errors(&self) -> (u64, u64) {
        let counts = self.span().counts();
        (counts.iter().sum(), counts[SERVER])
    }
}

#[test]
fn a_record_is_wholly_before_or_wholly_after_a_clear() {
    loom::model(|| {
        let collector = Collector::new();
        let writer = {
            let collector = collector.clone();
            thread::spawn(move || {
                sync::take_slot(1);
                collector.record(SERVER);
            })
        };
        let clearer = {
            let collector = collector.clone();
            thread::spawn(move || collector.clear())
        };
        let (total, errors) = collector.total_and_errors();
        assert!(
            errors == total && total <= 1,
            "{errors} errors in {total} records"
        );
        writer.join().unwrap();
        clearer.join().unwrap();
        let (total, errors) = collector.total_and_errors();
        assert!((total, errors) == (0, 0) || (total, errors) == (1, 1));
        collector.record(OK);
        assert_eq!(collector.total_and_errors().0, total + 1);
    });
}

#[test]
fn records_of_two_threads_are_exact() {
    loom::model(|| {
        let collector = Collector::new();
        let writers: Vec<_> = (0..2)
            .map(|slot| {
                let collector = collector.clone();
                thread::spawn(move || {
                    // Both on one shard, which is the harder case.
                    sync::take_slot(slot * 2);
                    collector.record(SERVER);
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(collector.total_and_errors(), (2, 2));
    });
}

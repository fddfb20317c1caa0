//! What the heap of Fuse values takes: counted per thread, added up in steps, so
//! that an allocation costs no shared write.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// How far a thread may run ahead of the process-wide figure, in bytes.
const STEP: i64 = 64 * 1024;

static BYTES: AtomicI64 = AtomicI64::new(0);
static OBJECTS: AtomicI64 = AtomicI64::new(0);
static BYTES_MAX: AtomicI64 = AtomicI64::new(i64::MAX);

/// Where an over-full heap is reported: the interruption flag of the unit of
/// work that runs on this thread, and the bit to set in it.
type Alarm = Option<(Arc<AtomicU32>, u32)>;

thread_local! {
    static LOCAL_BYTES: Cell<i64> = const { Cell::new(0) };
    static LOCAL_OBJECTS: Cell<i64> = const { Cell::new(0) };
    /// Objects that this thread allocated less those that it freed.
    static OWN_OBJECTS: Cell<i64> = const { Cell::new(0) };
    static ALARM: Cell<Alarm> = const { Cell::new(None) };
}

/// Why [`admit`] refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit;

pub(crate) fn allocated(bytes: usize) {
    OWN_OBJECTS.set(OWN_OBJECTS.get() + 1);
    LOCAL_OBJECTS.set(LOCAL_OBJECTS.get() + 1);
    add(signed(bytes));
}

pub(crate) fn freed(bytes: usize) {
    OWN_OBJECTS.set(OWN_OBJECTS.get() - 1);
    LOCAL_OBJECTS.set(LOCAL_OBJECTS.get() - 1);
    add(-signed(bytes));
}

pub(crate) fn resized(old: usize, new: usize) {
    add(signed(new) - signed(old));
}

/// Takes an object that is never freed out of the count of live ones.
pub(crate) fn immortal() {
    OWN_OBJECTS.set(OWN_OBJECTS.get() - 1);
    LOCAL_OBJECTS.set(LOCAL_OBJECTS.get() - 1);
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[inline]
fn add(bytes: i64) {
    let local = LOCAL_BYTES.get() + bytes;
    LOCAL_BYTES.set(local);
    if local.abs() >= STEP {
        flush();
    }
}

/// Adds what this thread counted to the figures of the process.
#[cold]
pub(crate) fn flush() {
    let bytes = LOCAL_BYTES.replace(0);
    OBJECTS.fetch_add(LOCAL_OBJECTS.replace(0), Ordering::Relaxed);
    let total = BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if bytes > 0 && total > BYTES_MAX.load(Ordering::Relaxed) {
        let alarm = ALARM.take();
        if let Some((flag, bit)) = &alarm {
            flag.fetch_or(*bit, Ordering::Release);
        }
        ALARM.set(alarm);
    }
}

/// Names the flag that is raised when an allocation of this thread exceeds the
/// limit; the one before is returned.
pub(crate) fn set_alarm(alarm: Alarm) -> Alarm {
    ALARM.replace(alarm)
}

/// Asks for room before a large allocation, so that it is refused rather than made.
///
/// # Errors
///
/// The live heap would exceed the limit.
pub fn admit(bytes: usize) -> Result<(), OverLimit> {
    let limit = BYTES_MAX.load(Ordering::Relaxed);
    if limit == i64::MAX || signed(bytes) < STEP {
        return Ok(());
    }
    let total = BYTES.load(Ordering::Relaxed) + LOCAL_BYTES.get();
    if total.saturating_add(signed(bytes)) > limit {
        return Err(OverLimit);
    }
    Ok(())
}

/// Whether the live heap exceeds the limit now.
#[must_use]
pub fn is_over_limit() -> bool {
    let limit = BYTES_MAX.load(Ordering::Relaxed);
    limit != i64::MAX && BYTES.load(Ordering::Relaxed) + LOCAL_BYTES.get() > limit
}

/// Bounds the live heap of all Fuse values of the process, in bytes; `None` is
/// no bound.
pub fn set_limit(bytes: Option<u64>) {
    let bytes = bytes.map_or(i64::MAX, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    BYTES_MAX.store(bytes, Ordering::Relaxed);
}

/// What the live heap of the process takes, in bytes. Other threads may be up
/// to 64 KiB further.
#[must_use]
pub fn live_bytes() -> u64 {
    u64::try_from(BYTES.load(Ordering::Relaxed) + LOCAL_BYTES.get()).unwrap_or(0)
}

/// How many objects live in the process, but for what other threads have not
/// added up yet.
#[must_use]
pub fn live_objects() -> i64 {
    OBJECTS.load(Ordering::Relaxed) + LOCAL_OBJECTS.get()
}

/// Objects that this thread allocated less those that it freed: 0 once a unit
/// of work of one thread has ended, or it leaks.
#[must_use]
pub fn thread_objects() -> i64 {
    OWN_OBJECTS.get()
}

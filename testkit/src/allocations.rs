//! Counting heap allocations.

/// What a piece of code allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocations {
    /// Calls to the allocator.
    pub count: u64,
    /// Bytes asked for in all.
    pub bytes: u64,
    /// Most bytes alive at one time.
    pub peak_bytes: u64,
}

/// Counts what `run` allocates on this thread.
///
/// ```
/// use plumego_testkit::allocations::allocations_of;
///
/// assert_eq!(allocations_of(|| Vec::<u8>::with_capacity(10)).count, 1);
/// assert_eq!(allocations_of(|| 1 + 1).count, 0);
/// ```
pub fn allocations_of<R>(run: impl FnOnce() -> R) -> Allocations {
    let info = allocation_counter::measure(|| drop(run()));
    Allocations {
        count: info.count_total,
        bytes: info.bytes_total,
        peak_bytes: info.bytes_max,
    }
}

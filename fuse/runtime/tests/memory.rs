//! The bound of the heap, which is one for the process: alone in its own.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use fuse_runtime::meta::well_known;
use fuse_runtime::{Fault, Value, heap, ops};
use support::{World, show, text};

#[test]
fn a_bounded_heap_faults_the_work_that_exceeds_it() {
    let world = World::empty();
    let mut ctx = world.ctx();
    heap::set_limit(Some(heap::live_bytes() + 512 * 1024));
    // What is large is refused before it is made.
    let limit = "runtime_error: memory limit exceeded";
    assert!(heap::admit(2 * 1024 * 1024).is_err());
    assert!(heap::admit(1024).is_ok());
    assert_eq!(show(ops::int_range(0, 1_000_000, true)), limit);
    // Small allocations are noticed at the next point where work can be stopped.
    let kept: Vec<Value> = (0..20_000).map(|_| text("sixteen letters.")).collect();
    assert!(heap::is_over_limit());
    assert_eq!(show(ctx.enter().map(|()| Value::Unit)), limit);
    drop(kept);
    assert!(!heap::is_over_limit());
    assert!(ctx.enter().is_ok(), "what was freed is free");
    let list = Value::Ref(heap::Ref::new_list(&well_known::LIST_INT, 1_000_000));
    assert!(heap::is_over_limit());
    drop(list);
    heap::set_limit(None);
    assert!(heap::admit(usize::MAX / 4).is_ok());
    assert_eq!(Fault::too_large().message(), "value too large");
    assert_eq!(heap::thread_objects(), 0);
}

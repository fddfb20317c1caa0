//! What holds for every layer, alone and all together.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where; helpers outside of test functions too"
)]

mod allocations;
mod canonical;
mod connections;
mod every_layer;
mod security;
mod sinks;

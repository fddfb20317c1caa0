//! From packages and modules to names, types, effects and the canonical program.

pub mod analyze;
pub mod cache;
pub mod canon;
#[expect(
    dead_code,
    reason = "some of it is for the checks of bodies, which follow"
)]
pub mod decls;
mod edits;
pub mod ids;
pub mod load;
pub mod package;
#[expect(dead_code, reason = "the checks of bodies follow")]
mod prelude;
#[expect(
    dead_code,
    reason = "some of it is for the checks of bodies, which follow"
)]
mod regexes;
#[expect(
    dead_code,
    reason = "some of it is for the checks of bodies, which follow"
)]
mod relate;
#[expect(
    dead_code,
    reason = "some of it is for the checks of bodies, which follow"
)]
mod sink;
pub mod typed;
pub mod types;
mod words;

//! The command line of a program: flags become the arguments of `main`.

mod bind;
mod usage;

pub(crate) use bind::exit_status;
pub use bind::{Bound, bind};
pub use usage::{usage, version};

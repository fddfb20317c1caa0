//! The parity matrix: the same programs on every backend, compared with what
//! the specification promises, byte for byte.
//!
//! Rows are data, in `cases/*.toml`; their programs are in `fixtures/`. A row
//! runs the `fuse` command the way a user does. Nothing is altered before
//! comparing but what [`normal`] names.
//!
//! ```no_run
//! for case in fuse_parity::load()? {
//!     for backend in case.backends() {
//!         fuse_parity::check(&case, backend)?;
//!     }
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```

mod backend;
mod case;
mod compare;
mod exchange;
pub mod normal;
mod process;
mod program;
mod serving;
mod source_case;

pub use backend::Backend;
pub use case::{Case, load};
pub use compare::check;
pub use process::{Finished, Started, Terminal, WAIT_MAX};
pub use program::fuse;
pub use source_case::{SourceCase, check_source, load_sources};

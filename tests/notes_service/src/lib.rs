//! Starts the Fuse reference service, `reference/notes`, the way its users do,
//! and asks it over the network. It does not read the program: what it knows
//! is the contract of the routes.
//!
//! ```no_run
//! let notes = notes_service::Notes::start()?;
//! let answer = notes.client().get("/healthz")?;
//! assert_eq!(answer.status, 200);
//! # Ok::<(), anyhow::Error>(())
//! ```

mod client;
mod process;

pub use client::{Answer, Ask, Client};
pub use fuse_parity::{Finished, Terminal};
pub use process::{Notes, Usage, command, package};

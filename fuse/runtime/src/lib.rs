//! What a running Fuse program can show, once for every backend.
//!
//! The interpreter and compiled code keep their values in the objects of
//! [`heap`], described by the types of [`meta`], and leave to this crate all that
//! can be observed: text forms, equality, operators on dynamic data, JSON,
//! validation, configuration, flags, markup, logs, tasks, faults and every
//! built-in function. Each of these exists once, so that backends cannot differ
//! in them.
//!
//! The crate refuses to know source text: it gets a program as plain data
//! ([`meta::ProgramMeta`]) and calls back into its code through one trait
//! ([`Code`]). It reads neither the environment nor the clock of the process but
//! through what [`Runtime::builder`] was given.
//!
//! # Example
//!
//! ```
//! use fuse_runtime::meta::{FieldSpec, TypeTable, well_known};
//! use fuse_runtime::{Value, display, heap::Ref, ops};
//!
//! let mut table = TypeTable::new();
//! let string = table.known(&well_known::STRING);
//! let tags = table.list(string);
//! let user = table.declare_record("User", "");
//! table.define_record(user, vec![FieldSpec::new("name", string), FieldSpec::new("tags", tags)]);
//! let types = table.finish();
//!
//! let list = |texts: &[&str]| {
//!     let texts = texts.iter().map(|text| Value::text(text));
//!     Value::Ref(fuse_runtime::heap::list_of(&well_known::LIST_STRING, texts))
//! };
//! let mut ada = Ref::new_record(types[user.0 as usize], [Value::text("Ada"), list(&["a"])]);
//!
//! // Copies share until one of them is written to.
//! let before = Value::Ref(ada.clone());
//! ada.set_field(1, list(&["b", "c"]));
//! let after = Value::Ref(ada);
//!
//! assert_eq!(display::to_string(before.peek()), "User(name=Ada, tags=[a])");
//! assert_eq!(display::to_string(after.peek()), "User(name=Ada, tags=[b, c])");
//! assert!(!ops::equal(before.peek(), after.peek()));
//! ```

pub mod abi;
mod assets;
pub mod builtin;
pub mod cli;
mod client;
mod code;
pub mod config;
mod context;
pub mod db;
pub mod decode;
pub mod display;
pub mod error;
pub mod fault;
pub mod heap;
pub mod html;
pub mod http;
mod interrupt;
pub mod json;
pub mod logging;
pub mod meta;
pub mod ops;
mod options;
mod patterns;
pub mod run;
mod runtime;
pub mod system;
pub mod task;
pub mod telemetry;
pub mod time;
pub mod validate;
pub mod value;

pub use code::{Code, NoCode};
pub use context::{CALL_DEPTH_MAX, Ctx, RequestIds, Unit};
pub use fault::{Fault, FaultCode, FieldProblem, Frame, Outcome, Span};
pub use interrupt::Interrupt;
pub use options::Options;
pub use runtime::{BackendLabel, Runtime, RuntimeBuilder};
pub use value::{Peek, Value};

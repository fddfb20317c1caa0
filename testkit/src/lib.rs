//! Test support of this repository: an in-process client, raw HTTP/1 and
//! HTTP/2 clients that may misbehave, self-signed certificates, a recording
//! logger, an allocation counter, programs to run and the conformance cases of
//! layers. It is not published and holds no behaviour of the product.
//!
//! ```
//! use plumego_contract::{Json, Request, BoxHttpService};
//! use plumego_testkit::InProcess;
//!
//! async fn hello(_: Request) -> Json<&'static str> { Json("hello") }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let client = InProcess::new(BoxHttpService::from_handler(hello));
//! let response = client.get("/").await;
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.json::<String>(), "hello");
//! # }
//! ```

#[cfg(feature = "allocations")]
pub mod allocations;
pub mod certificates;
pub mod http1;
pub mod http2;
mod in_process;
pub mod layers;
mod log;
mod program;
mod wait;

pub use in_process::{InProcess, TestRequest, TestResponse};
pub use log::{LogEntry, RecordingLogger};
pub use plumego_contract::ManualClock;
pub use program::Program;
pub use wait::{until, wait_for_status};

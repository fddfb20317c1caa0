//! The application kernel: an application is put together from routes and
//! layers, checked, and served over HTTP/1.1, HTTP/2 and TLS with limits on
//! every wait; components start before it and stop after it. It does not match
//! routes, read configuration files, discover or inject services, serve health
//! endpoints, or own the logger it writes to.
//!
//! ```
//! use plumego_contract::{Error, Reply, Request, param};
//! use plumego_core::{App, AppConfig, AppDependencies, RunOptions};
//!
//! async fn greet(request: Request) -> Result<Reply<String>, Error> {
//!     let name = param(&request, "name").unwrap_or("you");
//!     Ok(Reply::ok(format!("hello {name}")))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut app = App::new(
//!     AppConfig::default().with_addr("127.0.0.1:0"),
//!     AppDependencies::default(),
//! );
//! app.get("/greet/{name}", greet)?;
//!
//! tokio::runtime::Runtime::new()?.block_on(async {
//!     // A service runs until it is told to end: `app.run().await`. Here the
//!     // end comes at once.
//!     app.run_with(RunOptions::default().with_shutdown(async {})).await
//! })?;
//! # Ok(())
//! # }
//! ```

mod app;
mod client;
mod config;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod lifecycle;
mod listen;
mod report;
mod server;
pub mod signal;
mod tls;

pub use app::{
    App, AppDependencies, AppService, PreparationState, PrepareError, RouteGroup, new, with_config,
};
pub use config::{
    AppConfig, ClientAuth, ConfigErrors, ForwardingHeader, Http2Config, Http2Policy,
    SniCertificate, SocketConfig, TlsConfig, TlsReload, TlsVersion,
};
pub use error::{CoreError, Operation};
pub use lifecycle::{
    Component, ComponentFailure, Lifecycle, LifecycleContext, LifecycleError, LifecycleGroup,
    ReadyChecker, Starter, Stopper,
};
pub use listen::{BoundAddr, Listener};
pub use server::{
    BoundServer, ConnectionCounts, DrainDeadlineExceeded, DrainReport, DrainSignal, RunOptions,
    Server, ServerHandle,
};

//! One import for small services: the names a service needs, and the stable
//! roots as modules. Every item is a re-export; the crate defines no types,
//! helpers or handler shapes of its own. A service that wants a logger goes on
//! to [`core::App::new`]; everything else is configuration.
//!
//! ```
//! use plumego::{AppConfig, Error, ErrorKind, Reply, Request};
//!
//! async fn greet(request: Request) -> Result<Reply<String>, Error> {
//!     match plumego::param(&request, "name") {
//!         Some("nobody") => Err(Error::new(ErrorKind::NotFound).message("no such person")),
//!         name => Ok(Reply::ok(format!("hello {}", name.unwrap_or("you")))),
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut app = plumego::with_config(AppConfig::default().with_addr("127.0.0.1:0"));
//! app.get("/greet/{name}", greet)?;
//!
//! tokio::runtime::Runtime::new()?.block_on(async {
//!     // `app.run().await` serves until the process is told to end; here the
//!     // end comes at once.
//!     app.run_with(plumego::core::RunOptions::default().with_shutdown(async {})).await
//! })?;
//! # Ok(())
//! # }
//! ```

pub use plumego_contract as contract;
pub use plumego_core as core;
pub use plumego_health as health;
pub use plumego_log as log;
pub use plumego_metrics as metrics;
pub use plumego_middleware as middleware;
pub use plumego_router as router;
pub use plumego_security as security;
pub use plumego_store as store;

pub use plumego_contract::{
    Error, ErrorKind, IntoResponse, Json, Reply, Request, RequestExt, Response, param,
};
pub use plumego_core::{App, AppConfig, AppDependencies, new, with_config};

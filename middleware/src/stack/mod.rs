//! Named layers in the order in which they run.
//!
//! The first layer pushed is the outermost: it sees the request first and the
//! response last. There is no prepend, and nothing is reordered;
//! [`Stack::lint`] says what is known to go wrong.
//!
//! ```
//! use plumego_contract::{Body, BoxHttpService, Json, Request, sync_fn};
//! use plumego_middleware::requestid::{RequestIdConfig, RequestIdLayer};
//! use plumego_middleware::stack::Stack;
//!
//! let stack = Stack::new().push("requestid", RequestIdLayer::new(RequestIdConfig::default()));
//! assert!(stack.lint().is_empty());
//!
//! let handler = sync_fn(|_| Json("hello"));
//! let service = stack.build(BoxHttpService::from_handler(handler));
//! let answer = service.handle(Request::new(Body::empty()));
//! # let response = futures_util::FutureExt::now_or_never(answer).unwrap();
//! # assert!(response.headers().contains_key("x-request-id"));
//! ```

mod lint;

use std::fmt;
use std::sync::Arc;

use plumego_contract::{BoxHttpService, HttpService};
use tower_layer::Layer;

pub use lint::{CANONICAL_ORDER, GROUP_ORDER, OrderWarning};

type Wrap = dyn Fn(BoxHttpService) -> BoxHttpService + Send + Sync;

/// Named layers, outermost first. Cloning shares the layers.
#[derive(Clone, Default)]
pub struct Stack {
    layers: Vec<Named>,
}

#[derive(Clone)]
struct Named {
    name: &'static str,
    wrap: Arc<Wrap>,
}

impl Stack {
    /// A stack without layers, which passes everything through.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer inside all those added before.
    ///
    /// The name is what [`names`](Self::names) and [`lint`](Self::lint) speak
    /// of; give a layer of this crate the name of its package.
    #[must_use]
    pub fn push<L>(mut self, name: &'static str, layer: L) -> Self
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        let wrap = move |inner| BoxHttpService::new(layer.layer(inner));
        self.layers.push(Named {
            name,
            wrap: Arc::new(wrap),
        });
        self
    }

    /// Number of layers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// True when there is no layer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Names of the layers, outermost first.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.layers.iter().map(|layer| layer.name).collect()
    }

    /// Wraps a service. What is pushed later does not change it; building
    /// twice gives services that behave alike and share the state the layers
    /// share, such as limits.
    #[must_use]
    pub fn build<S: HttpService>(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        self.layers
            .iter()
            .rev()
            .fold(inner, |inner, layer| (layer.wrap)(inner))
    }

    /// What is known to go wrong with this order; empty when nothing is. The
    /// stack works as ordered all the same.
    #[must_use]
    pub fn lint(&self) -> Vec<OrderWarning> {
        lint::check(&self.names())
    }
}

impl<S: HttpService> Layer<S> for Stack {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        self.build(inner)
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stack").field(&self.names()).finish()
    }
}

//! The services of a program, put together from the toolkit's parts.

use std::sync::Arc;

use http::HeaderName;
use plumego_contract::{CancelSource, X_REQUEST_ID};
use plumego_core::{App, AppDependencies};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::CorsLayer;
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{PrefixedGenerator, RequestIdConfig, RequestIdLayer};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_router::Route as Registered;

use super::handler::RouteHandler;
use super::kernel_log::KernelLogger;
use super::observe::{Counters, log_request};
use super::settings::Settings;
use crate::fault::{Fault, Outcome};
use crate::meta::{Service, Verb};
use crate::runtime::Runtime;

const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// What the handlers of one server share.
pub(super) struct Host {
    pub(super) runtime: Runtime,
    pub(super) settings: Settings,
    pub(super) counters: Arc<Counters>,
    /// Raised when requests that still run have to end.
    pub(super) stopping: CancelSource,
}

impl Host {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// They are not what they have to be.
    pub(super) fn new(runtime: &Runtime) -> Outcome<Arc<Self>> {
        let settings = Settings::read(runtime.environment());
        let settings = settings.map_err(|error| Fault::error(error.to_string()))?;
        let counters = Counters::new(runtime.clone(), settings.max_requests);
        Ok(Arc::new(Self {
            runtime: runtime.clone(),
            settings,
            counters: Arc::new(counters),
            stopping: CancelSource::new(),
        }))
    }

    /// The services that are mounted.
    ///
    /// # Errors
    ///
    /// There is none, or one of those that are asked for.
    pub(super) fn services(&self) -> Outcome<Vec<&'static Service>> {
        let all = self.runtime.meta().services;
        if all.is_empty() {
            return Err(Fault::error("no service declared"));
        }
        let Some(wanted) = &self.settings.services else {
            return Ok(all.iter().collect());
        };
        let find = |name: &String| {
            let found = all.iter().find(|service| service.name == name);
            found.ok_or_else(|| Fault::error(format!("service not found: {name}")))
        };
        wanted.iter().map(find).collect()
    }

    /// The application: layers in their order, and the routes of these services.
    ///
    /// # Errors
    ///
    /// A part of the toolkit refuses what it is given.
    pub(super) fn app(self: &Arc<Self>, services: &[&'static Service], port: u16) -> Outcome<App> {
        let ids = request_ids()?;
        let config = self.settings.app_config(port, ids.clone());
        let logger = Arc::new(KernelLogger(Arc::clone(self.runtime.logger())));
        let mut app = App::new(config, AppDependencies::default().with_logger(logger));
        app.layers(self.layers(ids)?);
        for service in services {
            for route in service.routes {
                let handler = RouteHandler {
                    host: Arc::clone(self),
                    route,
                };
                let method = match route.verb {
                    Verb::Get => "GET",
                    Verb::Post => "POST",
                    Verb::Put => "PUT",
                    Verb::Patch => "PATCH",
                    Verb::Delete => "DELETE",
                };
                app.add_route(Registered::new(method, route.pattern, handler))
                    .map_err(|error| refused(&error))?;
            }
        }
        Ok(app)
    }

    /// The layers, outermost first.
    fn layers(&self, ids: RequestIdConfig) -> Outcome<Stack> {
        let settings = &self.settings;
        let logger = self.runtime.logger();
        let mut stack = Stack::new().push("requestid", RequestIdLayer::new(ids));
        if settings.request_log {
            let runtime = self.runtime.clone();
            let config =
                AccessLogConfig::default().with_sink(move |summary| log_request(&runtime, summary));
            let layer = AccessLogLayer::new(config).map_err(|error| refused(&error))?;
            stack = stack.push("accesslog", layer);
        }
        let counters = Arc::clone(&self.counters);
        let metrics = HttpMetricsLayer::new(Arc::<Counters>::clone(&self.counters))
            .in_flight(move |by| counters.change(by));
        stack = stack
            .push("httpmetrics", metrics)
            .push("securityheaders", SecurityHeadersLayer::default());
        if let Some(cors) = &settings.cors {
            let layer = CorsLayer::new(cors.clone()).map_err(|error| refused(&error))?;
            stack = stack.push("cors", layer);
        }
        let limit = ConcurrencyLimitConfig::new(settings.in_flight_max);
        Ok(stack
            .push(
                "recovery",
                RecoveryLayer::new(RecoveryConfig::new(Arc::clone(logger))),
            )
            .push("concurrencylimit", ConcurrencyLimitLayer::new(limit))
            .push("bodylimit", BodyLimitLayer::new(settings.body_bytes_max))
            .push(
                "timeout",
                TimeoutLayer::new(TimeoutConfig::new(settings.handler_timeout)),
            ))
    }

    /// The threads that requests are handled on.
    ///
    /// # Errors
    ///
    /// The system gives none.
    pub(super) fn threads(&self) -> Outcome<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("fuse-http")
            .thread_stack_size(self.runtime.code().stack_bytes())
            .max_blocking_threads(self.settings.blocking_threads)
            .build()
            .map_err(|error| Fault::error(format!("cannot start a thread: {error}")))
    }
}

fn request_ids() -> Outcome<RequestIdConfig> {
    let generator = PrefixedGenerator::new("req-").map_err(|error| refused(&error))?;
    Ok(RequestIdConfig::default()
        .with_inbound_headers([X_REQUEST_ID, X_CORRELATION_ID])
        .with_generator(generator))
}

fn refused(error: &dyn std::error::Error) -> Fault {
    Fault::error(error.to_string())
}

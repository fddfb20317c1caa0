//! The services of a program, put together from the toolkit's parts.

use std::sync::Arc;

use http::HeaderName;
use plumego_contract::{CancelSource, X_REQUEST_ID};
use plumego_core::{App, AppDependencies};
use plumego_log::{Level, Record};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::compression::{CompressionConfig, CompressionLayer};
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::CorsLayer;
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{PrefixedGenerator, RequestIdConfig, RequestIdLayer};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_middleware::tracing::TracingLayer;
use plumego_router::Route as Registered;

use super::blocking::BlockingPool;
use super::docs::Docs;
use super::fallback::Fallback;
use super::files::{Files, Served};
use super::handler::RouteHandler;
use super::kernel_log::KernelLogger;
use super::observe::{Counters, log_request};
use super::proxy::Proxy;
use super::settings::Settings;
use super::threads::{Threads, no_thread};
use super::watch::Watch;
use crate::fault::{Fault, Outcome};
use crate::meta::{Route, Service, Verb};
use crate::runtime::Runtime;
use crate::telemetry::HostReadings;

const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// What the handlers of one server share.
pub(super) struct Host {
    pub(super) runtime: Runtime,
    pub(super) settings: Settings,
    pub(super) counters: Arc<Counters>,
    /// Raised when requests that still run have to end.
    pub(super) stopping: CancelSource,
    /// Where handlers run that may wait.
    pub(super) pool: BlockingPool,
    /// Stops handlers that run on workers.
    pub(super) watch: Watch,
}

/// A host, what it mounts, and the threads that it runs on.
pub(super) struct Assembled {
    pub(super) host: Arc<Host>,
    pub(super) services: Vec<&'static Service>,
    pub(super) threads: Threads,
}

impl Host {
    /// Reads the settings, and starts the threads.
    ///
    /// # Errors
    ///
    /// The settings are not what they have to be, there is no service, or the
    /// system gives no threads.
    pub(super) fn assemble(runtime: &Runtime) -> Outcome<Assembled> {
        let settings = Settings::read(runtime.environment());
        let settings = settings.map_err(|error| Fault::error(error.to_string()))?;
        let services = services(runtime.meta().services, settings.services.as_deref())?;
        let counters = Counters::new(runtime.clone(), settings.max_requests);
        let stopping = CancelSource::new();
        let threads = Threads::start(runtime, settings.blocking_threads)?;
        let host = Arc::new(Self {
            runtime: runtime.clone(),
            pool: BlockingPool::new(threads.handle(), settings.blocking_threads),
            watch: Watch::start(stopping.clone()).map_err(|error| no_thread(&error))?,
            settings,
            counters: Arc::new(counters),
            stopping,
        });
        Ok(Assembled {
            host,
            services,
            threads,
        })
    }

    /// Says that a handler keeps workers for long.
    pub(super) fn tell_slow(&self, route: &Route) {
        let logger = self.runtime.logger();
        let message = format!(
            "{} {} took over 1 ms on a worker; it runs inline because it never waits",
            verb(route.verb),
            route.pattern,
        );
        logger.log(&Record::new(Level::Debug, &message, logger.now()));
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
        let mut everything = app.group("").map_err(|error| refused(&error))?;
        everything.fallback(self.fallback()?);
        for service in services {
            for route in service.routes {
                let handler = RouteHandler::new(Arc::clone(self), route);
                app.add_route(Registered::new(verb(route.verb), route.pattern, handler))
                    .map_err(|error| refused(&error))?;
            }
        }
        Ok(app)
    }

    /// What answers where no route does.
    fn fallback(&self) -> Outcome<Fallback> {
        let directory = self.runtime.directory();
        let docs = self.settings.openapi.as_ref().map(|openapi| {
            let meta = self.runtime.meta();
            let app = meta.app.map_or("Fuse", |app| app.name);
            let title = if meta.name.is_empty() { app } else { meta.name };
            let try_it = self.settings.development;
            Docs::new(title, directory.join(&openapi.file), &openapi.path, try_it)
        });
        let files = self.settings.files.as_ref().map(|files| {
            let reload = self.settings.reload.clone();
            let opened = Files::open(&directory.join(&files.dir), &files.index, reload);
            opened.map(Arc::new).map_err(|error| {
                let dir = files.dir.display();
                Fault::error(format!(
                    "invalid FUSE_STATIC_DIR: cannot serve {dir}: {error}"
                ))
            })
        });
        Ok(Fallback {
            docs,
            files: Served {
                assets: self.assets(),
                directory: files.transpose()?,
            },
            proxy: self.settings.upstream.clone().map(|upstream| {
                let reload = self.settings.reload.clone();
                Proxy::new(upstream, reload, Arc::clone(self.runtime.entropy()))
            }),
        })
    }

    /// The directory of the map of assets, where there is one: only what the map
    /// names is served from it.
    fn assets(&self) -> Option<(Runtime, Arc<Files>)> {
        let map = self.runtime.options().asset_map.as_ref()?;
        let map = self.runtime.directory().join(map);
        // A map that cannot be read is a fault of who asks for an asset.
        let files = Files::open(map.parent()?, "", None).ok()?;
        Some((self.runtime.clone(), Arc::new(files)))
    }

    /// The layers, outermost first.
    fn layers(&self, ids: RequestIdConfig) -> Outcome<Stack> {
        let settings = &self.settings;
        let logger = self.runtime.logger();
        let mut stack = Stack::new().push("requestid", RequestIdLayer::new(ids));
        if let Some(tracing) = self.runtime.telemetry().tracing() {
            stack = stack.push("tracing", TracingLayer::new(Arc::new(tracing.clone())));
        }
        if settings.request_log {
            let runtime = self.runtime.clone();
            let config =
                AccessLogConfig::default().with_sink(move |summary| log_request(&runtime, summary));
            let layer = AccessLogLayer::new(config).map_err(|error| refused(&error))?;
            stack = stack.push("accesslog", layer);
        }
        let counters = Arc::clone(&self.counters);
        let metrics = HttpMetricsLayer::new(Arc::<Counters>::clone(&self.counters))
            .in_flight_by_method(move |method, by| counters.change(method, by));
        stack = stack
            .push("httpmetrics", metrics)
            .push("securityheaders", SecurityHeadersLayer::default());
        if let Some(cors) = &settings.cors {
            let layer = CorsLayer::new(cors.clone()).map_err(|error| refused(&error))?;
            stack = stack.push("cors", layer);
        }
        if settings.compress {
            let layer = CompressionLayer::new(CompressionConfig::default());
            stack = stack.push("compression", layer);
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
}

impl HostReadings for Host {
    fn blocking_queue(&self) -> u64 {
        self.pool.queued()
    }

    fn inline_slow(&self) -> u64 {
        self.counters.slow()
    }
}

/// The services that are mounted: all, or those of these names.
fn services(all: &'static [Service], wanted: Option<&[String]>) -> Outcome<Vec<&'static Service>> {
    if all.is_empty() {
        return Err(Fault::error("no service declared"));
    }
    let Some(wanted) = wanted else {
        return Ok(all.iter().collect());
    };
    let find = |name: &String| {
        let found = all.iter().find(|service| service.name == name);
        found.ok_or_else(|| Fault::error(format!("service not found: {name}")))
    };
    wanted.iter().map(find).collect()
}

pub(super) fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Patch => "PATCH",
        Verb::Delete => "DELETE",
    }
}

fn request_ids() -> Outcome<RequestIdConfig> {
    let generator = PrefixedGenerator::new("req-").map_err(|error| refused(&error))?;
    Ok(RequestIdConfig::default()
        .with_inbound_headers([X_REQUEST_ID, X_CORRELATION_ID])
        .with_generator(generator))
}

pub(super) fn refused(error: &dyn std::error::Error) -> Fault {
    Fault::error(error.to_string())
}

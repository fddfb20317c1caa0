//! Construction: collaborators, layers in their order, routes; and the run.

mod describe;
mod stack;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use plumego_contract::ErrorRendering;
use plumego_core::{
    App, AppConfig, AppDependencies, BoundAddr, CoreError, Operation, RunOptions, TlsConfig,
};
use plumego_health::{
    BoxError, CachedProbe, ComponentChecker, FnChecker, ProbeConfigError, ProbePolicy, ProbeSet,
    SharedGate,
};
use plumego_log::{BuiltLogger, LogBuilder, LogConfigError, Logger, info, warn};
use plumego_metrics::{HttpObserver, NoopCollector};
use plumego_middleware::ConfigError;
use plumego_middleware::cors::CorsConfigError;

use crate::config::Config;
use crate::domain::{ItemService, MemoryItems, Page, now};
use crate::handler::WriteKeyLayer;
use crate::routes;

pub(crate) use describe::describe;

/// Longest probe of one component.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the service could not be built, or ended badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("the logger cannot be built")]
    Log(#[from] LogConfigError),
    #[error("a layer cannot be built")]
    Layer(#[from] ConfigError),
    #[error("the CORS layer cannot be built")]
    Cors(#[from] CorsConfigError),
    #[error("the readiness probe cannot be built")]
    Probe(#[from] ProbeConfigError),
    #[error("the description cannot be written to {path}")]
    Describe {
        path: String,
        source: std::io::Error,
    },
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl AppError {
    /// Whether other values in the configuration would help.
    pub(crate) fn is_config(&self) -> bool {
        matches!(self, Self::Core(error) if error.operation() == Operation::PrepareServer)
    }
}

/// What the service is built from. Tests bring their own.
pub(crate) struct Collaborators<S> {
    pub(crate) logger: Arc<dyn Logger>,
    pub(crate) metrics: Arc<dyn HttpObserver>,
    pub(crate) items: Arc<S>,
    pub(crate) checkers: Vec<Arc<dyn ComponentChecker>>,
}

impl Collaborators<MemoryItems> {
    /// Items in memory; measurements go nowhere until a collector takes the
    /// place of the one that drops them.
    fn standard(logger: Arc<dyn Logger>) -> Self {
        let items = Arc::new(MemoryItems::default());
        Self {
            logger,
            metrics: Arc::new(NoopCollector),
            checkers: vec![Arc::new(item_checker(&items))],
            items,
        }
    }
}

/// The store works when it can list.
fn item_checker<S: ItemService>(items: &Arc<S>) -> impl ComponentChecker + use<S> {
    const FIRST: Page = Page {
        limit: 1,
        offset: 0,
    };
    let items = Arc::clone(items);
    FnChecker::new("items", move || {
        let items = Arc::clone(&items);
        async move { items.list(FIRST).await.map(drop).map_err(BoxError::from) }
    })
}

/// The application with all its routes, not prepared yet.
pub(crate) struct Service {
    pub(crate) app: App,
    /// Open while the service wants requests.
    pub(crate) gate: SharedGate,
}

/// Puts everything together; opens nothing.
pub(crate) fn build<S: ItemService>(
    config: &Config,
    collaborators: Collaborators<S>,
) -> Result<Service, AppError> {
    let stack = stack::build(config, &collaborators.logger, collaborators.metrics)?;
    let dependencies = AppDependencies::default().with_logger(collaborators.logger);
    let mut app = App::new(app_config(config), dependencies);
    app.layers(stack);

    let gate = SharedGate::new();
    let policy = ProbePolicy::default()
        .with_timeout(CHECK_TIMEOUT)
        .with_now(now);
    let services = routes::Services {
        name: config.service_name.clone(),
        items: collaborators.items,
        probe: CachedProbe::new(ProbeSet::new(collaborators.checkers)?, policy),
        gate: gate.clone(),
        write_key: WriteKeyLayer::new(config.write_key.clone()),
        body_bytes_max: stack::body_bytes_max(config),
    };
    routes::register(&mut app, services)?;
    Ok(Service { app, gate })
}

fn app_config(config: &Config) -> AppConfig {
    let app_config = AppConfig::default()
        .with_addr(&config.addr)
        .with_shutdown_timeout(config.shutdown_timeout)
        .with_development(config.debug)
        .with_errors(ErrorRendering::default().with_expose_internal(config.debug));
    match &config.tls {
        Some(files) => app_config.with_tls(TlsConfig::new(&files.cert_file, &files.key_file)),
        None => app_config,
    }
}

/// Serves until a signal ends the process, then drains.
pub(crate) async fn serve(config: &Config) -> Result<(), AppError> {
    let BuiltLogger {
        logger,
        guard: _written_at_the_end,
        ..
    } = LogBuilder::new()
        .format(config.log_format.clone())
        .filter(config.log_level.clone())
        .build()?;
    let service = build(config, Collaborators::standard(Arc::clone(&logger)))?;
    warn(config, &*logger);
    let is_tls = config.tls.is_some();
    let announce = move |addr: &BoundAddr| announce(&*logger, addr, is_tls);
    run(service, RunOptions::default(), announce).await
}

/// Runs to the end; the server drives the gate that the readiness handler looks
/// at.
async fn run(
    service: Service,
    options: RunOptions,
    announce: impl FnOnce(&BoundAddr) + Send + 'static,
) -> Result<(), AppError> {
    let options = options.with_gate(service.gate).with_on_bound(announce);
    Ok(service.app.run_with(options).await?)
}

/// What is legal and seldom meant, once per issue.
fn warn(config: &Config, logger: &dyn Logger) {
    const EVENT: &str = "insecure_default";
    for detail in &config.warnings {
        let detail = detail.clone();
        warn!(
            logger,
            "the configuration has a peculiarity",
            event = "config_warning",
            detail
        );
    }
    if config.write_key.is_empty() {
        let setting = "APP_WRITE_KEY";
        warn!(
            logger,
            "everyone may change items: set a write key",
            event = EVENT,
            setting
        );
    }
    if config.cors_allowed_origins.is_empty() {
        let setting = "APP_CORS_ALLOWED_ORIGINS";
        warn!(
            logger,
            "browsers may call from any origin: name the origins",
            event = EVENT,
            setting
        );
    }
}

/// Tells where the service listens, and how to try it.
fn announce(logger: &dyn Logger, addr: &BoundAddr, is_tls: bool) {
    let Some(socket) = addr.socket_addr() else {
        info!(logger, "listening", %addr);
        return;
    };
    let host = if socket.ip().is_unspecified() {
        format!("localhost:{}", socket.port())
    } else {
        socket.to_string()
    };
    let curl = if is_tls { "curl -k https" } else { "curl http" };
    let example = format!("{curl}://{host}/api/hello");
    info!(logger, "listening", %addr, example);
}

//! Construction: collaborators, layers in their order, routes; and the run.

mod describe;
mod measure;
mod stack;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Clock, ErrorRendering, SystemClock};
use plumego_core::{
    App, AppConfig, AppDependencies, BoundAddr, CoreError, Operation, RunOptions, TlsConfig,
};
use plumego_health::{
    BoxError, CachedProbe, ComponentChecker, FnChecker, ProbeConfigError, ProbePolicy, ProbeSet,
    SharedGate,
};
use plumego_log::{BuiltLogger, LogBuilder, LogConfigError, Logger, info, warn};
use plumego_metrics::{HttpObserver, InstrumentStore, MetricsError};
use plumego_middleware::ConfigError;
use plumego_middleware::cors::CorsConfigError;
use plumego_middleware::csrf::CsrfLayer;
use plumego_security::abuse::AbuseError;
use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard, InvalidCrossOriginConfig};
use plumego_security::headers::{CspErrors, PolicyErrors};
use plumego_security::secret::SecretString;

use crate::config::Config;
use crate::domain::{
    ItemService, MemoryItems, Page, ProfileStore, ProfileTable, now, sample_profiles,
};
use crate::handler::{
    Guard, Guards, Limits, Policy, Timeouts, WriteKeyLayer, api_guard, ops_guard,
};
use crate::routes;
use crate::storage::{ProfileFile, ProfileFileError};

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
    #[error("the CSRF layer cannot be built")]
    Csrf(#[from] InvalidCrossOriginConfig),
    #[error("the limiter cannot be built")]
    Abuse(#[from] AbuseError),
    #[error("the security headers cannot be built")]
    Headers(#[from] PolicyErrors),
    #[error("the content security policy cannot be built")]
    Csp(#[from] CspErrors),
    #[error("the meters cannot be built")]
    Metrics(#[from] MetricsError),
    #[error("the profiles cannot be read")]
    Profiles(#[from] ProfileFileError),
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
        match self {
            Self::Core(error) => error.operation() == Operation::PrepareServer,
            Self::Profiles(_) => true,
            _ => false,
        }
    }
}

/// What the service is built from. Tests bring their own.
pub(crate) struct Collaborators<S, P> {
    pub(crate) logger: Arc<dyn Logger>,
    pub(crate) metrics: Arc<dyn HttpObserver>,
    pub(crate) measured: Arc<InstrumentStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) items: Arc<S>,
    pub(crate) profiles: Arc<P>,
    pub(crate) checkers: Vec<Arc<dyn ComponentChecker>>,
}

impl Collaborators<MemoryItems, ProfileTable> {
    /// Items in memory, these profiles, and what was measured kept for the
    /// scraper.
    fn standard(logger: Arc<dyn Logger>, profiles: ProfileTable) -> Result<Self, AppError> {
        let items = Arc::new(MemoryItems::default());
        let (meter, measured) = measure::HttpMeter::new()?;
        Ok(Self {
            logger,
            metrics: Arc::new(meter),
            measured,
            clock: Arc::new(SystemClock),
            checkers: vec![Arc::new(item_checker(&items))],
            items,
            profiles: Arc::new(profiles),
        })
    }
}

/// The profiles in the file that is configured, or the samples.
fn profiles(config: &Config) -> Result<ProfileTable, AppError> {
    match &config.profile_store_path {
        Some(path) => Ok(ProfileFile::at(path)?.load()?),
        None => Ok(sample_profiles()),
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
pub(crate) fn build<S: ItemService, P: ProfileStore>(
    config: &Config,
    collaborators: Collaborators<S, P>,
) -> Result<Service, AppError> {
    let Collaborators { metrics, clock, .. } = &collaborators;
    let stack = stack::build(config, &collaborators.logger, Arc::clone(metrics), clock)?;
    let dependencies = AppDependencies::default().with_logger(collaborators.logger);
    let mut app = App::new(app_config(config), dependencies);
    app.layers(stack);

    let gate = SharedGate::new();
    let probe_policy = ProbePolicy::default()
        .with_timeout(CHECK_TIMEOUT)
        .with_now(now);
    let services = routes::Services {
        name: config.service_name.clone(),
        items: collaborators.items,
        profiles: collaborators.profiles,
        measured: collaborators.measured,
        policy: policy(config),
        probe: CachedProbe::new(ProbeSet::new(collaborators.checkers)?, probe_policy),
        gate: gate.clone(),
        same_site: same_site(config)?,
        write_key: WriteKeyLayer::new(config.write_key.clone()),
        api_guard: api_guard(config.api_token.clone()),
        ops_guard: ops_guard(config.ops_token.clone()),
        body_bytes_max: config.body_limit_bytes,
    };
    routes::register(&mut app, services)?;
    Ok(Service { app, gate })
}

/// Pages of the origins that are named may write, and no others.
fn same_site(config: &Config) -> Result<CsrfLayer, AppError> {
    let guard = CrossOriginGuard::new(CrossOriginConfig {
        trusted_origins: config.cors_allowed_origins.clone(),
        ..CrossOriginConfig::default()
    })?;
    Ok(CsrfLayer::new(guard))
}

/// What may be told about the configuration.
fn policy(config: &Config) -> Policy {
    let guarded = |secret: &SecretString, without: Guard| {
        if secret.is_empty() {
            without
        } else {
            Guard::Credential
        }
    };
    Policy {
        service: config.service_name.clone(),
        environment: config.environment.clone(),
        strict: config.is_production(),
        limits: Limits {
            body_bytes: config.body_limit_bytes,
            requests_per_second: config.rate_limit.get(),
            burst: config.rate_burst.get(),
        },
        timeouts_ms: Timeouts {
            read_header: millis(config.read_header_timeout),
            read: millis(config.read_timeout),
            write: millis(config.write_timeout),
            idle: millis(config.idle_timeout),
            request: millis(config.request_timeout),
            shutdown: millis(config.shutdown_timeout),
        },
        guards: Guards {
            writes: guarded(&config.write_key, Guard::Open),
            profile: guarded(&config.api_token, Guard::Closed),
            metrics: guarded(&config.ops_token, Guard::Closed),
        },
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn app_config(config: &Config) -> AppConfig {
    let app_config = AppConfig::default()
        .with_addr(&config.addr)
        .with_trusted_proxies(&config.trusted_proxies)
        .with_read_header_timeout(config.read_header_timeout)
        .with_read_timeout(config.read_timeout)
        .with_write_timeout(config.write_timeout)
        .with_idle_timeout(config.idle_timeout)
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
    let collaborators = Collaborators::standard(Arc::clone(&logger), profiles(config)?)?;
    let service = build(config, collaborators)?;
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
    for detail in &config.warnings {
        let detail = detail.clone();
        warn!(
            logger,
            "the configuration has a peculiarity",
            event = "config_warning",
            detail
        );
    }
    for (setting, meaning) in insecure(config) {
        warn!(logger, meaning, event = "insecure_default", setting);
    }
}

/// The settings that are insecure, and what each means.
fn insecure(config: &Config) -> Vec<(&'static str, &'static str)> {
    let in_clear = config.is_production() && config.tls.is_none();
    [
        (
            config.write_key.is_empty(),
            "APP_WRITE_KEY",
            "everyone may change items: set a write key",
        ),
        (
            config.cors_allowed_origins.is_empty(),
            "APP_CORS_ALLOWED_ORIGINS",
            "browsers may read from any origin: name the origins",
        ),
        (
            config.api_token.is_empty(),
            "APP_API_TOKEN",
            "nobody can read profiles: set a token",
        ),
        (
            config.ops_token.is_empty(),
            "OPS_TOKEN",
            "nobody can read metrics: set a token",
        ),
        (
            config.is_production() && config.profile_store_path.is_none(),
            "APP_PROFILE_STORE_PATH",
            "profiles are samples in memory: name a file",
        ),
        (
            in_clear && config.trusted_proxies.is_empty(),
            "APP_TLS_ENABLED",
            "tokens cross the network in clear text: switch TLS on, or name the proxy that ends it",
        ),
    ]
    .into_iter()
    .filter_map(|(holds, setting, meaning)| holds.then_some((setting, meaning)))
    .collect()
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

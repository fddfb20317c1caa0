//! `serve`: from the call to a clean end.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use plumego_core::{BoundServer, CoreError, ServerHandle};
use plumego_log::{Level, Record};
use tokio::sync::Semaphore;

use super::admin;
use super::service::{Assembled, Host};
use crate::builtin::Call;
use crate::context::Unit;
use crate::fault::{Fault, Outcome};
use crate::meta::Service;
use crate::runtime::Runtime;
use crate::system::Stdio;
use crate::telemetry::{HostReadings, Meters};
use crate::value::Value;

/// What requests that still run get after they were told to end.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// How long what was printed may be kept back.
const PRINT_DELAY: Duration = Duration::from_millis(100);

/// `serve(port)`
pub(crate) fn serve(call: &mut Call<'_>) -> Outcome<Value> {
    if call.ctx.unit() != Unit::Program {
        return Err(Fault::error("serve is not available here"));
    }
    let port = port(&call.args[0])?;
    call.ctx.blocking(|ctx| ctx.runtime().serve(port))?;
    Ok(Value::Unit)
}

fn port(value: &Value) -> Outcome<u16> {
    let port = match (value.as_int(), value.as_text()) {
        (Some(port), _) => u16::try_from(port).ok(),
        (None, Some(text)) => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        }
        (None, None) => return Err(Fault::invalid_arguments("serve expects a port number")),
    };
    port.ok_or_else(|| Fault::invalid_arguments("invalid port"))
}

/// Tells a server to end. Clones are the same.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Semaphore>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Stop {
    /// Ends serving as a signal does: the first request lets what runs come to
    /// its end, a second one ends it at once.
    pub fn request(&self) {
        self.0.add_permits(1);
    }

    async fn requested(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeSummary {
    /// The signal that ended it, `unknown` for anything else.
    pub signal: &'static str,
    /// Requests that were answered.
    pub handled: u64,
    /// Requests that were cut.
    pub aborted: u64,
}

impl Runtime {
    /// Serves the program's services on a port until a signal ends it, as
    /// `serve(port)` does; 0 is any free port.
    ///
    /// # Errors
    ///
    /// A setting is not what it has to be, the address cannot be bound, or the
    /// program serves already.
    pub fn serve(&self, port: u16) -> Outcome<ServeSummary> {
        self.serve_until(port, &Stop::default(), |_| {})
    }

    /// As [`serve`](Self::serve), until a signal or `stop` ends it; `bound` is
    /// called with the address once connections are accepted.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub fn serve_until(
        &self,
        port: u16,
        stop: &Stop,
        bound: impl FnOnce(SocketAddr),
    ) -> Outcome<ServeSummary> {
        let Some(_serving) = self.begin_serving() else {
            return Err(Fault::error("server already running"));
        };
        let Assembled {
            host,
            services,
            threads,
        } = Host::assemble(self)?;
        let port = match port {
            0 => host.settings.port.unwrap_or(0),
            port => port,
        };
        let server = host.app(&services, port)?.prepare();
        let server = server.map_err(|failed| Fault::error(failed.source.to_string()))?;
        // What was printed before is seen before the first request.
        let _ = self.stdio().flush();
        let ended = threads.handle().block_on(async {
            let server = server.bind().await.map_err(|error| {
                let reason = reason(&error);
                let address = host.settings.address(port);
                Fault::error(format!("failed to bind {address}: {reason}"))
            })?;
            if let Some(address) = server.local_addr().socket_addr() {
                bound(address);
            }
            let admin = match &host.settings.admin {
                Some(address) => Some(administer(&host, &server, address).await?),
                None => None,
            };
            let ended = until_stopped(&host, &services, server, stop).await;
            if let Some(admin) = admin {
                // Who asks for health may ask until the end, and no longer.
                let _ = admin.shutdown(Some(Duration::ZERO)).await;
            }
            ended
        });
        self.telemetry().measure(None);
        threads.end_within(LAST_WAIT);
        let (signal, aborted) = ended?;
        let summary = ServeSummary {
            signal,
            handled: host.counters.handled(),
            aborted: u64::try_from(aborted).unwrap_or(0),
        };
        tell_end(self, summary);
        Ok(summary)
    }
}

/// Tells the health of a server, and what is measured, at another address.
async fn administer(
    host: &Arc<Host>,
    server: &BoundServer,
    address: &str,
) -> Outcome<ServerHandle> {
    let runtime = &host.runtime;
    let readings: Weak<dyn HostReadings> = Arc::<Host>::downgrade(host);
    let meters = Arc::new(Meters::new(runtime, readings)?);
    let collector = Arc::clone(&meters.collector);
    let admin = admin::app(runtime, server.handle().gate(), collector, address)?.prepare();
    let admin = admin.map_err(|failed| Fault::error(failed.source.to_string()))?;
    let admin = admin.bind().await.map_err(|error| {
        let reason = reason(&error);
        Fault::error(format!("failed to bind {address}: {reason}"))
    })?;
    runtime.telemetry().measure(Some(meters));
    say(runtime, &format!("admin: addr={}", admin.local_addr()));
    let handle = admin.handle();
    // It ends when it is told to, or with the threads.
    tokio::spawn(admin.serve());
    Ok(handle)
}

fn tell_end(runtime: &Runtime, summary: ServeSummary) {
    let mut line = format!(
        "shutdown: runtime={} signal={} handled_requests={}",
        runtime.backend().as_str(),
        summary.signal,
        summary.handled,
    );
    if summary.aborted > 0 {
        line.push_str(&format!(" in_flight_aborted={}", summary.aborted));
    }
    say(runtime, &line);
}

fn reason(error: &CoreError) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

fn say(runtime: &Runtime, line: &str) {
    let logger = runtime.logger();
    logger.log(&Record::new(Level::Info, line, logger.now()));
}

/// The signal that ended it, and the requests that were cut.
type Ended = (&'static str, i64);

async fn until_stopped(
    host: &Arc<Host>,
    services: &[&'static Service],
    bound: BoundServer,
    stop: &Stop,
) -> Outcome<Ended> {
    let failed = |error: &dyn std::error::Error| Fault::error(error.to_string());
    let mut signals = Signals::install().map_err(|error| failed(&error))?;
    let names: Vec<_> = services.iter().map(|service| service.name).collect();
    let routes: usize = services.iter().map(|service| service.routes.len()).sum();
    say(
        &host.runtime,
        &format!(
            "serve: runtime={} addr={} service={} routes={routes}",
            host.runtime.backend().as_str(),
            bound.local_addr(),
            names.join(","),
        ),
    );
    if let Some(mark) = &host.settings.ready {
        let line = format!("{mark} {}", bound.local_addr());
        host.runtime.stdio().error_line(&line);
    }
    tokio::spawn(print(host.runtime.stdio().clone()));
    let handle = bound.handle();
    let serving = bound.serve();
    tokio::pin!(serving);
    let signal = tokio::select! {
        served = &mut serving => {
            served.map_err(|error| failed(&error))?;
            "unknown"
        }
        signal = signals.next() => signal,
        () = stop.requested() => "unknown",
        () = host.counters.enough.cancelled() => "unknown",
    };
    let limit = host.settings.delay + host.settings.grace;
    let draining = async { tokio::join!(serving, handle.shutdown(Some(limit + 2 * LAST_WAIT))) };
    let cutting = async {
        tokio::time::sleep(limit).await;
        host.stopping.cancel();
        tokio::time::sleep(LAST_WAIT).await;
    };
    tokio::pin!(draining);
    let finished = tokio::select! {
        _ = &mut draining => true,
        () = cutting => false,
        _ = signals.next() => false,
        () = stop.requested() => false,
    };
    let mut aborted = 0;
    if !finished {
        aborted = host.counters.in_flight();
        host.stopping.cancel();
        let _ = tokio::join!(draining, handle.shutdown(Some(Duration::ZERO)));
    }
    Ok((signal, aborted))
}

/// Writes what handlers print, soon after they did; a terminal shows it at once.
async fn print(stdio: Stdio) {
    loop {
        stdio.gathers().await;
        tokio::time::sleep(PRINT_DELAY).await;
        let gathered = stdio.clone();
        // Writing may wait for whoever reads.
        let _ = tokio::task::spawn_blocking(move || gathered.flush()).await;
    }
}

/// The signals that ask to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// The events that ask to end.
#[cfg(windows)]
struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
    ctrl_break: tokio::signal::windows::CtrlBreak,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        use tokio::signal::windows;
        Ok(Self {
            ctrl_c: windows::ctrl_c()?,
            ctrl_break: windows::ctrl_break()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    /// The name of the signal that the next one stands for.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.ctrl_c.recv() => "SIGINT",
            _ = self.ctrl_break.recv() => "SIGINT",
            _ = self.shutdown.recv() => "SIGTERM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_small_number_or_its_digits() {
        for (value, found) in [
            (Value::Int(0), Ok(0)),
            (Value::Int(65_535), Ok(65_535)),
            (Value::Int(65_536), Err("invalid port")),
            (Value::Int(-1), Err("invalid port")),
            (Value::text("8080"), Ok(8080)),
            (Value::text("+80"), Err("invalid port")),
            (Value::text("65536"), Err("invalid port")),
            (Value::text(""), Err("invalid port")),
            (Value::Bool(true), Err("serve expects a port number")),
        ] {
            let port = port(&value);
            let shown = port.as_ref().map(|port| *port).map_err(Fault::message);
            assert_eq!(shown, found, "{value:?}");
        }
    }
}

//! `serve`: from the call to a clean end.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use plumego_core::{BoundServer, CoreError};
use plumego_log::{Level, Record};

use super::service::Host;
use crate::builtin::Call;
use crate::context::{Ctx, Unit};
use crate::fault::{Fault, Outcome};
use crate::meta::Service;
use crate::runtime::Runtime;
use crate::value::Value;

/// What requests that still run get after they were told to end.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// `serve(port)`
pub(crate) fn serve(call: &mut Call<'_>) -> Outcome<Value> {
    if call.ctx.unit() != Unit::Program {
        return Err(Fault::error("serve is not available here"));
    }
    let port = port(&call.args[0])?;
    call.ctx.blocking(|ctx| run(ctx, port))?;
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

fn run(ctx: &mut Ctx, port: u16) -> Outcome<()> {
    let runtime = ctx.runtime().clone();
    let host = Host::new(&runtime)?;
    let services = host.services()?;
    let server = host.app(&services, port)?.prepare();
    let server = server.map_err(|failed| Fault::error(failed.source.to_string()))?;
    // What was printed before is seen before the first request.
    let _ = runtime.stdio().flush();
    let threads = host.threads()?;
    let ended = threads.block_on(async {
        let bound = server.bind().await.map_err(|error| {
            let reason = reason(&error);
            let address = host.settings.address(port);
            Fault::error(format!("failed to bind {address}: {reason}"))
        })?;
        until_stopped(&host, &services, bound).await
    });
    threads.shutdown_timeout(LAST_WAIT);
    let Ended { signal, aborted } = ended?;
    let mut line = format!(
        "shutdown: runtime={} signal={signal} handled_requests={}",
        runtime.backend().as_str(),
        host.counters.handled(),
    );
    if aborted > 0 {
        line.push_str(&format!(" in_flight_aborted={aborted}"));
    }
    say(&runtime, &line);
    Ok(())
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

/// How serving ended.
struct Ended {
    signal: &'static str,
    /// Requests that were cut.
    aborted: i64,
}

async fn until_stopped(
    host: &Arc<Host>,
    services: &[&'static Service],
    bound: BoundServer,
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
    let handle = bound.handle();
    let serving = bound.serve();
    tokio::pin!(serving);
    let signal = tokio::select! {
        served = &mut serving => {
            served.map_err(|error| failed(&error))?;
            "unknown"
        }
        signal = signals.next() => signal,
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
    };
    let mut aborted = 0;
    if !finished {
        aborted = host.counters.in_flight();
        host.stopping.cancel();
        let _ = tokio::join!(draining, handle.shutdown(Some(Duration::ZERO)));
    }
    Ok(Ended { signal, aborted })
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

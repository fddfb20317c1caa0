//! A route as a handler of the toolkit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use plumego_contract::{
    CollectError, Error, Handler, IntoResponse, Request, RequestScope, Response, ResponseFuture,
};

use super::exchange::Exchange;
use super::input::{self, Form, Refused};
use super::output;
use super::reload::Reload;
use super::service::{Host, verb};
use super::{etag, gzip};
use crate::context::{Ctx, RequestIds, Unit};
use crate::fault::Fault;
use crate::html;
use crate::interrupt::Interrupt;
use crate::meta::{Route, RouteClass};
use crate::telemetry::{SpanEnd, SpanKind};

/// How long a handler may keep a worker before that is told.
const SLOW: Duration = Duration::from_millis(1);

/// Calls a route.
pub(super) struct RouteHandler(Arc<Mounted>);

/// A route of a host.
struct Mounted {
    host: Arc<Host>,
    route: &'static Route,
    /// Whether it runs on the worker that read the request.
    inline: bool,
    /// Whether it was told that it takes long.
    slow_told: AtomicBool,
}

impl RouteHandler {
    pub(super) fn new(host: Arc<Host>, route: &'static Route) -> Self {
        Self(Arc::new(Mounted {
            inline: route.class == RouteClass::Inline && host.settings.inline,
            host,
            route,
            slow_told: AtomicBool::new(false),
        }))
    }
}

impl Handler for RouteHandler {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        self.call_scoped(request, scope)
    }

    fn call_scoped(&self, mut request: Request, scope: RequestScope) -> ResponseFuture {
        let mounted = &self.0;
        let is_empty = request.body().exact_len() == Some(0);
        let form = match input::form(
            mounted.route,
            request.headers(),
            is_empty,
            mounted.host.settings.decompress,
        ) {
            Ok(form) => form,
            Err(error) => return ResponseFuture::ready(error.into_response(&scope)),
        };
        if is_empty && mounted.inline {
            let work = Work::new(scope, request, form, Bytes::new());
            return ResponseFuture::ready(mounted.run_inline(work));
        }
        let mounted = Arc::clone(mounted);
        ResponseFuture::boxed(async move {
            let body = match mounted.host.read(&mut request).await {
                Ok(body) => body,
                Err(error) => return error.into_response(&scope),
            };
            let work = Work::new(scope, request, form, body);
            if mounted.inline {
                mounted.run_inline(work)
            } else {
                mounted.run_waiting(work).await
            }
        })
    }
}

impl Host {
    /// The whole body; the layer around all routes limits how much is read.
    async fn read(&self, request: &mut Request) -> Result<Bytes, Error> {
        let body = std::mem::take(request.body_mut());
        let body = body.collect_limited(u64::MAX).await;
        let body = body.map_err(|error| match error {
            CollectError::TooLarge(limit) => gzip::too_large(limit.max_bytes, limit.seen_bytes),
            other => other.into(),
        })?;
        let headers = request.headers_mut();
        if self.settings.decompress && gzip::is_gzip(headers) {
            return gzip::decoded(headers, body, self.settings.body_bytes_max).await;
        }
        Ok(body)
    }
}

/// Everything that a handler needs of a request.
struct Work {
    scope: RequestScope,
    /// The request; its body was taken out.
    head: Request,
    form: Form,
    body: Bytes,
}

impl Work {
    fn new(scope: RequestScope, head: Request, form: Form, body: Bytes) -> Self {
        Self {
            scope,
            head,
            form,
            body,
        }
    }
}

/// Stops the work when nobody waits for its result any more.
struct Waiting(Interrupt);

impl Drop for Waiting {
    fn drop(&mut self) {
        let late = self.0.deadline().is_some_and(|at| at <= Instant::now());
        if late {
            self.0.time_out();
        } else {
            self.0.cancel();
        }
    }
}

impl Mounted {
    /// Runs the handler on this thread, which other requests depend on.
    fn run_inline(&self, work: Work) -> Response {
        let began = Instant::now();
        let interrupt = Interrupt::new(work.scope.deadline());
        let watched = self.host.watch.over(&interrupt);
        let response = run(&self.host, self.route, work, interrupt.clone());
        drop(watched);
        if began.elapsed() > SLOW {
            self.host.counters.count_slow();
            if !self.slow_told.swap(true, Ordering::Relaxed) {
                self.host.tell_slow(self.route);
            }
        }
        response
    }

    /// Runs the handler on a thread that may wait.
    async fn run_waiting(&self, work: Work) -> Response {
        let interrupt = Interrupt::new(work.scope.deadline());
        let waiting = Waiting(interrupt.clone());
        let scope = work.scope.clone();
        let (host, route) = (Arc::clone(&self.host), self.route);
        let stopping = self.host.stopping.cancelled();
        let running = self
            .host
            .pool
            .run(move || run(&host, route, work, interrupt));
        tokio::pin!(running);
        let done = tokio::select! {
            done = &mut running => done,
            () = stopping => {
                waiting.0.cancel();
                running.await
            }
        };
        done.unwrap_or_else(|lost| Error::internal(lost).into_response(&scope))
    }
}

fn run(host: &Host, route: &'static Route, work: Work, interrupt: Interrupt) -> Response {
    let scope = work.scope.clone();
    let call = AssertUnwindSafe(|| call(host, route, work, interrupt));
    catch_unwind(call).unwrap_or_else(|panic| {
        let (kind, message) = crate::run::panic_kind(&*panic);
        let fault = Fault::internal(format!("panic_kind={kind} {message}"));
        output::faulted(&scope, host.runtime.meta(), &fault, HeaderMap::new())
    })
}

fn call(host: &Host, route: &'static Route, work: Work, interrupt: Interrupt) -> Response {
    let Work {
        scope,
        head,
        form,
        body,
    } = work;
    let meta = host.runtime.meta();
    let ids = RequestIds::of(scope.clone());
    let mut ctx = Ctx::new(host.runtime.clone(), Unit::Request, interrupt).for_request(Some(ids));
    let mut arguments = match input::arguments(&mut ctx, route, &scope, form, &body) {
        Ok(arguments) => arguments,
        Err(Refused::Error(error)) => return error.into_response(&scope),
        Err(Refused::Fault(fault)) => {
            return output::faulted(&scope, meta, &fault, HeaderMap::new());
        }
    };
    ctx.begin_exchange(Exchange {
        head,
        body,
        scope: scope.clone(),
        said: Default::default(),
    });
    let outcome = ctx.traced(
        SpanKind::Handler,
        |ctx| ctx.call(route.function, &mut arguments),
        |outcome| {
            let name = format!("{} {}", verb(route.verb), route.pattern);
            (name, SpanEnd::of(outcome))
        },
    );
    let Some(Exchange { head, said, .. }) = ctx.end_exchange() else {
        return Error::internal("the exchange was lost").into_response(&scope);
    };
    let response = match outcome {
        Ok(value) => output::returned(&scope, &value, said, host.settings.csp.as_ref()),
        Err(fault) if host.settings.development && output::is_page(route.result) => {
            output::faulted_page(&scope, meta, &fault, said.headers)
        }
        Err(fault) => output::faulted(&scope, meta, &fault, said.headers),
    };
    let response = match &host.settings.reload {
        Some(reload)
            if output::is_page(route.result)
                && output::is_html(&response)
                && !Reload::is_part(head.headers()) =>
        {
            let entropy = host.runtime.entropy();
            reload.answer(response, |bytes| entropy.fill(bytes).is_ok())
        }
        _ => response,
    };
    let response = match host.settings.etag {
        true => etag::tagged(&head, response),
        false => response,
    };
    if host.settings.development && output::leads_nowhere(&response) {
        ctx.warn("a redirect without a Location header");
    }
    for _ in 0..html::take_warnings() {
        ctx.warn("blocked a URL scheme in an HTML attribute");
    }
    response
}

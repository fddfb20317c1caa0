//! A route as a handler of the toolkit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use plumego_contract::{
    Body, Error, Handler, IntoResponse, Request, RequestScope, Response, ResponseFuture, bind,
};

use super::exchange::Exchange;
use super::input::{self, Form, Refused};
use super::output;
use super::service::Host;
use crate::context::{Ctx, RequestIds, Unit};
use crate::fault::Fault;
use crate::html;
use crate::interrupt::Interrupt;
use crate::meta::{Route, RouteClass};

/// Calls a route.
pub(super) struct RouteHandler {
    pub(super) host: Arc<Host>,
    pub(super) route: &'static Route,
}

impl Handler for RouteHandler {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let is_empty = request.body().exact_len() == Some(0);
        let form = match input::form(self.route, request.headers(), is_empty) {
            Ok(form) => form,
            Err(error) => return ResponseFuture::ready(error.into_response(&scope)),
        };
        let (host, route) = (Arc::clone(&self.host), self.route);
        ResponseFuture::boxed(async move {
            // The layer around all routes limits how much is read.
            let body = match bind::bytes(&mut request, u64::MAX).await {
                Ok(body) => body,
                Err(error) => return error.into_response(&scope),
            };
            let (parts, _) = request.into_parts();
            let head = Request::from_parts(parts, Body::empty());
            answer(
                host,
                route,
                Work {
                    scope,
                    head,
                    form,
                    body,
                },
            )
            .await
        })
    }
}

/// Everything that a handler needs of a request.
struct Work {
    scope: RequestScope,
    head: Request,
    form: Form,
    body: Bytes,
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

async fn answer(host: Arc<Host>, route: &'static Route, work: Work) -> Response {
    let interrupt = Interrupt::new(work.scope.deadline());
    if route.class == RouteClass::Inline && host.settings.inline {
        return run(&host, route, work, interrupt);
    }
    let scope = work.scope.clone();
    let waiting = Waiting(interrupt.clone());
    let stopping = host.stopping.cancelled();
    let running = tokio::task::spawn_blocking(move || run(&host, route, work, interrupt));
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
    let ids = scope.request_id().map(|id| {
        Arc::new(RequestIds {
            request: id.as_str().to_owned(),
            trace: scope
                .trace()
                .and_then(|trace| Some(trace.trace_id()?.to_string())),
        })
    });
    let mut ctx = Ctx::new(host.runtime.clone(), Unit::Request, interrupt).for_request(ids);
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
    let outcome = ctx.call(route.function, &mut arguments);
    let said = ctx.end_exchange();
    let response = match outcome {
        Ok(value) => output::returned(&scope, &value, said, host.settings.csp.as_ref()),
        Err(fault) => output::faulted(&scope, meta, &fault, said.headers),
    };
    for _ in 0..html::take_warnings() {
        ctx.warn("blocked a URL scheme in an HTML attribute");
    }
    response
}

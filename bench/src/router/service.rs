//! Whole calls: a request in, a response out, against `axum`.
//!
//! Requests are built in batches outside the measured time. Both sides drop
//! them inside it; what that takes is measured and subtracted.

use std::hint::black_box;
use std::time::Instant;

use axum::extract::Path;
use axum::routing::MethodFilter;
use http::{Method, Uri};
use plumego_contract::{
    Body, Handler, Request, RequestScope, Response, handler_fn, param, sync_fn,
};
use plumego_router::{FrozenRouter, Route, Router};
use tower_service::Service;

use super::scenarios::{Lookup, Scenario};
use crate::harness::{Cost, Slice, cost, finish};

/// Requests per slice: enough that the clock does not matter, few enough that
/// they stay in the cache.
const BATCH: usize = 24;

/// Which kind of handler stands behind our routes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// `async fn`, as every handler of `axum` is.
    Async,
    /// `sync_fn`.
    Sync,
}

pub(crate) fn frozen(scenario: &Scenario, kind: Kind) -> FrozenRouter {
    let mut router = Router::default();
    for (method, path) in &scenario.routes {
        let names = names_in(path);
        let read = move |request: &Request| {
            for name in names {
                black_box(param(request, name));
            }
        };
        let added = match kind {
            Kind::Sync => add(
                &mut router,
                method,
                path,
                sync_fn(move |request| {
                    read(&request);
                    Response::new(Body::empty())
                }),
            ),
            Kind::Async => add(
                &mut router,
                method,
                path,
                handler_fn(move |request: Request| async move {
                    read(&request);
                    Response::new(Body::empty())
                }),
            ),
        };
        added.unwrap_or_else(|error| panic!("a scenario has an invalid route: {error}"));
    }
    router.freeze()
}

fn add(
    router: &mut Router,
    method: &Method,
    path: &str,
    handler: impl Handler,
) -> Result<(), plumego_router::RegisterError> {
    router.add_route(Route::new(method.clone(), path, handler))
}

/// The parameters of a pattern, for as long as the process runs.
fn names_in(path: &str) -> &'static [&'static str] {
    let names = path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let kept: &'static str = Box::leak(name.trim_start_matches('*').into());
        Some(kept)
    });
    Vec::leak(names.collect())
}

pub(crate) fn axum(scenario: &Scenario) -> axum::Router {
    let mut router = axum::Router::new();
    for (method, path) in &scenario.routes {
        let filter = MethodFilter::try_from(method.clone())
            .unwrap_or_else(|_| panic!("{method} is not a method of the peer"));
        let route = match names_in(path).len() {
            0 => axum::routing::on(filter, async || {}),
            1 => axum::routing::on(filter, async |Path(a): Path<String>| {
                black_box(a);
            }),
            2 => axum::routing::on(filter, async |Path(ab): Path<(String, String)>| {
                black_box(ab);
            }),
            _ => axum::routing::on(
                filter,
                async |Path(all): Path<(String, String, String, String)>| {
                    black_box(all);
                },
            ),
        };
        router = router.route(path, route);
    }
    router
}

/// Builds the same request again and again; the target is shared as a server
/// shares the bytes it read.
struct Maker {
    targets: Vec<(Method, Uri)>,
}

impl Maker {
    fn new(requests: &[Lookup]) -> Self {
        let target = |lookup: &Lookup| {
            let uri = Uri::try_from(lookup.path);
            let uri = uri.unwrap_or_else(|error| panic!("{} is no target: {error}", lookup.path));
            // The first copy turns the bytes into shared ones.
            let _ = uri.clone();
            (lookup.method.clone(), uri)
        };
        Self {
            targets: requests.iter().map(target).collect(),
        }
    }

    fn make<B>(&self, index: usize, body: B) -> http::Request<B> {
        let (method, uri) = &self.targets[index % self.targets.len()];
        let mut request = http::Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        request
    }

    fn ours(&self, index: usize) -> Request {
        let mut request = self.make(index, Body::empty());
        RequestScope::ensure(&mut request);
        request
    }

    /// The peer is given an extension too, so that neither side pays for the
    /// map that holds them.
    fn theirs(&self, index: usize) -> http::Request<axum::body::Body> {
        let mut request = self.make(index, axum::body::Body::empty());
        request.extensions_mut().insert(index);
        request
    }

    /// Whole cycles of at least one batch.
    fn batch(&self) -> usize {
        BATCH.div_ceil(self.targets.len()) * self.targets.len()
    }
}

#[inline(always)]
fn call<S, B>(service: &mut S, request: http::Request<B>)
where
    S: Service<http::Request<B>>,
{
    finish(service.call(black_box(request)));
}

/// What is subtracted: a request that nothing answers.
#[inline(always)]
fn end<B>(request: http::Request<B>) {
    drop(black_box(request));
}

fn batches<'a, R: 'a>(
    count: usize,
    make: impl Fn(usize) -> R + 'a,
    mut run: impl FnMut(R) + 'a,
) -> Slice<'a> {
    let mut batch = Vec::with_capacity(count);
    Box::new(move |samples| {
        batch.extend((0..count).map(&make));
        let started = Instant::now();
        for request in batch.drain(..) {
            run(request);
        }
        samples.push(started.elapsed(), count);
    })
}

pub(crate) fn ours<'a>(router: &FrozenRouter, requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let mut router = router.clone();
    let count = maker.batch();
    batches(
        count,
        move |index| maker.ours(index),
        move |request| call(&mut router, request),
    )
}

/// As [`ours`], for requests that no server gave a scope.
pub(crate) fn ours_without_scope<'a>(router: &FrozenRouter, requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let mut router = router.clone();
    let count = maker.batch();
    let make = move |index| maker.make(index, Body::empty());
    batches(count, make, move |request| call(&mut router, request))
}

/// Nothing but the end of requests like those of [`ours`].
pub(crate) fn our_requests<'a>(requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let count = maker.batch();
    batches(count, move |index| maker.ours(index), end)
}

/// Nothing but the end of requests like those of [`ours_without_scope`].
pub(crate) fn our_requests_without_scope<'a>(requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let count = maker.batch();
    let make = move |index| maker.make(index, Body::empty());
    batches(count, make, end)
}

/// Nothing but the end of requests like those of [`theirs`].
pub(crate) fn their_requests<'a>(requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let count = maker.batch();
    batches(count, move |index| maker.theirs(index), end)
}

pub(crate) fn theirs<'a>(router: &axum::Router, requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let mut router = router.clone();
    let count = maker.batch();
    batches(
        count,
        move |index| maker.theirs(index),
        move |request| call(&mut router, request),
    )
}

/// `dispatch` alone; requests are dropped outside the measured time.
pub(crate) fn dispatch<'a>(router: &'a FrozenRouter, requests: &[Lookup]) -> Slice<'a> {
    let maker = Maker::new(requests);
    let count = maker.batch();
    let mut batch = Vec::with_capacity(count);
    Box::new(move |samples| {
        batch.extend((0..count).map(|index| maker.ours(index)));
        let started = Instant::now();
        for request in &mut batch {
            black_box(router.dispatch(black_box(request)).is_route());
        }
        samples.push(started.elapsed(), count);
        batch.clear();
    })
}

pub(crate) fn cost_of_dispatch(router: &FrozenRouter, requests: &[Lookup]) -> Cost {
    let maker = Maker::new(requests);
    let mut batch: Vec<_> = (0..maker.batch()).map(|index| maker.ours(index)).collect();
    cost(batch.len(), || {
        for request in &mut batch {
            black_box(router.dispatch(request).is_route());
        }
    })
}

pub(crate) fn cost_of_ours(router: &FrozenRouter, requests: &[Lookup]) -> Cost {
    let maker = Maker::new(requests);
    let mut router = router.clone();
    let batch: Vec<_> = (0..maker.batch()).map(|index| maker.ours(index)).collect();
    cost(batch.len(), || {
        for request in batch {
            call(&mut router, request);
        }
    })
}

pub(crate) fn cost_of_theirs(router: &axum::Router, requests: &[Lookup]) -> Cost {
    let maker = Maker::new(requests);
    let mut router = router.clone();
    let batch: Vec<_> = (0..maker.batch())
        .map(|index| maker.theirs(index))
        .collect();
    cost(batch.len(), || {
        for request in batch {
            call(&mut router, request);
        }
    })
}

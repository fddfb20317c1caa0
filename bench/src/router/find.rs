//! Looking up a path and reading its parameters, against `matchit`.

use std::hint::black_box;
use std::time::Instant;

use http::Method;
use plumego_contract::{Body, Request, Response, sync_fn};
use plumego_router::{Found, FrozenRouter, Route, Router};

use super::scenarios::{Lookup, Scenario};
use crate::harness::{Cost, Slice, cost};

/// Lookups per slice.
const SLICE: usize = 600;

pub(crate) fn frozen(scenario: &Scenario) -> FrozenRouter {
    let mut router = Router::default();
    for (method, path) in &scenario.routes {
        let handler = sync_fn(|_: Request| Response::new(Body::empty()));
        let added = router.add_route(Route::new(method.clone(), path, handler));
        added.unwrap_or_else(|error| panic!("a scenario has an invalid route: {error}"));
    }
    router.freeze()
}

/// One `matchit` router per method behind a match on the method: what a
/// careful user writes. Tables of one method need no match.
pub(crate) struct Matchit {
    get: matchit::Router<usize>,
    post: matchit::Router<usize>,
    put: matchit::Router<usize>,
    delete: matchit::Router<usize>,
    patch: matchit::Router<usize>,
    is_single: bool,
}

impl Matchit {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let of = |method: Method| {
            let mut router = matchit::Router::new();
            for (index, (own, path)) in scenario.routes.iter().enumerate() {
                if *own == method {
                    let added = router.insert(path, index);
                    added
                        .unwrap_or_else(|error| panic!("a scenario has an invalid route: {error}"));
                }
            }
            router
        };
        Self {
            get: of(Method::GET),
            post: of(Method::POST),
            put: of(Method::PUT),
            delete: of(Method::DELETE),
            patch: of(Method::PATCH),
            is_single: scenario
                .routes
                .iter()
                .all(|(method, _)| *method == Method::GET),
        }
    }

    #[inline(always)]
    fn by_method(&self, method: &Method) -> &matchit::Router<usize> {
        match *method {
            Method::POST => &self.post,
            Method::PUT => &self.put,
            Method::DELETE => &self.delete,
            Method::PATCH => &self.patch,
            _ => &self.get,
        }
    }
}

#[inline(always)]
fn read_ours(router: &FrozenRouter, lookup: &Lookup) {
    let found = router.find(black_box(&lookup.method), black_box(lookup.path));
    if let Found::Route(matched) = &found {
        for name in lookup.params {
            black_box(matched.param(name));
        }
    }
    black_box(&found);
}

#[inline(always)]
fn read_matchit(router: &matchit::Router<usize>, lookup: &Lookup) {
    let found = router.at(black_box(lookup.path));
    if let Ok(matched) = &found {
        for name in lookup.params {
            black_box(matched.params.get(name));
        }
    }
    let _ = black_box(&found);
}

pub(crate) fn ours<'a>(router: &'a FrozenRouter, requests: &'a [Lookup]) -> Slice<'a> {
    slice(requests, move |lookup| read_ours(router, lookup))
}

pub(crate) fn matchit<'a>(router: &'a Matchit, requests: &'a [Lookup]) -> Slice<'a> {
    if router.is_single {
        return slice(requests, move |lookup| read_matchit(&router.get, lookup));
    }
    slice(requests, move |lookup| {
        read_matchit(router.by_method(black_box(&lookup.method)), lookup);
    })
}

fn slice<'a>(requests: &'a [Lookup], read: impl Fn(&Lookup) + 'a) -> Slice<'a> {
    let cycles = SLICE.div_ceil(requests.len());
    Box::new(move |samples| {
        let started = Instant::now();
        for _ in 0..cycles {
            for lookup in black_box(requests) {
                read(lookup);
            }
        }
        samples.push(started.elapsed(), cycles * requests.len());
    })
}

pub(crate) fn cost_of_ours(router: &FrozenRouter, requests: &[Lookup]) -> Cost {
    cost(requests.len(), || {
        for lookup in requests {
            read_ours(router, lookup);
        }
    })
}

pub(crate) fn cost_of_matchit(router: &Matchit, requests: &[Lookup]) -> Cost {
    cost(requests.len(), || {
        for lookup in requests {
            read_matchit(router.by_method(&lookup.method), lookup);
        }
    })
}

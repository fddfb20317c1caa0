//! What a unit of work knows of the request it handles, and what it has said
//! about the response.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use plumego_contract::{Request, RequestScope};

use super::testing::TestHost;
use crate::context::Ctx;
use crate::fault::{Fault, FaultCode, Outcome};

/// The part of a unit of work that HTTP is about.
#[derive(Default)]
pub(crate) struct UnitState {
    exchange: Option<Box<Exchange>>,
    /// Where `testing.request` sends its requests, once there was one.
    pub(super) host: Option<Box<TestHost>>,
}

/// One request that is handled.
pub(super) struct Exchange {
    /// The request; its body was taken out.
    pub(super) head: Request,
    /// The body as it was received.
    pub(super) body: Bytes,
    pub(super) scope: RequestScope,
    pub(super) said: Said,
}

/// What a handler has said about the response.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The status of a success.
    pub(super) status: Option<StatusCode>,
    pub(super) headers: HeaderMap,
}

impl Ctx {
    /// Says which request the unit of work handles.
    pub(super) fn begin_exchange(&mut self, exchange: Exchange) {
        self.http.exchange = Some(Box::new(exchange));
    }

    /// The request, which is over, and what was said about the response.
    pub(super) fn end_exchange(&mut self) -> Option<Exchange> {
        self.http.exchange.take().map(|exchange| *exchange)
    }

    /// The request that is handled; `what` is the function that asks.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn exchange(&mut self, what: &str) -> Outcome<&mut Exchange> {
        self.http.exchange.as_deref_mut().ok_or_else(|| {
            let message = format!("{what} is only available while handling an HTTP route");
            Fault::new(FaultCode::HttpContext, message)
        })
    }
}

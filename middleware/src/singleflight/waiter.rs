use std::sync::Arc;

use plumego_contract::{BoxHttpService, Error, Request, RequestScope, Response, code, write_error};
use tokio::time::{Instant, timeout_at};

use super::alone::Alone;
use super::config::{FlightError, OnUnshareable};
use super::flights::{Outcome, Participant};
use super::layer::Shared;
use crate::body_end::on_body_end;
use crate::callback::guarded;

/// Answers a request with the response of the one that leads.
pub(super) async fn wait(
    shared: Arc<Shared>,
    inner: BoxHttpService,
    mut request: Request,
    participant: Participant,
) -> Response {
    let until = Instant::now() + shared.timeout;
    let scope = RequestScope::ensure(&mut request).clone();
    let ended = timeout_at(until, participant.flight().ended()).await;
    let key = Arc::clone(&participant.flight().key);
    let flights = Arc::clone(participant.flights());
    drop(participant);
    let failure = match ended {
        Err(_) => FlightError::Timeout,
        Ok(Outcome::Failed) => FlightError::LeaderFailed,
        Ok(Outcome::Shared(replay)) => {
            if let Some(hook) = &shared.on_coalesced {
                guarded(|| hook(flights.digest(&key)));
            }
            return replay.response(request.method(), &scope, shared.add_coalesced_header);
        }
        Ok(Outcome::Unshareable) if shared.on_unshareable == OnUnshareable::Fail => {
            FlightError::Unshareable
        }
        Ok(Outcome::Unshareable) => {
            let entered = Alone::enter(Arc::clone(&flights), Arc::clone(&key));
            match timeout_at(until, entered).await {
                Ok(alone) => return run_alone(&inner, request, alone).await,
                Err(_) => FlightError::Timeout,
            }
        }
    };
    if let Some(hook) = &shared.on_error {
        guarded(|| hook(flights.digest(&key), failure));
    }
    write_error(&scope, &describe(failure))
}

async fn run_alone(inner: &BoxHttpService, request: Request, alone: Alone) -> Response {
    let method = request.method().clone();
    let response = inner.handle(request).await;
    on_body_end(&method, response, move |_| drop(alone))
}

fn describe(failure: FlightError) -> Error {
    match failure {
        FlightError::Timeout => {
            Error::coded(&code::DEADLINE_EXCEEDED).message("upstream request timeout")
        }
        FlightError::LeaderFailed | FlightError::Unshareable => {
            Error::coded(&code::UPSTREAM_FAILED).message("upstream request failed")
        }
    }
}

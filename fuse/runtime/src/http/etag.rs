//! Tags of JSON answers, so that a client that has one already gets `304`.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{Method, StatusCode};
use plumego_contract::conditional::{self, Outcome};
use plumego_contract::{Body, Request, Response};

use super::input::is_json;

/// Bytes of the hash that a tag holds.
const TAG_BYTES: usize = 16;

/// Tags an answer to a request to read, unless its handler did, and leaves its
/// body out if the client has it.
pub(super) fn tagged(request: &Request, mut response: Response) -> Response {
    let headers = response.headers();
    let applies = matches!(*request.method(), Method::GET | Method::HEAD)
        && response.status() == StatusCode::OK
        && headers.get(CONTENT_TYPE).is_some_and(is_json);
    if !applies {
        return response;
    }
    let own = headers.get(ETAG).and_then(|own| own.to_str().ok());
    let tag = match own {
        Some(own) => conditional::ETag::parse(own),
        None => {
            let Some(body) = response.body_mut().take_full() else {
                return response;
            };
            let hash = blake3::hash(&body);
            *response.body_mut() = Body::from_bytes(body);
            let hex: String = hash.as_bytes()[..TAG_BYTES]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            conditional::ETag::weak(&hex)
        }
    };
    let Ok(tag) = tag else {
        return response;
    };
    let unchanged = conditional::evaluate(request, Some(&tag), None) == Outcome::NotModified;
    let headers = response.headers_mut();
    headers.insert(ETAG, tag.to_header());
    if unchanged {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

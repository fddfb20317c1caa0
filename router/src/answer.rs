//! Answers the router makes itself.

use http::header::{ALLOW, LOCATION};
use http::{HeaderValue, StatusCode};
use plumego_contract::{
    Body, Error, ErrorKind, Request, RequestScope, Response, ResponseFuture, code, write_error,
};

pub(crate) fn not_found(request: &mut Request) -> ResponseFuture {
    refuse(
        request,
        Error::new(ErrorKind::NotFound).message("route not found"),
    )
}

pub(crate) fn method_not_allowed(request: &mut Request, allow: HeaderValue) -> ResponseFuture {
    let error = Error::new(ErrorKind::MethodNotAllowed)
        .message("method not allowed")
        .header(ALLOW, allow);
    refuse(request, error)
}

pub(crate) fn bad_path(request: &mut Request) -> ResponseFuture {
    let error = Error::coded(&code::INVALID_REQUEST_TARGET)
        .message("the request path has a dot segment or is not valid percent-encoded text");
    refuse(request, error)
}

pub(crate) fn options(allow: HeaderValue) -> ResponseFuture {
    bare(StatusCode::NO_CONTENT, ALLOW, allow)
}

pub(crate) fn redirect(location: HeaderValue) -> ResponseFuture {
    bare(StatusCode::PERMANENT_REDIRECT, LOCATION, location)
}

fn refuse(request: &mut Request, error: Error) -> ResponseFuture {
    let scope = RequestScope::ensure(request);
    ResponseFuture::ready(write_error(scope, &error))
}

fn bare(status: StatusCode, name: http::HeaderName, value: HeaderValue) -> ResponseFuture {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(name, value);
    ResponseFuture::ready(response)
}

//! Requests that no route takes: documentation, files, or nothing.

use http::Method;
use plumego_contract::{
    Error, ErrorKind, Handler, IntoResponse, Request, RequestScope, ResponseFuture,
};

use super::docs::Docs;
use super::files::Served;
use super::proxy::Proxy;

/// Answers in this order: the documentation page, files, the development server
/// of a front end, 404.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    pub(super) docs: Option<Docs>,
    pub(super) files: Served,
    pub(super) proxy: Option<Proxy>,
}

impl Handler for Fallback {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            let documented = self.docs.as_ref().and_then(|docs| docs.answer(&request));
            if let Some(answer) = documented {
                return answer;
            }
            return self.files.answer(request, scope, self.proxy.as_ref());
        }
        match &self.proxy {
            Some(proxy) => proxy.answer(request, scope),
            None => ResponseFuture::ready(not_found().into_response(&scope)),
        }
    }
}

/// There is nothing at this path.
pub(super) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound)
}

//! Requests that no route takes: documentation, files, or nothing.

use http::Method;
use plumego_contract::{
    Error, ErrorKind, Handler, IntoResponse, Request, RequestScope, ResponseFuture,
};

use super::docs::Docs;
use super::files::Served;

/// Answers in this order: the documentation page, files, 404.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    pub(super) docs: Option<Docs>,
    pub(super) files: Served,
}

impl Handler for Fallback {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            let documented = self.docs.as_ref().and_then(|docs| docs.answer(&request));
            if let Some(answer) = documented {
                return answer;
            }
            return self.files.answer(request, scope);
        }
        ResponseFuture::ready(not_found().into_response(&scope))
    }
}

/// There is nothing at this path.
pub(super) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound)
}

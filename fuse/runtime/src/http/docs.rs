//! The documentation page of the program's services.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use http::header::HeaderValue;
use plumego_contract::{
    Error, FileReply, IntoResponse, Request, RequestScope, Response, ResponseFuture,
};
use plumego_x_openapi::{OpenApiUi, UiPage};

/// The document, below the path of the page.
const DOCUMENT: &str = "/openapi.json";

/// The page, and the file that it shows.
#[derive(Debug)]
pub(super) struct Docs {
    file: PathBuf,
    /// Where the document is.
    document: String,
    /// The page and what belongs to it, by path.
    pages: Vec<(String, UiPage)>,
}

impl Docs {
    /// A page at `path` that shows a file, which is read when it is asked for.
    /// Requests can be sent from it if it says `try_it`.
    pub(super) fn new(title: &str, file: PathBuf, path: &str, try_it: bool) -> Self {
        let ui = OpenApiUi::from_json(title, Bytes::new());
        let mut pages = ui.path(path).try_it(try_it).pages();
        let document = format!("{}{DOCUMENT}", path.trim_end_matches('/'));
        pages.retain(|(path, _)| *path != document);
        Self {
            file,
            document,
            pages,
        }
    }

    /// The answer to a request to read, if it is for the documentation.
    pub(super) fn answer(&self, request: &Request) -> Option<ResponseFuture> {
        let path = request.uri().path();
        let path = format!("/{}", path.trim_matches('/'));
        if path == self.document {
            return Some(self.document(request));
        }
        let page = self.pages.iter().find(|(own, _)| *own == path);
        page.map(|(_, page)| ResponseFuture::ready(page.answer(request)))
    }

    fn document(&self, request: &Request) -> ResponseFuture {
        let scope = RequestScope::of(request).cloned();
        let scope = scope.unwrap_or_else(RequestScope::detached);
        let file = self.file.clone();
        let opened = FileReply::open(request, file.clone());
        ResponseFuture::boxed(async move {
            match opened.await {
                Ok(reply) => sent(reply, &scope),
                // That it is not there is a fault of the service, not of the client.
                Err(cause) => Error::internal(Unreadable { file, cause })
                    .message("internal error")
                    .into_response(&scope),
            }
        })
    }
}

fn sent(reply: FileReply, scope: &RequestScope) -> Response {
    reply
        .content_type(HeaderValue::from_static("application/json"))
        .cache_control(HeaderValue::from_static("no-cache"))
        .into_response(scope)
}

/// The document cannot be read.
#[derive(Debug)]
struct Unreadable {
    file: PathBuf,
    cause: Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FUSE_OPENAPI_JSON_PATH: cannot read {}",
            self.file.display()
        )
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

//! A page that shows a document, with everything it needs inside the binary.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use plumego_contract::conditional::{self, Outcome};
use plumego_contract::{
    Body, Error, ErrorKind, Handler, IntoResponse, Request, RequestScope, Response, ResponseFuture,
};
use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::write::{to_json, to_yaml};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("viewer.js");
const STYLE: &str = include_str!("viewer.css");

/// Nothing from elsewhere, nothing inline, no frames around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The documentation of one document, as handlers that an application mounts
/// where it likes. It asks nobody who they are: wrap it where that matters.
///
/// ```
/// use plumego_router::Router;
/// use plumego_x_openapi::{Generator, Info, OpenApiUi};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let document = Generator::new(Info::new("Notes", "1.0.0")).generate_from([]).unwrap();
/// let mut router = Router::new(plumego_router::RouterConfig::default());
/// for (path, page) in OpenApiUi::new(&document).path("/docs").pages() {
///     router.get(&path, page)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenApiUi {
    title: String,
    json: Bytes,
    yaml: Option<Bytes>,
    path: String,
    try_it: bool,
}

impl OpenApiUi {
    /// Shows a document. The console for trying operations is on in debug
    /// builds and off in release builds.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        Self {
            title: document.info.title.clone(),
            json: to_json(document).into(),
            yaml: Some(to_yaml(document).into()),
            path: "/docs".into(),
            try_it: cfg!(debug_assertions),
        }
    }

    /// Shows a document that is JSON already, byte for byte.
    pub fn from_json(title: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self {
            title: title.into(),
            json: json.into(),
            yaml: None,
            path: "/docs".into(),
            try_it: cfg!(debug_assertions),
        }
    }

    /// Where the page stands; `/docs` unless said otherwise. One slash at the
    /// end is ignored.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        let path = path.into();
        path.strip_suffix('/')
            .unwrap_or(&path)
            .clone_into(&mut self.path);
        self
    }

    /// Whether operations can be tried from the page.
    #[must_use]
    pub const fn try_it(mut self, on: bool) -> Self {
        self.try_it = on;
        self
    }

    /// The pages with the paths to mount them at, for `GET`.
    #[must_use]
    pub fn pages(&self) -> Vec<(String, UiPage)> {
        let base = &self.path;
        let page = PAGE
            .replace("{{title}}", &escape(&self.title))
            .replace("{{base}}", &escape(base))
            .replace("{{try}}", if self.try_it { "on" } else { "off" });
        let root = if base.is_empty() { "/" } else { base };
        let mut pages = vec![
            (
                root.to_owned(),
                UiPage::new("text/html; charset=utf-8", page),
            ),
            (
                format!("{base}/viewer.js"),
                UiPage::new("text/javascript; charset=utf-8", SCRIPT),
            ),
            (
                format!("{base}/viewer.css"),
                UiPage::new("text/css; charset=utf-8", STYLE),
            ),
            (
                format!("{base}/openapi.json"),
                UiPage::new("application/json", self.json.clone()),
            ),
        ];
        if let Some(yaml) = &self.yaml {
            pages.push((
                format!("{base}/openapi.yaml"),
                UiPage::new("application/yaml", yaml.clone()),
            ));
        }
        pages
    }
}

/// One page of the documentation: fixed bytes with a tag, so that a browser
/// asks again and gets `304`.
#[derive(Clone, Debug)]
pub struct UiPage {
    content_type: HeaderValue,
    bytes: Bytes,
    tag: String,
}

impl UiPage {
    fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Sha256::digest(&bytes);
        let tag = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            content_type: HeaderValue::from_static(content_type),
            bytes,
            tag,
        }
    }

    /// Answers a request for the page: the bytes, `304`, or 405 for anything
    /// but reading.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return self.refuse(request);
        }
        let tag = conditional::ETag::strong(&self.tag).ok();
        let unchanged = conditional::evaluate(request, tag.as_ref(), None) == Outcome::NotModified;
        let mut response = if unchanged {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(Body::from_bytes(self.bytes.clone()))
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        );
        if let Some(tag) = tag {
            headers.insert(ETAG, tag.to_header());
        }
        response
    }

    fn refuse(&self, request: &Request) -> Response {
        let scope = RequestScope::of(request).cloned();
        let error = Error::new(ErrorKind::MethodNotAllowed);
        let mut response = match scope {
            Some(scope) => error.into_response(&scope),
            None => {
                let mut request = Request::new(Body::empty());
                error.into_response(RequestScope::ensure(&mut request))
            }
        };
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        response
    }
}

impl Handler for UiPage {
    fn call(&self, request: Request) -> ResponseFuture {
        ResponseFuture::ready(self.answer(&request))
    }
}

/// Text inside HTML, quotes included.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

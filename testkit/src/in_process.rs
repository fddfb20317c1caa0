use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use plumego_contract::{Body, BoxHttpService, ErrorEnvelope, Handler, HttpService, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes a test response may have.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Calls a service without a socket.
#[derive(Clone, Debug)]
pub struct InProcess {
    service: BoxHttpService,
}

impl InProcess {
    /// A client of this service.
    pub fn new(service: impl HttpService) -> Self {
        Self {
            service: BoxHttpService::new(service),
        }
    }

    /// A request to be completed and sent.
    ///
    /// # Panics
    /// When the target is malformed.
    pub fn request(&self, method: Method, target: &str) -> TestRequest {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().expect("a legal request target");
        TestRequest {
            service: self.service.clone(),
            request,
        }
    }

    /// Sends a `GET`.
    pub async fn get(&self, target: &str) -> TestResponse {
        self.request(Method::GET, target).send().await
    }

    /// Sends a JSON document by `POST`.
    pub async fn post_json(&self, target: &str, document: &impl Serialize) -> TestResponse {
        let request = self.request(Method::POST, target);
        request.json(document).send().await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request) -> TestResponse {
        TestResponse::read(self.service.call(request).await).await
    }
}

/// A request under construction.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct TestRequest {
    service: BoxHttpService,
    request: Request,
}

impl TestRequest {
    /// Adds a header.
    ///
    /// # Panics
    /// When name or value is illegal.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a legal header name");
        let value: HeaderValue = value.parse().expect("a legal header value");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Sets a body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Body::from_bytes(body);
        self
    }

    /// Sets any body, for example a stream.
    pub fn stream(mut self, body: Body) -> Self {
        *self.request.body_mut() = body;
        self
    }

    /// Sets a JSON body and its media type.
    ///
    /// # Panics
    /// When the value does not encode.
    pub fn json(mut self, document: &impl Serialize) -> Self {
        let json = HeaderValue::from_static("application/json");
        self.request.headers_mut().insert(CONTENT_TYPE, json);
        let document = serde_json::to_vec(document).expect("a value that encodes");
        self.body(document)
    }

    /// Adds an extension.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.request.extensions_mut().insert(value);
        self
    }

    /// Sends the request and reads the whole response.
    pub async fn send(self) -> TestResponse {
        TestResponse::read(self.service.call(self.request).await).await
    }
}

/// A response, read whole.
#[derive(Clone, Debug)]
pub struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Bytes, String>,
}

impl TestResponse {
    async fn read(response: plumego_contract::Response) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect_limited(BODY_BYTES_MAX).await;
        Self {
            status: head.status,
            headers: head.headers,
            body: body.map_err(|error| error.to_string()),
        }
    }

    /// Status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    ///
    /// # Panics
    /// When the body failed.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        self.body.as_ref().expect("a whole body")
    }

    /// True when the body failed before its end.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.body.is_err()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The body as JSON of any type.
    ///
    /// # Panics
    /// When the body is something else.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(self.bytes())
            .unwrap_or_else(|e| panic!("unexpected body ({e}): {}", self.text()))
    }

    /// The body as an error envelope.
    ///
    /// # Panics
    /// When the body is something else.
    #[must_use]
    pub fn envelope(&self) -> ErrorEnvelope {
        ErrorEnvelope::decode(self.bytes())
            .unwrap_or_else(|e| panic!("no envelope ({e}): {}", self.text()))
    }
}

//! A shared key in front of the routes that change something.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue};
use plumego_contract::{
    BoxHttpService, Error, ErrorKind, Handler, HttpService, IntoResponse, Request, RequestScope,
    ResponseFuture,
};
use plumego_security::secret::{SecretString, ct_eq};
use tower_layer::Layer;

const X_WRITE_KEY: HeaderName = HeaderName::from_static("x-write-key");

/// Lets a request through when it carries the key; everything when there is no
/// key. The body is not read before.
#[derive(Clone, Debug)]
pub(crate) struct WriteKeyLayer {
    key: Option<SecretString>,
}

impl WriteKeyLayer {
    /// A guard with this key; an empty one is no key.
    pub(crate) fn new(key: SecretString) -> Self {
        Self {
            key: (!key.is_empty()).then_some(key),
        }
    }
}

impl<S: HttpService> Layer<S> for WriteKeyLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        match &self.key {
            None => inner,
            Some(key) => BoxHttpService::from_handler(WriteKeyGuard {
                key: key.clone(),
                inner,
            }),
        }
    }
}

struct WriteKeyGuard {
    key: SecretString,
    inner: BoxHttpService,
}

impl Handler for WriteKeyGuard {
    fn call(&self, mut request: Request) -> ResponseFuture {
        if carries(request.headers(), &self.key) {
            return self.inner.handle(request);
        }
        let scope = RequestScope::ensure(&mut request);
        ResponseFuture::ready(unauthorized().into_response(scope))
    }
}

/// Whether exactly one key was sent, and the right one.
fn carries(headers: &HeaderMap, key: &SecretString) -> bool {
    let mut sent = headers.get_all(X_WRITE_KEY).iter();
    match (sent.next(), sent.next()) {
        (Some(only), None) => ct_eq(only.as_bytes(), key.expose().as_bytes()),
        _ => false,
    }
}

fn unauthorized() -> Error {
    // RFC 9110 section 15.5.2 asks for a challenge in every 401.
    let challenge = HeaderValue::from_static("WriteKey realm=\"items\"");
    Error::new(ErrorKind::Unauthorized)
        .message("a valid X-Write-Key header is required")
        .header(WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use plumego_contract::{Body, Reply};

    use super::*;

    async fn status(key: &str, sent: &[&'static str]) -> u16 {
        let inner = BoxHttpService::from_handler(|_| async { Reply::ok(()) });
        let guarded = WriteKeyLayer::new(SecretString::from(key)).layer(inner);
        let mut request = Request::new(Body::empty());
        for value in sent {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append(X_WRITE_KEY, value);
        }
        guarded.handle(request).await.status().as_u16()
    }

    #[tokio::test]
    async fn only_the_exact_key_opens() {
        assert_eq!(status("s3cret", &["s3cret"]).await, 200);
        for wrong in [
            &[][..],
            &[""],
            &["s3cre"],
            &["s3cret2"],
            &["S3CRET"],
            &["s3cret", "s3cret"],
        ] {
            assert_eq!(status("s3cret", wrong).await, 401, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn without_a_key_everyone_may_write() {
        assert_eq!(status("", &[]).await, 200);
        assert_eq!(status("", &["anything"]).await, 200);
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(
            !format!("{:?}", WriteKeyLayer::new(SecretString::from("s3cret"))).contains("s3cret")
        );
    }
}

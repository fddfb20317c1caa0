use plumego_contract::{
    BoxHttpService, Error, ErrorKind, Handler, HttpService, Request, RequestScope, ResponseFuture,
    write_error,
};
use plumego_security::csrf::CrossOriginGuard;
use tower_layer::Layer;

/// Refuses requests that another site may have caused.
#[derive(Clone, Debug)]
pub struct CsrfLayer {
    guard: CrossOriginGuard,
}

impl CsrfLayer {
    /// A layer that asks this guard.
    #[must_use]
    pub fn new(guard: CrossOriginGuard) -> Self {
        Self { guard }
    }
}

impl<S: HttpService> Layer<S> for CsrfLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Csrf {
            inner: BoxHttpService::new(inner),
            guard: self.guard.clone(),
        })
    }
}

struct Csrf {
    inner: BoxHttpService,
    guard: CrossOriginGuard,
}

impl Handler for Csrf {
    fn call(&self, request: Request) -> ResponseFuture {
        let (head, body) = request.into_parts();
        let verdict = self.guard.check(&head);
        let mut request = Request::from_parts(head, body);
        match verdict {
            Ok(()) => self.inner.handle(request),
            Err(denied) => {
                let error = Error::new(ErrorKind::Forbidden)
                    .message("cross-origin request refused")
                    .wrap(denied);
                let scope = RequestScope::ensure(&mut request);
                ResponseFuture::ready(write_error(scope, &error))
            }
        }
    }
}

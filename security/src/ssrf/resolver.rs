use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use plumego_contract::BoxError;
use tower_service::Service;

use super::{DnsRule, SsrfError, SsrfPolicy};
use crate::BoxFuture;

/// Resolves names through `R` and lets out only addresses that may be
/// connected to: the host name goes in, all its addresses come out, or none.
///
/// Give it to the client as its resolver, so that the client connects to what
/// was checked; a second answer of the name server then changes nothing.
#[derive(Clone, Debug)]
pub struct GuardedResolver<R>(R, Arc<SsrfPolicy>);

impl<R> GuardedResolver<R> {
    /// Guards a resolver by a policy.
    #[must_use]
    pub fn new(resolver: R, policy: Arc<SsrfPolicy>) -> Self {
        Self(resolver, policy)
    }
}

impl<R> Service<String> for GuardedResolver<R>
where
    R: Service<String, Response = Vec<IpAddr>>,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    type Response = Vec<IpAddr>;
    type Error = SsrfError;
    type Future = BoxFuture<'static, Result<Vec<IpAddr>, SsrfError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SsrfError>> {
        let ready = self.0.poll_ready(cx);
        ready.map_err(|error| SsrfError::Resolve(error.into()))
    }

    fn call(&mut self, host: String) -> Self::Future {
        let policy = Arc::clone(&self.1);
        if let Err(refused) = policy.check_host(&host) {
            return Box::pin(std::future::ready(Err(refused)));
        }
        let answer = self.0.call(host);
        Box::pin(async move {
            let addresses = answer
                .await
                .map_err(|error| SsrfError::Resolve(error.into()))?;
            if addresses.is_empty() {
                return Err(SsrfError::Resolve("the name has no address".into()));
            }
            if policy.dns == DnsRule::Required || policy.validate().is_err() {
                // One private address among public ones is reason enough: a
                // client picks any.
                addresses
                    .iter()
                    .try_for_each(|address| policy.check_addr(*address))?;
            }
            Ok(addresses)
        })
    }
}

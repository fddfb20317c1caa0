//! Names of hosts to addresses.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{io, vec};

use hyper_util::client::legacy::connect::dns::Name;
use plumego_contract::BoxError;
use plumego_security::ssrf::{GuardedResolver, SsrfPolicy};
use tower_service::Service;

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Looks names up; with a policy only those addresses come out that it lets
/// requests go to.
#[derive(Clone, Debug)]
pub(super) struct Names(pub(super) Option<Arc<SsrfPolicy>>);

impl Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Later<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let policy = self.0.clone();
        Box::pin(async move {
            let addresses = match policy {
                Some(policy) => GuardedResolver::new(System, policy).call(host).await?,
                None => System.call(host).await?,
            };
            // The port is that of the URL.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// The resolver of the system.
#[derive(Clone, Copy, Debug)]
struct System;

impl Service<String> for System {
    type Response = Vec<IpAddr>;
    type Error = io::Error;
    type Future = Later<io::Result<Vec<IpAddr>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: String) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

//! TLS: material from files, server names, reload.

mod error;
mod load;
mod pem;
mod provider;
mod reload;
mod runtime;
pub(crate) mod sni;

pub(crate) use runtime::TlsRuntime;

#[cfg(test)]
mod testing;

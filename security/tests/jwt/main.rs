//! Tokens as their issuers, their bearers and their attackers see them.

#![cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where; helpers outside of test functions too"
)]

mod authenticator;
mod confusion;
mod external;
mod interop;
mod issue;
mod rotation;
mod stores;
mod support;
mod verify;

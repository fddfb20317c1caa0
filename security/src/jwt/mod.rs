//! JSON Web Tokens: issued, verified, and signed by keys that rotate.
//!
//! A [`JwtManager`] keeps its keys in a [`KeyStore`], which several instances
//! may share. A token names the key it was signed with; the key, and never the
//! token, says by which algorithm. Nothing of a payload is read before its
//! signature holds. An [`ExternalVerifier`] checks tokens of others against the
//! keys they publish.
//!
//! Formats: compact JWS (RFC 7515) with JWT claims (RFC 7519), keys as JWK (RFC
//! 7517), Ed25519 (RFC 8037), after the advice of RFC 8725.
//!
//! ```
//! use std::sync::Arc;
//! use plumego_security::jwt::{
//!     Authorization, ExpectedType, Identity, JwtConfig, JwtError, JwtManager, MemoryKeyStore,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), JwtError> {
//! let config = JwtConfig::default().with_issuer("https://id.example.com").with_audience(["api"]);
//! let manager = JwtManager::open(Arc::new(MemoryKeyStore::new()), config).await?;
//!
//! let ada = Identity::new("user-17");
//! let pair = manager.issue_pair(&ada, &Authorization::default()).await?;
//! let claims = manager.verify(pair.access_token.expose(), ExpectedType::Access).await?;
//! assert_eq!(claims.identity, ada);
//!
//! // A refresh token is no access token.
//! let swapped = manager.verify(pair.refresh_token.expose(), ExpectedType::Access).await;
//! assert!(swapped.is_err());
//! # Ok(()) }
//! ```
//!
//! # Keys
//!
//! A key signs for [`JwtConfig::rotation_interval`], is then kept for as long
//! as its tokens may live, and is deleted. Keys rotate while tokens are issued;
//! there is no task in the background. `MemoryKeyStore` forgets everything with
//! the process; others should be wrapped in `SealedKeyStore` (feature `seal`),
//! so that whoever reads the store does not hold the keys.

mod algorithm;
mod authenticator;
mod backend;
mod claims;
mod config;
mod error;
mod external;
mod issue;
mod json;
mod jwks;
mod keys;
mod keystore;
#[cfg(feature = "kv-keystore")]
mod kv;
mod payload;
mod rotation;
#[cfg(feature = "seal")]
mod seal;
mod unknown;
mod verify;
mod wire;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use authenticator::JwtAuthenticator;
pub use claims::{
    Authorization, ExpectedType, Identity, IssueOptions, IssuedToken, TokenClaims, TokenClaimsExt,
    TokenPair, TokenType,
};
pub use config::{AudienceCheck, IssuerCheck, JwtConfig, RotationFailure};
pub use error::{InvalidReason, JwtError};
pub use external::{ExternalClaims, ExternalProfile, ExternalVerifier};
pub use jwks::{Jwk, Jwks, JwksError};
pub use keys::{KeyState, SigningKeyMetadata};
pub use keystore::{KeyProtection, KeyStore, MemoryKeyStore};
#[cfg(feature = "kv-keystore")]
pub use kv::KvKeyStore;
#[cfg(feature = "seal")]
pub use seal::{KeyEncryptionKey, SealError, SealedKeyStore};
pub use verify::JwtManager;
pub use wire::{SEGMENT_BYTES_MAX, TOKEN_BYTES_MAX};

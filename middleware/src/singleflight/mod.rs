//! One call for identical requests that are under way at the same time.
//!
//! The first of them leads: its call runs in a task of its own and its client
//! gets the response as it streams. Those that come meanwhile wait for the
//! whole response and get a copy. This is no cache: when the response is
//! complete, the next request calls again.
//!
//! Requests are identical when their keys are, byte for byte. The default key
//! is made of method, scheme, host, path, query and the headers `Accept`,
//! `Accept-Encoding`, `Accept-Language`, `Authorization`, `Cookie` and `Range`.
//! Conditions (`If-None-Match` and its kin) are part of every key made from
//! headers, as they decide the response. Use this layer only where the response
//! depends on nothing else, is not a stream and fits into memory; put it inside
//! of authentication.
//!
//! A response is not shared when it is larger than the limit, sets a cookie, is
//! `private` or `no-store`, is an event stream or an upgrade, or when its body
//! fails: those who waited then make their own calls, at most 16 at a time for
//! one key, or get `502 upstream_failed`.
//!
//! Because the call must survive the client that leads, it sees a scope of its
//! own: cancelled when nobody waits any more, and what is written into it
//! (other than the route) stays there.
//!
//! ```
//! use plumego_middleware::singleflight::{SingleFlightConfig, SingleFlightLayer};
//!
//! let config = SingleFlightConfig::default().with_max_response_bytes(1024 * 1024);
//! let (layer, flights) = SingleFlightLayer::new(config)?;
//! assert_eq!(flights.stats().in_flight, 0);
//! # let _ = layer;
//! # Ok::<(), plumego_middleware::ConfigError>(())
//! ```

mod alone;
mod capture;
mod config;
mod flights;
mod key;
mod layer;
mod leader;
mod replay;
mod scope;
mod waiter;

pub use config::{FlightError, OnUnshareable, SingleFlightConfig};
pub use key::KeyDigest;
pub use layer::{FlightStats, SingleFlight, SingleFlightLayer, X_COALESCED};

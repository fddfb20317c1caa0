//! JSON: encoding, and scanning of text by the strict rules of RFC 8259.
//!
//! Equal values give equal bytes, whatever order a map was filled in. Encoding
//! writes straight from values into a buffer; reading typed values straight from
//! text is in [`decode`](crate::decode).

mod encode;
mod number;
mod scan;
mod string;

pub use encode::{encode, encode_pretty};
pub(crate) use number::{IntToken, int_of_token};
pub use scan::{Reason, Scanner, SyntaxError, Token};
pub use string::write_string;

/// Containers within containers at most.
pub const DEPTH_MAX: usize = 128;
/// Containers within containers at most in the body of a request.
pub const BODY_DEPTH_MAX: usize = 64;
/// Bytes of text at most where no boundary says less.
pub const TEXT_MAX: usize = 64 * 1024 * 1024;

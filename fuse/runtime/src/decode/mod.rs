//! Reading typed values at a boundary: from JSON text, from dynamic data, from
//! flags, variables and path parameters.
//!
//! There is one decoder for JSON and data. It walks the type, asks its source for
//! what comes next, and reports everything that is wrong in the order of
//! declaration. A syntax error replaces all other problems.

mod convert;
mod data;
mod decoder;
mod json;
mod pairs;
mod source;
mod text;
mod variant;

pub use convert::convert;
pub use data::{DataMode, decode_data};
pub use json::{Invalid, decode_json, decode_json_value};
pub use pairs::decode_pairs;
pub use text::{Base64Error, TextOptions, decode_base64, decode_text};
pub(crate) use text::{float as float_of_text, int as int_of_text};

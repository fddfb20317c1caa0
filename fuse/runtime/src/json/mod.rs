//! JSON.

mod string;

pub use string::write_string;

//! Failures at the boundary of a unit of work: what a fault or an error value
//! becomes in an envelope, on standard error, and in an exit status.

mod envelope;
mod value;

pub use envelope::{Failure, compact, of_fault, of_fields, of_value};
pub use value::{standard_error, validation_value};

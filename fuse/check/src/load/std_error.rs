//! The names of the built-in module `std.Error`.

/// The path of the module.
pub const STD_ERROR: &str = "std.Error";

/// The types it declares; the set is closed.
pub const STD_ERROR_TYPES: &[&str] = &[
    "BadRequest",
    "Conflict",
    "Error",
    "Forbidden",
    "NotFound",
    "Unauthorized",
    "Validation",
    "ValidationField",
];

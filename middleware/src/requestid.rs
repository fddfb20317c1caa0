//! One correlation id per request.

//! One measurement per request.

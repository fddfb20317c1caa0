//! One span per request.

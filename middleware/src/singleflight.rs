//! One call for identical requests in flight.

//! A bound on the size of request bodies.

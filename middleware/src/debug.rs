//! Error responses with context, for development.

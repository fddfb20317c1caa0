//! What is known about a request when it is over.

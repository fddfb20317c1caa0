//! Named layers in the order in which they run.

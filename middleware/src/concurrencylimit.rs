//! A bound on how many requests run at once, with a short queue.

//! Layers of others in a stack, and a stack among layers of others.

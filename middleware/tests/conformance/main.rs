//! What holds for every layer, alone and all together.

mod allocations;
mod canonical;
mod connections;
mod every_layer;
mod sinks;

//! From source to the canonical program, its effects and its API.

mod api;
mod corpus;
mod dumps;
mod effects;
mod errors;
mod program;
mod twins;

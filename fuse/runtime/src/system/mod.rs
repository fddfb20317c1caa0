//! The world outside: environment, randomness, standard streams. Everything that
//! a program can see of it goes through these, so that a test decides what that
//! is.

mod entropy;
mod environment;
mod stdio;

pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use environment::{EnvError, EnvSource, Environment, ProcessEnv, is_truthy};
pub use plumego_contract::{Clock, ManualClock, SystemClock};
pub use stdio::{Captured, Stdio};

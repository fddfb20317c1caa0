//! Configuration: values of `config` blocks from the environment, a file, or
//! defaults, resolved once before the program runs.

mod dotenv;
mod file;
mod resolve;

pub use dotenv::{Dotenv, DotenvWarning, parse_dotenv};
pub use file::{ConfigFile, FileError, parse as parse_file};
pub use resolve::env_key;
pub(crate) use resolve::{Values, resolve};

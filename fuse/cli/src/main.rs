//! The fuse command.

fn main() {}

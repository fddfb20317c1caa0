//! What a running Fuse program can show, once for every backend.

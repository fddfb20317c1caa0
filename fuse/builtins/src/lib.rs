//! The one table of Fuse's built-in functions, members and HTML tags.

//! A deadline for the answer.

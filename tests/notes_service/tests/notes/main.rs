//! The reference service from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod contract;
mod database;
mod input;
mod listing;
mod own_tests;
mod pages;
mod people;
mod resources;
mod running;

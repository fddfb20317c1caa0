//! The documents all servers decode and encode.

use serde::{Deserialize, Serialize};

/// What a client posts.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) age: u8,
    pub(crate) admin: bool,
}

/// What it gets back.
#[derive(Debug, Serialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) user: NewUser,
}

/// The answer to a path parameter.
#[derive(Debug, Serialize)]
pub(crate) struct Id {
    pub(crate) id: String,
}

/// One entry of the report; twelve of them make 1 KiB.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    id: u32,
    name: &'static str,
    tags: [&'static str; 2],
    score: f64,
}

/// About 1 KiB of JSON.
pub(crate) fn report() -> [Entry; 15] {
    std::array::from_fn(|i| Entry {
        id: i as u32,
        name: "an entry",
        tags: ["red", "large"],
        score: i as f64 * 1.25,
    })
}

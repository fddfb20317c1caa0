//! Binding that finds every problem.
//!
//! A type that reads itself from input stops at the first problem. Here the
//! input is a tree that is offered to the type again and again: what was found
//! wrong in one round is recorded and replaced by a made-up value in the next,
//! until the type is content or nothing new can be learned. Problems that are
//! visible without the type's own judgement (another JSON type, an undeclared
//! key) are all found in one round.

mod access;
mod failure;
mod filler;
mod node;
mod parse;
mod visit;
mod walk;

use serde::de::DeserializeOwned;

pub(super) use node::{Member, Node};
pub(super) use parse::parse;

use crate::FieldError;
use crate::error::code::field as codes;
use visit::At;
use walk::Walk;

/// Most rounds of one binding.
const ROUNDS_MAX: usize = 256;
/// No further round starts once so many nodes were looked at, so that a large
/// hostile body costs a small multiple of reading it once.
const VISITS_MAX: usize = 200_000;

/// How to read a tree and how to name what is wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// First step of every path.
    pub(super) root: &'static str,
    /// Add JSON pointers.
    pub(super) pointers: bool,
    /// Report keys that the type does not declare.
    pub(super) deny_unknown: bool,
}

/// Every problem found, and how many more there were.
#[derive(Debug)]
pub(super) struct Problems {
    pub(super) fields: Vec<FieldError>,
    pub(super) surplus: u64,
}

/// Binds a tree to a type.
pub(super) fn bind<T: DeserializeOwned>(node: &Node<'_>, rules: Rules) -> Result<T, Problems> {
    let walk = Walk::new(rules);
    for _ in 0..ROUNDS_MAX {
        walk.start_round();
        match T::deserialize(At::new(&walk, node)) {
            Ok(value) if walk.is_clean() => return Ok(value),
            Ok(_) => break,
            Err(failure) => walk.settle(node, failure),
        };
        if !walk.changed() || walk.is_full() || walk.visits() > VISITS_MAX {
            break;
        }
    }
    let (mut fields, surplus) = walk.into_problems();
    if fields.is_empty() {
        let root = crate::FieldPath::root(rules.root);
        fields.push(FieldError::new(root, codes::INVALID_VALUE, "invalid value"));
    }
    Err(Problems { fields, surplus })
}

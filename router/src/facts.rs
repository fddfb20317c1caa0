//! What requests need to know of their route, kept for the life of the process.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use plumego_contract::RoutePattern;

use crate::method::RouteMethod;

/// What a frozen router knows of one route.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    pub(crate) pattern: RoutePattern,
    pub(crate) method: RouteMethod,
}

static ARENA: LazyLock<Mutex<HashSet<&'static Facts>>> = LazyLock::new(Mutex::default);

/// Equal facts are kept once, so that freezing the same routes again, as a
/// test suite does, takes no more memory.
///
/// A request that has matched refers to its facts without touching a
/// reference count, which every core would have to write.
pub(crate) fn intern(all: Vec<Facts>) -> Vec<&'static Facts> {
    // Nothing between lock and unlock can leave the set half changed.
    let mut arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
    all.into_iter()
        .map(|facts| match arena.get(&facts) {
            Some(known) => *known,
            None => {
                let kept: &'static Facts = Box::leak(Box::new(facts));
                arena.insert(kept);
                kept
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_facts_are_kept_once() {
        let facts = |name| Facts {
            pattern: RoutePattern::new("/facts/{id}", name),
            method: RouteMethod::ANY,
        };
        let kept = intern(vec![facts(None), facts(Some("a")), facts(None)]);
        assert!(std::ptr::eq(kept[0], kept[2]));
        assert!(!std::ptr::eq(kept[0], kept[1]));
    }
}

//! Group fallbacks: who answers when no route does.

use std::cmp::Reverse;

use plumego_contract::BoxHttpService;

use crate::group::{self, Group};
use crate::path::Segments;
use crate::pattern::Pattern;

/// Few and rarely asked, so they are tried one after the other, the longest
/// prefix first.
#[derive(Debug)]
pub(crate) struct Fallbacks(Vec<(Pattern, BoxHttpService)>);

impl Fallbacks {
    pub(crate) fn new(groups: &[Group]) -> Self {
        let mut all: Vec<(Pattern, BoxHttpService)> = groups
            .iter()
            .enumerate()
            .filter_map(|(id, each)| {
                let handler = each.fallback.clone()?;
                // The prefix was checked when the group was opened.
                let prefix = Pattern::join_prefix("", &each.prefix).ok()?;
                Some((prefix, group::wrap(groups, id, handler)))
            })
            .collect();
        // Of two groups with one prefix the one opened first answers.
        all.sort_by(|(a, _), (b, _)| {
            let lengths = Reverse(a.segments.len()).cmp(&Reverse(b.segments.len()));
            lengths.then_with(|| a.precedence(b))
        });
        Self(all)
    }

    pub(crate) fn find(&self, path: &str, strict: bool) -> Option<&BoxHttpService> {
        if self.0.is_empty() {
            return None;
        }
        let path = Segments::of(path, strict)?;
        let mut under = self
            .0
            .iter()
            .filter(|(prefix, _)| prefix.is_prefix_of(&path));
        under.next().map(|(_, handler)| handler)
    }
}

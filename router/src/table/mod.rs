//! The structure a frozen router is made of.

mod leaf;
mod statics;
mod tree;
mod walk;
mod word;

use std::collections::BTreeMap;

use http::Method;

use self::leaf::{Leaf, NONE};
use self::statics::Statics;
use self::tree::Tree;
use self::walk::Walk;
use crate::allow::AllowSet;
use crate::config::{RouterConfig, TrailingSlash};
use crate::facts::Facts;
use crate::matched::{Found, Matched, Spans};
use crate::path;
use crate::pattern::{PARAM, Pattern, WILDCARD};

pub(crate) use self::leaf::MethodRules;

/// Plain read-only memory: no lock, no cache, nothing shared is written.
#[derive(Debug)]
pub(crate) struct Table {
    statics: Statics,
    tree: Tree,
    leaves: Vec<Leaf>,
    facts: Vec<&'static Facts>,
    trailing_slash: TrailingSlash,
    all_methods: AllowSet,
}

impl Table {
    /// The table of some routes; endpoints are numbered in their order.
    pub(crate) fn new<'a>(
        routes: impl Iterator<Item = (&'a Pattern, &'static Facts)>,
        config: &RouterConfig,
    ) -> Self {
        let mut facts: Vec<&'static Facts> = Vec::new();
        let mut by_key: BTreeMap<Vec<u8>, Vec<_>> = BTreeMap::new();
        for (pattern, route) in routes {
            let endpoint = (route.method.clone(), facts.len() as u32);
            by_key.entry(pattern.key()).or_default().push(endpoint);
            facts.push(route);
        }
        let rules = config.method_rules();
        let mut leaves = Vec::with_capacity(by_key.len());
        let mut all_methods = AllowSet::default();
        let (mut fixed, mut open) = (Vec::new(), Vec::new());
        for (key, endpoints) in by_key {
            let leaf = Leaf::new(&endpoints, rules);
            all_methods.extend(leaf.allow());
            let has_marks = key.iter().any(|byte| matches!(*byte, PARAM | WILDCARD));
            let list = if has_marks { &mut open } else { &mut fixed };
            list.push((key, leaves.len() as u32));
            leaves.push(leaf);
        }
        Self {
            statics: Statics::new(&fixed),
            tree: Tree::new(&open),
            leaves,
            facts,
            trailing_slash: config.trailing_slash,
            all_methods,
        }
    }

    /// Every method that some route has, for `OPTIONS *`.
    pub(crate) fn all_methods(&self) -> &AllowSet {
        &self.all_methods
    }

    #[inline]
    pub(crate) fn find<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        let regular = match path.as_bytes() {
            [b'/'] => true,
            [b'/', rest @ ..] => rest[0] != b'/' && rest[rest.len() - 1] != b'/',
            _ => false,
        };
        if regular && path.len() <= path::BYTES_MAX {
            self.find_plain(method, path)
        } else {
            self.find_irregular(method, path)
        }
    }

    /// `path` is absolute, at most of the longest length, and its slashes at
    /// both ends are as patterns have them.
    #[inline(always)]
    fn find_plain<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        let bytes = path.as_bytes();
        let slot = leaf::slot_of(method);
        let mut allow = AllowSet::default();
        let mut spans = Spans::default();
        let mut endpoint = NONE;
        let mut accept = |leaf: u32| {
            let leaf = &self.leaves[leaf as usize];
            endpoint = leaf.endpoint(method, slot);
            if endpoint == NONE {
                allow.extend(leaf.allow());
            }
            endpoint != NONE
        };
        let leaf = self.statics.find(bytes);
        if leaf == NONE || !accept(leaf) {
            match self.tree.walk(bytes, &mut spans, &mut accept) {
                Walk::Accepted => {}
                Walk::Exhausted => return self.missed(method, path, allow),
                Walk::Special => return self.find_special(method, path),
            }
        }
        Found::Route(Matched {
            facts: self.facts[endpoint as usize],
            endpoint,
            path,
            spans,
            decoded: None,
        })
    }

    /// No pattern matches the raw text: it has escapes, or there is no route.
    #[inline(never)]
    fn missed<'p>(&self, method: &Method, path: &'p str, allow: AllowSet) -> Found<'p> {
        if !allow.is_empty() {
            return Found::MethodMismatch(allow);
        }
        if memchr::memchr3(b'%', b'.', 0, path.as_bytes()).is_some() {
            return self.find_special(method, path);
        }
        Found::NotFound
    }

    /// The path has a byte that may make it bad or need decoding.
    #[cold]
    fn find_special<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        if memchr::memchr(b'%', path.as_bytes()).is_none() {
            return if path::is_bad_plain(path.as_bytes()) {
                Found::BadPath
            } else {
                Found::NotFound
            };
        }
        match path::decode(path) {
            Ok(decoded) => self.find_decoded(method, path, decoded),
            Err(path::BadPath) => Found::BadPath,
        }
    }

    fn find_decoded<'p>(
        &self,
        method: &Method,
        path: &'p str,
        decoded: path::Decoded,
    ) -> Found<'p> {
        let slot = leaf::slot_of(method);
        let mut allow = AllowSet::default();
        let mut spans = Spans::default();
        let mut endpoint = NONE;
        let mut accept = |leaf: u32| {
            let leaf = &self.leaves[leaf as usize];
            endpoint = leaf.endpoint(method, slot);
            allow.extend(leaf.allow());
            endpoint != NONE
        };
        let leaf = self.statics.find(&decoded.marked);
        let accepted = leaf != NONE && accept(leaf)
            || self.tree.walk(&decoded.marked, &mut spans, &mut accept) == Walk::Accepted;
        if accepted {
            Found::Route(Matched {
                facts: self.facts[endpoint as usize],
                endpoint,
                path,
                spans,
                decoded: Some(decoded),
            })
        } else if allow.is_empty() {
            Found::NotFound
        } else {
            Found::MethodMismatch(allow)
        }
    }

    #[cold]
    fn find_irregular<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        if path.len() > path::BYTES_MAX {
            return Found::BadPath;
        }
        let path = path::collapse_leading(path);
        if !path.starts_with('/') {
            return Found::NotFound;
        }
        let trimmed = path::trim_trailing(path);
        match self.trailing_slash {
            TrailingSlash::Lenient => self.find_plain(method, trimmed),
            TrailingSlash::Redirect if trimmed.len() < path.len() => {
                match self.find_plain(method, trimmed) {
                    Found::Route(_) => Found::Redirect(trimmed),
                    Found::BadPath => Found::BadPath,
                    _ => Found::NotFound,
                }
            }
            TrailingSlash::Redirect | TrailingSlash::Strict => self.find_plain(method, path),
        }
    }
}

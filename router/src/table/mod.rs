//! The structure a frozen router is made of.

mod leaf;
mod statics;
mod tree;
mod walk;
mod word;

use std::collections::BTreeMap;

use http::Method;
use plumego_contract::ParamEnds;

use self::leaf::{Leaf, NONE};
use self::statics::Statics;
use self::tree::{Retry, Tree};
use self::walk::{Descent, Step};
use crate::allow::AllowSet;
use crate::config::{RouterConfig, TrailingSlash};
use crate::facts::Facts;
use crate::matched::{Found, Matched};
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
        let bytes = path.as_bytes();
        if let [b'/', second, ..] = bytes
            && *second != b'/'
            && bytes[bytes.len() - 1] != b'/'
            && bytes.len() <= path::BYTES_MAX
        {
            self.find_plain(method, path)
        } else {
            self.find_irregular(method, path)
        }
    }

    /// `path` is absolute, at most of the longest length, and its slashes at
    /// both ends are as patterns have them.
    ///
    /// The first leaf reached serves nearly every request. Every other case
    /// leaves for good, so that the ends of the values stay in registers.
    fn find_plain<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        let bytes = path.as_bytes();
        let leaf = self.statics.find(bytes);
        if leaf != NONE {
            let endpoint = self.leaves[leaf as usize].endpoint(method);
            if endpoint != NONE {
                return self.found(endpoint, path, ParamEnds::default());
            }
            return self.find_further(method, path, leaf, Retry::START, ParamEnds::default());
        }
        let mut ends = ParamEnds::default();
        match self.tree.descend(bytes, &mut ends) {
            Descent::Leaf { leaf, retry } => {
                let endpoint = self.leaves[leaf as usize].endpoint(method);
                if endpoint != NONE {
                    return self.found(endpoint, path, ends);
                }
                self.find_further(method, path, leaf, retry, ends)
            }
            Descent::Failed(Retry::NONE) => self.missed(method, path),
            Descent::Failed(retry) => {
                let step = self.tree.next(retry, bytes, ends);
                self.find_among(method, path, step, AllowSet::default())
            }
            Descent::Special => self.find_special(method, path),
        }
    }

    #[inline(always)]
    fn found<'p>(&self, endpoint: u32, path: &'p str, ends: ParamEnds) -> Found<'p> {
        Found::Route(Matched {
            facts: self.facts[endpoint as usize],
            endpoint,
            path,
            ends,
            decoded: None,
        })
    }

    /// The most specific leaf has no endpoint for the method; less specific
    /// ones may.
    #[inline(never)]
    fn find_further<'p>(
        &self,
        method: &Method,
        path: &'p str,
        leaf: u32,
        retry: Retry,
        ends: ParamEnds,
    ) -> Found<'p> {
        let allow = self.leaves[leaf as usize].allow().clone();
        let step = self.tree.next(retry, path.as_bytes(), ends);
        self.find_among(method, path, step, allow)
    }

    #[inline(never)]
    fn find_among<'p>(
        &self,
        method: &Method,
        path: &'p str,
        mut step: Step,
        mut allow: AllowSet,
    ) -> Found<'p> {
        while let Step::Leaf { leaf, retry, ends } = step {
            let leaf = &self.leaves[leaf as usize];
            let endpoint = leaf.endpoint(method);
            if endpoint != NONE {
                return self.found(endpoint, path, ends);
            }
            allow.extend(leaf.allow());
            step = self.tree.next(retry, path.as_bytes(), ends);
        }
        if !allow.is_empty() {
            return Found::MethodMismatch(allow);
        }
        match step {
            Step::Special => self.find_special(method, path),
            _ => self.missed(method, path),
        }
    }

    /// No pattern matches the raw text.
    #[inline(never)]
    fn missed<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
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
        let mut allow = AllowSet::default();
        let mut step = match self.statics.find(&decoded.marked) {
            NONE => self
                .tree
                .next(Retry::START, &decoded.marked, ParamEnds::default()),
            leaf => Step::Leaf {
                leaf,
                retry: Retry::START,
                ends: ParamEnds::default(),
            },
        };
        while let Step::Leaf { leaf, retry, ends } = step {
            let leaf = &self.leaves[leaf as usize];
            let endpoint = leaf.endpoint(method);
            if endpoint != NONE {
                return Found::Route(Matched {
                    facts: self.facts[endpoint as usize],
                    endpoint,
                    path,
                    ends,
                    decoded: Some(Box::new(decoded)),
                });
            }
            allow.extend(leaf.allow());
            step = self.tree.next(retry, &decoded.marked, ends);
        }
        if allow.is_empty() {
            Found::NotFound
        } else {
            Found::MethodMismatch(allow)
        }
    }

    #[inline(never)]
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

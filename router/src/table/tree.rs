//! Patterns with parameters: a radix tree laid out in flat arrays.
//!
//! A node is text to compare, followed by what may come next: the end, one of
//! several bytes, a parameter, a wildcard. Text between two parameters is one
//! node unless patterns part there, however many segments it has.
//!
//! Where a request goes when it fails is known when the tree is built: every
//! node names the choice made last on the way to it, so a request carries no
//! stack, and no node is tried twice.

use super::leaf::NONE;
use super::word;
use crate::pattern::{PARAM, WILDCARD};

/// More edges than fit one word are found through a table by byte.
const EDGES_INLINE: usize = 8;

#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Child number plus one by byte, for nodes with many edges.
    jumps: Vec<[u8; 256]>,
    /// Text of the nodes that have more than eight bytes of it.
    text: Vec<u8>,
}

/// One cache line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Node {
    /// The first eight bytes of the text, and which of them count.
    pub(super) head: u64,
    pub(super) mask: u64,
    /// The bytes that lead to the children, when they are at most eight.
    edges: u64,
    first_child: u32,
    jump: u32,
    /// Leaf of the pattern that ends after the text.
    pub(super) leaf: u32,
    /// Node that follows a parameter, and leaf of the pattern that ends there.
    pub(super) param: u32,
    pub(super) param_leaf: u32,
    /// Leaf of the wildcard.
    pub(super) wild: u32,
    /// Where to go on when this node fails.
    pub(super) retry: Retry,
    long_text: u32,
    pub(super) text_len: u16,
    /// Bytes from the last capture, or the start, to the end of the text.
    pub(super) since_capture: u16,
    /// Captures before this node.
    pub(super) captures: u8,
    edge_count: u8,
}

/// An earlier choice: the parameter or wildcard of a node passed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry(u32);

impl Retry {
    pub(super) const NONE: Self = Self(NONE);
    /// After a static pattern, the whole tree is still to be tried.
    pub(super) const START: Self = Self(NONE - 1);

    const fn param(node: u32) -> Self {
        Self(node << 1)
    }

    const fn wild(node: u32) -> Self {
        Self(node << 1 | 1)
    }

    pub(super) const fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(super) const fn is_wild(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Tree {
    /// The child of `node` that `byte` leads to.
    #[inline(always)]
    pub(super) fn child(&self, node: &Node, byte: u8) -> Option<usize> {
        if node.edge_count == 0 {
            return None;
        }
        let index = if node.jump == NONE {
            let index = word::position(node.edges, byte);
            (index < usize::from(node.edge_count)).then_some(index)
        } else {
            usize::from(self.jumps[node.jump as usize][usize::from(byte)]).checked_sub(1)
        };
        index.map(|index| node.first_child as usize + index)
    }

    /// Compares the text of `node` after its first eight bytes with the path
    /// from `start` on.
    #[inline(always)]
    pub(super) fn long_text_matches(&self, node: &Node, path: &[u8], start: usize) -> bool {
        let (from, len) = (node.long_text as usize, usize::from(node.text_len));
        let text = &self.text[from..from + len];
        if path.len() < start + len {
            return false;
        }
        // The last word may overlap the one before.
        let mut at = 8;
        while at + 8 < len {
            if word::load(path, start + at) != word::load(text, at) {
                return false;
            }
            at += 8;
        }
        word::load(path, start + len - 8) == word::load(text, len - 8)
    }

    /// Builds the tree of `keys`, which are sorted and distinct.
    pub(super) fn new(keys: &[(Vec<u8>, u32)]) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            jumps: Vec::new(),
            text: Vec::new(),
        };
        if keys.is_empty() {
            return tree;
        }
        tree.nodes.push(Node::EMPTY);
        let mut open = vec![Branch {
            node: 0,
            keys,
            depth: 0,
            since_capture: 0,
            captures: 0,
            retry: Retry::NONE,
        }];
        while let Some(branch) = open.pop() {
            tree.fill(&branch, &mut open);
        }
        tree
    }

    fn fill<'k>(&mut self, branch: &Branch<'k>, open: &mut Vec<Branch<'k>>) {
        let text = branch.common_text();
        let mut node = Node::with_text(text, branch, self.text.len());
        if text.len() > 8 {
            self.text.extend_from_slice(text);
        }
        let depth = branch.depth + text.len();
        let mut keys = branch.keys;
        if let Some(((_, leaf), rest)) = keys
            .split_first()
            .filter(|((key, _), _)| key.len() == depth)
        {
            node.leaf = *leaf;
            keys = rest;
        }
        let wildcards = keys.partition_point(|(key, _)| key[depth] < WILDCARD);
        let params = keys.partition_point(|(key, _)| key[depth] < PARAM);
        if let Some((_, leaf)) = keys[wildcards..params].first() {
            node.wild = *leaf;
        }
        let below_param = node.retry_below_param(branch.node as usize);
        let mut below_text = below_param;
        if params < keys.len() {
            node.param = self.reserve(1);
            let (key, leaf) = &keys[params];
            if key.len() == depth + 1 {
                node.param_leaf = *leaf;
            }
            open.push(Branch {
                node: node.param,
                keys: &keys[params..],
                depth: depth + 1,
                since_capture: 0,
                captures: branch.captures + 1,
                retry: below_param,
            });
            below_text = Retry::param(branch.node);
        }
        let groups: Vec<_> = keys[..wildcards]
            .chunk_by(|(a, _), (b, _)| a[depth] == b[depth])
            .collect();
        node.first_child = self.reserve(groups.len());
        self.set_edges(&mut node, groups.iter().map(|group| group[0].0[depth]));
        for (index, group) in groups.into_iter().enumerate() {
            open.push(Branch {
                node: node.first_child + index as u32,
                keys: group,
                depth: depth + 1,
                since_capture: node.since_capture + 1,
                captures: branch.captures,
                retry: below_text,
            });
        }
        self.nodes[branch.node as usize] = node;
    }

    fn reserve(&mut self, count: usize) -> u32 {
        let first = self.nodes.len() as u32;
        self.nodes
            .resize_with(self.nodes.len() + count, || Node::EMPTY);
        first
    }

    fn set_edges(&mut self, node: &mut Node, bytes: impl ExactSizeIterator<Item = u8>) {
        node.edge_count = bytes.len() as u8;
        if bytes.len() <= EDGES_INLINE {
            for (index, byte) in bytes.enumerate() {
                node.edges |= u64::from(byte) << (8 * index);
            }
        } else {
            let mut jump = [0; 256];
            for (index, byte) in bytes.enumerate() {
                jump[usize::from(byte)] = index as u8 + 1;
            }
            node.jump = self.jumps.len() as u32;
            self.jumps.push(jump);
        }
    }
}

/// A node still to be filled in, with the keys that pass through it.
struct Branch<'k> {
    node: u32,
    keys: &'k [(Vec<u8>, u32)],
    /// Bytes of the keys that lead to this node.
    depth: usize,
    since_capture: u16,
    captures: u8,
    retry: Retry,
}

impl<'k> Branch<'k> {
    /// The text that all keys share from here; sorted keys share what the
    /// first and the last of them share.
    fn common_text(&self) -> &'k [u8] {
        let [(first, _), .., (last, _)] = self.keys else {
            let key = &self.keys[0].0[self.depth..];
            return &key[..text_len(key, key)];
        };
        let (first, last) = (&first[self.depth..], &last[self.depth..]);
        &first[..text_len(first, last)]
    }
}

fn text_len(a: &[u8], b: &[u8]) -> usize {
    let same = |(a, b): &(&u8, &u8)| a == b && !matches!(**a, PARAM | WILDCARD);
    a.iter().zip(b).take_while(same).count()
}

impl Node {
    const EMPTY: Self = Self {
        head: 0,
        mask: 0,
        edges: 0,
        first_child: 0,
        jump: NONE,
        leaf: NONE,
        param: NONE,
        param_leaf: NONE,
        wild: NONE,
        retry: Retry::NONE,
        long_text: 0,
        text_len: 0,
        since_capture: 0,
        captures: 0,
        edge_count: 0,
    };

    /// Where to go on when everything after the parameter of this node, which
    /// is the one at `id`, fails.
    #[inline(always)]
    pub(super) fn retry_below_param(&self, id: usize) -> Retry {
        if self.wild == NONE {
            self.retry
        } else {
            Retry::wild(id as u32)
        }
    }

    fn with_text(text: &[u8], branch: &Branch<'_>, long_text: usize) -> Self {
        Self {
            head: word::load(text, 0),
            mask: word::mask(text.len()),
            retry: branch.retry,
            long_text: long_text as u32,
            text_len: text.len() as u16,
            since_capture: branch.since_capture + text.len() as u16,
            captures: branch.captures,
            ..Self::EMPTY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_fills_one_cache_line() {
        assert_eq!(size_of::<Node>(), 64);
    }

    #[test]
    fn text_between_parameters_is_one_node() {
        let key = [
            b"/api/v1/users/".as_slice(),
            &[PARAM],
            b"/orgs/all/",
            &[PARAM],
        ]
        .concat();
        let tree = Tree::new(&[(key, 7)]);
        assert_eq!(tree.nodes.len(), 3);
        assert_eq!(tree.nodes[2].leaf, 7);
    }

    #[test]
    fn many_edges_and_few_lead_to_the_same_children() {
        let keys = |bytes: std::ops::Range<u8>| -> Vec<(Vec<u8>, u32)> {
            bytes
                .map(|byte| (vec![b'/', byte, b'/', PARAM], u32::from(byte)))
                .collect()
        };
        for bytes in [b'a'..b'b', b'a'..b'i', b'a'..b'j', b'0'..b'z'] {
            let tree = Tree::new(&keys(bytes.clone()));
            let root = &tree.nodes[0];
            for byte in bytes.clone() {
                if bytes.len() > 1 {
                    assert!(tree.child(root, byte).is_some(), "{byte}");
                }
            }
            assert_eq!(tree.child(root, b'~'), None);
            assert_eq!(tree.child(root, 0), None);
        }
    }
}

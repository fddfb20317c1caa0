//! Storage of the AST: nodes in arenas, lists in pools, both by number.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

use crate::span::TextRange;

/// The number of a node of kind `T` in its module. Numbers are dense and start
/// at zero, so that facts about nodes live in plain vectors (see [`Table`]). A
/// node's number is greater than those of the nodes of its kind inside it.
pub struct Id<T> {
    // One more than the index, so that `Option<Id<T>>` is as small.
    raw: NonZeroU32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    pub(crate) fn from_index(index: usize) -> Self {
        // A file of 16 MiB cannot hold 2^32 nodes.
        let raw = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Self {
            raw: NonZeroU32::new(raw).unwrap_or(NonZeroU32::MAX),
            kind: PhantomData,
        }
    }

    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.raw.get() as usize - 1
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.raw.cmp(&other.raw)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index())
    }
}

/// All nodes of one kind in a module, with where each stands.
#[derive(Clone, Debug)]
pub struct Arena<T> {
    nodes: Vec<T>,
    ranges: Vec<TextRange>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            ranges: Vec::new(),
        }
    }
}

impl<T> Arena<T> {
    pub(crate) fn push(&mut self, node: T, range: TextRange) -> Id<T> {
        let id = Id::from_index(self.nodes.len());
        self.nodes.push(node);
        self.ranges.push(range);
        id
    }

    pub(crate) fn set_range(&mut self, id: Id<T>, range: TextRange) {
        self.ranges[id.index()] = range;
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.nodes.reserve(additional);
        self.ranges.reserve(additional);
    }

    /// How many nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Where a node stands.
    #[must_use]
    pub fn range(&self, id: Id<T>) -> TextRange {
        self.ranges[id.index()]
    }

    /// Every node with its number, children before parents.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        let numbers = (0..).map(Id::from_index);
        numbers.zip(&self.nodes)
    }
}

impl<T> Index<Id<T>> for Arena<T> {
    type Output = T;

    fn index(&self, id: Id<T>) -> &T {
        &self.nodes[id.index()]
    }
}

impl<T> IndexMut<Id<T>> for Arena<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.nodes[id.index()]
    }
}

/// A run of elements of kind `T` in a pool of their module; `&module[list]` is
/// the slice.
pub struct List<T> {
    start: u32,
    len: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> List<T> {
    pub(crate) const EMPTY: Self = Self {
        start: 0,
        len: 0,
        kind: PhantomData,
    };

    pub(crate) fn of_pool(start: usize, end: usize) -> Self {
        // A file of 16 MiB cannot hold 2^32 elements.
        let clamp = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            len: clamp(end.saturating_sub(start)),
            kind: PhantomData,
        }
    }

    /// How many elements.
    #[must_use]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The place of the elements in their pool; dense over a module, so usable
    /// as an index for facts about elements.
    #[must_use]
    pub const fn indices(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.len == other.len
    }
}

impl<T> Eq for List<T> {}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}]", self.indices())
    }
}

/// One fact for each node of kind `T`, in a vector indexed by the node's
/// number.
#[derive(Clone, Debug)]
pub struct Table<T, V> {
    values: Vec<V>,
    kind: PhantomData<fn() -> T>,
}

impl<T, V: Clone> Table<T, V> {
    /// `value` for every node of `arena`.
    #[must_use]
    pub fn new(arena: &Arena<T>, value: V) -> Self {
        Self {
            values: vec![value; arena.len()],
            kind: PhantomData,
        }
    }
}

impl<T, V> Index<Id<T>> for Table<T, V> {
    type Output = V;

    fn index(&self, id: Id<T>) -> &V {
        &self.values[id.index()]
    }
}

impl<T, V> IndexMut<Id<T>> for Table<T, V> {
    fn index_mut(&mut self, id: Id<T>) -> &mut V {
        &mut self.values[id.index()]
    }
}

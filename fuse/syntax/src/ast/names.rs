//! Identifiers, interned per module, and the texts of string literals.

use std::fmt;
use std::hash::Hasher as _;
use std::num::NonZeroU32;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// An identifier of one module: equal symbols are equal texts. Symbols of two
/// modules say nothing about each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// The empty name: it stands where a name is missing after a syntax error.
    pub const EMPTY: Self = Self(NonZeroU32::MIN);

    fn from_index(index: usize) -> Self {
        let raw = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Self(NonZeroU32::new(raw).unwrap_or(NonZeroU32::MAX))
    }

    /// The number as an index; dense, from zero, which is the empty name.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.index())
    }
}

/// The identifiers of a module.
#[derive(Clone)]
pub struct Names {
    texts: Texts,
    table: HashTable<Symbol>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            texts: Texts::default(),
            table: HashTable::new(),
        };
        names.intern("");
        names
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

impl Names {
    pub(crate) fn reserve(&mut self, additional: usize) {
        let texts = &self.texts;
        self.table
            .reserve(additional, |symbol| hash(texts.get(symbol.index())));
    }

    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        let hashed = hash(text);
        let texts = &self.texts;
        if let Some(symbol) = self
            .table
            .find(hashed, |symbol| texts.get(symbol.index()) == text)
        {
            return *symbol;
        }
        let symbol = Symbol::from_index(self.texts.push(text));
        let texts = &self.texts;
        self.table
            .insert_unique(hashed, symbol, |symbol| hash(texts.get(symbol.index())));
        symbol
    }

    /// What a symbol of this module says.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.index())
    }

    /// The symbol of a text, when the module mentions it.
    #[must_use]
    pub fn lookup(&self, text: &str) -> Option<Symbol> {
        self.table
            .find(hash(text), |symbol| self.text(*symbol) == text)
            .copied()
    }

    /// How many, the empty name included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// Never: the empty name is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every symbol with its text.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &str)> {
        (0..self.len()).map(|index| (Symbol::from_index(index), self.texts.get(index)))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(_, text)| text))
            .finish()
    }
}

/// A string literal of one module, decoded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(u32);

impl fmt::Debug for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text{}", self.0)
    }
}

impl TextId {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The number as an index; dense, from zero.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Many texts in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    buffer: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) -> usize {
        self.buffer.push_str(text);
        self.close()
    }

    /// The buffer, to append a text to before [`close`](Self::close).
    pub(crate) fn buffer(&mut self) -> &mut String {
        &mut self.buffer
    }

    /// What was appended since the last text becomes one.
    pub(crate) fn close(&mut self) -> usize {
        // Decoded text is never longer than its source of at most 16 MiB.
        let end = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        self.ends.push(end);
        self.ends.len() - 1
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.buffer[start as usize..self.ends[index] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

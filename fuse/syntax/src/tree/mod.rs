//! The lossless tree: every byte of a file, for editors and other tools that
//! change source text.
//!
//! It is made when somebody asks for it. The checker reads the
//! [AST](crate::ast) instead, which is smaller and knows no space.
//!
//! ```
//! use fuse_syntax::tree::{self, AstNode as _, FnDecl};
//!
//! let text = "# twice\nfn double(n: Int) -> Int: n * 2\n";
//! let root = tree::parse(text);
//! assert_eq!(root.text(), text);
//! let function = root.children().find_map(FnDecl::cast).unwrap();
//! assert_eq!(function.name().unwrap().text(), "double");
//! assert_eq!(function.params().count(), 1);
//! ```

mod views;

use rowan::{GreenNodeBuilder, Language};

use crate::kind::SyntaxKind;
use crate::parse::{FILE_BYTES_MAX, Syntax};
use crate::span::{FileId, TextRange};

use SyntaxKind as K;

pub use views::{
    AppDecl, Arg, AstNode, Block, CallExpr, ComponentDecl, ConfigDecl, ConfigField, DocComment,
    EnumDecl, Expr, Field, FnDecl, ImplDecl, Import, InterfaceDecl, Item, LetStmt, Member,
    MemberExpr, MigrationDecl, Module, NameExpr, Param, Pattern, Requires, Route, ServiceDecl,
    Signature, Stmt, TestDecl, Type, TypeDecl, Variant,
};

/// The language of the tree, for `rowan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fuse {}

impl Language for Fuse {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        SyntaxKind::from_number(raw.0)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree.
pub type SyntaxNode = rowan::SyntaxNode<Fuse>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Fuse>;
/// A node or a token of the tree.
pub type SyntaxElement = rowan::SyntaxElement<Fuse>;

/// The tree of a text: its root is a [`SyntaxKind::Module`]. Any text has one,
/// and the root's text is the text. A text over
/// [`FILE_BYTES_MAX`] gives an empty tree.
#[must_use]
pub fn parse(text: &str) -> SyntaxNode {
    let text = if text.len() > FILE_BYTES_MAX {
        ""
    } else {
        text
    };
    let syntax = Syntax::parse(FileId(0), text);
    SyntaxNode::new_root(green(&syntax, text))
}

/// The bytes of a node or a token.
#[must_use]
pub fn range(range: rowan::TextRange) -> TextRange {
    TextRange::new(range.start().into(), range.end().into())
}

/// A node that is open while the tree is built.
struct Open {
    event: usize,
    /// Children that are not built yet, the next one last.
    children: Vec<usize>,
}

fn green(syntax: &Syntax, text: &str) -> rowan::GreenNode {
    let mut tree = Tree {
        syntax,
        text,
        builder: GreenNodeBuilder::new(),
        next: 0,
    };
    let Some(root) = syntax.events.len().checked_sub(1) else {
        tree.builder.start_node(Fuse::kind_to_raw(K::Module));
        tree.builder.finish_node();
        return tree.builder.finish();
    };
    let mut open = vec![tree.open(root)];
    while let Some(top) = open.last_mut() {
        match top.children.pop() {
            Some(child) => {
                let first = syntax.events[child].first_token as usize;
                tree.tokens_to(tree.raw(first));
                open.push(tree.open(child));
            }
            None => {
                let event = top.event;
                open.pop();
                let end = if open.is_empty() {
                    syntax.tokens.len()
                } else {
                    tree.end_of(event)
                };
                tree.tokens_to(end);
                tree.builder.finish_node();
            }
        }
    }
    tree.builder.finish()
}

struct Tree<'a> {
    syntax: &'a Syntax,
    text: &'a str,
    builder: GreenNodeBuilder<'static>,
    /// The next token of the file.
    next: usize,
}

impl Tree<'_> {
    fn open(&mut self, event: usize) -> Open {
        let kind = self.syntax.events[event].kind;
        self.builder.start_node(Fuse::kind_to_raw(kind));
        let events = &self.syntax.events;
        let first = events[event].first_event as usize;
        let mut children = Vec::new();
        let mut before = event;
        while before > first {
            children.push(before - 1);
            before = events[before - 1].first_event as usize;
        }
        Open { event, children }
    }

    fn raw(&self, token: usize) -> usize {
        let raw = self.syntax.logical.raw.get(token).copied();
        let raw = raw.map_or(self.syntax.tokens.len(), |raw| raw as usize);
        match self.syntax.logical.kinds.get(token) {
            // They stand behind the token they point at.
            Some(K::Newline | K::Dedent) => raw + 1,
            _ => raw,
        }
    }

    /// The token of the file behind a node.
    fn end_of(&self, event: usize) -> usize {
        let event = &self.syntax.events[event];
        if event.end_token <= event.first_token {
            return self.next;
        }
        let last = event.end_token as usize - 1;
        match self.syntax.logical.kinds.get(last) {
            Some(K::Newline | K::Dedent | K::Indent | K::Eof) => self.raw(last),
            _ => self.raw(last) + 1,
        }
    }

    fn tokens_to(&mut self, end: usize) {
        let end = end.min(self.syntax.tokens.len());
        while self.next < end {
            let kind = self.syntax.tokens.kind(self.next);
            let range = self.syntax.tokens.range(self.next);
            let text = self.text.get(range.as_usize()).unwrap_or("");
            self.builder.token(Fuse::kind_to_raw(kind), text);
            self.next += 1;
        }
    }
}

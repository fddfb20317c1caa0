//! The AST of a module, as the checker reads it.
//!
//! A [`Module`] owns its nodes in one arena per kind; nodes name each other by
//! number ([`Id`]) and their children by runs ([`List`]) of a pool.
//! `module[id]` is a node and `module[list]` a slice:
//!
//! ```
//! use fuse_syntax::{FileId, ast::{Expr, Item, Stmt}};
//!
//! let parsed = fuse_syntax::parse(FileId(0), "fn two() -> Int:\n  return 1 + 1\n");
//! let module = &parsed.module;
//! let [Item::Fn(id)] = module.items[..] else { unreachable!() };
//! let function = &module[id];
//! assert_eq!(module.text(function.sig.name), "two");
//! let [stmt] = module[module[function.body].stmts] else { unreachable!() };
//! let Stmt::Return(Some(value)) = module[stmt] else { unreachable!() };
//! assert!(matches!(module[value], Expr::Binary { .. }));
//! assert_eq!(module.range(value).as_usize(), 26..31);
//! ```
//!
//! Nesting is bounded: no path from an item to a leaf is longer than
//! [`NESTING_MAX`](crate::NESTING_MAX) expressions, blocks, types and patterns,
//! so that a walk may recurse.

mod arena;
mod decl;
mod dump;
mod expr;
mod names;
mod stmt;

use std::ops::Index;

pub use arena::{Arena, Id, List, Table};
pub use decl::{
    AppDecl, Bound, Capability, ComponentDecl, ConfigDecl, ConfigField, Derive, Doc, EnumDecl,
    Field, FnDecl, FnId, ImplDecl, Import, ImportPath, ImportSpec, InterfaceDecl, Item, Member,
    MigrationDecl, Param, Payload, Require, Route, RouteBody, RoutePath, RouteSegment, ServiceDecl,
    Signature, StrLit, TestDecl, TypeDecl, Variant, Verb,
};
pub use expr::{
    Arg, BinaryOp, Call, CallId, Expr, ExprId, HtmlArm, HtmlBlock, HtmlBlockId, HtmlChild, If,
    IfId, InterpPart, Lambda, LambdaId, LambdaParam, MapEntry, Match, MatchId, UnaryOp,
};
pub use names::{Names, Symbol, TextId};
pub use stmt::{
    ArmBody, AssignOp, Block, BlockId, FieldPattern, IfArm, Literal, MatchArm, Pattern, PatternId,
    Stmt, StmtId, TypeExpr, TypeExprId,
};

pub(crate) use names::Texts;

use crate::span::{FileId, Span, TextRange};

/// An identifier where it stands. How long it is follows from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// What it says; [`Symbol::EMPTY`] where a name is missing after a syntax
    /// error.
    pub symbol: Symbol,
    /// Where it starts.
    pub start: u32,
}

impl Name {
    /// Whether it stands where a name is missing after a syntax error.
    #[must_use]
    pub fn is_missing(self) -> bool {
        self.symbol == Symbol::EMPTY
    }
}

/// Names joined by dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The names; at least one.
    pub segments: List<Name>,
}

/// A module: what one file says.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The file.
    pub file: FileId,
    /// Identifiers.
    pub names: Names,
    /// Capabilities, in the order written.
    pub requires: Vec<Require>,
    /// Declarations, in the order written.
    pub items: Vec<Item>,
    /// Whether a syntax error was found, so that a name missing here may have
    /// been meant to be declared.
    pub damaged: bool,
    /// Expressions.
    pub exprs: Arena<Expr>,
    /// Type expressions.
    pub types: Arena<TypeExpr>,
    /// Patterns.
    pub patterns: Arena<Pattern>,
    /// Statements.
    pub stmts: Arena<Stmt>,
    /// Blocks.
    pub blocks: Arena<Block>,
    /// Calls.
    pub calls: Arena<Call>,
    /// Lambdas.
    pub lambdas: Arena<Lambda>,
    /// `if`.
    pub ifs: Arena<If>,
    /// `match`.
    pub matches: Arena<Match>,
    /// Blocks of HTML calls.
    pub html_blocks: Arena<HtmlBlock>,
    /// Imports.
    pub imports: Arena<Import>,
    /// `type`.
    pub type_decls: Arena<TypeDecl>,
    /// `enum`.
    pub enum_decls: Arena<EnumDecl>,
    /// `interface`.
    pub interface_decls: Arena<InterfaceDecl>,
    /// `impl`.
    pub impl_decls: Arena<ImplDecl>,
    /// Functions and methods.
    pub fn_decls: Arena<FnDecl>,
    /// `component`.
    pub component_decls: Arena<ComponentDecl>,
    /// `service`.
    pub service_decls: Arena<ServiceDecl>,
    /// `config`.
    pub config_decls: Arena<ConfigDecl>,
    /// `app`.
    pub app_decls: Arena<AppDecl>,
    /// `migration`.
    pub migration_decls: Arena<MigrationDecl>,
    /// `test`.
    pub test_decls: Arena<TestDecl>,
    pub(crate) texts: Texts,
    pub(crate) pools: Pools,
}

impl Module {
    /// Where a node stands.
    pub fn range<T: Node>(&self, id: Id<T>) -> TextRange {
        T::arena(self).range(id)
    }

    /// Where a node stands, with the file.
    pub fn span<T: Node>(&self, id: Id<T>) -> Span {
        self.range(id).in_file(self.file)
    }

    /// What an identifier says.
    #[must_use]
    pub fn text(&self, name: Name) -> &str {
        self.names.text(name.symbol)
    }

    /// What a string literal or a doc comment says.
    #[must_use]
    pub fn string(&self, text: TextId) -> &str {
        self.texts.get(text.index())
    }

    /// How many string literals and doc comments there are.
    #[must_use]
    pub fn string_count(&self) -> usize {
        self.texts.len()
    }

    /// Where an identifier stands.
    #[must_use]
    pub fn name_range(&self, name: Name) -> TextRange {
        let length = u32::try_from(self.text(name).len()).unwrap_or(0);
        TextRange::new(name.start, name.start + length)
    }

    /// Where an identifier stands, with the file.
    #[must_use]
    pub fn name_span(&self, name: Name) -> Span {
        self.name_range(name).in_file(self.file)
    }

    /// Where a path stands.
    #[must_use]
    pub fn path_range(&self, path: Path) -> TextRange {
        match &self[path.segments] {
            [] => TextRange::default(),
            [only] => self.name_range(*only),
            [first, .., last] => TextRange::new(first.start, self.name_range(*last).end),
        }
    }

    /// Where a path stands, with the file.
    #[must_use]
    pub fn path_span(&self, path: Path) -> Span {
        self.path_range(path).in_file(self.file)
    }

    /// The last name of a path.
    #[must_use]
    pub fn path_last(&self, path: Path) -> Option<Name> {
        self[path.segments].last().copied()
    }

    /// A path as written, its names joined by dots.
    #[must_use]
    pub fn path_text(&self, path: Path) -> String {
        let names: Vec<&str> = self[path.segments]
            .iter()
            .map(|name| self.text(*name))
            .collect();
        names.join(".")
    }

    /// Where the operator of a [`Expr::Binary`] or [`Expr::Unary`] stands;
    /// the whole range of any other expression.
    #[must_use]
    pub fn operator_range(&self, id: ExprId) -> TextRange {
        let range = self.range(id);
        let (start, text) = match self[id] {
            Expr::Binary { op, op_start, .. } => (op_start, op.text()),
            Expr::Unary { op, .. } => (range.start, op.text()),
            _ => return range,
        };
        // No operator is longer than three bytes.
        TextRange::new(start, start + text.len() as u32)
    }

    /// An expression without the parentheses around it.
    #[must_use]
    pub fn unparenthesized(&self, id: ExprId) -> ExprId {
        let mut inner = id;
        while let Expr::Paren(next) = self[inner] {
            inner = next;
        }
        inner
    }

    /// The expression of an argument list and the like is a plain string.
    #[must_use]
    pub fn as_string(&self, id: ExprId) -> Option<&str> {
        match self[self.unparenthesized(id)] {
            Expr::Str(text) => Some(self.string(text)),
            _ => None,
        }
    }

    /// Where an HTML child stands.
    #[must_use]
    pub fn child_range(&self, child: HtmlChild) -> TextRange {
        match child {
            HtmlChild::Expr(id) => self.range(id),
            HtmlChild::If { range, .. }
            | HtmlChild::For { range, .. }
            | HtmlChild::Error(range) => range,
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A kind of node that a module keeps in an arena.
pub trait Node: sealed::Sealed + Sized {
    /// The arena of this kind.
    fn arena(module: &Module) -> &Arena<Self>;
}

/// A kind of element that a module keeps in a pool.
pub trait Element: sealed::Sealed + Sized {
    /// The pool of this kind.
    fn pool(module: &Module) -> &[Self];
    #[doc(hidden)]
    fn pool_mut(pools: &mut Pools) -> &mut Vec<Self>;
}

impl<T: Node> Index<Id<T>> for Module {
    type Output = T;

    fn index(&self, id: Id<T>) -> &T {
        &T::arena(self)[id]
    }
}

impl<T: Element> Index<List<T>> for Module {
    type Output = [T];

    fn index(&self, list: List<T>) -> &[T] {
        &T::pool(self)[list.indices()]
    }
}

macro_rules! nodes {
    ($($kind:ty: $arena:ident),* $(,)?) => { $(
        impl sealed::Sealed for $kind {}
        impl Node for $kind {
            fn arena(module: &Module) -> &Arena<Self> {
                &module.$arena
            }
        }
    )* };
}

nodes! {
    Expr: exprs, TypeExpr: types, Pattern: patterns, Stmt: stmts, Block: blocks, Call: calls,
    Lambda: lambdas, If: ifs, Match: matches, HtmlBlock: html_blocks, Import: imports,
    TypeDecl: type_decls, EnumDecl: enum_decls, InterfaceDecl: interface_decls,
    ImplDecl: impl_decls, FnDecl: fn_decls, ComponentDecl: component_decls,
    ServiceDecl: service_decls, ConfigDecl: config_decls, AppDecl: app_decls,
    MigrationDecl: migration_decls, TestDecl: test_decls,
}

macro_rules! pools {
    ($($pool:ident: $kind:ty),* $(,)?) => {
        /// The lists of a module.
        #[doc(hidden)]
        #[derive(Clone, Debug, Default)]
        pub struct Pools {
            $($pool: Vec<$kind>,)*
        }

        $(
            impl sealed::Sealed for $kind {}
            impl Element for $kind {
                fn pool(module: &Module) -> &[Self] {
                    &module.pools.$pool
                }

                fn pool_mut(pools: &mut Pools) -> &mut Vec<Self> {
                    &mut pools.$pool
                }
            }
        )*
    };
}

pools! {
    expr_ids: ExprId, type_ids: TypeExprId, pattern_ids: PatternId, stmt_ids: StmtId,
    fn_ids: FnId, args: Arg, entries: MapEntry, parts: InterpPart, lambda_params: LambdaParam,
    if_arms: IfArm, match_arms: MatchArm, children: HtmlChild, html_arms: HtmlArm,
    field_patterns: FieldPattern, names: Name, paths: Path, fields: Field, variants: Variant,
    payloads: Payload, params: Param, bounds: Bound, members: Member, routes: Route,
    segments: RouteSegment, config_fields: ConfigField,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert_eq!(size_of::<Expr>(), 16);
        assert_eq!(size_of::<Option<ExprId>>(), 4);
        assert_eq!(size_of::<Option<Name>>(), 8);
        assert!(size_of::<Stmt>() <= 20);
        assert!(size_of::<Pattern>() <= 24);
        assert!(size_of::<TypeExpr>() <= 20);
    }
}

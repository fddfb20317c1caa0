//! A function: its variables, and its body in arenas of its own.

use std::{fmt, marker::PhantomData, ops::Index};

use super::{
    expr::{Arm, Attribute, Expr, Pattern},
    ids::{ExprId, FileId, LocalId, ModuleId, PatternId, PlaceId, StmtId, StrId, TypeId},
    source::Span,
    stmt::{Place, PlaceStep, Stmt},
};

/// Neighbouring entries of one list of a function: `&function[run]` is the
/// slice.
pub struct Run<T> {
    start: u32,
    len: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Run<T> {
    /// No entries.
    pub const EMPTY: Self = Self {
        start: 0,
        len: 0,
        kind: PhantomData,
    };

    /// How many entries.
    #[must_use]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    fn slice(self, list: &[T]) -> &[T] {
        &list[self.start as usize..][..self.len as usize]
    }
}

impl<T: Copy> Run<T> {
    fn add(list: &mut Vec<T>, entries: &[T]) -> Self {
        if entries.is_empty() {
            return Self::EMPTY;
        }
        // A file is at most 16 MiB, and what lowering adds to it is bounded.
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let run = Self {
            start: clamp(list.len()),
            len: clamp(entries.len()),
            kind: PhantomData,
        };
        list.extend_from_slice(entries);
        run
    }
}

impl<T> Clone for Run<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Run<T> {}

impl<T> PartialEq for Run<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.len) == (other.start, other.len)
    }
}

impl<T> Eq for Run<T> {}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.start, self.len)
    }
}

/// What a function is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// `fn`.
    Function,
    /// A method of an `impl` block; the receiver, if any, is the first
    /// parameter.
    Method,
    /// `component`; the last two parameters are attributes and children.
    Component,
    /// A lambda.
    Lambda,
    /// The block of a `spawn`. It has captures and no parameters. Inside a
    /// body that can fail its result is a result: a failure of it is an error
    /// raised by `?!`, to be raised again where it is awaited.
    Spawn,
    /// The default of a parameter, of the parameters before it.
    ParamDefault,
    /// The default of a record's field, of the fields before it.
    FieldDefault,
    /// The default of a config's field; no parameters.
    ConfigDefault,
    /// A variant as a function of its payload.
    Variant,
    /// The handler of a route; parameters are those of the path, then the
    /// body.
    Route,
    /// The block of an `app`.
    App,
    /// The block of a `migration`.
    Migration,
    /// The block of a `test`.
    Test,
}

/// A variable of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Its name in the source; empty for one that only lowering knows.
    pub name: StrId,
    /// Its type. A variable that holds a cell has type [`Type::Box`](super::Type::Box).
    pub ty: TypeId,
    /// Whether it, or a part of it, is changed after it has its first value.
    pub mutable: bool,
    /// Where it is bound.
    pub span: Span,
}

/// A function.
///
/// Its parameters are the first [`Function::params`] locals; the values it
/// captured are the next [`Function::captures`] locals. The body ends in a
/// [`Stmt::Return`] on every path, so it never has a value of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name in the program: no other function has it, and equal sources
    /// give equal symbols. Nothing may depend on how it is spelled.
    pub symbol: String,
    /// Its name in the source, for people.
    pub name: StrId,
    /// What it is made from.
    pub kind: FunctionKind,
    /// The module it was written in.
    pub module: ModuleId,
    /// The file that its spans are in.
    pub file: FileId,
    /// The declaration.
    pub span: Span,
    /// How many of the locals are parameters.
    pub params: u32,
    /// How many of the locals after them are captures.
    pub captures: u32,
    /// Variables.
    pub locals: Vec<Local>,
    /// The type of its result.
    pub result: TypeId,
    /// The body.
    pub body: ExprId,
    exprs: Vec<Expr>,
    expr_types: Vec<TypeId>,
    expr_spans: Vec<Span>,
    stmts: Vec<Stmt>,
    stmt_spans: Vec<Span>,
    patterns: Vec<Pattern>,
    pattern_spans: Vec<Span>,
    places: Vec<Place>,
    place_spans: Vec<Span>,
    lists: Lists,
}

/// What runs of a function are slices of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lists {
    exprs: Vec<ExprId>,
    stmts: Vec<StmtId>,
    patterns: Vec<PatternId>,
    arms: Vec<Arm>,
    attributes: Vec<Attribute>,
    steps: Vec<PlaceStep>,
    indices: Vec<u32>,
}

impl Function {
    /// A function without locals whose body is [`Expr::Unreachable`].
    #[must_use]
    pub fn new(
        symbol: String,
        name: StrId,
        kind: FunctionKind,
        module: ModuleId,
        file: FileId,
    ) -> Self {
        let mut function = Self {
            symbol,
            name,
            kind,
            module,
            file,
            span: Span::default(),
            params: 0,
            captures: 0,
            locals: Vec::new(),
            result: TypeId::UNIT,
            body: ExprId::from_index(0),
            exprs: Vec::new(),
            expr_types: Vec::new(),
            expr_spans: Vec::new(),
            stmts: Vec::new(),
            stmt_spans: Vec::new(),
            patterns: Vec::new(),
            pattern_spans: Vec::new(),
            places: Vec::new(),
            place_spans: Vec::new(),
            lists: Lists::default(),
        };
        function.body = function.expr(Expr::Unreachable, TypeId::NEVER, Span::default());
        function
    }

    /// Adds an expression.
    pub fn expr(&mut self, expr: Expr, ty: TypeId, span: Span) -> ExprId {
        let id = ExprId::from_index(self.exprs.len());
        self.exprs.push(expr);
        self.expr_types.push(ty);
        self.expr_spans.push(span);
        id
    }

    /// Adds a statement.
    pub fn stmt(&mut self, stmt: Stmt, span: Span) -> StmtId {
        let id = StmtId::from_index(self.stmts.len());
        self.stmts.push(stmt);
        self.stmt_spans.push(span);
        id
    }

    /// Adds a pattern.
    pub fn pattern(&mut self, pattern: Pattern, span: Span) -> PatternId {
        let id = PatternId::from_index(self.patterns.len());
        self.patterns.push(pattern);
        self.pattern_spans.push(span);
        id
    }

    /// Adds a place.
    pub fn place(&mut self, place: Place, span: Span) -> PlaceId {
        let id = PlaceId::from_index(self.places.len());
        self.places.push(place);
        self.place_spans.push(span);
        id
    }

    /// Adds a variable.
    pub fn local(&mut self, local: Local) -> LocalId {
        let id = LocalId::from_index(self.locals.len());
        self.locals.push(local);
        id
    }

    /// Adds a list: of expressions, statements, patterns, arms, attributes,
    /// steps or indices.
    pub fn run<T: Listed>(&mut self, entries: &[T]) -> Run<T> {
        Run::add(T::list_mut(&mut self.lists), entries)
    }

    /// The type of an expression.
    #[must_use]
    pub fn ty(&self, expr: ExprId) -> TypeId {
        self.expr_types[expr.index()]
    }

    /// Where an expression stands.
    #[must_use]
    pub fn expr_span(&self, expr: ExprId) -> Span {
        self.expr_spans[expr.index()]
    }

    /// Where a statement stands.
    #[must_use]
    pub fn stmt_span(&self, stmt: StmtId) -> Span {
        self.stmt_spans[stmt.index()]
    }

    /// Where a pattern stands.
    #[must_use]
    pub fn pattern_span(&self, pattern: PatternId) -> Span {
        self.pattern_spans[pattern.index()]
    }

    /// Where a place stands.
    #[must_use]
    pub fn place_span(&self, place: PlaceId) -> Span {
        self.place_spans[place.index()]
    }

    /// How many expressions there are, reachable from the body or not.
    #[must_use]
    pub fn expr_count(&self) -> usize {
        self.exprs.len()
    }

    /// How many statements there are, likewise.
    #[must_use]
    pub fn stmt_count(&self) -> usize {
        self.stmts.len()
    }

    /// The parameters.
    #[must_use]
    pub fn param_locals(&self) -> &[Local] {
        &self.locals[..self.params as usize]
    }

    /// The captured variables.
    #[must_use]
    pub fn capture_locals(&self) -> &[Local] {
        &self.locals[self.params as usize..][..self.captures as usize]
    }
}

macro_rules! nodes {
    ($($id:ident => $node:ident in $arena:ident;)*) => {$(
        impl Index<$id> for Function {
            type Output = $node;

            fn index(&self, id: $id) -> &$node {
                &self.$arena[id.index()]
            }
        }
    )*};
}

nodes! {
    ExprId => Expr in exprs;
    StmtId => Stmt in stmts;
    PatternId => Pattern in patterns;
    PlaceId => Place in places;
    LocalId => Local in locals;
}

impl<T: Listed> Index<Run<T>> for Function {
    type Output = [T];

    fn index(&self, run: Run<T>) -> &[T] {
        run.slice(T::list(&self.lists))
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What a function keeps lists of.
pub trait Listed: sealed::Sealed + Copy {
    #[doc(hidden)]
    #[expect(
        private_interfaces,
        reason = "sealed: nobody else can call or implement it"
    )]
    fn list(lists: &Lists) -> &[Self];
    #[doc(hidden)]
    #[expect(
        private_interfaces,
        reason = "sealed: nobody else can call or implement it"
    )]
    fn list_mut(lists: &mut Lists) -> &mut Vec<Self>;
}

macro_rules! lists {
    ($($entry:ty => $list:ident;)*) => {$(
        impl sealed::Sealed for $entry {}
        impl Listed for $entry {
            #[expect(private_interfaces, reason = "sealed")]
            fn list(lists: &Lists) -> &[Self] {
                &lists.$list
            }

            #[expect(private_interfaces, reason = "sealed")]
            fn list_mut(lists: &mut Lists) -> &mut Vec<Self> {
                &mut lists.$list
            }
        }
    )*};
}

lists! {
    ExprId => exprs;
    StmtId => stmts;
    PatternId => patterns;
    Arm => arms;
    Attribute => attributes;
    PlaceStep => steps;
    u32 => indices;
}

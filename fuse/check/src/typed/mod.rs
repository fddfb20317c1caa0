//! What checking found out: the seam between the checker and everything that
//! comes after it.
//!
//! A [`TypedModule`] belongs to one [`Module`](fuse_syntax::ast::Module) and answers questions about
//! its nodes by their numbers. It holds everything a lowering needs, so that no
//! rule of the language is applied twice:
//!
//! | Question | Answer |
//! |---|---|
//! | type of an expression, before its coercion | [`TypedModule::ty`] |
//! | what happens to the value before it reaches its place | [`TypedModule::coercion`] |
//! | what a name, member, index, call or operator means | [`TypedModule::resolution`] |
//! | which argument fills which parameter | [`TypedModule::call`] |
//! | attributes and children of an element | [`TypedModule::element`] |
//! | what a pattern tests and binds | [`TypedModule::pattern`] |
//! | the variable of a `let`, `var`, parameter or binding | [`TypedModule::local_of`] and friends |
//! | what a lambda or `spawn` block captures | [`TypedModule::captures`] |
//! | whether a statement's value is dropped or is the block's | [`TypedModule::role`] |
//!
//! # Types and coercions
//!
//! `ty(e)` is the type of the value that `e` itself computes. Where the context
//! wants another type, `coercion(e)` says how to get there; its [`Coercion`]
//! has the type after it and the steps in order. [`CoercionId::NONE`] is no
//! work. A coercion that has no steps still changes the static type (a refined
//! value used as its base) and needs no code. Parentheses are transparent: the
//! coercion is recorded on the outermost expression, and `ty` of a
//! parenthesized expression is that of its content after the content's own
//! coercion.
//!
//! Literals that take a wider type from their context have the
//! [`Step::IntToFloat`] or [`Step::Refine`] coercion like any other value.
//!
//! # Optional chains
//!
//! In `u?.profile.name` every part has its own type, as if nothing before it
//! could be null, and the outermost part of the postfix chain is a *chain end*:
//! [`TypedModule::chain_end`] gives the type before the whole is made optional,
//! while `ty` is the optional type. When a `?.` or `?[` inside finds null, the
//! rest of the chain is skipped and the value of the chain end is null.
//!
//! # Generic code
//!
//! A generic body is checked once. Types in it may contain
//! [`TyKind::Param`](crate::types::TyKind::Param); a call that dispatches
//! through a bound is [`Callee::BoundMember`], to be resolved when the type
//! arguments are known.

mod builder;
mod coercion;
mod resolution;

pub use crate::body::child_kind;
pub(crate) use builder::TypedBuilder;

pub use coercion::{Coercion, CoercionId, Step};
#[doc(inline)]
pub use resolution::{
    ArgSource, AttrValue, Attribute, BangKind, BinaryKind, CallInfo, Callee, ChildKind, Children,
    Element, IndexKind, PatternInfo, Receiver, Resolution, Sub, UnaryKind,
};

use fuse_syntax::TextRange;
use fuse_syntax::ast::{ExprId, PatternId, StmtId, Symbol, TypeExprId};

use crate::types::Ty;

/// A variable of a module: parameters, bindings, `self` and the like, numbered
/// in the order they come into scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalId(pub u32);

/// A variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Local {
    /// Its name in the module's own names.
    pub name: Symbol,
    /// Where it is bound.
    pub range: TextRange,
    /// Its type; a cell keeps its `Box`.
    pub ty: Ty,
    /// What binds it.
    pub kind: LocalKind,
}

/// What binds a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalKind {
    /// A parameter of a function, method, component or lambda.
    Param,
    /// A field of a record or config that a later default reads.
    Field,
    /// `self`.
    Receiver,
    /// `attrs` of a component.
    Attributes,
    /// `children` of a component.
    Children,
    /// A parameter in the path of a route.
    RouteParam,
    /// `body` of a route.
    RouteBody,
    /// `let`.
    Let,
    /// `var`.
    Var,
    /// A name in a pattern.
    Pattern,
}

/// What becomes of the value of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StmtRole {
    /// It is dropped. For `if`, `match` and `transaction`: their branches run
    /// for their effects.
    #[default]
    Discard,
    /// It is the result of the function, method, component, route or lambda:
    /// an expression is returned; an `if` or `match` returns the value each
    /// branch ends in.
    Return,
    /// It is the value of the innermost block that has one: a `spawn` or
    /// `transaction` block, or a branch of a value `if` or `match`.
    Yield,
}

/// What `-> value` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ArmRole {
    /// The value is evaluated and dropped; control goes on after the `match`.
    #[default]
    Discard,
    /// `return value`.
    Return,
    /// The value of the `match`.
    Yield,
}

/// Everything known about the nodes of one module.
#[derive(Clone, Debug, Default)]
pub struct TypedModule {
    types: Vec<u32>,
    coercions: Vec<u32>,
    resolution_of: Vec<u32>,
    resolutions: Vec<Resolution>,
    calls: Vec<CallInfo>,
    args: Vec<ArgSource>,
    type_args: Vec<Ty>,
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
    patterns: Vec<Option<PatternInfo>>,
    pattern_types: Vec<u32>,
    sub_patterns: Vec<Option<PatternId>>,
    locals: Vec<Local>,
    local_of_stmt: Vec<u32>,
    roles: Vec<StmtRole>,
    arm_roles: Vec<(u32, ArmRole)>,
    chain_ends: Vec<(ExprId, Ty)>,
    captures: Vec<(ExprId, Box<[LocalId]>)>,
    params: Vec<(ParamOwner, LocalId)>,
    type_exprs: Vec<u32>,
    compounds: Vec<(StmtId, BinaryKind)>,
}

/// Where a parameter-like variable is declared: the pool index of an
/// [`ast::Param`](fuse_syntax::ast::Param),
/// [`ast::LambdaParam`](fuse_syntax::ast::LambdaParam),
/// [`ast::Field`](fuse_syntax::ast::Field) or
/// [`ast::RouteSegment`](fuse_syntax::ast::RouteSegment), or the owner of an
/// implicit variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ParamOwner {
    /// A parameter of a signature, by its index in the pool.
    Param(u32),
    /// A parameter of a lambda, by its index in the pool.
    LambdaParam(u32),
    /// A field that a later default of its record reads, by its index in the
    /// pool.
    Field(u32),
    /// A field that a later default of its config reads, by its index in the
    /// pool.
    ConfigField(u32),
    /// A parameter in a path, by the index of its segment in the pool.
    Segment(u32),
    /// `body` of the route at this index in the pool.
    RouteBody(u32),
    /// `self` of the function with this number.
    Receiver(u32),
    /// `attrs` of the component with this number.
    Attributes(u32),
    /// `children` of the component with this number.
    Children(u32),
}

impl TypedModule {
    /// The type of what `expr` computes, before its coercion. `Invalid` for an
    /// expression in a part of the module that could not be checked.
    #[must_use]
    pub fn ty(&self, expr: ExprId) -> Ty {
        self.types
            .get(expr.index())
            .map_or(Ty::INVALID, |&raw| Ty::from_index(raw))
    }

    /// What happens to the value before it reaches its place.
    #[must_use]
    pub fn coercion(&self, expr: ExprId) -> CoercionId {
        self.coercions
            .get(expr.index())
            .map_or(CoercionId::NONE, |&raw| CoercionId(raw))
    }

    /// What a name, member, index, call or operator means. Literals, lists,
    /// maps, parentheses and blocks mean what they say and have none; so has
    /// the base of a member that only qualifies it (`Alias.f`, `E.V`,
    /// `json.encode`).
    #[must_use]
    pub fn resolution(&self, expr: ExprId) -> Option<&Resolution> {
        let index = *self.resolution_of.get(expr.index())?;
        self.resolutions.get(index.checked_sub(1)? as usize)
    }

    /// A call, by the number in [`Resolution::Call`].
    #[must_use]
    pub fn call(&self, index: u32) -> &CallInfo {
        &self.calls[index as usize]
    }

    /// Where the values of the parameters come from, in the order of the
    /// callee's parameters.
    #[must_use]
    pub fn args(&self, call: &CallInfo) -> &[ArgSource] {
        &self.args[call.args.0 as usize..call.args.1 as usize]
    }

    /// The type arguments of a call, explicit or inferred; they may mention
    /// the type parameters of the function around the call.
    #[must_use]
    pub fn type_args(&self, call: &CallInfo) -> &[Ty] {
        &self.type_args[call.type_args.0 as usize..call.type_args.1 as usize]
    }

    /// An element, by the number in [`Callee::Tag`] or [`Callee::Component`].
    #[must_use]
    pub fn element(&self, index: u32) -> &Element {
        &self.elements[index as usize]
    }

    /// The named attributes of an element, in written order.
    #[must_use]
    pub fn attributes(&self, element: &Element) -> &[Attribute] {
        &self.attributes[element.attributes.0 as usize..element.attributes.1 as usize]
    }

    /// The type that a type expression inside a body means; `Invalid` for one
    /// in a signature, which is with the declarations.
    #[must_use]
    pub fn type_expr(&self, id: TypeExprId) -> Ty {
        self.type_exprs
            .get(id.index())
            .map_or(Ty::INVALID, |&raw| Ty::from_index(raw))
    }

    /// What a pattern tests or binds; nothing where it could not be checked.
    #[must_use]
    pub fn pattern(&self, pattern: PatternId) -> Option<&PatternInfo> {
        self.patterns.get(pattern.index())?.as_ref()
    }

    /// The type of the values a pattern is matched against.
    #[must_use]
    pub fn pattern_type(&self, pattern: PatternId) -> Ty {
        self.pattern_types
            .get(pattern.index())
            .map_or(Ty::INVALID, |&raw| Ty::from_index(raw))
    }

    /// The sub-patterns of a variant or record in the order of its payload or
    /// fields; `None` matches anything.
    #[must_use]
    pub fn sub_patterns(&self, range: (u32, u32)) -> &[Option<PatternId>] {
        &self.sub_patterns[range.0 as usize..range.1 as usize]
    }

    /// Every variable of the module.
    #[must_use]
    pub fn locals(&self) -> &[Local] {
        &self.locals
    }

    /// A variable.
    #[must_use]
    pub fn local(&self, local: LocalId) -> &Local {
        &self.locals[local.0 as usize]
    }

    /// The variable that a `let` or `var` statement binds; none for `_`.
    #[must_use]
    pub fn local_of(&self, stmt: StmtId) -> Option<LocalId> {
        let raw = *self.local_of_stmt.get(stmt.index())?;
        raw.checked_sub(1).map(LocalId)
    }

    /// The variable of a parameter or another implicit binding.
    #[must_use]
    pub fn param_local(&self, owner: ParamOwner) -> Option<LocalId> {
        let at = self
            .params
            .binary_search_by_key(&owner, |entry| entry.0)
            .ok()?;
        Some(self.params[at].1)
    }

    /// What becomes of the value of a statement.
    #[must_use]
    pub fn role(&self, stmt: StmtId) -> StmtRole {
        self.roles.get(stmt.index()).copied().unwrap_or_default()
    }

    /// What `-> value` does, by the pool index of the arm.
    #[must_use]
    pub fn arm_role(&self, arm: usize) -> ArmRole {
        let found = self
            .arm_roles
            .binary_search_by_key(&arm, |entry| entry.0 as usize);
        found.map_or(ArmRole::default(), |at| self.arm_roles[at].1)
    }

    /// What a compound assignment computes before it stores; none for a plain
    /// assignment and for `??=`.
    #[must_use]
    pub fn compound(&self, stmt: StmtId) -> Option<BinaryKind> {
        let at = self
            .compounds
            .binary_search_by_key(&stmt, |entry| entry.0)
            .ok()?;
        Some(self.compounds[at].1)
    }

    /// For the outermost part of an optional chain: its type before the whole
    /// is made optional.
    #[must_use]
    pub fn chain_end(&self, expr: ExprId) -> Option<Ty> {
        let at = self
            .chain_ends
            .binary_search_by_key(&expr, |entry| entry.0)
            .ok()?;
        Some(self.chain_ends[at].1)
    }

    /// What a lambda or `spawn` block takes from around it, each once, in the
    /// order of first use. Captures of a lambda inside are part of it.
    #[must_use]
    pub fn captures(&self, expr: ExprId) -> &[LocalId] {
        let found = self.captures.binary_search_by_key(&expr, |entry| entry.0);
        found.map_or(&[], |at| &self.captures[at].1)
    }
}

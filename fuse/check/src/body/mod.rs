//! Checks bodies: types of expressions, meaning of names, and every rule about
//! code.
//!
//! A module is checked against the declarations of all modules and nothing
//! else, so modules can be checked in any order.

mod args;
mod assign;
mod bang;
mod bodies;
mod builtins;
mod calls;
mod capability;
mod coerce;
mod construct;
mod exhaust;
mod exprs;
mod facts;
mod flow;
mod frames;
mod generics;
mod html;
mod index;
mod interp;
mod lambda;
mod lints;
mod literal;
mod matches;
mod members;
mod methods;
mod names;
mod operators;
mod patterns;
mod qualify;
mod queries;
mod scope;
mod stmts;
mod tasks;
mod unknown;

use fuse_syntax::ast::{self, ExprId};
use fuse_syntax::{Code, Diagnostic, Span, TextRange};

use crate::decls::resolve::{PendingPredicate, Position, TypeResolver};
use crate::decls::{Declarations, ModuleDeclarations, Uses};
use crate::ids::Sym;
use crate::load::{LoadedModule, ModuleGraph, ModuleId};
use crate::prelude::Prelude;
use crate::relate::{Relations, Slot};
use crate::sink::Sink;
use crate::typed::{TypedBuilder, TypedModule};
use crate::types::{Ty, TyKind, TypeDisplay, TypeStore};

pub(crate) use capability::bit;
pub(crate) use facts::{Direct, Facts, GenericCall, Need, Owner};
use frames::{Body, Frames};
pub use html::child_kind;
use scope::Scope;

/// What checking the bodies of one module gave.
#[derive(Debug)]
pub(crate) struct CheckedModule {
    pub(crate) typed: TypedModule,
    pub(crate) sink: Sink,
    pub(crate) uses: Uses,
    pub(crate) facts: Facts,
    /// Predicates named in types inside bodies.
    pub(crate) predicates: Vec<PendingPredicate>,
}

/// What the whole check shares.
pub(crate) struct Shared<'a> {
    pub(crate) graph: &'a ModuleGraph,
    pub(crate) decls: &'a Declarations,
    pub(crate) prelude: &'a Prelude,
    pub(crate) types: &'a mut TypeStore,
    pub(crate) relations: &'a mut Relations,
}

/// Checks every body of a module.
pub(crate) fn check_module(shared: Shared<'_>, module: &LoadedModule) -> CheckedModule {
    let ast = &module.parsed.module;
    let decls = shared.decls.module(module.id);
    let mut checker = Checker {
        graph: shared.graph,
        loaded: module,
        ast,
        module: module.id,
        decls: shared.decls,
        own: decls,
        prelude: shared.prelude,
        types: shared.types,
        relations: shared.relations,
        sink: Sink::default(),
        uses: Uses::new(ast.names.len()),
        out: TypedBuilder::new(ast),
        facts: Facts::default(),
        predicates: Vec::new(),
        scope: Scope::new(ast.names.len()),
        body: Body::default(),
        frames: Frames::default(),
        yields: Vec::new(),
        chain_takes_null: false,
        constants: rustc_hash::FxHashMap::default(),
        queries: rustc_hash::FxHashMap::default(),
    };
    checker.bodies();
    CheckedModule {
        typed: checker.out.finish(),
        sink: checker.sink,
        uses: checker.uses,
        facts: checker.facts,
        predicates: checker.predicates,
    }
}

/// Checks one module.
pub(crate) struct Checker<'a> {
    graph: &'a ModuleGraph,
    loaded: &'a LoadedModule,
    ast: &'a ast::Module,
    module: ModuleId,
    decls: &'a Declarations,
    own: &'a ModuleDeclarations,
    prelude: &'a Prelude,
    types: &'a mut TypeStore,
    relations: &'a mut Relations,
    sink: Sink,
    uses: Uses,
    out: TypedBuilder,
    facts: Facts,
    predicates: Vec<PendingPredicate>,
    scope: Scope,
    body: Body<'a>,
    frames: Frames,
    yields: Vec<flow::Yields>,
    /// Whether the context of the chain being checked welcomes null.
    chain_takes_null: bool,
    /// The values of constant operations on integers.
    constants: rustc_hash::FxHashMap<ExprId, i64>,
    /// What each variable that is bound once to a query was bound to.
    queries: rustc_hash::FxHashMap<crate::typed::LocalId, ExprId>,
}

/// What the context of an expression wants of it.
#[derive(Clone, Copy, Debug)]
struct Want {
    /// The type it should have, as far as known.
    ty: Option<Ty>,
    /// Whether null is welcome whatever the type: the key of a map may then be
    /// absent.
    null: bool,
}

impl Want {
    const NOTHING: Self = Self {
        ty: None,
        null: false,
    };
    const NULLABLE: Self = Self {
        ty: None,
        null: true,
    };

    fn of(ty: Ty) -> Self {
        Self {
            ty: (!ty.is_invalid()).then_some(ty),
            null: false,
        }
    }

    fn maybe(ty: Option<Ty>) -> Self {
        Self { ty, null: false }
    }
}

impl<'a> Checker<'a> {
    fn span(&self, id: ExprId) -> Span {
        self.ast.span(id)
    }

    fn at(&self, range: TextRange) -> Span {
        range.in_file(self.ast.file)
    }

    fn sym(&self, symbol: ast::Symbol) -> Sym {
        self.own.sym(symbol)
    }

    fn text(&self, sym: Sym) -> &str {
        self.types.symbols.text(sym)
    }

    fn shown(&self, ty: Ty) -> TypeDisplay<'_> {
        self.decls.display(self.types, ty)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::new(code, span, message));
    }

    /// Checks an expression and records its type, before any coercion.
    fn expr(&mut self, id: ExprId, want: Want) -> Ty {
        let ty = self.infer(id, want);
        self.out.set_type(id, ty);
        ty
    }

    /// Checks an expression whose value is used as it is: the content of a
    /// cell, not the cell.
    fn value(&mut self, id: ExprId, want: Want) -> Ty {
        let ty = self.expr(id, want);
        self.read(id, ty)
    }

    /// The content of a cell; records that it is read.
    fn read(&mut self, id: ExprId, ty: Ty) -> Ty {
        let TyKind::Box(content) = self.types.kind(ty) else {
            return ty;
        };
        let coercion = self
            .types
            .coercion(ty, content, &[crate::typed::Step::ReadBox]);
        self.out.set_coercion(id, coercion);
        content
    }

    /// Checks an expression that must have a type.
    fn check(&mut self, id: ExprId, target: Ty, slot: Slot) -> bool {
        let mark = self.sink.mark();
        let ty = self.expr(id, Want::of(target));
        self.coerce(id, ty, target, slot, mark)
    }

    /// A type written in a body.
    fn type_expr(&mut self, id: ast::TypeExprId, position: Position) -> Ty {
        let mut resolver = TypeResolver {
            ast: self.ast,
            module: self.module,
            decls: self.decls,
            types: self.types,
            sink: &mut self.sink,
            uses: &mut self.uses,
            predicates: &mut self.predicates,
            params: self.body.type_params,
            self_type: self.body.self_type,
            in_test: self.body.in_test(),
        };
        let ty = resolver.resolve(id, position);
        self.out.set_type_expr(id, ty);
        ty
    }
}

//! Checks of the body of a function: variables, control flow, statements,
//! patterns and places.

use super::{Violation, violation};
use crate::canon::{
    expr::{Expr, Exprs, Pattern, Stmts},
    function::Function,
    ids::{ExprId, LocalId, PatternId, PlaceId, StmtId, TypeId},
    program::Program,
    source::Span,
    stmt::{PlaceStep, Source, Spread, Stmt},
    types::{Type, Types},
};

pub(super) fn check(program: &Program, function: &Function, violations: &mut Vec<Violation>) {
    let mut body = Body {
        program,
        function,
        violations,
        bound: vec![false; function.locals.len()],
        defined: vec![false; function.locals.len()],
        scope: Vec::new(),
        used: Used::default(),
        loops: 0,
        in_transaction: false,
    };
    for index in 0..(function.params + function.captures) as usize {
        body.bind(LocalId::from_index(index), function.span);
    }
    body.expr(function.body);
    let ends = function.ty(function.body) == TypeId::NEVER;
    body.require(ends, function.span, || {
        "the body can end without a return".to_owned()
    });
}

/// Nodes that have been reached.
#[derive(Default)]
struct Used {
    exprs: Vec<bool>,
    stmts: Vec<bool>,
}

impl Used {
    /// Marks a node; false when it was marked already.
    fn mark(marks: &mut Vec<bool>, index: usize) -> bool {
        if marks.len() <= index {
            marks.resize(index + 1, false);
        }
        !std::mem::replace(&mut marks[index], true)
    }
}

pub(super) struct Body<'a> {
    pub(super) program: &'a Program,
    pub(super) function: &'a Function,
    violations: &'a mut Vec<Violation>,
    /// Variables that some node has bound.
    bound: Vec<bool>,
    /// Variables that have a value here.
    defined: Vec<bool>,
    /// The defined variables, innermost last.
    scope: Vec<LocalId>,
    used: Used,
    /// Loops around this point that may be left from here.
    loops: u32,
    in_transaction: bool,
}

impl Body<'_> {
    pub(super) fn types(&self) -> &Types {
        &self.program.types
    }

    pub(super) fn report(&mut self, span: Span, message: String) {
        let found = violation(self.function, span, message);
        self.violations.push(found);
    }

    pub(super) fn require(&mut self, holds: bool, span: Span, message: impl FnOnce() -> String) {
        if !holds {
            self.report(span, message());
        }
    }

    /// Whether a value of one type can stand where another is wanted.
    pub(super) fn fits(&self, actual: TypeId, wanted: TypeId) -> bool {
        actual == TypeId::NEVER || self.types().same_representation(actual, wanted)
    }

    /// Checks a type that a node has against the one it should have.
    pub(super) fn expect(&mut self, span: Span, actual: TypeId, wanted: TypeId, what: &str) {
        if !self.fits(actual, wanted) {
            let program = self.program;
            let message = format!(
                "{what}: wanted {}, found {}",
                program.type_symbol(wanted),
                program.type_symbol(actual)
            );
            self.report(span, message);
        }
    }

    /// Checks an operand and its type.
    pub(super) fn operand(&mut self, expr: ExprId, wanted: TypeId, what: &str) {
        let actual = self.expr(expr);
        self.expect(self.function.expr_span(expr), actual, wanted, what);
    }

    /// Gives a variable its value; it is bound by this node alone.
    pub(super) fn bind(&mut self, local: LocalId, span: Span) {
        let index = local.index();
        if index >= self.bound.len() {
            self.report(span, format!("{local:?} does not exist"));
            return;
        }
        let first = !std::mem::replace(&mut self.bound[index], true);
        self.require(first, span, || format!("{local:?} is bound twice"));
        self.defined[index] = true;
        self.scope.push(local);
    }

    /// Checks that a variable has a value here.
    pub(super) fn read(&mut self, local: LocalId, span: Span) {
        let defined = self.defined.get(local.index()).copied().unwrap_or(false);
        self.require(defined, span, || format!("{local:?} has no value here"));
    }

    /// Runs a check whose bindings end with it.
    pub(super) fn scoped<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.len();
        let result = check(self);
        for local in self.scope.drain(outer..) {
            self.defined[local.index()] = false;
        }
        result
    }

    /// Checks an expression and gives the type it has.
    pub(super) fn expr(&mut self, id: ExprId) -> TypeId {
        let span = self.function.expr_span(id);
        let first = Used::mark(&mut self.used.exprs, id.index());
        self.require(first, span, || format!("{id:?} is used twice"));
        if first {
            self.rule(id, span);
        }
        self.function.ty(id)
    }

    pub(super) fn exprs(&mut self, ids: Exprs) -> Vec<TypeId> {
        let function = self.function;
        function[ids].iter().map(|id| self.expr(*id)).collect()
    }

    /// Checks a block; its value is checked as long as its variables exist.
    pub(super) fn block(&mut self, stmts: Stmts, value: ExprId) -> TypeId {
        self.scoped(|body| {
            let ends = body.stmts(stmts);
            if matches!(body.function[value], Expr::Unreachable) {
                let span = body.function.expr_span(value);
                body.require(ends, span, || "unreachable can be reached".to_owned());
            }
            body.expr(value)
        })
    }

    /// Checks statements; whether control never gets past them.
    fn stmts(&mut self, stmts: Stmts) -> bool {
        let function = self.function;
        let mut ends = false;
        for stmt in &function[stmts] {
            ends |= self.stmt(*stmt);
        }
        ends
    }

    fn stmt(&mut self, id: StmtId) -> bool {
        let span = self.function.stmt_span(id);
        let first = Used::mark(&mut self.used.stmts, id.index());
        self.require(first, span, || format!("{id:?} is used twice"));
        match self.function[id] {
            Stmt::Let { local, value } => {
                let wanted = self.function[local].ty;
                self.operand(value, wanted, "let");
                self.bind(local, span);
                self.function.ty(value) == TypeId::NEVER
            }
            Stmt::Assign { place, value } => {
                let actual = self.expr(value);
                let wanted = self.place(place);
                self.expect(span, actual, wanted, "assignment");
                actual == TypeId::NEVER
            }
            Stmt::Expr(value) => self.expr(value) == TypeId::NEVER,
            Stmt::While { condition, body } => {
                self.operand(condition, TypeId::BOOL, "condition");
                self.looped(body);
                self.function.never_passes(id)
            }
            Stmt::For {
                source,
                index,
                item,
                body,
            } => {
                self.for_loop(source, index, item, body, span);
                false
            }
            Stmt::Append {
                list,
                value,
                spread,
            } => {
                self.read(list, span);
                let ty = self.function[list].ty;
                self.expect(span, ty, TypeId::CHILDREN, "append");
                self.appended(value, spread);
                false
            }
            Stmt::Break | Stmt::Continue => {
                let inside = self.loops > 0;
                self.require(inside, span, || "leaves a loop from outside".to_owned());
                true
            }
            Stmt::Return(value) => {
                self.operand(value, self.function.result, "return");
                let raises = matches!(self.function[value], Expr::Err(_));
                let allowed = raises || !self.in_transaction;
                self.require(allowed, span, || "returns out of a transaction".to_owned());
                true
            }
        }
    }

    fn appended(&mut self, value: ExprId, spread: Spread) {
        match spread {
            Spread::Node => self.operand(value, TypeId::HTML, "child"),
            Spread::Nodes => self.operand(value, TypeId::CHILDREN, "children"),
            Spread::Texts => {
                let ty = self.expr(value);
                let types = self.types();
                let texts = match types.get(types.base(ty)) {
                    Type::List(item) => types.base(*item) == TypeId::STRING,
                    _ => ty == TypeId::NEVER,
                };
                let span = self.function.expr_span(value);
                self.require(texts, span, || "children are not texts".to_owned());
            }
        }
    }

    fn looped(&mut self, stmts: Stmts) {
        self.loops += 1;
        self.scoped(|body| body.stmts(stmts));
        self.loops -= 1;
    }

    fn for_loop(
        &mut self,
        source: Source,
        index: Option<LocalId>,
        item: LocalId,
        stmts: Stmts,
        span: Span,
    ) {
        let (index_ty, item_ty) = self.source(source, span);
        self.loops += 1;
        self.scoped(|body| {
            if let Some(index) = index {
                body.bind(index, span);
                body.expect(span, body.function[index].ty, index_ty, "loop index");
            }
            body.bind(item, span);
            body.expect(span, body.function[item].ty, item_ty, "loop item");
            body.stmts(stmts);
        });
        self.loops -= 1;
    }

    /// The types of index and item of what is iterated.
    fn source(&mut self, source: Source, span: Span) -> (TypeId, TypeId) {
        match source {
            Source::Ints { from, to } | Source::IntsHalfOpen { from, to } => {
                self.operand(from, TypeId::INT, "range");
                self.operand(to, TypeId::INT, "range");
                (TypeId::INT, TypeId::INT)
            }
            Source::Floats { from, to } => {
                self.operand(from, TypeId::FLOAT, "range");
                self.operand(to, TypeId::FLOAT, "range");
                (TypeId::INT, TypeId::FLOAT)
            }
            Source::List(list) => {
                let ty = self.expr(list);
                let types = self.types();
                match *types.get(types.base(ty)) {
                    Type::List(item) => (TypeId::INT, item),
                    _ => {
                        self.report(span, "iterates something else than a list".to_owned());
                        (TypeId::INT, TypeId::NEVER)
                    }
                }
            }
            Source::Map(map) => {
                let ty = self.expr(map);
                let types = self.types();
                match *types.get(types.base(ty)) {
                    Type::Map(key, value) => (key, value),
                    _ => {
                        self.report(span, "iterates something else than a map".to_owned());
                        (TypeId::INT, TypeId::NEVER)
                    }
                }
            }
            Source::Value(value) => {
                self.operand(value, TypeId::VALUE, "iteration");
                (TypeId::VALUE, TypeId::VALUE)
            }
        }
    }

    /// Checks an expression inside a transaction.
    pub(super) fn transaction(&mut self, inner: ExprId, span: Span) -> TypeId {
        self.require(!self.in_transaction, span, || {
            "transactions nest".to_owned()
        });
        let loops = std::mem::take(&mut self.loops);
        let outer = std::mem::replace(&mut self.in_transaction, true);
        let ty = self.expr(inner);
        self.loops = loops;
        self.in_transaction = outer;
        ty
    }

    /// Checks a place and gives the type of what it holds.
    pub(super) fn place(&mut self, id: PlaceId) -> TypeId {
        let function = self.function;
        let span = function.place_span(id);
        let place = function[id];
        self.read(place.local, span);
        let local = function[place.local];
        let mut ty = match self.types().get(local.ty) {
            Type::Box(inner) if place.cell => *inner,
            _ => {
                let changes = local.mutable && !place.cell;
                self.require(changes, span, || {
                    format!("{:?} may not change", place.local)
                });
                local.ty
            }
        };
        for step in &function[place.steps] {
            match self.step(*step, ty) {
                Some(part) => ty = part,
                None => {
                    let message = format!("no {step:?} in {}", self.program.type_symbol(ty));
                    self.report(span, message);
                    return TypeId::NEVER;
                }
            }
        }
        ty
    }

    fn step(&mut self, step: PlaceStep, ty: TypeId) -> Option<TypeId> {
        let program = self.program;
        let ty = program.types.get(program.types.base(ty));
        match (step, ty) {
            (PlaceStep::Field(field), Type::Record(record)) => {
                Some(program[*record].fields.get(field as usize)?.ty)
            }
            (PlaceStep::UnionField(name), Type::Union(members)) => self.union_field(members, name),
            (PlaceStep::Element(index), Type::List(item)) => {
                self.operand(index, TypeId::INT, "index");
                Some(*item)
            }
            (PlaceStep::Key(key), Type::Map(key_ty, value)) => {
                self.operand(key, *key_ty, "key");
                Some(*value)
            }
            (PlaceStep::Present, Type::Option(inner)) => Some(*inner),
            (PlaceStep::Present | PlaceStep::ValueField(_), Type::Value) => Some(TypeId::VALUE),
            (PlaceStep::ValueIndex(index), Type::Value) => {
                self.operand(index, TypeId::VALUE, "index");
                Some(TypeId::VALUE)
            }
            _ => None,
        }
    }

    /// The type of a field that all members of a union share.
    pub(super) fn union_field(
        &self,
        members: &[TypeId],
        name: crate::canon::ids::StrId,
    ) -> Option<TypeId> {
        let mut found = None;
        for member in members {
            let Type::Record(record) = self.types().get(*member) else {
                return None;
            };
            let field = self.program[*record]
                .fields
                .iter()
                .find(|field| field.name == name)?;
            match found {
                None => found = Some(field.ty),
                Some(known) if known == field.ty => {}
                Some(_) => return None,
            }
        }
        found
    }

    /// Checks a pattern against the type of what it looks at, and binds its
    /// variables.
    pub(super) fn pattern(&mut self, id: PatternId, ty: TypeId) {
        let function = self.function;
        let program = self.program;
        let span = function.pattern_span(id);
        let shape = program.types.get(program.types.base(ty));
        let holds = match (function[id], shape) {
            (Pattern::Any, _) => true,
            (Pattern::Bind(local), _) => {
                self.bind(local, span);
                self.expect(span, ty, function[local].ty, "binding");
                true
            }
            (Pattern::Int(_) | Pattern::Float(_), Type::Int | Type::Float | Type::Value)
            | (Pattern::Bool(_), Type::Bool | Type::Value)
            | (Pattern::Str(_), Type::String | Type::Value)
            | (Pattern::Null, Type::Option(_) | Type::Value) => true,
            (Pattern::Some(inner), Type::Option(item)) => {
                self.pattern(inner, *item);
                true
            }
            (Pattern::Some(inner), Type::Value) => {
                self.pattern(inner, ty);
                true
            }
            (Pattern::Ok(inner), Type::Result { ok, .. }) => {
                self.pattern(inner, *ok);
                true
            }
            (Pattern::Err(inner), Type::Result { error, .. }) => {
                self.pattern(inner, *error);
                true
            }
            (
                Pattern::Variant {
                    enumeration,
                    variant,
                    payload,
                },
                Type::Enum(subject),
            ) => {
                let row = program[enumeration].variants.get(variant as usize);
                enumeration == *subject
                    && row.is_some_and(|row| self.parts(&function[payload], &row.payload))
            }
            (Pattern::Record { record, fields }, Type::Record(subject)) => {
                let types: Vec<_> = program[record]
                    .fields
                    .iter()
                    .map(|field| field.ty)
                    .collect();
                record == *subject && self.parts(&function[fields], &types)
            }
            (Pattern::Member { member, pattern }, Type::Union(members)) => {
                self.pattern(pattern, member);
                members.contains(&member)
            }
            _ => false,
        };
        self.require(holds, span, || {
            format!(
                "{:?} cannot match {}",
                function[id],
                program.type_symbol(ty)
            )
        });
    }

    fn parts(&mut self, patterns: &[PatternId], types: &[TypeId]) -> bool {
        for (pattern, ty) in patterns.iter().zip(types) {
            self.pattern(*pattern, *ty);
        }
        patterns.len() == types.len()
    }
}

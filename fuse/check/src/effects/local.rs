//! What a function does itself, and what it calls.

use std::fmt;

use fuse_builtins::{BuiltinId, Effect, EffectSet, MemberId, TypeSpec};

use crate::canon::{
    BinaryOp, CompareKind, Expr, ExprId, Exprs, Function, FunctionId, IndexKind, Indices, LocalId,
    PlaceId, PlaceStep, Program, RangeKind, Source, Span, Stmt, StmtId, TypeId, UnaryOp, Visitor,
    walk_expr, walk_place, walk_stmt,
};

/// Why a function has an effect that keeps a handler off the async workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It calls a built-in function.
    Builtin(BuiltinId),
    /// It calls a method of a built-in type.
    Member(MemberId),
    /// It opens a transaction.
    Transaction,
    /// It starts a task.
    Spawn,
    /// It waits for a task.
    Await,
    /// It has a `while` loop.
    While,
    /// It goes through a range that may be long.
    Range,
    /// It may call itself.
    Recursion,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(id) => f.write_str(&id.row().path()),
            Self::Member(id) => write!(f, "{}.{}", id.row().receiver.name(), id.row().name),
            Self::Transaction => f.write_str("transaction"),
            Self::Spawn => f.write_str("spawn"),
            Self::Await => f.write_str("await"),
            Self::While => f.write_str("while"),
            Self::Range => f.write_str("for over a range"),
            Self::Recursion => f.write_str("recursion"),
        }
    }
}

/// A call whose target is not a function but a type's worth of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indirect {
    /// Of a function value of this type.
    Value(TypeId),
    /// Of the predicates of a type.
    Validate(TypeId),
    /// Of the predicates and defaults of a type.
    Decode(TypeId),
}

/// What one function does itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Local {
    pub(super) effects: EffectSet,
    /// Functions it calls or starts, as often as it does.
    pub(super) calls: Vec<FunctionId>,
    pub(super) indirect: Vec<Indirect>,
    /// Functions whose value it makes.
    pub(super) values: Vec<FunctionId>,
    /// The reasons for blocking effects, in order.
    pub(super) causes: Vec<(EffectSet, Cause, Span)>,
}

impl Local {
    pub(super) fn new(program: &Program, function: &Function) -> Self {
        let mut scan = Scan {
            program,
            local: Self::default(),
        };
        scan.expr(function, function.body);
        scan.local
    }
}

/// A range of constants of this length is not worth a thread of its own.
const SHORT_RANGE_MAX: i128 = 1 << 20;

struct Scan<'a> {
    program: &'a Program,
    local: Local,
}

impl Scan<'_> {
    fn has(&mut self, effects: &[Effect]) {
        self.local.effects = self.local.effects.with(EffectSet::of(effects));
    }

    fn caused(&mut self, effects: EffectSet, cause: Cause, span: Span) {
        self.local.effects = self.local.effects.with(effects);
        let blocking = effects.common(EffectSet::BLOCKING);
        if !blocking.is_pure() {
            self.local.causes.push((blocking, cause, span));
        }
    }

    /// A row calls the functions it is given.
    fn callbacks(&mut self, function: &Function, params: &[fuse_builtins::Param], args: Exprs) {
        for (param, arg) in params.iter().zip(&function[args]) {
            if !matches!(param.ty, TypeSpec::Fn(..)) {
                continue;
            }
            match function[*arg] {
                Expr::Closure {
                    function: target, ..
                } => self.local.calls.push(target),
                _ => self.local.indirect.push(Indirect::Value(function.ty(*arg))),
            }
        }
    }

    fn cell(&mut self, function: &Function, local: LocalId) {
        // A cell made here is nobody else's business until it is captured, and
        // then the function that captured it has the effect.
        if local.index() < (function.params + function.captures) as usize {
            self.has(&[Effect::Cell]);
        }
    }

    fn range(&mut self, function: &Function, from: ExprId, to: ExprId, span: Span) {
        if !short(function, from, to) {
            self.caused(EffectSet::of(&[Effect::Unbounded]), Cause::Range, span);
        }
    }

    fn checked(&mut self, function: &Function, types: &[TypeId], checked: Indices) {
        for index in &function[checked] {
            self.local
                .indirect
                .push(Indirect::Validate(types[*index as usize]));
        }
    }

    fn construction(&mut self, checked: Indices, fallible: bool) {
        self.has(&[Effect::Alloc]);
        if !checked.is_empty() && !fallible {
            self.has(&[Effect::Trap]);
        }
    }
}

impl Visitor for Scan<'_> {
    fn expr(&mut self, function: &Function, id: ExprId) {
        let program = self.program;
        let span = function.expr_span(id);
        match function[id] {
            Expr::Unit
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Null
            | Expr::Asset(_)
            | Expr::Local(_)
            | Expr::Config(..)
            | Expr::Field { .. }
            | Expr::UnionField { .. }
            | Expr::Some(_)
            | Expr::Ok(_)
            | Expr::Err(_)
            | Expr::ToUnion(_)
            | Expr::IsNull(_)
            | Expr::Unwrap(_)
            | Expr::IsErr(_)
            | Expr::UnwrapOk(_)
            | Expr::UnwrapErr(_)
            | Expr::Equal { .. }
            | Expr::IntToFloat(_)
            | Expr::If { .. }
            | Expr::Match { .. }
            | Expr::Block { .. }
            | Expr::Unreachable => {}
            Expr::List(_)
            | Expr::Map(_)
            | Expr::Concat(_)
            | Expr::Display(_)
            | Expr::ToValue(_)
            | Expr::ConvertList { .. }
            | Expr::ConvertMap { .. }
            | Expr::NewBox(_) => self.has(&[Effect::Alloc]),
            Expr::Record {
                record,
                checked,
                fallible,
                ..
            } => {
                self.construction(checked, fallible);
                let types: Vec<_> = program[record]
                    .fields
                    .iter()
                    .map(|field| field.ty)
                    .collect();
                self.checked(function, &types, checked);
            }
            Expr::Variant {
                enumeration,
                variant,
                payload,
                checked,
                fallible,
            } => {
                if !payload.is_empty() {
                    self.construction(checked, fallible);
                }
                let row = &program[enumeration].variants[variant as usize];
                self.checked(function, &row.payload, checked);
            }
            Expr::Unary { op, .. } => match op {
                UnaryOp::Not | UnaryOp::NegFloat => {}
                UnaryOp::NegInt | UnaryOp::NegValue | UnaryOp::NotValue => {
                    self.has(&[Effect::Trap]);
                }
            },
            Expr::Binary { op, .. } => self.has(binary(op)),
            Expr::Compare { kind, .. } => match kind {
                CompareKind::Int
                | CompareKind::Float
                | CompareKind::IntFloat
                | CompareKind::FloatInt
                | CompareKind::Text => {}
                CompareKind::Value => self.has(&[Effect::Trap]),
            },
            Expr::Index { kind, .. } => self.has(index(kind)),
            Expr::Range { kind, from, to } => {
                self.has(&[Effect::Alloc, Effect::Trap]);
                match kind {
                    RangeKind::Int | RangeKind::IntHalfOpen => self.range(function, from, to, span),
                    RangeKind::Float | RangeKind::Value | RangeKind::ValueHalfOpen => {
                        self.caused(EffectSet::of(&[Effect::Unbounded]), Cause::Range, span);
                    }
                }
            }
            Expr::ValueField { .. } => self.has(&[Effect::Trap]),
            Expr::FromValue(_) => {
                self.has(&[Effect::Alloc, Effect::Trap]);
                self.local.indirect.push(Indirect::Decode(function.ty(id)));
            }
            Expr::Validate { .. } => {
                self.has(&[Effect::Trap]);
                self.local
                    .indirect
                    .push(Indirect::Validate(function.ty(id)));
            }
            Expr::ReadBox(cell) => {
                if let Expr::Local(local) = function[cell] {
                    self.cell(function, local);
                }
            }
            Expr::Call {
                function: target, ..
            } => self.local.calls.push(target),
            Expr::CallValue { callee, .. } => match function[callee] {
                Expr::Closure {
                    function: target, ..
                } => self.local.calls.push(target),
                _ => self
                    .local
                    .indirect
                    .push(Indirect::Value(function.ty(callee))),
            },
            Expr::CallBuiltin {
                builtin,
                type_arg,
                args,
            } => {
                let row = builtin.row();
                self.caused(row.effects, Cause::Builtin(builtin), span);
                self.local.indirect.extend(type_arg.map(Indirect::Decode));
                self.callbacks(function, row.params, args);
            }
            Expr::CallMember {
                member,
                type_arg,
                args,
                ..
            } => {
                let row = member.row();
                self.caused(row.effects, Cause::Member(member), span);
                self.local.indirect.extend(type_arg.map(Indirect::Decode));
                self.callbacks(function, row.params, args);
            }
            Expr::CallPlaceMember { member, args, .. } => {
                let row = member.row();
                self.caused(row.effects, Cause::Member(member), span);
                self.callbacks(function, row.params, args);
            }
            Expr::Closure {
                function: target,
                captures,
            } => {
                self.local.values.push(target);
                if !captures.is_empty() {
                    self.has(&[Effect::Alloc]);
                }
            }
            Expr::Spawn {
                function: target, ..
            } => {
                let effects = EffectSet::of(&[Effect::Spawn, Effect::Alloc]);
                self.caused(effects, Cause::Spawn, span);
                self.local.calls.push(target);
            }
            Expr::Await(_) | Expr::Join { .. } => {
                let effects = EffectSet::of(&[Effect::Await, Effect::Trap]);
                self.caused(effects, Cause::Await, span);
            }
            Expr::Transaction(_) => {
                let effects = EffectSet::of(&[Effect::Db, Effect::Trap]);
                self.caused(effects, Cause::Transaction, span);
            }
            Expr::Element { attributes, .. } | Expr::Attributes(attributes) => {
                self.has(&[Effect::Alloc]);
                if attributes.base.is_some() {
                    self.has(&[Effect::Trap]);
                }
            }
        }
        walk_expr(self, function, id);
    }

    fn stmt(&mut self, function: &Function, id: StmtId) {
        let span = function.stmt_span(id);
        match function[id] {
            Stmt::Let { .. }
            | Stmt::Assign { .. }
            | Stmt::Expr(_)
            | Stmt::Break
            | Stmt::Continue
            | Stmt::Return(_) => {}
            Stmt::While { .. } => {
                self.caused(EffectSet::of(&[Effect::Unbounded]), Cause::While, span);
            }
            Stmt::For { source, .. } => match source {
                Source::Ints { from, to } => {
                    self.has(&[Effect::Trap]);
                    self.range(function, from, to, span);
                }
                Source::IntsHalfOpen { from, to } => self.range(function, from, to, span),
                Source::Floats { .. } => {
                    let effects = EffectSet::of(&[Effect::Unbounded, Effect::Trap]);
                    self.caused(effects, Cause::Range, span);
                }
                Source::List(_) | Source::Map(_) => {}
                Source::Value(_) => self.has(&[Effect::Trap]),
            },
            Stmt::Append { .. } => self.has(&[Effect::Alloc]),
        }
        walk_stmt(self, function, id);
    }

    fn place(&mut self, function: &Function, id: PlaceId) {
        let place = function[id];
        if place.cell {
            self.cell(function, place.local);
        }
        for step in &function[place.steps] {
            // Changing a part of a shared value copies what is around it.
            self.has(&[Effect::Alloc]);
            match step {
                PlaceStep::Field(_) | PlaceStep::UnionField(_) => {}
                PlaceStep::Element(_)
                | PlaceStep::Key(_)
                | PlaceStep::Present
                | PlaceStep::ValueField(_)
                | PlaceStep::ValueIndex(_) => self.has(&[Effect::Trap]),
            }
        }
        walk_place(self, function, id);
    }
}

fn binary(op: BinaryOp) -> &'static [Effect] {
    match op {
        BinaryOp::IntAdd
        | BinaryOp::IntSub
        | BinaryOp::IntMul
        | BinaryOp::IntDiv
        | BinaryOp::IntRem => &[Effect::Trap],
        BinaryOp::FloatAdd
        | BinaryOp::FloatSub
        | BinaryOp::FloatMul
        | BinaryOp::FloatDiv
        | BinaryOp::FloatRem => &[],
        BinaryOp::ListConcat | BinaryOp::BytesConcat => &[Effect::Alloc],
        BinaryOp::ValueAdd
        | BinaryOp::ValueSub
        | BinaryOp::ValueMul
        | BinaryOp::ValueDiv
        | BinaryOp::ValueRem => &[Effect::Alloc, Effect::Trap],
    }
}

fn index(kind: IndexKind) -> &'static [Effect] {
    match kind {
        IndexKind::List | IndexKind::Map | IndexKind::Bytes | IndexKind::Value => &[Effect::Trap],
        IndexKind::ListOrNull | IndexKind::MapOrNull => &[],
        IndexKind::Text => &[Effect::Alloc, Effect::Trap],
        IndexKind::TextOrNull => &[Effect::Alloc],
    }
}

/// Whether a range is short: between constants that are near, or as long as
/// some data that is there already.
fn short(function: &Function, from: ExprId, to: ExprId) -> bool {
    match (constant(function, from), constant(function, to)) {
        (Some(from), Some(to)) => i128::from(to) - i128::from(from) <= SHORT_RANGE_MAX,
        (Some(from), None) => from >= 0 && length(function, to),
        _ => false,
    }
}

fn constant(function: &Function, expr: ExprId) -> Option<i64> {
    match function[expr] {
        Expr::Int(value) => Some(value),
        _ => None,
    }
}

/// Whether a number is a length, give or take a constant.
fn length(function: &Function, expr: ExprId) -> bool {
    match function[expr] {
        Expr::CallMember { member, .. } => matches!(
            member,
            MemberId::ListLen
                | MemberId::MapLen
                | MemberId::StringLen
                | MemberId::BytesLen
                | MemberId::ValueLen
        ),
        Expr::Binary {
            op: BinaryOp::IntSub,
            left,
            right,
        } => length(function, left) && constant(function, right).is_some_and(|value| value >= 0),
        _ => false,
    }
}

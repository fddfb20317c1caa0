//! What every expression wants of its operands, and what its type has to be.

use super::body::Body;
use crate::canon::{
    expr::{
        AttributeKind, Attributes, BinaryOp, CompareKind, CompareOp, Expr, Exprs, IndexKind,
        Indices, JoinMode, RangeKind, UnaryOp,
    },
    function::FunctionKind,
    ids::{ExprId, FunctionId, LocalId, TypeId},
    program::AssetKind,
    source::Span,
    types::Type,
};

impl Body<'_> {
    /// Checks one expression with everything in it.
    pub(super) fn rule(&mut self, id: ExprId, span: Span) {
        let program = self.program;
        let function = self.function;
        let ty = function.ty(id);
        let wanted = match function[id] {
            Expr::Unit => TypeId::UNIT,
            Expr::Bool(_) => TypeId::BOOL,
            Expr::Int(_) => TypeId::INT,
            Expr::Float(_) => TypeId::FLOAT,
            Expr::Str(_) => TypeId::STRING,
            Expr::Null => {
                let holds = self.types().accepts_null(ty);
                self.require(holds, span, || {
                    "null of a type that is never null".to_owned()
                });
                ty
            }
            Expr::Asset(asset) => match program[asset].kind {
                AssetKind::Text => TypeId::STRING,
                AssetKind::Json => TypeId::VALUE,
            },
            Expr::Local(local) => {
                self.read(local, span);
                function[local].ty
            }
            Expr::Config(config, field) => program[config].fields[field as usize].ty,
            Expr::List(items) => {
                let found = self.exprs(items);
                self.all_fit(ty, &found, span, |shape| match shape {
                    Type::List(item) => Some(vec![*item]),
                    _ => None,
                });
                ty
            }
            Expr::Map(entries) => {
                let found = self.exprs(entries);
                self.require(found.len().is_multiple_of(2), span, || {
                    "a key without value".to_owned()
                });
                self.all_fit(ty, &found, span, |shape| match shape {
                    Type::Map(key, value) => Some(vec![*key, *value]),
                    _ => None,
                });
                ty
            }
            Expr::Record {
                record,
                fields,
                checked,
                fallible,
            } => {
                let row = &program[record];
                let types: Vec<_> = row.fields.iter().map(|field| field.ty).collect();
                self.args(fields, &types, span);
                self.checks(checked, types.len(), span);
                self.constructed(ty, row.ty, fallible, span);
                ty
            }
            Expr::Variant {
                enumeration,
                variant,
                payload,
                checked,
                fallible,
            } => {
                let row = &program[enumeration];
                let types = &row.variants[variant as usize].payload;
                self.args(payload, types, span);
                self.checks(checked, types.len(), span);
                self.constructed(ty, row.ty, fallible, span);
                ty
            }
            Expr::Field { base, field } => {
                let base = self.expr(base);
                match self.types().get(base) {
                    Type::Record(record) => program[*record].fields[field as usize].ty,
                    _ => self.wrong(span, "field of something else than a record"),
                }
            }
            Expr::UnionField { base, name } => {
                let base = self.expr(base);
                let field = match self.types().get(base) {
                    Type::Union(members) => self.union_field(members, name),
                    _ => None,
                };
                field.unwrap_or_else(|| self.wrong(span, "no such field in all members"))
            }
            Expr::Some(value) => {
                let inner = self.expr(value);
                match *self.types().get(ty) {
                    Type::Option(item) => self.expect(span, inner, item, "some"),
                    _ => _ = self.wrong(span, "some of a type that is no option"),
                }
                ty
            }
            Expr::Ok(value) | Expr::Err(value) => {
                let is_ok = matches!(function[id], Expr::Ok(_));
                let inner = self.expr(value);
                match *self.types().get(ty) {
                    Type::Result { ok, .. } if is_ok => self.expect(span, inner, ok, "ok"),
                    Type::Result { error, .. } => self.expect(span, inner, error, "err"),
                    _ => _ = self.wrong(span, "a success or failure of no result"),
                }
                ty
            }
            Expr::ToUnion(value) => {
                let inner = self.expr(value);
                let from = self.types().domains(inner);
                let to = self.types().domains(ty);
                let wider = to.len() > from.len() && from.iter().all(|one| to.contains(one));
                let holds = inner == TypeId::NEVER || wider;
                self.require(holds, span, || "not a member of the union".to_owned());
                ty
            }
            Expr::IsNull(value) => {
                let inner = self.expr(value);
                let holds = self.types().accepts_null(inner);
                self.require(holds, span, || "null test of what is never null".to_owned());
                TypeId::BOOL
            }
            Expr::Unwrap(value) => {
                let inner = self.expr(value);
                match *self.types().get(inner) {
                    Type::Option(item) => item,
                    Type::Value => TypeId::VALUE,
                    _ => self.wrong(span, "unwrap of what is never null"),
                }
            }
            Expr::IsErr(value) => {
                let inner = self.expr(value);
                let holds = matches!(self.types().get(inner), Type::Result { .. });
                self.require(holds, span, || "error test of no result".to_owned());
                TypeId::BOOL
            }
            Expr::UnwrapOk(value) => {
                let inner = self.expr(value);
                match *self.types().get(inner) {
                    Type::Result { ok, .. } => ok,
                    _ => self.wrong(span, "unwrap of no result"),
                }
            }
            Expr::UnwrapErr(value) => {
                let inner = self.expr(value);
                match *self.types().get(inner) {
                    Type::Result { error, .. } => error,
                    _ => self.wrong(span, "unwrap of no result"),
                }
            }
            Expr::Unary { op, operand } => {
                let ty = match op {
                    UnaryOp::Not => TypeId::BOOL,
                    UnaryOp::NegInt => TypeId::INT,
                    UnaryOp::NegFloat => TypeId::FLOAT,
                    UnaryOp::NegValue | UnaryOp::NotValue => TypeId::VALUE,
                };
                self.operand(operand, ty, "operand");
                ty
            }
            Expr::Binary { op, left, right } => self.binary(op, left, right, ty, span),
            Expr::Compare {
                op,
                kind,
                left,
                right,
            } => {
                self.compare(op, kind, left, right, span);
                TypeId::BOOL
            }
            Expr::Equal { left, right, .. } => {
                let left_ty = self.expr(left);
                self.operand(right, left_ty, "equality");
                let holds = program.is_equatable(left_ty);
                self.require(holds, span, || "equality of what has none".to_owned());
                TypeId::BOOL
            }
            Expr::Concat(parts) => {
                for part in self.exprs(parts) {
                    self.displayable(part, span);
                }
                TypeId::STRING
            }
            Expr::Display(value) => {
                let inner = self.expr(value);
                self.displayable(inner, span);
                TypeId::STRING
            }
            Expr::Index { kind, base, index } => self.index(kind, base, index, ty, span),
            Expr::Range { kind, from, to } => {
                let (number, result) = match kind {
                    RangeKind::Int | RangeKind::IntHalfOpen => (TypeId::INT, None),
                    RangeKind::Float => (TypeId::FLOAT, None),
                    RangeKind::Value | RangeKind::ValueHalfOpen => {
                        (TypeId::VALUE, Some(TypeId::VALUE))
                    }
                };
                self.operand(from, number, "range");
                self.operand(to, number, "range");
                result.unwrap_or_else(|| self.list_of(ty, number, span))
            }
            Expr::ValueField { base, .. } => {
                self.operand(base, TypeId::VALUE, "member");
                TypeId::VALUE
            }
            Expr::IntToFloat(value) => {
                self.operand(value, TypeId::INT, "widening");
                TypeId::FLOAT
            }
            Expr::ToValue(value) => {
                let inner = self.expr(value);
                self.displayable(inner, span);
                TypeId::VALUE
            }
            Expr::FromValue(value) => {
                let inner = self.expr(value);
                let types = self.types();
                let dynamic = match *types.get(inner) {
                    Type::Value | Type::Never => true,
                    Type::List(item) | Type::Map(_, item) => item == TypeId::VALUE,
                    _ => false,
                };
                self.require(dynamic, span, || "conversion of no dynamic data".to_owned());
                ty
            }
            Expr::Validate { value, .. } => {
                let inner = self.expr(value);
                self.expect(span, inner, ty, "validation");
                ty
            }
            Expr::ConvertList { list, item, body } => {
                let from = self.expr(list);
                let into = match *self.types().get(ty) {
                    Type::List(into) => into,
                    _ => self.wrong(span, "conversion to no list"),
                };
                match *self.types().get(self.types().base(from)) {
                    Type::List(element) => self.converted(element, item, body, into, span),
                    _ => _ = self.wrong(span, "conversion of no list"),
                }
                ty
            }
            Expr::ConvertMap { map, item, body } => {
                let from = self.expr(map);
                let (key, into) = match *self.types().get(ty) {
                    Type::Map(key, into) => (key, into),
                    _ => (TypeId::NEVER, self.wrong(span, "conversion to no map")),
                };
                match *self.types().get(self.types().base(from)) {
                    Type::Map(known, element) => {
                        self.expect(span, known, key, "conversion of keys");
                        self.converted(element, item, body, into, span);
                    }
                    _ => _ = self.wrong(span, "conversion of no map"),
                }
                ty
            }
            Expr::NewBox(value) => {
                let inner = self.expr(value);
                match *self.types().get(ty) {
                    Type::Box(content) => self.expect(span, inner, content, "cell"),
                    _ => _ = self.wrong(span, "a cell of another type"),
                }
                ty
            }
            Expr::ReadBox(cell) => {
                let inner = self.expr(cell);
                match *self.types().get(inner) {
                    Type::Box(content) => content,
                    _ => self.wrong(span, "content of no cell"),
                }
            }
            Expr::Call {
                function: callee,
                args,
            } => {
                let callee = &program[callee];
                let types: Vec<_> = callee.param_locals().iter().map(|local| local.ty).collect();
                self.args(args, &types, span);
                self.require(callee.captures == 0, span, || {
                    "captures are missing".to_owned()
                });
                callee.result
            }
            Expr::CallValue { callee, args } => {
                let callee = self.expr(callee);
                match self.types().get(callee).clone() {
                    Type::Fn { params, result } => {
                        self.args(args, &params, span);
                        result
                    }
                    _ => self.wrong(span, "call of no function"),
                }
            }
            Expr::CallBuiltin {
                builtin,
                type_arg,
                args,
            } => {
                self.builtin(builtin.row(), type_arg, args, ty, span);
                ty
            }
            Expr::CallMember {
                member,
                type_arg,
                receiver,
                args,
            } => {
                let receiver = self.expr(receiver);
                let row = member.row();
                self.require(!row.place, span, || "a place is missing".to_owned());
                self.member(row, receiver, type_arg, args, ty, span);
                ty
            }
            Expr::CallPlaceMember {
                member,
                place,
                args,
            } => {
                let receiver = self.place(place);
                let row = member.row();
                self.require(row.place, span, || "changes nothing".to_owned());
                self.member(row, receiver, None, args, ty, span);
                ty
            }
            Expr::Closure {
                function: callee,
                captures,
            } => {
                self.captured(callee, captures, span);
                let callee = &program[callee];
                let holds = match self.types().get(ty) {
                    Type::Fn { params, result } => {
                        let locals = callee.param_locals();
                        params.len() == locals.len()
                            && params
                                .iter()
                                .zip(locals)
                                .all(|(ty, local)| self.fits(local.ty, *ty))
                            && self.fits(callee.result, *result)
                    }
                    _ => false,
                };
                self.require(holds, span, || "a function of another type".to_owned());
                ty
            }
            Expr::Spawn {
                function: callee,
                captures,
            } => {
                self.captured(callee, captures, span);
                let callee = &program[callee];
                let spawned = callee.kind == FunctionKind::Spawn;
                self.require(spawned, span, || "not a spawned function".to_owned());
                match *self.types().get(ty) {
                    Type::Task(result) => self.expect(span, callee.result, result, "task"),
                    _ => _ = self.wrong(span, "a task of another type"),
                }
                ty
            }
            Expr::Await(task) => {
                let task = self.expr(task);
                match *self.types().get(task) {
                    Type::Task(result) => result,
                    _ => self.wrong(span, "await of no task"),
                }
            }
            Expr::Join { task, mode } => self.join(task, mode, ty, span),
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                self.operand(condition, TypeId::BOOL, "condition");
                self.scoped(|body| body.operand(then, ty, "branch"));
                self.scoped(|body| body.operand(otherwise, ty, "branch"));
                ty
            }
            Expr::Match { subject, arms } => {
                let subject = self.expr(subject);
                for arm in &function[arms] {
                    self.scoped(|body| {
                        body.pattern(arm.pattern, subject);
                        body.operand(arm.body, ty, "arm");
                    });
                }
                self.require(!arms.is_empty(), span, || "no arms".to_owned());
                ty
            }
            Expr::Block { stmts, value } => self.block(stmts, value),
            Expr::Transaction(inner) => self.transaction(inner, span),
            Expr::Element {
                void,
                attributes,
                children,
                ..
            } => {
                self.attributes(attributes, span);
                self.operand(children, TypeId::CHILDREN, "children");
                let empty = matches!(function[children], Expr::List(items) if items.is_empty());
                self.require(!void || empty, span, || "children of a void tag".to_owned());
                TypeId::HTML
            }
            Expr::Attributes(attributes) => {
                self.attributes(attributes, span);
                TypeId::ATTRIBUTES
            }
            Expr::Unreachable => TypeId::NEVER,
        };
        self.expect(span, wanted, ty, "result");
    }

    /// Reports, and gives a type that nothing complains about.
    fn wrong(&mut self, span: Span, message: &str) -> TypeId {
        self.report(span, message.to_owned());
        TypeId::NEVER
    }

    /// Checks that operands fit the parts of a container, which take turns.
    fn all_fit(
        &mut self,
        ty: TypeId,
        found: &[TypeId],
        span: Span,
        parts: impl Fn(&Type) -> Option<Vec<TypeId>>,
    ) {
        let types = self.types();
        let Some(parts) = parts(types.get(types.base(ty))) else {
            self.wrong(span, "a container of another type");
            return;
        };
        for (found, part) in found.iter().zip(parts.iter().cycle()) {
            self.expect(span, *found, *part, "element");
        }
    }

    fn args(&mut self, args: Exprs, types: &[TypeId], span: Span) {
        let found = self.exprs(args);
        let holds = found.len() == types.len();
        self.require(holds, span, || {
            format!("{} values for {}", found.len(), types.len())
        });
        for (found, wanted) in found.iter().zip(types) {
            self.expect(span, *found, *wanted, "argument");
        }
    }

    fn checks(&mut self, checked: Indices, len: usize, span: Span) {
        let checked = &self.function[checked];
        let holds = checked.is_sorted_by(|a, b| a < b)
            && checked.iter().all(|index| (*index as usize) < len);
        self.require(holds, span, || format!("checks {checked:?} of {len}"));
    }

    fn constructed(&mut self, ty: TypeId, plain: TypeId, fallible: bool, span: Span) {
        if !fallible {
            self.expect(span, plain, ty, "construction");
            return;
        }
        let program = self.program;
        let holds = match *self.types().get(ty) {
            Type::Result { ok, error } => {
                let validation = match self.types().get(error) {
                    Type::Record(id) => {
                        program[*id].builtin == Some(fuse_builtins::RecordId::Validation)
                    }
                    _ => false,
                };
                ok == plain && validation
            }
            _ => false,
        };
        self.require(holds, span, || {
            "a fallible construction of another type".to_owned()
        });
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        ty: TypeId,
        span: Span,
    ) -> TypeId {
        let wanted = match op {
            BinaryOp::IntAdd
            | BinaryOp::IntSub
            | BinaryOp::IntMul
            | BinaryOp::IntDiv
            | BinaryOp::IntRem => TypeId::INT,
            BinaryOp::FloatAdd
            | BinaryOp::FloatSub
            | BinaryOp::FloatMul
            | BinaryOp::FloatDiv
            | BinaryOp::FloatRem => TypeId::FLOAT,
            BinaryOp::BytesConcat => TypeId::BYTES,
            BinaryOp::ListConcat => {
                let list = matches!(self.types().get(ty), Type::List(_));
                self.require(list, span, || "lists joined to no list".to_owned());
                ty
            }
            BinaryOp::ValueAdd
            | BinaryOp::ValueSub
            | BinaryOp::ValueMul
            | BinaryOp::ValueDiv
            | BinaryOp::ValueRem => TypeId::VALUE,
        };
        self.operand(left, wanted, "left operand");
        self.operand(right, wanted, "right operand");
        wanted
    }

    fn compare(
        &mut self,
        op: CompareOp,
        kind: CompareKind,
        left: ExprId,
        right: ExprId,
        span: Span,
    ) {
        let (left_ty, right_ty) = match kind {
            CompareKind::Int => (TypeId::INT, TypeId::INT),
            CompareKind::Float => (TypeId::FLOAT, TypeId::FLOAT),
            CompareKind::IntFloat => (TypeId::INT, TypeId::FLOAT),
            CompareKind::FloatInt => (TypeId::FLOAT, TypeId::INT),
            CompareKind::Text => (TypeId::STRING, TypeId::STRING),
            CompareKind::Value => (TypeId::VALUE, TypeId::VALUE),
        };
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let holds = !(equality && matches!(kind, CompareKind::Value | CompareKind::Text));
        self.require(holds, span, || "equality has a node of its own".to_owned());
        self.operand(left, left_ty, "left operand");
        self.operand(right, right_ty, "right operand");
    }

    fn displayable(&mut self, ty: TypeId, span: Span) {
        let holds = self.program.is_displayable(ty);
        self.require(holds, span, || "a value without display form".to_owned());
    }

    /// The type of a list, if it is one of these items.
    fn list_of(&mut self, ty: TypeId, item: TypeId, span: Span) -> TypeId {
        match *self.types().get(ty) {
            Type::List(found) if found == item => ty,
            _ => self.wrong(span, "a list of other items"),
        }
    }

    fn index(
        &mut self,
        kind: IndexKind,
        base: ExprId,
        index: ExprId,
        ty: TypeId,
        span: Span,
    ) -> TypeId {
        let base = self.expr(base);
        let index_ty = self.expr(index);
        let types = self.types();
        let nullable = matches!(
            kind,
            IndexKind::ListOrNull | IndexKind::MapOrNull | IndexKind::TextOrNull
        );
        let (key, element) = match (kind, types.get(types.base(base)).clone()) {
            (IndexKind::List | IndexKind::ListOrNull, Type::List(item)) => (TypeId::INT, item),
            (IndexKind::Map | IndexKind::MapOrNull, Type::Map(key, value)) => (key, value),
            (IndexKind::Text | IndexKind::TextOrNull, Type::String) => {
                (TypeId::INT, TypeId::STRING)
            }
            (IndexKind::Bytes, Type::Bytes) => (TypeId::INT, TypeId::INT),
            (IndexKind::Value, Type::Value) => (TypeId::VALUE, TypeId::VALUE),
            _ => return self.wrong(span, "index of another type"),
        };
        self.expect(span, index_ty, key, "index");
        if !nullable {
            return element;
        }
        let types = self.types();
        let holds = match *types.get(ty) {
            Type::Option(item) => {
                types.same_representation(item, element) || types.same_representation(ty, element)
            }
            Type::Value => element == TypeId::VALUE,
            _ => false,
        };
        self.require(holds, span, || {
            "an element that can be null is no option".to_owned()
        });
        ty
    }

    fn converted(&mut self, from: TypeId, item: LocalId, body: ExprId, into: TypeId, span: Span) {
        self.scoped(|check| {
            check.bind(item, span);
            check.expect(
                span,
                from,
                check.function[item].ty,
                "conversion of an element",
            );
            check.operand(body, into, "converted element");
        });
    }

    fn captured(&mut self, function: FunctionId, captures: Exprs, span: Span) {
        let types: Vec<_> = self.program[function]
            .capture_locals()
            .iter()
            .map(|local| local.ty)
            .collect();
        self.args(captures, &types, span);
    }

    fn join(&mut self, task: LocalId, mode: JoinMode, ty: TypeId, span: Span) -> TypeId {
        self.read(task, span);
        let inner = match *self.types().get(self.function[task].ty) {
            Type::Task(inner) => inner,
            _ => return self.wrong(span, "join of no task"),
        };
        match (mode, self.types().get(inner)) {
            (JoinMode::Drop | JoinMode::Faults, _) => TypeId::UNIT,
            (JoinMode::Raises, Type::Result { error, .. }) => {
                let error = *error;
                let option = matches!(self.types().get(ty), Type::Option(item) if *item == error);
                self.require(option, span, || "join gives no option".to_owned());
                ty
            }
            (JoinMode::Raises, _) => self.wrong(span, "a task that raises nothing"),
        }
    }

    fn attributes(&mut self, attributes: Attributes, span: Span) {
        if let Some(base) = attributes.base {
            self.operand(base, TypeId::ATTRIBUTES, "attributes");
        }
        let function = self.function;
        let mut names = Vec::new();
        for attribute in &function[attributes.named] {
            let ty = self.expr(attribute.value);
            let types = self.types();
            let inner = match *types.get(ty) {
                Type::Option(inner) => inner,
                _ => ty,
            };
            let holds = match attribute.kind {
                AttributeKind::Text => matches!(
                    types.get(types.base(inner)),
                    Type::String | Type::Int | Type::Float | Type::Never
                ),
                AttributeKind::Flag => types.base(inner) == TypeId::BOOL,
            };
            self.require(holds, span, || format!("attribute of type {inner:?}"));
            names.push(attribute.name);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        self.require(names.len() == count, span, || {
            "an attribute twice".to_owned()
        });
    }
}

//! Calls of built-in functions and of members of built-in types.

use fuse_builtins::{
    Bound as Demand, Builtin, Form, Home, Member, MemberForm, Param, ParamRole,
    Receiver as BuiltinReceiver, TypeParam, TypeSpec,
};
use fuse_syntax::ast::{Arg, Call, Expr, ExprId};
use fuse_syntax::{Code, Diagnostic};
use smallvec::SmallVec;

use super::args::{Bound, Formal};
use super::coerce::Placed;
use super::frames::{Captures, Frame};
use super::{Checker, Direct, Need, Want};
use crate::decls::builtin::spec_type;
use crate::decls::resolve::Position;
use crate::ids::Sym;
use crate::relate::Slot;
use crate::sink::Mark;
use crate::typed::{ArgSource, Callee};
use crate::types::{Ty, TyKind};

/// The types that stand for the parameters of a row.
type Types = SmallVec<[(&'static str, Ty); 4]>;

/// What is checked alike for functions and members.
#[derive(Clone, Copy)]
struct Row {
    params: &'static [Param],
    /// Parameters that the call names or its arguments decide.
    type_params: &'static [TypeParam],
    /// Whether the call names them.
    named: bool,
    result: &'static TypeSpec,
}

impl Checker<'_> {
    pub(super) fn builtin_call(
        &mut self,
        id: ExprId,
        call: &Call,
        home: Home,
        name: Sym,
        want: Want,
    ) -> Ty {
        let rows: SmallVec<[&'static Builtin; 4]> = self.prelude.functions(home, name).collect();
        let path = rows.first().map(|row| row.path()).unwrap_or_default();
        if call.block.is_some() && rows.iter().all(|row| row.result != TypeSpec::Html) {
            return self.block_on_plain(id, call);
        }
        if rows.iter().any(|row| row.form == Form::OneArgument) {
            return self.log_call(id, call, &rows);
        }
        let typed = !call.type_args.is_empty();
        let fitting = rows.iter().find(|row| match row.form {
            Form::Typed => typed || rows.len() == 1,
            _ => !typed,
        });
        let Some(row) = fitting.or(rows.first()).copied() else {
            return self.abandoned(call);
        };
        if typed && row.form != Form::Typed {
            self.not_generic(call, &format!("`{path}`"));
            return self.abandoned(call);
        }
        let shape = Row {
            params: row.params,
            type_params: row.type_params,
            named: row.form == Form::Typed,
            result: &row.result,
        };
        let prelude = self.prelude;
        let formals = formals(row.params, prelude.function_params(row.id));
        let mark = self.sink.mark();
        let mut types = Types::new();
        let bound = self.row_arguments(id, call, &shape, &formals, &mut types, &path);
        let result = bound.map(|bound| {
            self.record_row(id, call, Callee::Builtin(row.id), &shape, &bound, &types);
            spec_type(self.types, shape.result, &types)
        });
        self.builtin_rules(id, row, &path);
        if row.id == fuse_builtins::BuiltinId::TestingEqual {
            self.equal_arguments(id, call, mark);
        }
        let _ = want;
        result.unwrap_or(Ty::INVALID)
    }

    /// `testing.equal` compares two values of one equatable type.
    fn equal_arguments(&mut self, id: ExprId, call: &Call, mark: Mark) {
        let [actual, expected] = &self.ast[call.args] else {
            return;
        };
        if self.sink.reported_since(mark) {
            return;
        }
        let (a, b) = (self.out.ty(actual.value), self.out.ty(expected.value));
        if !self.comparable(a, b) {
            let message = format!(
                "`testing.equal` cannot be applied to `{}` and `{}`",
                self.shown(a),
                self.shown(b)
            );
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::OPERATOR_TYPE, span, message)
                    .hint("both values have one type that can be compared"),
            );
        }
    }

    /// What follows from the row of a built-in function wherever it is called.
    fn builtin_rules(&mut self, id: ExprId, row: &'static Builtin, path: &str) {
        let span = self.span(id);
        if let Some(capability) = row.capability {
            self.use_capability(span, capability, path);
        }
        if !row.in_spawn {
            self.not_in_spawn(span, path);
        }
        if row.effects.blocks() || !row.allowed_in_predicate() || !row.allowed_in_config_default() {
            self.facts
                .direct
                .push((self.body.owner, Direct::Builtin(row.id), span.range()));
        }
        if row.id == fuse_builtins::BuiltinId::Serve {
            self.facts.serves.push(span.range());
        }
    }

    /// `log`, whose rows differ by their first argument.
    fn log_call(&mut self, id: ExprId, call: &Call, rows: &[&'static Builtin]) -> Ty {
        let args = &self.ast[call.args];
        if !call.type_args.is_empty() {
            self.not_generic(call, "`log`");
        }
        let named = args.iter().any(|arg| arg.name.is_some());
        let types: Vec<Ty> = args.iter().map(|arg| self.displayed(arg.value)).collect();
        let form = match types[..] {
            [] => {
                let span = self.span(id);
                self.error(Code::WRONG_ARITY, span, "missing argument `message`");
                return Ty::INVALID;
            }
            [_] => Form::OneArgument,
            [first, ..] if self.types.is_text(first) => Form::TextFirst,
            _ => Form::OtherFirst,
        };
        let Some(row) = rows.iter().find(|row| row.form == form) else {
            return Ty::INVALID;
        };
        let mut sources: SmallVec<[ArgSource; 4]> = SmallVec::new();
        if named {
            let prelude = self.prelude;
            let formals = formals(row.params, prelude.function_params(row.id));
            let bound = self.bind(
                id,
                call.args,
                &formals[..args.len().min(formals.len())],
                false,
            );
            if !bound.ok {
                return Ty::INVALID;
            }
            sources.extend(
                bound
                    .params
                    .iter()
                    .flatten()
                    .map(|&arg| ArgSource::Expr(args[arg as usize].value)),
            );
        } else {
            let plain = row.params.iter().filter(|param| !param.variadic).count();
            sources.extend(
                args.iter()
                    .take(plain)
                    .map(|arg| ArgSource::Expr(arg.value)),
            );
            if row.params.iter().any(|param| param.variadic) {
                let pool = call.args.indices();
                let first = crate::edits::offset(pool.start + plain.min(args.len()));
                sources.push(ArgSource::Rest(first, crate::edits::offset(pool.end)));
            }
        }
        self.out.add_call(id, Callee::Builtin(row.id), sources, &[]);
        self.builtin_rules(id, row, "log");
        Ty::UNIT
    }

    pub(super) fn builtin_method(
        &mut self,
        id: ExprId,
        call: &Call,
        base: ExprId,
        receiver: Ty,
        of: BuiltinReceiver,
        name: Sym,
    ) -> Ty {
        if call.block.is_some() {
            return self.block_on_plain(id, call);
        }
        if of == BuiltinReceiver::Query
            && let Some(ty) = self.typed_query(id, call, base, name)
        {
            return ty;
        }
        let rows: SmallVec<[&'static Member; 2]> = self.prelude.members(of, name).collect();
        let typed = !call.type_args.is_empty();
        let fitting = rows.iter().find(|row| match row.form {
            MemberForm::Typed => typed || rows.len() == 1,
            _ => !typed,
        });
        let Some(row) = fitting.or(rows.first()).copied() else {
            return self.abandoned(call);
        };
        let path = format!("{}.{}", of.name(), row.name);
        if typed && row.form != MemberForm::Typed {
            self.not_generic(call, &format!("`{path}`"));
            return self.abandoned(call);
        }
        let mut types = self.receiver_types(receiver);
        let shape = Row {
            params: row.params,
            type_params: row.type_params,
            named: row.form == MemberForm::Typed,
            result: &row.result,
        };
        let mark = self.sink.mark();
        if row.place {
            self.place_receiver(base);
        }
        let prelude = self.prelude;
        let formals = formals(row.params, prelude.member_params(row.id));
        // What runs on several elements at once obeys the rules of tasks.
        let parallel = row.id == fuse_builtins::MemberId::ListParallelMap;
        if parallel {
            let captures = Captures {
                expr: id,
                first: self.out.next_local(),
                locals: Vec::new(),
            };
            self.frames.0.push(Frame::Spawn(captures));
        }
        let bound = self.row_arguments(id, call, &shape, &formals, &mut types, &path);
        if parallel {
            self.frames.0.pop();
        }
        if !self.sink.reported_since(mark) {
            self.receiver_bounds(id, row, receiver, &types);
        }
        let span = self.span(id);
        if let Some(capability) = row.capability {
            let shown = if of == BuiltinReceiver::Query {
                "db.from"
            } else {
                &path
            };
            self.use_capability(span, capability, shown);
        }
        if !row.in_spawn {
            self.not_in_spawn(span, &path);
        }
        if row.effects.blocks() || row.capability.is_some() {
            self.facts
                .direct
                .push((self.body.owner, Direct::Member(row.id), span.range()));
        }
        if of == BuiltinReceiver::Query {
            self.query_rules(id, call, base, row.name);
        }
        let Some(bound) = bound else {
            return Ty::INVALID;
        };
        self.record_row(
            id,
            call,
            Callee::Member(row.id, base),
            &shape,
            &bound,
            &types,
        );
        spec_type(self.types, shape.result, &types)
    }

    /// What the type arguments of a receiver are called in its rows.
    fn receiver_types(&mut self, receiver: Ty) -> Types {
        let mut types = Types::new();
        match self.types.kind(receiver) {
            TyKind::List(item) | TyKind::Option(item) => types.push(("T", item)),
            TyKind::Map(key, value) => types.extend([("K", key), ("V", value)]),
            TyKind::Result(ok, errors) => {
                let error = self.types.error_of(errors);
                types.extend([("T", ok), ("E", error)]);
            }
            _ => {}
        }
        types
    }

    /// What a member demands of the elements of its receiver.
    fn receiver_bounds(&mut self, id: ExprId, row: &'static Member, receiver: Ty, types: &Types) {
        for bound in row.bounds.iter().chain(row.type_params) {
            let Some(&(_, ty)) = types.iter().find(|(name, _)| *name == bound.name) else {
                continue;
            };
            if ty.is_invalid() {
                continue;
            }
            let (holds, what) = match bound.bound {
                Demand::Equatable => {
                    self.demand(ty, Need::Equal);
                    (
                        self.relations.equatable(self.types, self.decls, ty),
                        "compared",
                    )
                }
                Demand::Ordered => {
                    let generic = matches!(self.types.kind(ty), TyKind::Param(..));
                    (
                        !generic && self.relations.ordered(self.types, ty),
                        "ordered",
                    )
                }
                Demand::Numeric => {
                    let base = self.types.base(ty);
                    (matches!(base, Ty::INT | Ty::FLOAT), "added")
                }
                _ => continue,
            };
            if !holds {
                let message = format!(
                    "`{}` cannot be applied to `{}`: `{}` cannot be {what}",
                    row.name,
                    self.shown(receiver),
                    self.shown(ty)
                );
                let span = self.span(id);
                self.report(Diagnostic::new(Code::OPERATOR_TYPE, span, message).hint(match what {
                    "compared" => "markup, queries and what holds them cannot be compared",
                    "ordered" => "numbers and text are ordered; give a key with `.sort_by(fn(x) => x.name)`",
                    _ => "only numbers are added",
                }));
                return;
            }
        }
    }

    /// Checks the arguments of a row and learns its type parameters; nothing
    /// when the call cannot mean anything.
    fn row_arguments(
        &mut self,
        id: ExprId,
        call: &Call,
        row: &Row,
        formals: &[Formal],
        types: &mut Types,
        path: &str,
    ) -> Option<Bound> {
        if row.named && !self.named_types(call, row, types, path) {
            self.abandoned(call);
            return None;
        }
        let bound = self.bind(id, call.args, formals, false);
        let args: &[Arg] = &self.ast[call.args];
        let mut lambdas: SmallVec<[(&Arg, &'static Param); 2]> = SmallVec::new();
        for (arg, param) in args.iter().zip(&bound.args) {
            match param.map(|param| &row.params[param as usize]) {
                Some(param) if self.is_lambda(arg.value) => lambdas.push((arg, param)),
                Some(param) => self.row_argument(arg, param, types),
                None => {
                    self.anything(arg.value);
                }
            }
        }
        for (arg, param) in lambdas {
            self.row_lambda(arg, param, types);
        }
        if !bound.ok {
            return None;
        }
        self.record_arguments(row, &bound, args, types);
        for param in row.type_params {
            if !types.iter().any(|(name, _)| *name == param.name) {
                types.push((param.name, Ty::INVALID));
            }
        }
        Some(bound)
    }

    /// Where a row takes a record, any declared `type` will do, and nothing
    /// else.
    fn record_arguments(&mut self, row: &Row, bound: &Bound, args: &[Arg], types: &mut Types) {
        for param in row
            .type_params
            .iter()
            .filter(|param| param.bound == Demand::Record)
        {
            let Some(slot) = types.iter_mut().find(|(name, _)| *name == param.name) else {
                continue;
            };
            if matches!(self.types.kind(slot.1), TyKind::Record(_) | TyKind::Invalid) {
                continue;
            }
            let ty = std::mem::replace(&mut slot.1, Ty::INVALID);
            let arg = bound
                .params
                .first()
                .copied()
                .flatten()
                .map(|arg| args[arg as usize].value);
            let Some(value) = arg else { continue };
            let message = format!("expected a record, found `{}`", self.shown(ty));
            let span = self.span(value);
            self.report(
                Diagnostic::new(Code::TYPE_MISMATCH, span, message)
                    .hint("rows are written from values of a type declared with `type`"),
            );
        }
    }

    /// Type arguments that a row wants to be written.
    fn named_types(&mut self, call: &Call, row: &Row, types: &mut Types, path: &str) -> bool {
        let count = row.type_params.len();
        if call.type_args.len() != count {
            let message = format!(
                "expected {count} type argument{}, found {}",
                if count == 1 { "" } else { "s" },
                call.type_args.len()
            );
            if call.type_args.is_empty() {
                let at = self.ast.range(call.callee).end;
                let span = self.at(fuse_syntax::TextRange::empty(at));
                self.report(
                    Diagnostic::new(Code::GENERIC_CALL_TYPE_ARG, span, message)
                        .hint(format!("say what is read: `{path}<Row>(...)`")),
                );
            } else {
                self.type_arg_error(call, message);
            }
            return false;
        }
        for (&arg, param) in self.ast[call.type_args].iter().zip(row.type_params) {
            let ty = self.type_expr(arg, Position::Stored);
            let fits = match param.bound {
                Demand::Decodable => self.relations.decodable(self.types, self.decls, ty),
                Demand::Record => {
                    matches!(self.types.kind(ty), TyKind::Record(_) | TyKind::Invalid)
                }
                _ => true,
            };
            if !fits && !ty.is_invalid() {
                let message = format!("`{}` cannot be decoded", self.shown(ty));
                let span = self.ast.span(arg);
                self.report(Diagnostic::new(Code::GENERIC_BOUND, span, message).hint(
                    "decode to a type made of records, enums, lists, maps, text and numbers",
                ));
            }
            types.push((param.name, if fits { ty } else { Ty::INVALID }));
        }
        true
    }

    fn row_argument(&mut self, arg: &Arg, param: &'static Param, types: &mut Types) {
        let value = arg.value;
        match param.ty {
            TypeSpec::Any | TypeSpec::Encodable => {
                self.displayed(value);
            }
            TypeSpec::OneOf(choices) => self.one_of(value, choices, types),
            spec if unsolved(&spec, types) => {
                let mark = self.sink.mark();
                let ty = self.value(value, Want::NOTHING);
                self.learn_spec(&spec, ty, value, types);
                let target = spec_type(self.types, &spec, types);
                self.coerce_read(value, ty, target, mark);
            }
            spec => {
                let target = spec_type(self.types, &spec, types);
                self.check(value, target, Slot::Plain);
            }
        }
        self.role_rules(value, param.role);
    }

    fn one_of(&mut self, value: ExprId, choices: &'static [TypeSpec], types: &Types) {
        let mark = self.sink.mark();
        let ty = self.value(value, Want::NOTHING);
        for choice in choices {
            let target = spec_type(self.types, choice, types);
            match self.place(value, ty, target, Slot::Plain) {
                Placed::Yes | Placed::Reported => return,
                Placed::No => {}
            }
        }
        if !self.sink.reported_since(mark) {
            let names: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            let message = format!(
                "expected {}, found `{}`",
                names.join(" or "),
                self.shown(ty)
            );
            let span = self.span(value);
            self.error(Code::TYPE_MISMATCH, span, message);
        }
    }

    fn row_lambda(&mut self, arg: &Arg, param: &'static Param, types: &mut Types) {
        let value = arg.value;
        let inner = match &param.ty {
            TypeSpec::Option(inner) => inner,
            plain => plain,
        };
        let spec = match inner {
            TypeSpec::Fn(params, result) => Some((*params, *result)),
            _ => None,
        };
        let Some((params, result)) = spec else {
            self.row_argument(arg, param, types);
            return;
        };
        let mark = self.sink.mark();
        let params: Vec<Option<Ty>> = params
            .iter()
            .map(|param| (!unsolved(param, types)).then(|| spec_type(self.types, param, types)))
            .collect();
        let want = (!unsolved(result, types)).then(|| spec_type(self.types, result, types));
        let ty = self.lambda_value(value, &params, want);
        if let TyKind::Fn(_, found) = self.types.kind(ty) {
            self.learn_spec(result, found, value, types);
        }
        let target = spec_type(self.types, &param.ty, types);
        self.coerce(value, ty, target, Slot::Plain, mark);
    }

    /// Learns type parameters of a row from an argument.
    fn learn_spec(&mut self, spec: &TypeSpec, ty: Ty, value: ExprId, types: &mut Types) {
        let ty = self.types.unboxed(ty);
        match (spec, self.types.kind(self.types.unrefined(ty))) {
            (TypeSpec::Param(name), kind) => {
                if types.iter().any(|(known, _)| known == name) {
                    return;
                }
                let base = self.types.unrefined(ty);
                let base = if self.function_stored(value, base) {
                    Ty::INVALID
                } else {
                    base
                };
                let settled = match kind {
                    TyKind::Option(Ty::NEVER) => Ty::VALUE,
                    _ => base,
                };
                types.push((name, settled));
            }
            (TypeSpec::List(spec), TyKind::List(ty))
            | (TypeSpec::Option(spec), TyKind::Option(ty)) => {
                self.learn_spec(spec, ty, value, types);
            }
            (TypeSpec::Option(spec), _) => self.learn_spec(spec, ty, value, types),
            (TypeSpec::Map(key, spec), TyKind::Map(of, ty)) => {
                self.learn_spec(key, of, value, types);
                self.learn_spec(spec, ty, value, types);
            }
            (TypeSpec::Fn(params, result), TyKind::Fn(found, of)) => {
                let found = self.types.members(found).to_vec();
                for (spec, ty) in params.iter().zip(found) {
                    self.learn_spec(spec, ty, value, types);
                }
                self.learn_spec(result, of, value, types);
            }
            _ => {}
        }
    }

    fn record_row(
        &mut self,
        id: ExprId,
        call: &Call,
        callee: Callee,
        row: &Row,
        bound: &Bound,
        types: &Types,
    ) {
        let args: &[Arg] = &self.ast[call.args];
        let sources = bound.params.iter().map(|arg| match arg {
            Some(arg) => ArgSource::Expr(args[*arg as usize].value),
            None => ArgSource::Default,
        });
        let sources: SmallVec<[ArgSource; 8]> = sources.collect();
        let type_args: SmallVec<[Ty; 4]> = row
            .type_params
            .iter()
            .map(|param| {
                let found = types.iter().find(|(name, _)| *name == param.name);
                found.map_or(Ty::INVALID, |(_, ty)| *ty)
            })
            .collect();
        self.out.add_call(id, callee, sources, &type_args);
    }

    /// What is checked about an argument because of what it is for.
    fn role_rules(&mut self, value: ExprId, role: ParamRole) {
        match role {
            ParamRole::Regex => self.literal_regex(value),
            ParamRole::Sql => self.sql_text(value),
            ParamRole::QueryOperator => self.query_operator(value),
            ParamRole::SortDirection => self.sort_direction(value),
            _ => {}
        }
    }

    fn literal_regex(&mut self, value: ExprId) {
        let Expr::Str(text) = self.ast[self.ast.unparenthesized(value)] else {
            return;
        };
        if let Some(reason) = crate::regexes::pattern_error(self.ast.string(text)) {
            let span = self.span(value);
            self.error(
                Code::REGEX_INVALID,
                span,
                format!("invalid regex: {reason}"),
            );
        }
    }
}

fn formals(params: &[Param], names: &[Sym]) -> SmallVec<[Formal; 8]> {
    params
        .iter()
        .zip(names)
        .map(|(param, &name)| Formal {
            name,
            required: param.default.is_none() && !param.variadic,
        })
        .collect()
}

/// Whether a row's type mentions a parameter that is not known yet.
fn unsolved(spec: &TypeSpec, types: &Types) -> bool {
    match spec {
        TypeSpec::Param(name) => !types.iter().any(|(known, _)| known == name),
        TypeSpec::List(item) | TypeSpec::Option(item) => unsolved(item, types),
        TypeSpec::Map(a, b) | TypeSpec::Result(a, b) => unsolved(a, types) || unsolved(b, types),
        TypeSpec::Fn(params, result) => {
            params.iter().any(|param| unsolved(param, types)) || unsolved(result, types)
        }
        _ => false,
    }
}

//! Calls of declared functions: type arguments, explicit or inferred from the
//! arguments.

use fuse_syntax::ast::{Arg, Call, Expr, ExprId};
use fuse_syntax::{Code, Diagnostic, Fix, Span, TextRange};
use smallvec::SmallVec;

use super::args::{Bound, Formal};
use super::literal::Literal;
use super::{Checker, GenericCall, Need, Owner, Want};
use crate::decls::resolve::Position;
use crate::decls::{Function, TypeParam};
use crate::ids::FnId;
use crate::relate::Slot;
use crate::sink::Mark;
use crate::typed::{ArgSource, Callee};
use crate::types::{Contains, Ty, TyKind};

/// Type arguments on the way to being known.
pub(super) struct Solution {
    callee: FnId,
    /// The argument of each parameter.
    pub(super) types: SmallVec<[Option<Ty>; 4]>,
    /// For each parameter, where its argument came from.
    sources: SmallVec<[Option<Span>; 4]>,
    conflicts: SmallVec<[u32; 2]>,
}

impl Checker<'_> {
    /// A call of a declared function, method or member.
    pub(super) fn function_call(
        &mut self,
        id: ExprId,
        call: &Call,
        function: FnId,
        callee: Callee,
    ) -> Ty {
        let decl = self.decls.function(function);
        self.facts.calls.push((self.body.owner, function));
        let self_type = match callee {
            Callee::BoundMember { of, .. } => Some(of),
            _ => None,
        };
        let children = match call.block {
            Some(_) => match self.takes_children(id, decl) {
                true => true,
                false => return self.abandoned(call),
            },
            None => false,
        };
        let formals: SmallVec<[Formal; 8]> = decl
            .params
            .iter()
            .map(|param| Formal {
                name: param.name,
                required: param.default.is_none(),
            })
            .collect();
        let Some(mut solution) = self.explicit(call, function, decl) else {
            return self.abandoned(call);
        };
        let formals = self.with_block(formals, children);
        let bound = self.bind(id, call.args, &formals, children);
        let mark = self.sink.mark();
        let params: SmallVec<[Ty; 8]> = decl
            .params
            .iter()
            .map(|param| match self_type {
                Some(of) => self.types.with_self(param.ty, of),
                None => param.ty,
            })
            .collect();
        if decl.type_params.is_empty() {
            self.plain_arguments(call, &bound, &params);
        } else {
            self.generic_arguments(call, &bound, &params, &mut solution);
        }
        if let Some(block) = call.block {
            self.html_children(block);
        }
        self.call_rules(id, function);
        let result = match self_type {
            Some(of) => self.types.with_self(decl.result, of),
            None => decl.result,
        };
        if !bound.ok || !self.solved(id, decl, &solution, mark) {
            return if decl.type_params.is_empty() {
                result
            } else {
                Ty::INVALID
            };
        }
        let type_args: SmallVec<[Ty; 4]> = solution
            .types
            .iter()
            .map(|ty| ty.unwrap_or(Ty::INVALID))
            .collect();
        self.check_bounds(decl, &solution);
        self.note_call(id, call, callee, &bound, &type_args, children);
        self.note_generic_call(id, function, &type_args);
        self.types.instantiate(result, function, &type_args)
    }

    /// The function around, if types in it depend on its type parameters.
    fn generic_owner(&self) -> Option<FnId> {
        match self.body.owner {
            Owner::Function(id) if !self.body.type_params.is_empty() => Some(id),
            _ => None,
        }
    }

    /// Attributes may be left out where a block gives the children.
    fn with_block(
        &self,
        mut formals: SmallVec<[Formal; 8]>,
        children: bool,
    ) -> SmallVec<[Formal; 8]> {
        if children {
            let count = formals.len();
            for formal in formals.iter_mut().skip(count.saturating_sub(2)) {
                formal.required = false;
            }
        }
        formals
    }

    /// Whether a function may have an HTML block: it gives markup and its
    /// parameters end in attributes and children.
    fn takes_children(&mut self, id: ExprId, decl: &Function) -> bool {
        if decl.result != Ty::HTML {
            self.block_return(id, decl.result);
            return false;
        }
        let shape = matches!(
            decl.params[..],
            [.., attrs, children] if attrs.ty == Ty::ATTRIBUTES && children.ty == Ty::CHILDREN
        );
        if !shape {
            let name = self.text(decl.name);
            let message = format!("`{name}` takes no children");
            let span = self.span(id);
            self.report(Diagnostic::new(Code::WRONG_ARITY, span, message).hint(
                "its last parameters would be `attrs: Map<String, String>` and `children: List<Html>`",
            ));
        }
        shape
    }

    /// Type arguments that are written; nothing when their number is wrong.
    fn explicit(&mut self, call: &Call, callee: FnId, decl: &Function) -> Option<Solution> {
        let count = decl.type_params.len();
        let mut solution = Solution {
            callee,
            types: SmallVec::from_elem(None, count),
            sources: SmallVec::from_elem(None, count),
            conflicts: SmallVec::new(),
        };
        if call.type_args.is_empty() {
            return Some(solution);
        }
        if count == 0 {
            let name = format!("`{}`", self.text(decl.name));
            self.not_generic(call, &name);
            return None;
        }
        let mut types: SmallVec<[(Ty, Span); 4]> = SmallVec::new();
        for &arg in &self.ast[call.type_args] {
            let ty = self.type_expr(arg, Position::Stored);
            types.push((ty, self.ast.span(arg)));
        }
        if types.len() != count {
            let message = format!(
                "expected {count} type argument{}, found {}",
                if count == 1 { "" } else { "s" },
                types.len()
            );
            let surplus = self.ast[call.type_args].get(count..).and_then(<[_]>::last);
            let place = surplus.map(|&last| {
                let kept = self.ast[call.type_args][count - 1];
                self.at(TextRange::new(
                    self.ast.range(kept).end,
                    self.ast.range(last).end,
                ))
            });
            let span = self.type_args_span(call);
            let mut diagnostic = Diagnostic::new(Code::GENERIC_CALL_TYPE_ARG, span, message);
            if let Some(place) = place {
                let fix = Fix::replace("remove the surplus", place, "");
                diagnostic = diagnostic.fix(fix.unsafe_to_apply());
            }
            self.report(diagnostic);
            return None;
        }
        for (at, (ty, span)) in types.into_iter().enumerate() {
            solution.types[at] = Some(ty);
            solution.sources[at] = Some(span);
        }
        Some(solution)
    }

    /// Arguments whose types are known.
    fn plain_arguments(&mut self, call: &Call, bound: &Bound, params: &[Ty]) {
        for (arg, param) in self.ast[call.args].iter().zip(&bound.args) {
            match param.map(|param| params[param as usize]) {
                Some(ty) => {
                    self.check(arg.value, ty, Slot::Plain);
                }
                None => {
                    self.anything(arg.value);
                }
            }
        }
    }

    /// Arguments that may decide type arguments: integer literals after the
    /// others, since they may be floats, and lambdas last, since their
    /// parameters take types from the others.
    fn generic_arguments(
        &mut self,
        call: &Call,
        bound: &Bound,
        params: &[Ty],
        solution: &mut Solution,
    ) {
        let args = &self.ast[call.args];
        let mut checked: SmallVec<[(ExprId, Ty, Ty, Mark); 8]> = SmallVec::new();
        let mut lambdas: SmallVec<[(ExprId, Ty); 2]> = SmallVec::new();
        for (arg, param) in args.iter().zip(&bound.args) {
            let Some(param) = param.map(|param| params[param as usize]) else {
                self.anything(arg.value);
                continue;
            };
            if self.is_lambda(arg.value) && self.unsolved(param, solution) {
                lambdas.push((arg.value, param));
                continue;
            }
            let mark = self.sink.mark();
            let hint =
                (!self.unsolved(param, solution)).then(|| self.instantiated(param, solution));
            let hint = self.offered(arg.value, hint);
            let ty = self.value(arg.value, Want::maybe(hint));
            checked.push((arg.value, param, ty, mark));
            if !matches!(self.literal(arg.value), Some(Literal::Int(_))) {
                self.unify(param, ty, self.ast.span(arg.value), solution);
            }
        }
        for &(value, param, ty, _) in &checked {
            if let Some(Literal::Int(_)) = self.literal(value) {
                self.unify(param, ty, self.ast.span(value), solution);
            }
        }
        for (value, param) in lambdas {
            self.generic_lambda(value, param, solution);
        }
        // Types that disagree are reported for the call as a whole.
        if !solution.conflicts.is_empty() {
            return;
        }
        for (value, param, ty, mark) in checked {
            let target = self.instantiated(param, solution);
            self.coerce_read(value, ty, target, mark);
        }
    }

    fn generic_lambda(&mut self, value: ExprId, param: Ty, solution: &mut Solution) {
        let mark = self.sink.mark();
        let TyKind::Fn(params, result) = self.types.kind(param) else {
            self.anything(value);
            return;
        };
        let params: Vec<Ty> = self.types.members(params).to_vec();
        let params: Vec<Option<Ty>> = params
            .into_iter()
            .map(|ty| (!self.unsolved(ty, solution)).then(|| self.instantiated(ty, solution)))
            .collect();
        let result =
            (!self.unsolved(result, solution)).then(|| self.instantiated(result, solution));
        let ty = self.lambda_value(value, &params, result);
        self.unify(param, ty, self.ast.span(value), solution);
        let target = self.instantiated(param, solution);
        self.coerce(value, ty, target, Slot::Plain, mark);
    }

    pub(super) fn is_lambda(&self, value: ExprId) -> bool {
        matches!(self.ast[self.ast.unparenthesized(value)], Expr::Lambda(_))
    }

    fn unsolved(&mut self, ty: Ty, solution: &Solution) -> bool {
        let mut unsolved = false;
        self.types.rewrite(ty, Contains::PARAM, &mut |_, kind| {
            if let TyKind::Param(owner, index) = kind
                && owner == solution.callee
            {
                unsolved |= solution
                    .types
                    .get(index as usize)
                    .copied()
                    .flatten()
                    .is_none();
            }
            None
        });
        unsolved
    }

    fn instantiated(&mut self, ty: Ty, solution: &Solution) -> Ty {
        let types: SmallVec<[Ty; 4]> = solution
            .types
            .iter()
            .map(|ty| ty.unwrap_or(Ty::INVALID))
            .collect();
        self.types.instantiate(ty, solution.callee, &types)
    }

    /// Learns type arguments from an argument.
    fn unify(&mut self, param: Ty, ty: Ty, source: Span, solution: &mut Solution) {
        if !self.types.contains(param).any(Contains::PARAM) {
            return;
        }
        if ty.is_invalid() {
            self.give_up(param, solution);
            return;
        }
        match (self.types.kind(param), self.types.kind(ty)) {
            (TyKind::Param(owner, index), _) if owner == solution.callee => {
                let ty = self.types.base(ty);
                self.learn(index, ty, source, solution);
            }
            (_, TyKind::Box(ty)) if !matches!(self.types.kind(param), TyKind::Box(_)) => {
                self.unify(param, ty, source, solution);
            }
            (_, TyKind::Refined(base, _)) => self.unify(param, base, source, solution),
            (TyKind::Refined(param, _), _) => self.unify(param, ty, source, solution),
            (TyKind::List(param), TyKind::List(ty))
            | (TyKind::Option(param), TyKind::Option(ty))
            | (TyKind::Box(param), TyKind::Box(ty)) => self.unify(param, ty, source, solution),
            (TyKind::Map(key, param), TyKind::Map(of, ty)) => {
                self.unify(key, of, source, solution);
                self.unify(param, ty, source, solution);
            }
            (TyKind::Result(param, _), TyKind::Result(ty, _)) => {
                self.unify(param, ty, source, solution);
            }
            (TyKind::Fn(params, result), TyKind::Fn(types, of)) => {
                let params = self.types.members(params).to_vec();
                let types = self.types.members(types).to_vec();
                for (param, ty) in params.into_iter().zip(types) {
                    self.unify(param, ty, source, solution);
                }
                self.unify(result, of, source, solution);
            }
            (TyKind::Option(param) | TyKind::Result(param, _) | TyKind::Box(param), _) => {
                self.unify(param, ty, source, solution);
            }
            _ => {}
        }
    }

    fn learn(&mut self, index: u32, ty: Ty, source: Span, solution: &mut Solution) {
        let at = index as usize;
        if ty == Ty::NEVER || ty == Ty::NULL {
            return;
        }
        match solution.types[at] {
            None => {
                solution.types[at] = Some(ty);
                solution.sources[at] = Some(source);
            }
            Some(known) if known == ty || known.is_invalid() => {}
            Some(known) => match self.relations.join(self.types, self.decls, known, ty) {
                Some(joined) => solution.types[at] = Some(joined),
                // An integer literal beside a float fits later or is reported.
                None if known == Ty::FLOAT && ty == Ty::INT => {}
                None => solution.conflicts.push(index),
            },
        }
    }

    /// After an error nothing more is said about the parameters in a type.
    fn give_up(&mut self, param: Ty, solution: &mut Solution) {
        let callee = solution.callee;
        let types = &mut solution.types;
        self.types.rewrite(param, Contains::PARAM, &mut |_, kind| {
            if let TyKind::Param(owner, index) = kind
                && owner == callee
                && let Some(slot) = types.get_mut(index as usize)
            {
                slot.get_or_insert(Ty::INVALID);
            }
            None
        });
    }

    /// Whether every type argument is known; reports the others.
    fn solved(&mut self, id: ExprId, decl: &Function, solution: &Solution, mark: Mark) -> bool {
        let open: Vec<&TypeParam> = decl
            .type_params
            .iter()
            .zip(0u32..)
            .filter(|(_, index)| {
                solution.types[*index as usize].is_none() || solution.conflicts.contains(index)
            })
            .map(|(param, _)| param)
            .collect();
        if open.is_empty() {
            return true;
        }
        if self.sink.reported_since(mark) {
            return false;
        }
        let names: Vec<&str> = open.iter().map(|param| self.text(param.name)).collect();
        let message = format!(
            "cannot infer {}",
            crate::words::listed(names.iter().copied())
        );
        let all: Vec<&str> = decl.type_params.iter().map(|_| "Int").collect();
        let hint = if solution.conflicts.is_empty() {
            format!(
                "give them: `{}<{}>(...)`",
                self.text(decl.name),
                all.join(", ")
            )
        } else {
            format!(
                "the arguments disagree; say which type it is: `{}<{}>(...)`",
                self.text(decl.name),
                all.join(", ")
            )
        };
        let span = self.span(id);
        self.report(Diagnostic::new(Code::GENERIC_INFERENCE, span, message).hint(hint));
        false
    }

    /// Whether each type argument implements the bound of its parameter.
    fn check_bounds(&mut self, decl: &Function, solution: &Solution) {
        for (param, at) in decl.type_params.iter().zip(0..) {
            let Some(ty) = solution.types[at] else {
                continue;
            };
            let span = solution.sources[at].unwrap_or_default();
            if self.types.contains(ty).any(Contains::FUNCTION) {
                self.report(
                    Diagnostic::new(
                        Code::FUNCTION_TYPE,
                        span,
                        "a function cannot be stored here",
                    )
                    .hint("a type parameter never stands for a function"),
                );
                continue;
            }
            let Some(interface) = param.bound else {
                continue;
            };
            if ty.is_invalid() || self.implements(ty, interface) {
                continue;
            }
            let name = self.text(self.decls.interface(interface).name).to_owned();
            let shown = self.shown(ty).to_string();
            let message = format!("`{shown}` does not implement `{name}`");
            self.report(
                Diagnostic::new(Code::GENERIC_BOUND, span, message)
                    .hint(format!("implement it: `impl {name} for {shown}:`")),
            );
        }
    }

    /// Whether a type implements an interface.
    pub(super) fn implements(&self, ty: Ty, interface: crate::ids::InterfaceId) -> bool {
        match self.types.kind(ty) {
            TyKind::Param(owner, index) => {
                let params = &self.decls.function(owner).type_params;
                params
                    .get(index as usize)
                    .is_some_and(|param| param.bound == Some(interface))
            }
            _ => self.decls.impl_of(interface, ty).is_some(),
        }
    }

    fn note_call(
        &mut self,
        id: ExprId,
        call: &Call,
        callee: Callee,
        bound: &Bound,
        type_args: &[Ty],
        children: bool,
    ) {
        let args: &[Arg] = &self.ast[call.args];
        let last = bound.params.len().saturating_sub(1);
        let sources: SmallVec<[ArgSource; 8]> = bound
            .params
            .iter()
            .enumerate()
            .map(|(at, arg)| match (arg, call.block) {
                (Some(arg), _) => ArgSource::Expr(args[*arg as usize].value),
                (None, Some(block)) if children && at == last => ArgSource::Block(block),
                (None, Some(_)) if children && at + 1 == last => ArgSource::NoAttributes,
                (None, _) => ArgSource::Default,
            })
            .collect();
        self.out.add_call(id, callee, sources, type_args);
    }

    /// The declared arguments of a component; its type arguments, when all
    /// are known.
    pub(super) fn component_values(
        &mut self,
        id: ExprId,
        call: &Call,
        component: FnId,
        own: &[Option<u32>],
    ) -> Option<SmallVec<[Ty; 4]>> {
        let decl = self.decls.function(component);
        let count = self.ast[call.args].len();
        let mut bound = Bound {
            params: own.into(),
            args: SmallVec::from_elem(None, count),
            ok: true,
        };
        for (arg, param) in own.iter().zip(0u32..) {
            if let Some(arg) = arg {
                bound.args[*arg as usize] = Some(param);
            }
        }
        let mut solution = self.explicit(call, component, decl)?;
        let mark = self.sink.mark();
        let params: SmallVec<[Ty; 8]> = decl.params.iter().map(|param| param.ty).collect();
        self.bound_arguments(call, &bound, &params, &mut solution);
        if !self.solved(id, decl, &solution, mark) {
            return None;
        }
        self.check_bounds(decl, &solution);
        let type_args: SmallVec<[Ty; 4]> = solution
            .types
            .iter()
            .map(|ty| ty.unwrap_or(Ty::INVALID))
            .collect();
        self.note_generic_call(id, component, &type_args);
        Some(type_args)
    }

    fn note_generic_call(&mut self, id: ExprId, callee: FnId, type_args: &[Ty]) {
        if type_args.is_empty() {
            return;
        }
        self.facts.generic_calls.push(GenericCall {
            owner: self.generic_owner(),
            callee,
            type_args: type_args.into(),
            span: self.ast.span(id),
        });
    }

    /// Checks the arguments that are bound to a parameter.
    fn bound_arguments(
        &mut self,
        call: &Call,
        bound: &Bound,
        params: &[Ty],
        solution: &mut Solution,
    ) {
        let args = &self.ast[call.args];
        for (arg, param) in args.iter().zip(&bound.args) {
            let Some(param) = param.map(|param| params[param as usize]) else {
                continue;
            };
            if solution.types.is_empty() {
                self.check(arg.value, param, Slot::Plain);
                continue;
            }
            let mark = self.sink.mark();
            let hint =
                (!self.unsolved(param, solution)).then(|| self.instantiated(param, solution));
            let ty = self.value(arg.value, Want::maybe(hint));
            self.unify(param, ty, self.ast.span(arg.value), solution);
            let target = self.instantiated(param, solution);
            self.coerce_read(arg.value, ty, target, mark);
        }
    }

    /// Notes what a generic body needs of the types that stand for the
    /// parameters inside `ty`.
    pub(super) fn demand(&mut self, ty: Ty, need: Need) {
        if !self.types.contains(ty).any(Contains::PARAM) {
            return;
        }
        let needs = &mut self.facts.needs;
        self.types.rewrite(ty, Contains::PARAM, &mut |_, kind| {
            if let TyKind::Param(owner, index) = kind
                && !needs.contains(&(owner, index, need))
            {
                needs.push((owner, index, need));
            }
            None
        });
    }
}

//! Lambdas and spawned blocks: functions of their own, with what they capture.

use fuse_syntax::ast;

use super::{Body, Raise, Variable};
use crate::canon::{Expr, ExprId, Function, FunctionId, FunctionKind, Local, Span, Stmt, Type};
use crate::lower::{items::number, span as source_span};
use crate::typed::{self, ParamOwner};

impl<'a> Body<'_, 'a> {
    /// Reserves a function that is part of this one.
    fn reserve(&mut self, kind: FunctionKind, word: &str) -> (FunctionId, Function) {
        let symbol = format!("{}.{word}{}", self.f.symbol, self.closures);
        self.closures += 1;
        let name = self.intern(word);
        let function = Function::new(symbol, name, kind, self.f.module, self.f.file);
        let id = FunctionId::from_index(self.lower.program.functions.len());
        self.lower.program.functions.push(function.clone());
        (id, function)
    }

    /// A body inside this one, which knows what it captures.
    fn inner(&mut self, id: FunctionId, function: Function) -> Body<'_, 'a> {
        let mut env = self.env.clone();
        if function.kind == FunctionKind::Lambda {
            env.task_error = None;
        }
        Body::new(self.lower, self.module, id, function, env, self.origin)
    }

    /// The values of captured variables, as they are now. Fields of a config
    /// are no variables.
    fn captured(
        &mut self,
        captures: &[typed::LocalId],
        span: Span,
    ) -> Vec<(typed::LocalId, ExprId)> {
        let mut values = Vec::new();
        for local in captures {
            if let Variable::Local(outer) = self.variable(*local) {
                values.push((*local, self.read(outer, span)));
            }
        }
        values
    }

    pub(super) fn lambda(
        &mut self,
        expr: ast::ExprId,
        lambda: ast::LambdaId,
        span: Span,
    ) -> ExprId {
        let ty = self.own_type(expr);
        let (params, result) = match self.shape(ty) {
            Type::Fn { params, result } => (params.to_vec(), *result),
            _ => (Vec::new(), crate::canon::TypeId::NEVER),
        };
        let lambda = self.ast[lambda];
        let captures = self.captured(self.typed.captures(expr), span);
        let configs = self.config_variables();
        let (id, mut function) = self.reserve(FunctionKind::Lambda, "lambda");
        function.span = span;
        function.result = result;
        let types: Vec<_> = captures
            .iter()
            .map(|(_, value)| self.f.ty(*value))
            .collect();
        let mut body = self.inner(id, function);
        body.variables.extend(configs);
        let start = lambda.params.indices().start;
        for (index, (param, ty)) in body.ast[lambda.params].iter().zip(params).enumerate() {
            let owner = ParamOwner::LambdaParam(number(start + index));
            let name = body.ast.text(param.name);
            body.param(owner, name, ty);
        }
        body.captures(&captures, &types);
        let at = body.span(lambda.body);
        let value = body.expr(lambda.body);
        let value = body.adjust(value, result, at);
        body.finish_with(value, at);
        let values: Vec<_> = captures.into_iter().map(|(_, value)| value).collect();
        let captures = self.f.run(&values);
        self.e(
            Expr::Closure {
                function: id,
                captures,
            },
            ty,
            span,
        )
    }

    pub(super) fn spawn(&mut self, expr: ast::ExprId, block: ast::BlockId, span: Span) -> ExprId {
        let ty = self.own_type(expr);
        let result = match *self.shape(ty) {
            Type::Task(result) => result,
            _ => crate::canon::TypeId::NEVER,
        };
        let captures = self.captured(self.typed.captures(expr), span);
        let configs = self.config_variables();
        let raise = self.raise.map(|raise| Raise { result, ..raise });
        let (id, mut function) = self.reserve(FunctionKind::Spawn, "spawn");
        function.span = span;
        function.result = result;
        let types: Vec<_> = captures
            .iter()
            .map(|(_, value)| self.f.ty(*value))
            .collect();
        let mut body = self.inner(id, function);
        body.variables.extend(configs);
        body.captures(&captures, &types);
        body.raise = raise;
        body.spawned(block);
        let values: Vec<_> = captures.into_iter().map(|(_, value)| value).collect();
        let captures = self.f.run(&values);
        self.e(
            Expr::Spawn {
                function: id,
                captures,
            },
            ty,
            span,
        )
    }

    /// A spawned block ends with the value of its last statement.
    fn spawned(mut self, block: ast::BlockId) {
        let at = source_span(self.ast.range(block));
        self.out.push(Vec::new());
        let value = self.stmts(block);
        if !self.passed() {
            let value = value.unwrap_or_else(|| self.unit(at));
            let result = self.f.result;
            let value = match self.raise {
                Some(_) => self.ok(value, result, at),
                None => self.adjust(value, result, at),
            };
            let value = self.flat(value);
            let value = self.leave_with(value, 0, at);
            self.push(Stmt::Return(value), at);
        }
        let end = self.unreachable(at);
        let body = self.close_block(end, at);
        self.finish(body);
    }

    fn captures(&mut self, captures: &[(typed::LocalId, ExprId)], types: &[crate::canon::TypeId]) {
        for ((local, _), ty) in captures.iter().zip(types) {
            let declared = *self.typed.local(*local);
            let name = self.intern(self.ast.names.text(declared.name));
            let made = self.f.local(Local {
                name,
                ty: *ty,
                mutable: false,
                span: source_span(declared.range),
            });
            self.f.captures += 1;
            self.variables.insert(*local, Variable::Local(made));
        }
    }

    fn config_variables(&self) -> Vec<(typed::LocalId, Variable)> {
        let configs = self.variables.iter();
        configs
            .filter(|(_, variable)| matches!(variable, Variable::Config(..)))
            .map(|(local, variable)| (*local, *variable))
            .collect()
    }
}

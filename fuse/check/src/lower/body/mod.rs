//! The body of one function.

mod adjust;
mod call;
mod chain;
mod closure;
mod construct;
mod control;
mod entry;
mod expr;
mod html;
mod operator;
mod pass;
mod pattern;
mod place;
mod stmt;
mod tasks;

use fuse_syntax::ast;
use rustc_hash::FxHashMap;

use super::{Lower, Origin, span, types::Env};
use crate::canon::{
    self, ConfigId, Expr, ExprId, Function, FunctionId, Local, LocalId, Span, Stmt, StmtId, StrId,
    TypeId,
};
use crate::load::ModuleId;
use crate::typed::{self, LocalKind, TypedModule};
use crate::types::Ty;
use tasks::TaskVar;

/// Where `?!` of a body leads.
#[derive(Clone, Copy, Debug)]
struct Raise {
    /// The type of the error, possibly a union.
    error: TypeId,
    /// The result of the function, of that error.
    result: TypeId,
    /// Whether a value that fails its validation leaves this way too.
    validation: Option<ValidationDomain>,
}

/// The domain that takes the failure of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValidationDomain {
    /// `std.Error.Validation`.
    Validation,
    /// `std.Error`.
    StdError,
}

/// What a variable of the source is here.
#[derive(Clone, Copy, Debug)]
enum Variable {
    Local(LocalId),
    /// A field that the default of a later field of the same config reads.
    Config(ConfigId, u32),
}

pub(super) struct Body<'l, 'a> {
    lower: &'l mut Lower<'a>,
    module: ModuleId,
    ast: &'a ast::Module,
    typed: &'a TypedModule,
    env: Env,
    origin: Origin,
    id: FunctionId,
    f: Function,
    variables: FxHashMap<typed::LocalId, Variable>,
    /// Statements of the blocks that are being made, innermost last.
    out: Vec<Vec<StmtId>>,
    raise: Option<Raise>,
    /// Optional links of the postfix chain that is being made.
    links: Vec<chain::Link>,
    tasks: Vec<TaskVar>,
    /// How many blocks are open here.
    depth: u32,
    /// The depths of the loops around.
    loops: Vec<u32>,
    /// How many decisions around this point may go another way.
    conditional: u32,
    /// Lambdas and spawned blocks made so far.
    closures: u32,
}

impl<'l, 'a> Body<'l, 'a> {
    fn new(
        lower: &'l mut Lower<'a>,
        module: ModuleId,
        id: FunctionId,
        f: Function,
        env: Env,
        origin: Origin,
    ) -> Self {
        let ast = lower.ast(module);
        let typed = lower.typed[module.index()];
        Self {
            lower,
            module,
            ast,
            typed,
            env,
            origin,
            id,
            f,
            variables: FxHashMap::default(),
            out: Vec::new(),
            raise: None,
            links: Vec::new(),
            tasks: Vec::new(),
            depth: 0,
            loops: Vec::new(),
            conditional: 0,
            closures: 0,
        }
    }

    /// The type of the program that a type of the checker is in this body.
    fn ty(&mut self, ty: Ty) -> TypeId {
        self.lower.ty(ty, &self.env)
    }

    fn types(&mut self) -> &mut canon::Types {
        &mut self.lower.program.types
    }

    fn shape(&self, ty: TypeId) -> &canon::Type {
        self.lower.program.types.get(ty)
    }

    /// The shape without refinements, `Id` and `Email`.
    fn base_shape(&self, ty: TypeId) -> &canon::Type {
        let types = &self.lower.program.types;
        types.get(types.base(ty))
    }

    fn same(&self, a: TypeId, b: TypeId) -> bool {
        self.lower.program.types.same_representation(a, b)
    }

    fn intern(&mut self, text: &str) -> StrId {
        self.lower.intern(text)
    }

    fn span(&self, expr: ast::ExprId) -> Span {
        span(self.ast.range(expr))
    }

    /// Where new functions are asked for from, by a call at this expression.
    fn asking(&self, call: ast::ExprId) -> Origin {
        Origin {
            depth: self.origin.depth,
            call: self.origin.call.or_else(|| Some(self.ast.span(call))),
        }
    }

    // Making nodes.

    fn e(&mut self, expr: Expr, ty: TypeId, span: Span) -> ExprId {
        self.f.expr(expr, ty, span)
    }

    fn unit(&mut self, span: Span) -> ExprId {
        self.e(Expr::Unit, TypeId::UNIT, span)
    }

    fn str(&mut self, text: &str, span: Span) -> ExprId {
        let text = self.intern(text);
        self.e(Expr::Str(text), TypeId::STRING, span)
    }

    fn null(&mut self, ty: TypeId, span: Span) -> ExprId {
        self.e(Expr::Null, ty, span)
    }

    fn unreachable(&mut self, span: Span) -> ExprId {
        self.e(Expr::Unreachable, TypeId::NEVER, span)
    }

    fn read(&mut self, local: LocalId, span: Span) -> ExprId {
        let ty = self.f[local].ty;
        self.e(Expr::Local(local), ty, span)
    }

    fn push(&mut self, stmt: Stmt, span: Span) {
        let id = self.f.stmt(stmt, span);
        if let Some(block) = self.out.last_mut() {
            block.push(id);
        }
    }

    /// Moves the statements before a value out of it, into the innermost block,
    /// where they are evaluated just the same.
    fn flat(&mut self, value: ExprId) -> ExprId {
        let mut value = value;
        while let Expr::Block {
            stmts,
            value: inner,
        } = self.f[value]
        {
            let stmts = self.f[stmts].to_vec();
            if let Some(block) = self.out.last_mut() {
                block.extend(stmts);
            }
            value = inner;
        }
        value
    }

    /// Evaluates a value and drops it.
    fn push_value(&mut self, value: ExprId, span: Span) {
        let value = self.flat(value);
        if !matches!(self.f[value], Expr::Unit | Expr::Unreachable) {
            self.push(Stmt::Expr(value), span);
        }
    }

    /// A variable that only lowering knows.
    fn hidden(&mut self, ty: TypeId, span: Span) -> LocalId {
        let name = self.intern("");
        self.f.local(Local {
            name,
            ty,
            mutable: false,
            span,
        })
    }

    /// Puts a value into a variable, in the innermost block, unless it is in
    /// one that does not change.
    fn temp(&mut self, value: ExprId, span: Span) -> LocalId {
        let value = self.flat(value);
        if let Expr::Local(local) = self.f[value]
            && !self.f[local].mutable
        {
            return local;
        }
        let ty = self.f.ty(value);
        let local = self.hidden(ty, span);
        self.push(Stmt::Let { local, value }, span);
        local
    }

    /// An expression with statements of its own before it.
    fn with_block(&mut self, span: Span, make: impl FnOnce(&mut Self) -> ExprId) -> ExprId {
        self.out.push(Vec::new());
        let value = make(self);
        let value = self.flat(value);
        self.close_block(value, span)
    }

    /// Ends the innermost block with a value.
    fn close_block(&mut self, value: ExprId, span: Span) -> ExprId {
        let stmts = self.out.pop().unwrap_or_default();
        if stmts.is_empty() {
            return value;
        }
        let ends = stmts.last().is_some_and(|stmt| self.f.never_passes(*stmt));
        let value = if ends && !matches!(self.f[value], Expr::Unreachable) {
            self.unreachable(span)
        } else {
            value
        };
        let ty = self.f.ty(value);
        let stmts = self.f.run(&stmts);
        self.e(Expr::Block { stmts, value }, ty, span)
    }

    fn if_else(
        &mut self,
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
        span: Span,
    ) -> ExprId {
        let ty = match self.f.ty(then) {
            TypeId::NEVER => self.f.ty(otherwise),
            ty => ty,
        };
        self.e(
            Expr::If {
                condition,
                then,
                otherwise,
            },
            ty,
            span,
        )
    }

    /// Runs something that may not run: tasks awaited in it may not have been.
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.conditional += 1;
        let made = make(self);
        self.conditional -= 1;
        made
    }

    // Variables.

    /// Makes the variable that a variable of the source is.
    fn declare(&mut self, local: typed::LocalId) -> LocalId {
        let declared = *self.typed.local(local);
        let ty = self.ty(declared.ty);
        let name = self.intern(self.ast.names.text(declared.name));
        let made = self.f.local(Local {
            name,
            ty,
            mutable: declared.kind == LocalKind::Var,
            span: span(declared.range),
        });
        self.variables.insert(local, Variable::Local(made));
        made
    }

    /// A parameter, which may have no variable when nothing mentions it.
    fn param(&mut self, owner: typed::ParamOwner, name: &str, ty: TypeId) -> LocalId {
        let local = match self.typed.param_local(owner) {
            Some(local) => {
                let made = self.declare(local);
                self.f.locals[made.index()].ty = ty;
                made
            }
            None => {
                let name = self.intern(name);
                self.f.local(Local {
                    name,
                    ty,
                    mutable: false,
                    span: Span::default(),
                })
            }
        };
        self.f.params += 1;
        local
    }

    /// The variable that a variable of the source is here.
    fn variable(&mut self, local: typed::LocalId) -> Variable {
        match self.variables.get(&local) {
            Some(known) => *known,
            // Only what could not be checked mentions variables from elsewhere.
            None => Variable::Local(self.declare(local)),
        }
    }

    // Ending.

    /// Puts the body into the function.
    fn finish(mut self, body: ExprId) {
        self.f.body = body;
        self.lower.program.functions[self.id.index()] = self.f;
    }

    /// A body that gives one value.
    fn finish_with(mut self, value: ExprId, span: Span) {
        self.out.push(Vec::new());
        let value = self.flat(value);
        if !self.passed() {
            self.push(Stmt::Return(value), span);
        }
        let end = self.unreachable(span);
        let body = self.close_block(end, span);
        self.finish(body);
    }
}

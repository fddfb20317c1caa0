//! From what a function is made from to its parameters and body.

use fuse_syntax::ast;

use super::{Body, Raise, ValidationDomain, Variable};
use crate::canon::{Expr, Local, Span, Stmt, Type, TypeId};
use crate::decls::{Default, FunctionKind as Declared, Segment};
use crate::ids::{ConfigId, EnumId, FnId, RecordId, ServiceId};
use crate::lower::{Item, Job, Lower, Origin, items::number, span, types::Env};
use crate::typed::{BangKind, ParamOwner, Resolution};
use crate::types::Ty;

impl Lower<'_> {
    /// Makes the body of a function that was asked for.
    pub(in crate::lower) fn job(&mut self, job: Job) {
        let origin = Origin {
            depth: job.depth,
            // Inside a copy, what goes wrong is reported at the call outside.
            call: if job.key.args.is_empty() {
                None
            } else {
                job.asked
            },
        };
        let args = job.key.args.to_vec();
        let function = self.program.functions[job.id.index()].clone();
        let (module, ..) = self.head(job.key.item);
        let owner = match job.key.item {
            Item::Function(id) | Item::ParamDefault(id, _) => Some(id),
            _ => None,
        };
        let env = Env {
            owner,
            args,
            task_error: None,
        };
        let body = Body::new(self, module, job.id, function, env, origin);
        match job.key.item {
            Item::Function(id) => body.function(id),
            Item::ParamDefault(id, index) => body.param_default(id, index),
            Item::FieldDefault(id, index) => body.field_default(id, index),
            Item::ConfigDefault(id, index) => body.config_default(id, index),
            Item::Variant(id, index) => body.variant_function(id, index),
            Item::Route(id, index) => body.route(id, index),
            Item::App(module, index) => {
                let app = &body.lower.decls.module(module).apps[index as usize];
                let (block, range) = (app.body, body.ast[app.decl].range);
                body.entry(block, range);
            }
            Item::Migration(module, index) => {
                let migration = &body.lower.decls.module(module).migrations[index as usize];
                let (block, range) = (migration.body, body.ast[migration.decl].range);
                body.entry(block, range);
            }
            Item::Test(module, index) => {
                let test = &body.lower.decls.module(module).tests[index as usize];
                let (block, range) = (test.body, body.ast[test.decl].range);
                body.entry(block, range);
            }
        }
    }
}

impl Body<'_, '_> {
    /// Parameters up to, not including, one: what a default may mention.
    fn declared_params(&mut self, id: FnId, count: usize) {
        let decls = self.lower.decls;
        let function = decls.function(id);
        if function.instance {
            let ty = match function.kind {
                Declared::Method(implementation) => decls.implementation(implementation).target,
                _ => Ty::INVALID,
            };
            let ty = self.ty(ty);
            self.param(ParamOwner::Receiver(id.index), "self", ty);
        }
        let start = function.sig.params.indices().start;
        for (index, param) in function.params.iter().take(count).enumerate() {
            let ty = self.ty(param.ty);
            let name = self.lower.text(param.name);
            self.param(ParamOwner::Param(number(start + index)), name, ty);
        }
    }

    fn function(mut self, id: FnId) {
        let function = self.lower.decls.function(id);
        self.f.span = span(function.sig.range);
        self.declared_params(id, function.params.len());
        if function.kind == Declared::Component {
            self.param(
                ParamOwner::Attributes(id.index),
                "attrs",
                TypeId::ATTRIBUTES,
            );
            self.param(ParamOwner::Children(id.index), "children", TypeId::CHILDREN);
        }
        self.f.result = match function.kind {
            Declared::Component => TypeId::HTML,
            _ => self.ty(function.result),
        };
        self.raises_by_result();
        match function.body {
            Some(block) => self.body(block),
            None => self.finish_nothing(),
        }
    }

    fn param_default(mut self, id: FnId, index: u32) {
        let decls = self.lower.decls;
        let param = &decls.function(id).params[index as usize];
        self.declared_params(id, index as usize);
        self.f.result = self.ty(param.ty);
        match param.default {
            Some(default) => self.value(default),
            None => self.finish_nothing(),
        }
    }

    fn field_default(mut self, id: RecordId, index: u32) {
        let decls = self.lower.decls;
        let record = decls.record(id);
        let field = &record.fields[index as usize];
        for before in record.fields.iter().take(index as usize) {
            let ty = self.ty(before.ty);
            let name = self.lower.text(before.name);
            // Only fields of the same module are in scope of the default.
            let place = before
                .origin
                .module
                .filter(|module| *module == self.module)
                .and_then(|module| self.lower.field_index(module, before.origin.range));
            let owner = match place {
                Some(place) => ParamOwner::Field(number(place)),
                None => ParamOwner::Field(u32::MAX),
            };
            self.param(owner, name, ty);
        }
        self.f.result = self.ty(field.ty);
        match field.default {
            Default::Expr(default) => self.value(default),
            Default::Builtin(value) => {
                let at = Span::default();
                let ty = self.f.result;
                let value = self.builtin_default(value, ty, at);
                self.finish_with(value, at);
            }
            Default::None => self.finish_nothing(),
        }
    }

    fn config_default(mut self, id: ConfigId, index: u32) {
        let decls = self.lower.decls;
        let config = decls.config(id);
        let start = self.ast[config.decl].fields.indices().start;
        let canon = self.lower.configs[&id];
        for before in 0..index {
            let owner = ParamOwner::ConfigField(number(start) + before);
            if let Some(local) = self.typed.param_local(owner) {
                self.variables
                    .insert(local, Variable::Config(canon, before));
            }
        }
        let field = config.fields[index as usize];
        self.f.result = self.ty(field.ty);
        self.value(field.default);
    }

    fn variant_function(mut self, id: EnumId, index: u32) {
        let decls = self.lower.decls;
        let enumeration = decls.enumeration(id);
        let variant = &enumeration.variants[index as usize];
        let at = span(variant.range);
        self.f.span = at;
        let mut values = Vec::new();
        let mut checked = Vec::new();
        for (place, ty) in variant.payload.iter().enumerate() {
            let ty = self.ty(*ty);
            let name = variant
                .names
                .get(place)
                .map_or("", |name| self.lower.text(*name));
            let name = self.intern(name);
            let local = self.f.local(Local {
                name,
                ty,
                mutable: false,
                span: at,
            });
            self.f.params += 1;
            values.push(self.read(local, at));
        }
        self.f.result = self.lower.enum_type(id);
        let payload = self.f.run(&values);
        checked.clear();
        let checked = self.f.run(&checked);
        let variant = Expr::Variant {
            enumeration: self.lower.enums[&id],
            variant: index,
            payload,
            checked,
            fallible: false,
        };
        let ty = self.f.result;
        let value = self.e(variant, ty, at);
        self.finish_with(value, at);
    }

    fn route(mut self, id: ServiceId, index: u32) {
        let decls = self.lower.decls;
        let route = &decls.service(id).routes[index as usize];
        let written = <ast::Route as ast::Element>::pool(self.ast)[route.index as usize];
        self.f.span = span(written.range);
        for segment in &route.path {
            let (Segment::Param(param) | Segment::Wildcard(param)) = segment else {
                continue;
            };
            let ty = self.ty(param.ty);
            let name = self.lower.text(param.name);
            self.param(ParamOwner::Segment(param.segment), name, ty);
        }
        if let Some(body) = route.body {
            let ty = self.ty(body);
            self.param(ParamOwner::RouteBody(route.index), "body", ty);
        }
        self.f.result = self.ty(route.result);
        self.raises_by_result();
        self.body(route.block);
    }

    /// An app, migration or test. Errors that leave it are of whatever domains
    /// its own `?!` have.
    fn entry(mut self, block: ast::BlockId, range: fuse_syntax::TextRange) {
        self.f.span = span(range);
        let domains = self.raised_in(block);
        self.f.result = TypeId::UNIT;
        if !domains.is_empty() {
            let error = self.types().union(&domains);
            self.f.result = self.types().result(TypeId::UNIT, error);
            self.raises_by_result();
        }
        self.body(block);
    }

    /// The domains that `?!` leaves a block with.
    fn raised_in(&mut self, block: ast::BlockId) -> Vec<TypeId> {
        let range = self.ast.range(block);
        let mut found = Vec::new();
        for (_, id) in self.lower.bangs_in(self.module, range) {
            let ast::Expr::Bang { value, error } = self.ast[id] else {
                continue;
            };
            match self.typed.resolution(id) {
                Some(Resolution::Bang(BangKind::Propagate)) => {
                    let ty = self.lowered_type(value);
                    if let Type::Result { error, .. } = *self.shape(ty) {
                        found.push(error);
                    }
                }
                Some(Resolution::Bang(_)) => {
                    if let Some(error) = error {
                        found.push(self.lowered_type(error));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The type of an expression after its coercion.
    pub(super) fn lowered_type(&mut self, expr: ast::ExprId) -> TypeId {
        let coercion = self.lower.store.coercion_of(self.typed.coercion(expr));
        let ty = if self.typed.coercion(expr) == crate::typed::CoercionId::NONE {
            self.typed.ty(expr)
        } else {
            coercion.to
        };
        self.ty(ty)
    }

    /// A function whose result is a result can be left by `?!`.
    fn raises_by_result(&mut self) {
        let result = self.f.result;
        let Type::Result { error, .. } = *self.shape(result) else {
            return;
        };
        let validation = self.validation_domain(error);
        self.raise = Some(Raise {
            error,
            result,
            validation,
        });
        self.env.task_error = Some(error);
    }

    fn validation_domain(&self, error: TypeId) -> Option<ValidationDomain> {
        let program = &self.lower.program;
        let is = |record: fuse_builtins::RecordId| {
            program.types.domains(error).into_iter().any(|domain| {
                matches!(program.types.get(domain), Type::Record(id)
                    if program[*id].builtin == Some(record))
            })
        };
        if is(fuse_builtins::RecordId::Validation) {
            Some(ValidationDomain::Validation)
        } else if is(fuse_builtins::RecordId::StdError) {
            Some(ValidationDomain::StdError)
        } else {
            None
        }
    }

    /// A function that is its block.
    fn body(mut self, block: ast::BlockId) {
        let at = span(self.ast.range(block));
        self.out.push(Vec::new());
        self.stmts(block);
        if !self.passed() {
            self.join_scope(0);
            let unit = self.unit(at);
            let result = self.f.result;
            let value = self.adjust(unit, result, at);
            self.push(Stmt::Return(value), at);
        }
        let end = self.unreachable(at);
        let body = self.close_block(end, at);
        self.finish(body);
    }

    /// A default: one expression, whose validation is left to its place.
    fn value(mut self, expr: ast::ExprId) {
        let at = self.span(expr);
        self.f.span = at;
        let (value, _) = self.slot(expr);
        let result = self.f.result;
        let value = self.adjust(value, result, at);
        self.finish_with(value, at);
    }

    /// A function that nothing can call.
    fn finish_nothing(mut self) {
        let at = Span::default();
        self.out.push(Vec::new());
        let condition = self.e(Expr::Bool(true), TypeId::BOOL, at);
        let body = self.f.run(&[]);
        self.push(Stmt::While { condition, body }, at);
        let end = self.unreachable(at);
        let body = self.close_block(end, at);
        self.finish(body);
    }

    /// Whether control cannot get past the statements made so far.
    pub(super) fn passed(&self) -> bool {
        let Some(block) = self.out.last() else {
            return false;
        };
        // Nothing is made after the first statement that is never passed.
        block.last().is_some_and(|stmt| self.f.never_passes(*stmt))
    }
}

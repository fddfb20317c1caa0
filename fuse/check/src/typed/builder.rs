//! Filling in a [`TypedModule`] while bodies are checked.

use fuse_syntax::ast::{self, ExprId, PatternId, StmtId};

use super::{
    ArgSource, ArmRole, Attribute, CallInfo, Callee, CoercionId, Element, Local, LocalId,
    ParamOwner, PatternInfo, Resolution, StmtRole, TypedModule,
};
use crate::types::Ty;

/// A [`TypedModule`] being filled in.
#[derive(Debug)]
pub(crate) struct TypedBuilder {
    out: TypedModule,
}

impl TypedBuilder {
    pub(crate) fn new(ast: &ast::Module) -> Self {
        Self {
            out: TypedModule {
                types: vec![0; ast.exprs.len()],
                coercions: vec![0; ast.exprs.len()],
                resolution_of: vec![0; ast.exprs.len()],
                resolutions: Vec::with_capacity(ast.exprs.len() / 2),
                patterns: vec![None; ast.patterns.len()],
                pattern_types: vec![0; ast.patterns.len()],
                local_of_stmt: vec![0; ast.stmts.len()],
                roles: vec![StmtRole::Discard; ast.stmts.len()],
                type_exprs: vec![0; ast.types.len()],
                ..TypedModule::default()
            },
        }
    }

    pub(crate) fn set_type(&mut self, expr: ExprId, ty: Ty) {
        self.out.types[expr.index()] = ty.index();
    }

    pub(crate) fn ty(&self, expr: ExprId) -> Ty {
        self.out.ty(expr)
    }

    pub(crate) fn set_type_expr(&mut self, id: ast::TypeExprId, ty: Ty) {
        self.out.type_exprs[id.index()] = ty.index();
    }

    pub(crate) fn set_coercion(&mut self, expr: ExprId, coercion: CoercionId) {
        self.out.coercions[expr.index()] = coercion.0;
    }

    pub(crate) fn resolve(&mut self, expr: ExprId, resolution: Resolution) {
        self.out.resolutions.push(resolution);
        self.out.resolution_of[expr.index()] = count(&self.out.resolutions);
    }

    pub(crate) fn resolution(&self, expr: ExprId) -> Option<&Resolution> {
        self.out.resolution(expr)
    }

    /// Records a call and what it means.
    pub(crate) fn add_call(
        &mut self,
        expr: ExprId,
        callee: Callee,
        args: impl IntoIterator<Item = ArgSource>,
        type_args: &[Ty],
    ) {
        let first = count(&self.out.args);
        self.out.args.extend(args);
        let args = (first, count(&self.out.args));
        let first = count(&self.out.type_args);
        self.out.type_args.extend_from_slice(type_args);
        let type_args = (first, count(&self.out.type_args));
        let index = count(&self.out.calls);
        self.out.calls.push(CallInfo {
            callee,
            args,
            type_args,
        });
        self.resolve(expr, Resolution::Call(index));
    }

    /// Records an element; the number it gets.
    pub(crate) fn add_element(
        &mut self,
        base: Option<ExprId>,
        attributes: impl IntoIterator<Item = Attribute>,
        children: super::Children,
    ) -> u32 {
        let first = count(&self.out.attributes);
        self.out.attributes.extend(attributes);
        let attributes = (first, count(&self.out.attributes));
        let index = count(&self.out.elements);
        self.out.elements.push(Element {
            base,
            attributes,
            children,
        });
        index
    }

    pub(crate) fn set_pattern(&mut self, pattern: PatternId, info: PatternInfo) {
        self.out.patterns[pattern.index()] = Some(info);
    }

    pub(crate) fn pattern(&self, pattern: PatternId) -> Option<PatternInfo> {
        self.out.patterns[pattern.index()]
    }

    pub(crate) fn set_pattern_type(&mut self, pattern: PatternId, ty: Ty) {
        self.out.pattern_types[pattern.index()] = ty.index();
    }

    pub(crate) fn add_sub_patterns(
        &mut self,
        patterns: impl IntoIterator<Item = Option<PatternId>>,
    ) -> (u32, u32) {
        let first = count(&self.out.sub_patterns);
        self.out.sub_patterns.extend(patterns);
        (first, count(&self.out.sub_patterns))
    }

    pub(crate) fn sub_patterns(&self, range: (u32, u32)) -> &[Option<PatternId>] {
        self.out.sub_patterns(range)
    }

    /// The number the next variable gets.
    pub(crate) fn next_local(&self) -> u32 {
        count(&self.out.locals)
    }

    pub(crate) fn add_local(&mut self, local: Local) -> LocalId {
        let id = LocalId(self.next_local());
        self.out.locals.push(local);
        id
    }

    pub(crate) fn local(&self, local: LocalId) -> &Local {
        self.out.local(local)
    }

    pub(crate) fn set_local(&mut self, stmt: StmtId, local: LocalId) {
        self.out.local_of_stmt[stmt.index()] = local.0 + 1;
    }

    pub(crate) fn set_param(&mut self, owner: ParamOwner, local: LocalId) {
        self.out.params.push((owner, local));
    }

    pub(crate) fn set_role(&mut self, stmt: StmtId, role: StmtRole) {
        self.out.roles[stmt.index()] = role;
    }

    pub(crate) fn set_arm_role(&mut self, arm: usize, role: ArmRole) {
        if role != ArmRole::Discard {
            self.out
                .arm_roles
                .push((u32::try_from(arm).unwrap_or(u32::MAX), role));
        }
    }

    pub(crate) fn set_compound(&mut self, stmt: StmtId, kind: super::BinaryKind) {
        self.out.compounds.push((stmt, kind));
    }

    pub(crate) fn chain_end(&self, expr: ExprId) -> Option<Ty> {
        let found = self
            .out
            .chain_ends
            .iter()
            .rev()
            .find(|(end, _)| *end == expr);
        found.map(|(_, ty)| *ty)
    }

    pub(crate) fn set_chain_end(&mut self, expr: ExprId, inner: Ty) {
        self.out.chain_ends.push((expr, inner));
    }

    pub(crate) fn set_captures(&mut self, expr: ExprId, locals: Vec<LocalId>) {
        self.out.captures.push((expr, locals.into_boxed_slice()));
    }

    pub(crate) fn finish(mut self) -> TypedModule {
        self.out.arm_roles.sort_unstable_by_key(|entry| entry.0);
        self.out.chain_ends.sort_unstable_by_key(|entry| entry.0);
        self.out.captures.sort_unstable_by_key(|entry| entry.0);
        self.out.compounds.sort_unstable_by_key(|entry| entry.0);
        self.out.params.sort_unstable_by_key(|entry| entry.0);
        self.out
    }
}

fn count<T>(table: &[T]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

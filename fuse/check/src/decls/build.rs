//! Second pass: types of fields, variants and signatures.

use fuse_syntax::ast::{self, Expr};
use fuse_syntax::{Code, Diagnostic, TextRange};

use super::model::{
    ConfigField, Default, Field, FieldOrigin, Function, FunctionKind, Parameter, TypeParam, Variant,
};
use super::resolve::{PendingPredicate, Position, TypeResolver};
use super::{Declarations, Uses};
use crate::ids::{FnId, RecordId, Sym};
use crate::load::{LoadedModule, ModuleGraph};
use crate::prelude::Prelude;
use crate::sink::Sink;
use crate::types::{Ty, TyKind, TypeStore};

/// Builds the [`Declarations`] of a program.
pub(crate) struct Builder<'a> {
    pub(super) graph: &'a ModuleGraph,
    pub(super) prelude: &'a Prelude,
    pub(super) types: &'a mut TypeStore,
    pub(super) decls: Declarations,
    pub(super) sink: Sink,
    /// Which names of each module signatures use.
    pub(super) uses: Vec<Uses>,
    pub(super) predicates: Vec<PendingPredicate>,
}

/// What building found besides the declarations.
pub(crate) struct Built {
    pub(crate) decls: Declarations,
    pub(crate) sink: Sink,
    pub(crate) uses: Vec<Uses>,
    pub(crate) predicates: Vec<PendingPredicate>,
}

/// Collects names, then resolves every signature of the program.
pub(crate) fn declarations(graph: &ModuleGraph, prelude: &Prelude, types: &mut TypeStore) -> Built {
    let mut builder = Builder {
        graph,
        prelude,
        types,
        decls: Declarations::default(),
        sink: Sink::default(),
        uses: Vec::new(),
        predicates: Vec::new(),
    };
    builder.decls.builtin_records = super::builtin::records(builder.types);
    builder.collect();
    for module in &graph.modules {
        let names = builder.decls.module(module.id).names.len();
        builder.uses.push(Uses::new(names));
    }
    builder.extend_std_errors();
    for module in &graph.modules {
        builder.records(module);
        builder.enums(module);
        builder.configs(module);
    }
    builder.derive();
    for module in &graph.modules {
        builder.impl_heads(module);
        builder.functions(module);
    }
    for module in &graph.modules {
        builder.impl_members(module);
        builder.services(module);
    }
    builder.unique_routes();
    builder.check_predicates();
    Built {
        decls: builder.decls,
        sink: builder.sink,
        uses: builder.uses,
        predicates: builder.predicates,
    }
}

impl Builder<'_> {
    /// Resolves types of `module` with these type parameters in scope.
    pub(super) fn resolver<'s>(
        &'s mut self,
        module: &'s LoadedModule,
        params: &'s [TypeParam],
        self_type: Option<Ty>,
    ) -> TypeResolver<'s> {
        TypeResolver {
            ast: &module.parsed.module,
            module: module.id,
            decls: &self.decls,
            types: self.types,
            sink: &mut self.sink,
            uses: &mut self.uses[module.id.index()],
            predicates: &mut self.predicates,
            params,
            self_type,
            in_test: false,
        }
    }

    fn records(&mut self, module: &LoadedModule) {
        for index in 0..self.decls.module(module.id).records.len() {
            let record = &self.decls.module(module.id).records[index];
            let Some(decl) = record.decl else { continue };
            let id = RecordId::new(module.id, number(index));
            let fields = self.fields(module, id, decl);
            self.decls.modules[module.id.index()].records[index].fields = fields;
        }
    }

    /// The fields of a declaration, each name once.
    pub(super) fn fields(
        &mut self,
        module: &LoadedModule,
        record: RecordId,
        decl: ast::Id<ast::TypeDecl>,
    ) -> Vec<Field> {
        let ast = &module.parsed.module;
        let mut fields: Vec<Field> = Vec::with_capacity(ast[decl].fields.len());
        for field in &ast[ast[decl].fields] {
            let ty = self
                .resolver(module, &[], None)
                .resolve(field.ty, Position::Stored);
            if field.name.is_missing() {
                continue;
            }
            let name = self.decls.module(module.id).sym(field.name.symbol);
            let range = ast.name_range(field.name);
            if let Some(first) = fields.iter().find(|known| known.name == name) {
                self.duplicate_field(module, field.name, first.origin.range);
                continue;
            }
            fields.push(Field {
                name,
                ty,
                default: field.default.map_or(Default::None, Default::Expr),
                origin: FieldOrigin {
                    record,
                    index: number(fields.len()),
                    module: Some(module.id),
                    range,
                },
                package: None,
            });
        }
        fields
    }

    fn duplicate_field(&mut self, module: &LoadedModule, name: ast::Name, first: TextRange) {
        let ast = &module.parsed.module;
        let text = ast.text(name);
        let message = format!("field `{text}` given twice");
        self.sink.push(
            Diagnostic::new(Code::FIELD_DUPLICATE, ast.name_span(name), message).related(
                first.in_file(module.file),
                format!("`{text}` is first declared here"),
            ),
        );
    }

    fn enums(&mut self, module: &LoadedModule) {
        let ast = &module.parsed.module;
        for index in 0..self.decls.module(module.id).enums.len() {
            let decl = self.decls.module(module.id).enums[index].decl;
            let mut variants: Vec<Variant> = Vec::with_capacity(ast[decl].variants.len());
            for variant in &ast[ast[decl].variants] {
                let payload = ast[variant.payload].iter();
                let payload: Vec<Ty> = payload
                    .map(|part| {
                        self.resolver(module, &[], None)
                            .resolve(part.ty, Position::Stored)
                    })
                    .collect();
                if variant.name.is_missing() {
                    continue;
                }
                let names = self.payload_names(module, variant.payload);
                let name = self.decls.module(module.id).sym(variant.name.symbol);
                let range = ast.name_range(variant.name);
                if let Some(first) = variants.iter().find(|known| known.name == name) {
                    let first = first.range;
                    self.duplicate_symbol(module, variant.name, first);
                    continue;
                }
                variants.push(Variant {
                    name,
                    range,
                    payload,
                    names,
                });
            }
            self.decls.modules[module.id.index()].enums[index].variants = variants;
        }
    }

    fn payload_names(
        &mut self,
        module: &LoadedModule,
        payload: ast::List<ast::Payload>,
    ) -> Vec<Sym> {
        let ast = &module.parsed.module;
        let mut names: Vec<(Sym, TextRange)> = Vec::new();
        for name in ast[payload].iter().filter_map(|part| part.name) {
            let sym = self.decls.module(module.id).sym(name.symbol);
            if let Some(&(_, first)) = names.iter().find(|(known, _)| *known == sym) {
                self.duplicate_field(module, name, first);
            }
            names.push((sym, ast.name_range(name)));
        }
        names.into_iter().map(|(sym, _)| sym).collect()
    }

    pub(super) fn duplicate_symbol(
        &mut self,
        module: &LoadedModule,
        name: ast::Name,
        first: TextRange,
    ) {
        let ast = &module.parsed.module;
        let text = ast.text(name);
        let message = format!("duplicate symbol `{text}`");
        self.sink.push(
            Diagnostic::new(Code::SYMBOL_DUPLICATE, ast.name_span(name), message).related(
                first.in_file(module.file),
                format!("`{text}` is first declared here"),
            ),
        );
    }

    fn configs(&mut self, module: &LoadedModule) {
        let ast = &module.parsed.module;
        for index in 0..self.decls.module(module.id).configs.len() {
            let decl = self.decls.module(module.id).configs[index].decl;
            let mut fields: Vec<ConfigField> = Vec::with_capacity(ast[decl].fields.len());
            for field in &ast[ast[decl].fields] {
                let ty = self
                    .resolver(module, &[], None)
                    .resolve(field.ty, Position::Stored);
                if field.name.is_missing() {
                    continue;
                }
                let name = self.decls.module(module.id).sym(field.name.symbol);
                let range = ast.name_range(field.name);
                if let Some(first) = fields.iter().find(|known| known.name == name) {
                    let first = first.range;
                    self.duplicate_field(module, field.name, first);
                    continue;
                }
                fields.push(ConfigField {
                    name,
                    range,
                    ty,
                    default: field.default,
                });
            }
            self.decls.modules[module.id.index()].configs[index].fields = fields;
        }
    }

    fn functions(&mut self, module: &LoadedModule) {
        for index in 0..self.decls.module(module.id).functions.len() {
            let id = FnId::new(module.id, number(index));
            let kind = self.decls.function(id).kind;
            let self_type = match kind {
                FunctionKind::Member(_) => Some(Ty::SELF),
                FunctionKind::Method(of) => Some(self.decls.implementation(of).target),
                FunctionKind::Function | FunctionKind::Component => None,
            };
            self.function(module, id, self_type);
        }
    }

    fn function(&mut self, module: &LoadedModule, id: FnId, self_type: Option<Ty>) {
        let ast = &module.parsed.module;
        let Function { sig, kind, .. } = *self.decls.function(id);
        let type_params = self.type_params(module, id, &sig);
        let mut params: Vec<Parameter> = Vec::with_capacity(sig.params.len());
        for param in &ast[sig.params] {
            let ty = self
                .resolver(module, &type_params, self_type)
                .resolve(param.ty, Position::Param);
            self.param(module, kind, param, ty, &mut params);
        }
        let result = match (sig.ret, kind) {
            (_, FunctionKind::Component) => Ty::HTML,
            (None, _) => Ty::UNIT,
            (Some(ret), _) => self
                .resolver(module, &type_params, self_type)
                .resolve(ret, Position::Result),
        };
        let function = &mut self.decls.modules[module.id.index()].functions[id.index as usize];
        function.type_params = type_params;
        function.params = params;
        function.result = result;
    }

    fn param(
        &mut self,
        module: &LoadedModule,
        kind: FunctionKind,
        param: &ast::Param,
        ty: Ty,
        params: &mut Vec<Parameter>,
    ) {
        let ast = &module.parsed.module;
        let name = self.decls.module(module.id).sym(param.name.symbol);
        let range = ast.name_range(param.name);
        let text = ast.text(param.name);
        let implicit = kind == FunctionKind::Component && matches!(text, "attrs" | "children");
        let first = params
            .iter()
            .find(|known| known.name == name && !param.name.is_missing());
        if implicit || first.is_some() {
            let message = format!("`{text}` is already bound here");
            let mut diagnostic =
                Diagnostic::new(Code::BINDING_DUPLICATE, ast.name_span(param.name), message);
            diagnostic = match first {
                Some(first) => diagnostic.related(
                    first.range.in_file(module.file),
                    format!("`{text}` is first bound here"),
                ),
                None => diagnostic.hint("every component has `attrs` and `children`"),
            };
            self.sink.push(diagnostic);
        }
        params.push(Parameter {
            name,
            range,
            ty,
            default: param.default,
        });
    }

    fn type_params(
        &mut self,
        module: &LoadedModule,
        id: FnId,
        sig: &ast::Signature,
    ) -> Vec<TypeParam> {
        let ast = &module.parsed.module;
        let mut params: Vec<TypeParam> = Vec::with_capacity(sig.type_params.len());
        for &name in &ast[sig.type_params] {
            if name.is_missing() {
                continue;
            }
            let sym = self.decls.module(module.id).sym(name.symbol);
            let range = ast.name_range(name);
            if let Some(first) = params.iter().find(|known| known.name == sym) {
                let text = ast.text(name);
                let message = format!("duplicate type parameter `{text}`");
                let first = first.range.in_file(module.file);
                self.sink.push(
                    Diagnostic::new(
                        Code::GENERIC_DUPLICATE_TYPE_PARAM,
                        ast.name_span(name),
                        message,
                    )
                    .related(first, format!("`{text}` is first declared here")),
                );
                continue;
            }
            let ty = self.types.intern(TyKind::Param(id, number(params.len())));
            params.push(TypeParam {
                name: sym,
                range,
                ty,
                bound: None,
            });
        }
        self.bounds(module, sig, &mut params);
        params
    }
}

/// An index as a number of a table.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Where a module writes a name as an expression, in ascending order.
pub(super) fn mentions(ast: &ast::Module, name: &str) -> Vec<u32> {
    let Some(symbol) = ast.names.lookup(name) else {
        return Vec::new();
    };
    let names_it = |expr: &Expr| matches!(*expr, Expr::Name(found) if found == symbol);
    let mentions = ast.exprs.iter().filter(|(_, expr)| names_it(expr));
    let mut starts: Vec<u32> = mentions.map(|(id, _)| ast.range(id).start).collect();
    starts.sort_unstable();
    starts
}

/// Whether one of the ascending `starts` is inside `range`.
pub(super) fn mentioned_in(starts: &[u32], range: TextRange) -> bool {
    let at = starts.partition_point(|&start| start < range.start);
    starts.get(at).is_some_and(|&start| start < range.end)
}

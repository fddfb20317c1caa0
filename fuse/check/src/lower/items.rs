//! The tables of a program: everything its modules declare.

use fuse_syntax::ast;

use super::{Item, Lower, Origin, source_text::normalized, span, types::Env};
use crate::canon::{
    self, App, Asset, AssetKind, Config, ConfigField, Enum, Field, FieldDefault, File, Main,
    MainParam, Migration, Module, Package, Record, Route, RouteParam, Service, Span, StrId, Test,
    Type, TypeId, Variant, Verb,
};
use crate::decls::{Default, FunctionKind, Segment};
use crate::ids::{ConfigId, EnumId, FnId, RecordId, ServiceId};
use crate::load::{AssetContent, ModuleId};
use crate::types::{Ty, TyKind};
use crate::whole::config::env_key;

impl Lower<'_> {
    /// Files, packages, modules and assets, in load order.
    pub(super) fn files(&mut self) {
        let graph = self.graph;
        let root = graph.packages.root();
        self.program.meta.name = root.name.clone().unwrap_or_default();
        let version = root
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.package.version.as_ref());
        self.program.meta.version = version
            .map(|found| found.value.to_string())
            .unwrap_or_default();
        for (_, package) in graph.packages.iter() {
            let name = package.name.clone().unwrap_or_default();
            self.program.packages.push(Package { name });
        }
        for module in &graph.modules {
            self.program
                .files
                .push(File::of_text(module.display.clone(), &module.text));
            let declared = &self.decls.module(module.id).capabilities;
            let mut capabilities: Vec<_> = declared.iter().map(|(one, _)| *one).collect();
            capabilities.sort_unstable();
            self.program.modules.push(Module {
                path: module.name().to_owned(),
                package: canon::PackageId::from_index(module.package.index()),
                file: self.module_file(module.id),
                capabilities,
            });
        }
        self.assets_of();
    }

    /// Assets, by package and path: in which order they are imported says
    /// nothing.
    fn assets_of(&mut self) {
        let graph = self.graph;
        let mut assets: Vec<_> = graph.assets.iter().collect();
        assets.sort_by_key(|asset| (asset.package, &asset.relative, asset.id));
        for asset in assets {
            let kind = match &asset.content {
                AssetContent::Json(_) => AssetKind::Json,
                AssetContent::Text(_) | AssetContent::Invalid => AssetKind::Text,
            };
            let text = graph
                .files
                .get(asset.file)
                .map_or("", fuse_syntax::SourceFile::text);
            let text = self.intern(text);
            let id = canon::AssetId::from_index(self.program.assets.len());
            self.assets.insert(asset.id, id);
            self.program.assets.push(Asset {
                path: asset.relative.clone(),
                kind,
                text,
            });
        }
    }

    /// Everything the modules declare. Numbers are given out before anything is
    /// filled in, since declarations mention each other.
    pub(super) fn declarations(&mut self) {
        let modules: Vec<_> = self.graph.modules.iter().map(|module| module.id).collect();
        for module in &modules {
            self.reserve_types(*module);
        }
        for module in &modules {
            self.fill_types(*module);
            self.functions(*module);
            self.configs_of(*module);
            self.services_of(*module);
            self.entries_of(*module);
        }
        self.main();
    }

    fn reserve_types(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        for (index, record) in declared.records.iter().enumerate() {
            let id = RecordId::new(module, number(index));
            let name = self.sym(record.name);
            let symbol = self.record_symbol(id);
            self.add_record(id, name, symbol, Some(module), record.ty);
        }
        for (index, enumeration) in declared.enums.iter().enumerate() {
            let id = EnumId::new(module, number(index));
            let canon = canon::EnumId::from_index(self.program.enums.len());
            let ty = self.program.types.intern(Type::Enum(canon));
            self.enums.insert(id, canon);
            self.nominal.insert(ty, enumeration.ty);
            let name = self.sym(enumeration.name);
            let symbol = self.enum_symbol(id);
            self.program.enums.push(Enum {
                name,
                symbol,
                ty,
                module: self.names.module(module),
                variants: Vec::new(),
                doc: None,
                span: Span::default(),
            });
        }
        for index in 0..declared.configs.len() {
            let id = ConfigId::new(module, number(index));
            self.configs
                .insert(id, canon::ConfigId::from_index(self.configs.len()));
        }
    }

    fn add_record(
        &mut self,
        id: RecordId,
        name: StrId,
        symbol: String,
        module: Option<ModuleId>,
        declared: Ty,
    ) -> canon::RecordId {
        let canon = canon::RecordId::from_index(self.program.records.len());
        let ty = self.program.types.intern(Type::Record(canon));
        self.records.insert(id, canon);
        self.nominal.insert(ty, declared);
        let builtin = id
            .is_builtin()
            .then(|| fuse_builtins::RECORDS[id.index as usize].id);
        self.program.records.push(Record {
            name,
            symbol,
            ty,
            builtin,
            module: module.map(|module| self.names.module(module)),
            fields: Vec::new(),
            doc: None,
            span: Span::default(),
        });
        canon
    }

    /// A built-in record is part of the program once something mentions it.
    pub(super) fn builtin_record_row(&mut self, id: RecordId) -> canon::RecordId {
        let row = &fuse_builtins::RECORDS[id.index as usize];
        let name = self.intern(row.name);
        let declared = self.decls.record(id).ty;
        let canon = self.add_record(id, name, row.path.to_owned(), None, declared);
        self.fill_record(id, canon);
        canon
    }

    fn fill_types(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        let ast = self.ast(module);
        for (index, record) in declared.records.iter().enumerate() {
            let id = RecordId::new(module, number(index));
            let canon = self.records[&id];
            self.fill_record(id, canon);
            if let Some(decl) = record.decl {
                let decl = &ast[decl];
                let doc = self.doc(ast, decl.doc);
                let row = &mut self.program.records[canon.index()];
                row.doc = doc;
                row.span = span(decl.range);
            }
        }
        for (index, enumeration) in declared.enums.iter().enumerate() {
            let id = EnumId::new(module, number(index));
            let decl = &ast[enumeration.decl];
            let docs: Vec<_> = ast[decl.variants]
                .iter()
                .map(|variant| variant.doc)
                .collect();
            let mut variants = Vec::new();
            for (variant, doc) in enumeration.variants.iter().zip(docs) {
                variants.push(Variant {
                    name: self.sym(variant.name),
                    payload: variant.payload.iter().map(|ty| self.closed(*ty)).collect(),
                    names: variant.names.iter().map(|name| self.sym(*name)).collect(),
                    doc: self.doc(ast, doc),
                });
            }
            let doc = self.doc(ast, decl.doc);
            let row = &mut self.program.enums[self.enums[&id].index()];
            row.variants = variants;
            row.doc = doc;
            row.span = span(decl.range);
        }
    }

    /// A type of a declaration, where no type parameter is in scope.
    fn closed(&mut self, ty: Ty) -> TypeId {
        self.ty(ty, &Env::default())
    }

    fn fill_record(&mut self, id: RecordId, canon: canon::RecordId) {
        let declared = self.decls.record(id);
        let mut fields = Vec::new();
        for (index, field) in declared.fields.iter().enumerate() {
            let name = self.sym(field.name);
            let ty = self.closed(field.ty);
            let default = match field.default {
                Default::None if self.program.types.accepts_null(ty) => FieldDefault::Null,
                Default::None => FieldDefault::Required,
                Default::Expr(_) | Default::Builtin(_) => FieldDefault::Call {
                    function: self.field_default(id, number(index)),
                    checked: self.default_checked(id, number(index)),
                },
            };
            let doc = self.field_doc(id, number(index));
            fields.push(Field {
                name,
                ty,
                default,
                doc,
            });
        }
        self.program.records[canon.index()].fields = fields;
    }

    fn field_default(&mut self, id: RecordId, index: u32) -> canon::FunctionId {
        self.function(Item::FieldDefault(id, index), &[], Origin::default())
    }

    /// Whether the default of a field is still to be validated.
    pub(super) fn default_checked(&self, id: RecordId, index: u32) -> bool {
        let field = &self.decls.record(id).fields[index as usize];
        match (field.default, field.origin.module) {
            (Default::Expr(expr), Some(module)) => self.validates(module, expr),
            _ => false,
        }
    }

    /// Whether a value on its way into a slot has to be validated.
    pub(super) fn validates(&self, module: ModuleId, expr: ast::ExprId) -> bool {
        let coercion = self.typed[module.index()].coercion(expr);
        self.coercion_validates(coercion)
    }

    fn coercion_validates(&self, id: crate::typed::CoercionId) -> bool {
        use crate::typed::Step;
        self.store
            .coercion_of(id)
            .steps
            .iter()
            .any(|step| match *step {
                Step::Validate(_) => true,
                Step::InOption(inner) | Step::InResult(inner) => self.coercion_validates(inner),
                _ => false,
            })
    }

    fn field_doc(&mut self, id: RecordId, index: u32) -> Option<StrId> {
        let field = &self.decls.record(id).fields[index as usize];
        let module = field.origin.module?;
        let ast = self.ast(module);
        let index = self.field_index(module, field.origin.range)?;
        let doc = <ast::Field as ast::Element>::pool(ast)[index].doc;
        self.doc(ast, doc)
    }

    /// The place of a field in the pool of its module, by where its name stands.
    pub(super) fn field_index(
        &self,
        module: ModuleId,
        name: fuse_syntax::TextRange,
    ) -> Option<usize> {
        let ast = self.ast(module);
        let fields = <ast::Field as ast::Element>::pool(ast);
        // Fields are in the order of the source.
        let at = fields.partition_point(|field| field.name.start < name.start);
        fields
            .get(at)
            .filter(|field| field.name.start == name.start)
            .map(|_| at)
    }

    fn doc(&mut self, ast: &ast::Module, doc: Option<ast::Doc>) -> Option<StrId> {
        doc.map(|doc| self.intern(ast.string(doc.text)))
    }

    /// Every function that is not generic; copies of the others are made where
    /// they are called.
    fn functions(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        for (index, function) in declared.functions.iter().enumerate() {
            let member = matches!(function.kind, FunctionKind::Member(_));
            if !member && function.type_params.is_empty() {
                let id = FnId::new(module, number(index));
                self.function(Item::Function(id), &[], Origin::default());
            }
        }
    }

    fn configs_of(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        let ast = self.ast(module);
        for (index, config) in declared.configs.iter().enumerate() {
            let id = ConfigId::new(module, number(index));
            let decl = &ast[config.decl];
            let written: Vec<_> = ast[decl.fields].to_vec();
            let mut fields = Vec::new();
            for (at, (field, written)) in config.fields.iter().zip(written).enumerate() {
                let at = number(at);
                fields.push(ConfigField {
                    name: self.sym(field.name),
                    ty: self.closed(field.ty),
                    env: env_key(self.text(config.name), self.text(field.name)),
                    default: self.function(Item::ConfigDefault(id, at), &[], Origin::default()),
                    checked: self.validates(module, field.default),
                    doc: self.doc(ast, written.doc),
                    span: span(written.range),
                });
            }
            let config = Config {
                name: self.sym(config.name),
                module: self.names.module(module),
                fields,
                doc: self.doc(ast, decl.doc),
                span: span(decl.range),
            };
            self.program.configs.push(config);
        }
    }

    fn services_of(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        let ast = self.ast(module);
        for (index, service) in declared.services.iter().enumerate() {
            let id = ServiceId::new(module, number(index));
            let decl = &ast[service.decl];
            let mut routes = Vec::new();
            for at in 0..service.routes.len() {
                routes.push(self.route(id, number(at)));
            }
            let row = Service {
                name: self.sym(service.name),
                base: self.intern(ast.string(decl.base.text)),
                module: self.names.module(module),
                routes,
                doc: self.doc(ast, decl.doc),
                span: span(decl.range),
            };
            self.program.services.push(row);
        }
    }

    fn route(&mut self, service: ServiceId, index: u32) -> Route {
        let decls = self.decls;
        let declared = &decls.service(service).routes[index as usize];
        let ast = self.ast(service.module);
        let written = <ast::Route as ast::Element>::pool(ast)[declared.index as usize];
        let mut params = Vec::new();
        for segment in &declared.path {
            let (param, wildcard) = match segment {
                Segment::Literal(_) => continue,
                Segment::Param(param) => (param, false),
                Segment::Wildcard(param) => (param, true),
            };
            params.push(RouteParam {
                name: self.sym(param.name),
                ty: self.closed(param.ty),
                wildcard,
            });
        }
        let domains = match self.store.kind(declared.result) {
            TyKind::Result(_, errors) => self.list(errors, &Env::default()),
            _ => Vec::new(),
        };
        Route {
            verb: verb(declared.verb),
            pattern: self.pattern_of(&declared.path),
            params,
            body: declared.body.map(|ty| self.closed(ty)),
            result: self.closed(declared.result),
            domains,
            function: self.function(Item::Route(service, index), &[], Origin::default()),
            doc: self.doc(ast, written.doc),
            span: span(written.range),
        }
    }

    /// A path as the router takes it.
    pub(super) fn pattern_of(&self, path: &[Segment]) -> String {
        if path.is_empty() {
            return "/".to_owned();
        }
        let mut pattern = String::new();
        for segment in path {
            pattern.push('/');
            match segment {
                Segment::Literal(text) => pattern.push_str(text),
                Segment::Param(param) => {
                    pattern.push_str(&format!("{{{}}}", self.text(param.name)));
                }
                Segment::Wildcard(param) => {
                    pattern.push_str(&format!("{{*{}}}", self.text(param.name)));
                }
            }
        }
        pattern
    }

    fn entries_of(&mut self, module: ModuleId) {
        let declared = self.decls.module(module);
        let ast = self.ast(module);
        let home = self.names.module(module);
        for (index, app) in declared.apps.iter().enumerate() {
            let app = App {
                name: self.intern(&app.name),
                module: home,
                function: self.function(Item::App(module, number(index)), &[], Origin::default()),
                doc: self.doc(ast, ast[app.decl].doc),
            };
            self.program.apps.push(app);
        }
        for (index, migration) in declared.migrations.iter().enumerate() {
            let range = ast[migration.decl].range;
            let text = &self.graph.module(module).text[range.as_usize()];
            let item = Item::Migration(module, number(index));
            let migration = Migration {
                name: self.intern(&migration.id),
                module: home,
                function: self.function(item, &[], Origin::default()),
                source: self.intern(&normalized(text)),
                span: span(range),
            };
            self.program.migrations.push(migration);
        }
        for (index, test) in declared.tests.iter().enumerate() {
            let test = Test {
                name: self.intern(&test.name),
                module: home,
                function: self.function(Item::Test(module, number(index)), &[], Origin::default()),
                span: span(ast[test.decl].range),
            };
            self.program.tests.push(test);
        }
    }

    /// `fn main` of the entry module takes the arguments of the command line.
    fn main(&mut self) {
        let Some(entry) = self.graph.entry() else {
            return;
        };
        let ast = self.ast(entry.id);
        let declared = self.decls.module(entry.id);
        let found = declared.functions.iter().position(|function| {
            function.kind == FunctionKind::Function
                && function.type_params.is_empty()
                && self.text(function.name) == "main"
        });
        let Some(index) = found else {
            return;
        };
        let id = FnId::new(entry.id, number(index));
        let function = &declared.functions[index];
        let written = ast.items.iter().find_map(|item| match item {
            ast::Item::Fn(decl) if ast[*decl].sig.range == function.sig.range => Some(&ast[*decl]),
            _ => None,
        });
        let text = &self.graph.module(entry.id).text;
        let mut params = Vec::new();
        for (at, param) in function.params.iter().enumerate() {
            let item = Item::ParamDefault(id, number(at));
            let source = written.and_then(|decl| ast[decl.sig.params].get(at));
            let type_text = source.map_or("", |param| &text[ast.range(param.ty).as_usize()]);
            let default = source.and_then(|param| param.default);
            let default_text = default.map_or("", |expr| &text[ast.range(expr).as_usize()]);
            params.push(MainParam {
                name: self.sym(param.name),
                ty: self.closed(param.ty),
                type_text: self.intern(type_text),
                default: param
                    .default
                    .map(|_| self.function(item, &[], Origin::default())),
                default_text: self.intern(default_text),
            });
        }
        let doc = written.and_then(|decl| decl.doc);
        self.program.main = Some(Main {
            function: self.function(Item::Function(id), &[], Origin::default()),
            params,
            doc: self.doc(ast, doc),
        });
    }
}

/// A place in a table of a module.
pub(super) fn number(index: usize) -> u32 {
    // Modules are at most 16 MiB.
    u32::try_from(index).unwrap_or(u32::MAX)
}

const fn verb(verb: ast::Verb) -> Verb {
    match verb {
        ast::Verb::Get => Verb::Get,
        ast::Verb::Post => Verb::Post,
        ast::Verb::Put => Verb::Put,
        ast::Verb::Patch => Verb::Patch,
        ast::Verb::Delete => Verb::Delete,
    }
}

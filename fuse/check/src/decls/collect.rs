//! First pass: which names each module declares.

use fuse_builtins::Capability;
use fuse_syntax::ast::{self, ImportSpec, Item, Name, Path};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use rustc_hash::FxHashMap;

use super::build::Builder;
use super::damage::Damage;
use super::model::{
    App, Config, Entry, Enum, Function, FunctionKind, Impl, Interface, Migration,
    ModuleDeclarations, Named, Record, Service, Test,
};
use super::resolve::builtin_type;
use crate::ids::{ConfigId, EnumId, FnId, ImplId, InterfaceId, RecordId, ServiceId, Sym};
use crate::load::{ImportTarget, LoadedModule, ModuleId};
use crate::types::{Ty, TyKind};

impl Builder<'_> {
    /// Collects every module, then what each imports from others.
    pub(super) fn collect(&mut self) {
        for module in &self.graph.modules {
            let declarations = Collector::new(self, module).run();
            self.decls.modules.push(declarations);
        }
        for module in &self.graph.modules {
            self.import(module);
        }
        self.unique_in_packages();
    }

    fn import(&mut self, module: &LoadedModule) {
        let ast = &module.parsed.module;
        for resolved in &module.imports {
            let names: &[Name] = match &ast[resolved.import].spec {
                ImportSpec::Sibling { name } | ImportSpec::From { name, .. } => {
                    std::slice::from_ref(name)
                }
                ImportSpec::Alias { alias, .. } => std::slice::from_ref(alias),
                ImportSpec::Named { names, .. } => &ast[*names],
            };
            let named = matches!(ast[resolved.import].spec, ImportSpec::Named { .. });
            for &name in names {
                let entry = self.imported(module.id, resolved.target, name, named);
                self.define_import(module, name, entry, named);
            }
        }
    }

    fn imported(&self, from: ModuleId, target: ImportTarget, name: Name, named: bool) -> Entry {
        match target {
            ImportTarget::Module(module) if !named => Entry::Module(module),
            ImportTarget::Module(module) => {
                let sym = self.decls.module(from).sym(name.symbol);
                self.decls
                    .module(module)
                    .exports
                    .get(&sym)
                    .copied()
                    .unwrap_or(Entry::Damaged)
            }
            ImportTarget::StdError if !named => Entry::StdError,
            ImportTarget::StdError => {
                let text = self.graph.module(from).parsed.module.text(name);
                std_error(text).map_or(Entry::Damaged, Entry::Record)
            }
            ImportTarget::Asset(asset) if !named => Entry::Asset(asset),
            ImportTarget::Asset(_) | ImportTarget::Unresolved => Entry::Damaged,
        }
    }

    fn define_import(&mut self, module: &LoadedModule, name: Name, entry: Entry, named: bool) {
        if name.is_missing() {
            return;
        }
        let ast = &module.parsed.module;
        let range = ast.name_range(name);
        let declarations = &mut self.decls.modules[module.id.index()];
        let sym = declarations.sym(name.symbol);
        match declarations.scope.get(&sym) {
            // A name imported twice was reported when modules were loaded.
            Some(first) if first.imported => {}
            Some(first) => {
                let (first, second) = if first.range.start < range.start {
                    (first.range, range)
                } else {
                    (range, first.range)
                };
                self.sink
                    .push(duplicate(module, ast.text(name), first, second));
            }
            None => {
                declarations.scope.insert(
                    sym,
                    Named {
                        entry,
                        range,
                        imported: true,
                    },
                );
                if !named {
                    self.shadowed(module, name);
                }
            }
        }
    }

    /// Warns about a name that hides a built-in. Tags are hidden silently.
    fn shadowed(&mut self, module: &LoadedModule, name: Name) {
        let ast = &module.parsed.module;
        let text = ast.text(name);
        let sym = self.types.symbols.intern(text);
        // Tags are hidden silently.
        if self.prelude.name(sym).is_some() || builtin_type(text).is_some() {
            let message = format!("`{text}` hides a built-in");
            self.sink.push(Diagnostic::new(
                Code::SHADOW_BUILTIN,
                ast.name_span(name),
                message,
            ));
        }
    }

    /// Types, enums, configs and services are unique in their package; so are
    /// the names of apps, and those of migrations and tests.
    fn unique_in_packages(&mut self) {
        let mut names: FxHashMap<(u32, Sym), (ModuleId, TextRange)> = FxHashMap::default();
        for module in &self.graph.modules {
            let declarations = &self.decls.modules[module.id.index()];
            let records = declarations
                .records
                .iter()
                .map(|record| (record.name, record.range));
            let enums = declarations.enums.iter().map(|one| (one.name, one.range));
            let configs = declarations
                .configs
                .iter()
                .map(|config| (config.name, config.range));
            let services = declarations
                .services
                .iter()
                .map(|service| (service.name, service.range));
            for (name, range) in records.chain(enums).chain(configs).chain(services) {
                // An empty range has no name of its own: a syntax error, or an
                // extension of a built-in.
                if range.is_empty() {
                    continue;
                }
                let known = names
                    .entry((module.package.0, name))
                    .or_insert((module.id, range));
                let (first, first_range) = *known;
                if first != module.id {
                    let text = self.types.symbols.text(name);
                    let span = range.in_file(module.file);
                    let place = first_range.in_file(self.graph.module(first).file);
                    self.sink.push(
                        Diagnostic::new(
                            Code::SYMBOL_DUPLICATE,
                            span,
                            format!("duplicate symbol `{text}`"),
                        )
                        .related(place, format!("`{text}` is first declared here"))
                        .hint(
                            "names of types, enums, configs and services are unique in a package",
                        ),
                    );
                }
            }
        }
        self.unique_blocks();
    }

    fn unique_blocks(&mut self) {
        let mut seen: FxHashMap<(Code, u32, &str), (ModuleId, TextRange)> = FxHashMap::default();
        for module in &self.graph.modules {
            let ast = &module.parsed.module;
            for item in &ast.items {
                let (code, what, name) = match *item {
                    Item::App(id) => (Code::SYMBOL_DUPLICATE, "symbol", ast[id].name),
                    Item::Migration(id) => (Code::MIGRATION_DUPLICATE, "migration", ast[id].id),
                    Item::Test(id) => (Code::TEST_DUPLICATE, "test name", ast[id].name),
                    _ => continue,
                };
                let text = ast.string(name.text);
                let place = (module.id, name.range);
                let known = *seen.entry((code, module.package.0, text)).or_insert(place);
                if known != place {
                    let first = known.1.in_file(self.graph.module(known.0).file);
                    self.sink.push(
                        Diagnostic::new(
                            code,
                            name.range.in_file(module.file),
                            format!("duplicate {what} `{text}`"),
                        )
                        .related(first, format!("`{text}` is first declared here")),
                    );
                }
            }
        }
    }
}

/// The built-in record a module `std.Error` declares under a name.
pub(crate) fn std_error(name: &str) -> Option<RecordId> {
    let id = match name {
        "Error" => fuse_builtins::RecordId::StdError,
        "ValidationField" => fuse_builtins::RecordId::ValidationField,
        "Validation" => fuse_builtins::RecordId::Validation,
        "BadRequest" => fuse_builtins::RecordId::BadRequest,
        "Unauthorized" => fuse_builtins::RecordId::Unauthorized,
        "Forbidden" => fuse_builtins::RecordId::Forbidden,
        "NotFound" => fuse_builtins::RecordId::NotFound,
        "Conflict" => fuse_builtins::RecordId::Conflict,
        _ => return None,
    };
    Some(RecordId::builtin(id))
}

fn duplicate(module: &LoadedModule, text: &str, first: TextRange, second: TextRange) -> Diagnostic {
    let message = format!("duplicate symbol `{text}`");
    Diagnostic::new(Code::SYMBOL_DUPLICATE, second.in_file(module.file), message).related(
        first.in_file(module.file),
        format!("`{text}` is first declared here"),
    )
}

/// Collects one module.
struct Collector<'b, 'a> {
    builder: &'b mut Builder<'a>,
    module: &'a LoadedModule,
    ast: &'a ast::Module,
    out: ModuleDeclarations,
}

impl<'b, 'a> Collector<'b, 'a> {
    fn new(builder: &'b mut Builder<'a>, module: &'a LoadedModule) -> Self {
        let ast = &module.parsed.module;
        let symbols = &mut builder.types.symbols;
        let names = ast
            .names
            .iter()
            .map(|(_, text)| symbols.intern(text))
            .collect();
        let mut out = ModuleDeclarations::new(module.id, module.package, module.file, names);
        out.damage = Damage::of(&module.parsed);
        Self {
            builder,
            module,
            ast,
            out,
        }
    }

    fn run(mut self) -> ModuleDeclarations {
        self.capabilities();
        for item in &self.ast.items {
            self.item(*item);
        }
        self.out
    }

    fn capabilities(&mut self) {
        for (index, require) in self.ast.requires.iter().enumerate() {
            let range = self.ast.name_range(require.name);
            let text = self.ast.text(require.name);
            let Some(capability) = Capability::parse(text) else {
                if !require.name.is_missing() {
                    self.unknown_capability(text, range);
                }
                continue;
            };
            let first = self
                .out
                .capabilities
                .iter()
                .find(|(known, _)| *known == capability);
            match first {
                None => self.out.capabilities.push((capability, range)),
                Some(&(_, first)) => {
                    let fix = self.without_capability(index);
                    let message = format!("capability `{text}` declared twice");
                    let span = range.in_file(self.module.file);
                    let place = first.in_file(self.module.file);
                    self.builder.sink.push(
                        Diagnostic::new(Code::CAPABILITY_DUPLICATE, span, message)
                            .related(place, format!("`{text}` is first declared here"))
                            .fix(fix),
                    );
                }
            }
        }
    }

    fn unknown_capability(&mut self, text: &str, range: TextRange) {
        let names = Capability::ALL.iter().map(|capability| capability.name());
        let hint = match crate::package::nearest(text, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "capabilities say what a module may touch outside its own values".to_owned(),
        };
        let message = format!("unknown capability `{text}`; expected db, crypto, network or time");
        let span = range.in_file(self.module.file);
        self.builder
            .sink
            .push(Diagnostic::new(Code::CAPABILITY_UNKNOWN, span, message).hint(hint));
    }

    /// Removes one name of a `requires` line, or the line when it is the only
    /// one.
    fn without_capability(&self, index: usize) -> Fix {
        let range = crate::edits::requires_removal(self.module, index);
        Fix::replace("remove the second one", range.in_file(self.module.file), "")
    }

    /// Puts a name into the scope of the module.
    fn define(&mut self, name: Name, entry: Entry) {
        if name.is_missing() {
            return;
        }
        let sym = self.out.sym(name.symbol);
        let range = self.ast.name_range(name);
        if let Some(first) = self.out.scope.get(&sym) {
            let diagnostic = duplicate(self.module, self.ast.text(name), first.range, range);
            self.builder.sink.push(diagnostic);
            return;
        }
        self.out.scope.insert(
            sym,
            Named {
                entry,
                range,
                imported: false,
            },
        );
        self.out.exports.insert(sym, entry);
        self.builder.shadowed(self.module, name);
    }

    fn name_range(&self, name: Name) -> TextRange {
        if name.is_missing() {
            TextRange::empty(name.start)
        } else {
            self.ast.name_range(name)
        }
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Import(_) | Item::Error(_) => {}
            Item::Type(id) => self.record(id),
            Item::Enum(id) => self.enumeration(id),
            Item::Interface(id) => self.interface(id),
            Item::Impl(id) => self.implementation(id),
            Item::Fn(id) => {
                let decl = &self.ast[id];
                let function = self.function(&decl.sig, FunctionKind::Function, Some(decl.body));
                self.define(decl.sig.name, Entry::Function(function));
            }
            Item::Component(id) => {
                let decl = &self.ast[id];
                let function = self.function(&decl.sig, FunctionKind::Component, Some(decl.body));
                self.define(decl.sig.name, Entry::Function(function));
            }
            Item::Service(id) => {
                let name = self.ast[id].name;
                let index = next(&self.out.services);
                self.out.services.push(Service {
                    name: self.out.sym(name.symbol),
                    range: self.name_range(name),
                    decl: id,
                    routes: Vec::new(),
                });
                self.define(name, Entry::Service(ServiceId::new(self.module.id, index)));
            }
            Item::Config(id) => {
                let name = self.ast[id].name;
                let index = next(&self.out.configs);
                self.out.configs.push(Config {
                    name: self.out.sym(name.symbol),
                    range: self.name_range(name),
                    decl: id,
                    fields: Vec::new(),
                });
                self.define(name, Entry::Config(ConfigId::new(self.module.id, index)));
            }
            Item::App(id) => {
                let decl = &self.ast[id];
                let name = self.ast.string(decl.name.text).into();
                self.out.apps.push(App {
                    name,
                    decl: id,
                    body: decl.body,
                });
            }
            Item::Migration(id) => {
                let decl = &self.ast[id];
                let name = self.ast.string(decl.id.text).into();
                self.out.migrations.push(Migration {
                    id: name,
                    decl: id,
                    body: decl.body,
                });
            }
            Item::Test(id) => {
                let decl = &self.ast[id];
                let name = self.ast.string(decl.name.text).into();
                self.out.tests.push(Test {
                    name,
                    decl: id,
                    body: decl.body,
                });
            }
        }
    }

    fn record(&mut self, id: ast::Id<ast::TypeDecl>) {
        let path = self.ast[id].name;
        let Some(name) = self.undotted(path) else {
            self.out.extensions.push(id);
            return;
        };
        let record = RecordId::new(self.module.id, next(&self.out.records));
        let ty = self.builder.types.intern(TyKind::Record(record));
        self.out.records.push(Record {
            name: self.out.sym(name.symbol),
            range: self.name_range(name),
            decl: Some(id),
            decl_range: self.ast[id].range,
            ty,
            fields: Vec::new(),
            base: None,
        });
        self.define(name, Entry::Record(record));
    }

    /// The name of a declaration that is not dotted.
    fn undotted(&self, path: Path) -> Option<Name> {
        match self.ast[path.segments] {
            [only] => Some(only),
            _ => None,
        }
    }

    fn enumeration(&mut self, id: ast::Id<ast::EnumDecl>) {
        let name = self.ast[id].name;
        let enumeration = EnumId::new(self.module.id, next(&self.out.enums));
        let ty = self.builder.types.intern(TyKind::Enum(enumeration));
        self.out.enums.push(Enum {
            name: self.out.sym(name.symbol),
            range: self.name_range(name),
            decl: id,
            decl_range: self.ast[id].range,
            ty,
            variants: Vec::new(),
        });
        self.define(name, Entry::Enum(enumeration));
    }

    fn interface(&mut self, id: ast::Id<ast::InterfaceDecl>) {
        let decl = &self.ast[id];
        let interface = InterfaceId::new(self.module.id, next(&self.out.interfaces));
        let kind = FunctionKind::Member(interface);
        let members = self.ast[decl.members].iter();
        let members = members
            .map(|member| self.function(&member.sig, kind, None))
            .collect();
        let explicit_self = self.ast[decl.members]
            .iter()
            .any(|member| member.sig.receiver.is_some());
        self.out.interfaces.push(Interface {
            name: self.out.sym(decl.name.symbol),
            range: self.name_range(decl.name),
            decl: id,
            members,
            explicit_self,
        });
        self.define(decl.name, Entry::Interface(interface));
    }

    fn implementation(&mut self, id: ast::Id<ast::ImplDecl>) {
        let decl = &self.ast[id];
        let implementation = ImplId::new(self.module.id, next(&self.out.impls));
        let kind = FunctionKind::Method(implementation);
        let methods = self.ast[decl.methods].iter();
        let methods = methods
            .map(|&method| {
                let method = &self.ast[method];
                self.function(&method.sig, kind, Some(method.body))
            })
            .collect();
        self.out.impls.push(Impl {
            interface: None,
            target: Ty::INVALID,
            decl: id,
            range: self.ast.path_range(decl.interface),
            methods,
        });
    }

    fn function(
        &mut self,
        sig: &ast::Signature,
        kind: FunctionKind,
        body: Option<ast::BlockId>,
    ) -> FnId {
        let id = FnId::new(self.module.id, next(&self.out.functions));
        self.out.functions.push(Function {
            name: self.out.sym(sig.name.symbol),
            range: self.name_range(sig.name),
            kind,
            sig: *sig,
            body,
            type_params: Vec::new(),
            instance: sig.receiver.is_some(),
            explicit_self: sig.receiver.is_some(),
            params: Vec::new(),
            result: Ty::UNIT,
        });
        id
    }
}

/// The number the next element of a table gets.
fn next<T>(table: &[T]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

//! `type N = Base without f, g`, and additions to the types of `std.Error`.

use fuse_syntax::ast::{self, Path};
use fuse_syntax::{Code, Diagnostic, TextRange};

use super::build::{Builder, number};
use super::model::{Default, Entry, Field};
use crate::ids::{RecordId, Sym};
use crate::load::LoadedModule;
use crate::package::nearest;
use crate::types::Ty;

/// How far a derived type is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Open,
    Done,
}

impl Builder<'_> {
    /// Fills in every derived type, bases first.
    pub(super) fn derive(&mut self) {
        let mut progress: Vec<Vec<Progress>> = Vec::with_capacity(self.graph.modules.len());
        for module in &self.graph.modules {
            let ast = &module.parsed.module;
            let records = self.decls.module(module.id).records.iter();
            let derived = |decl: Option<ast::Id<ast::TypeDecl>>| {
                decl.is_some_and(|decl| ast[decl].derive.is_some())
            };
            progress.push(
                records
                    .map(|record| match derived(record.decl) {
                        true => Progress::Waiting,
                        false => Progress::Done,
                    })
                    .collect(),
            );
        }
        for module in &self.graph.modules {
            for index in 0..progress[module.id.index()].len() {
                let mut chain = Vec::new();
                self.derive_one(
                    RecordId::new(module.id, number(index)),
                    &mut progress,
                    &mut chain,
                );
            }
        }
    }

    fn derive_one(
        &mut self,
        id: RecordId,
        progress: &mut [Vec<Progress>],
        chain: &mut Vec<RecordId>,
    ) {
        if id.is_builtin() {
            return;
        }
        match progress[id.module.index()][id.index as usize] {
            Progress::Done => return,
            Progress::Open => {
                self.cycle(id, chain);
                return;
            }
            Progress::Waiting => {}
        }
        progress[id.module.index()][id.index as usize] = Progress::Open;
        chain.push(id);
        let module = self.graph.module(id.module);
        let ast = &module.parsed.module;
        let derive = self.decls.record(id).decl.and_then(|decl| ast[decl].derive);
        if let Some(derive) = derive
            && let Some(base) = self.base(module, derive.base)
        {
            self.derive_one(base, progress, chain);
            self.take_fields(module, id, base, derive);
        }
        chain.pop();
        progress[id.module.index()][id.index as usize] = Progress::Done;
    }

    /// Reports a cycle once, at its first declaration in load order.
    fn cycle(&mut self, id: RecordId, chain: &[RecordId]) {
        let start = chain.iter().position(|&open| open == id).unwrap_or(0);
        let first = chain[start..].iter().copied().min().unwrap_or(id);
        let module = self.graph.module(first.module);
        let record = self.decls.record(first);
        let text = self.types.symbols.text(record.name);
        let message = format!("cyclic type derivation for `{text}`");
        self.sink.push(
            Diagnostic::new(
                Code::TYPE_DERIVE_CYCLE,
                record.range.in_file(module.file),
                message,
            )
            .hint("one of the types has to list its fields"),
        );
    }

    fn base(&mut self, module: &LoadedModule, path: Path) -> Option<RecordId> {
        let ast = &module.parsed.module;
        let scope = &self.decls.module(module.id).scope;
        let sym = |name: ast::Name| self.decls.module(module.id).sym(name.symbol);
        let entry = match ast[path.segments] {
            [only] => {
                self.uses[module.id.index()].mark(only.symbol);
                scope.get(&sym(only)).map(|named| named.entry)
            }
            [alias, name] => match scope.get(&sym(alias)).map(|named| named.entry) {
                Some(Entry::Module(target)) => {
                    self.uses[module.id.index()].mark(alias.symbol);
                    let exports = &self.decls.module(target).exports;
                    exports.get(&sym(name)).copied()
                }
                Some(Entry::Damaged) => Some(Entry::Damaged),
                _ => self.builtin_base(module, path),
            },
            _ => self.builtin_base(module, path),
        };
        match entry {
            Some(Entry::Record(id)) => Some(id),
            Some(Entry::Damaged) => None,
            None if self.decls.module(module.id).damage.hides_declarations() => None,
            _ => {
                self.unknown_base(module, path);
                None
            }
        }
    }

    fn builtin_base(&self, module: &LoadedModule, path: Path) -> Option<Entry> {
        let text = module.parsed.module.path_text(path);
        let record = fuse_builtins::find_record(&text).filter(|record| !record.test_only)?;
        Some(Entry::Record(RecordId::builtin(record.id)))
    }

    fn unknown_base(&mut self, module: &LoadedModule, path: Path) {
        let ast = &module.parsed.module;
        let text = ast.path_text(path);
        let scope = &self.decls.module(module.id).scope;
        let records = scope
            .iter()
            .filter(|(_, named)| matches!(named.entry, Entry::Record(_)))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        let hint = match nearest(&text, records) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "the base is a type declared with `type`".to_owned(),
        };
        let message = format!("unknown base type `{text}`");
        let span = ast.path_span(path);
        self.sink
            .push(Diagnostic::new(Code::TYPE_DERIVE_BASE, span, message).hint(hint));
    }

    fn take_fields(
        &mut self,
        module: &LoadedModule,
        id: RecordId,
        base: RecordId,
        derive: ast::Derive,
    ) {
        let ast = &module.parsed.module;
        let mut without: Vec<Sym> = Vec::new();
        // The base is empty when it is damaged or part of a cycle.
        let known = !self.decls.record(base).fields.is_empty();
        for &name in &ast[derive.without] {
            let sym = self.decls.module(module.id).sym(name.symbol);
            let fields = &self.decls.record(base).fields;
            if known && !fields.iter().any(|field| field.name == sym) && !name.is_missing() {
                self.unknown_field(module, name, base);
            }
            without.push(sym);
        }
        let fields: Vec<Field> = self
            .decls
            .record(base)
            .fields
            .iter()
            .filter(|field| !without.contains(&field.name))
            .cloned()
            .collect();
        if fields.is_empty() && known {
            let record = self.decls.record(id);
            let span = record.range.in_file(module.file);
            self.sink.push(
                Diagnostic::new(Code::TYPE_DERIVE_EMPTY, span, "no fields left")
                    .hint("leave at least one field of the base"),
            );
        }
        self.lost_references(module, derive, base, &without);
        let record = &mut self.decls.modules[id.module.index()].records[id.index as usize];
        record.fields = fields;
        record.base = Some(base);
    }

    fn unknown_field(&mut self, module: &LoadedModule, name: ast::Name, base: RecordId) {
        let ast = &module.parsed.module;
        let text = ast.text(name);
        let shown = self.decls.record_name(self.types, base).to_owned();
        let fields = self.decls.record(base).fields.iter();
        let names = fields.map(|field| self.types.symbols.text(field.name));
        let hint = match nearest(text, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its fields are {}", crate::words::listed(names)),
        };
        let message = format!("unknown field `{text}` in `{shown}`");
        let span = ast.name_span(name);
        self.sink
            .push(Diagnostic::new(Code::TYPE_DERIVE_FIELD, span, message).hint(hint));
    }

    /// A default that stays may read only fields that stay.
    fn lost_references(
        &mut self,
        module: &LoadedModule,
        derive: ast::Derive,
        base: RecordId,
        without: &[Sym],
    ) {
        let ast = &module.parsed.module;
        for field in &self.decls.record(base).fields {
            let Default::Expr(default) = field.default else {
                continue;
            };
            let Some(origin) = field.origin.module else {
                continue;
            };
            if without.contains(&field.name) {
                continue;
            }
            let origin = self.graph.module(origin);
            let read = reads(&origin.parsed.module, default);
            let names = &self.decls.module(origin.id).names;
            for &name in &ast[derive.without] {
                let sym = self.decls.module(module.id).sym(name.symbol);
                if read.iter().any(|symbol| names[symbol.index()] == sym) {
                    let text = ast.text(name);
                    let keeper = self.types.symbols.text(field.name);
                    let message = format!("field `{text}` is read by the default of `{keeper}`");
                    self.sink.push(
                        Diagnostic::new(Code::TYPE_DERIVE_FIELD, ast.name_span(name), message)
                            .hint(format!("leave out `{keeper}` as well")),
                    );
                }
            }
        }
    }

    /// Adds the fields of `type std.Error.X:` declarations.
    pub(super) fn extend_std_errors(&mut self) {
        for module in &self.graph.modules {
            for index in 0..self.decls.module(module.id).extensions.len() {
                let decl = self.decls.module(module.id).extensions[index];
                self.extend(module, decl);
            }
        }
    }

    fn extend(&mut self, module: &LoadedModule, decl: ast::Id<ast::TypeDecl>) {
        let ast = &module.parsed.module;
        let path = ast[decl].name;
        let text = ast.path_text(path);
        let builtin = fuse_builtins::find_record(&text).filter(|_| text.starts_with("std.Error"));
        // Any other dotted name is a syntax error.
        let Some(builtin) = builtin else { return };
        if builtin.id == fuse_builtins::RecordId::StdError {
            self.decls.declared_std_error.insert(module.package);
        }
        let index = builtin.id as usize;
        let known = self.decls.builtin_records[index].fields.clone();
        let declared = self.fields(module, RecordId::builtin(builtin.id), decl);
        for mut field in declared {
            match known.iter().find(|builtin| builtin.name == field.name) {
                Some(builtin) if builtin.ty == field.ty || field.ty == Ty::INVALID => {}
                Some(builtin) => {
                    let (range, ty) = (field.origin.range, builtin.ty);
                    self.other_type(module, ast.path_range(path), range, ty);
                }
                None => {
                    let record = &mut self.decls.builtin_records[index];
                    field.origin.index = number(record.fields.len());
                    field.package = Some(module.package);
                    record.fields.push(field);
                }
            }
        }
    }

    fn other_type(&mut self, module: &LoadedModule, name: TextRange, field: TextRange, ty: Ty) {
        let shown = self.decls.display(self.types, ty).to_string();
        self.sink.push(
            Diagnostic::new(
                Code::DECL_QUALIFIED_NAME,
                name.in_file(module.file),
                "declaration name cannot be qualified",
            )
            .related(
                field.in_file(module.file),
                format!("the built-in has `{shown}` here"),
            ),
        );
    }
}

/// The names an expression mentions.
fn reads(ast: &ast::Module, expr: ast::ExprId) -> Vec<ast::Symbol> {
    let range = ast.range(expr);
    let inside = |id: ast::ExprId| {
        let place = ast.range(id);
        range.start <= place.start && place.end <= range.end
    };
    let names = ast.exprs.iter().filter_map(|(id, node)| match *node {
        ast::Expr::Name(symbol) if inside(id) => Some(symbol),
        _ => None,
    });
    names.collect()
}

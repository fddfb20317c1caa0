//! Imports that nothing uses.

use fuse_syntax::ast::{ImportSpec, List, Name};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::Whole;
use crate::decls::Entry;
use crate::load::{ImportTarget, LoadedModule, ResolvedImport};

impl Whole<'_> {
    pub(super) fn unused_imports(&mut self) {
        for module in &self.graph.modules {
            if self.decls.module(module.id).damage.any() {
                continue;
            }
            for import in &module.imports {
                self.unused_import(module, import);
            }
        }
    }

    fn unused_import(&mut self, module: &LoadedModule, import: &ResolvedImport) {
        if import.target == ImportTarget::Unresolved || self.has_effects(import.target) {
            return;
        }
        let ast = &module.parsed.module;
        match ast[import.import].spec {
            ImportSpec::Sibling { name } | ImportSpec::From { name, .. } => {
                self.unused_name(module, import, name, None);
            }
            ImportSpec::Alias { alias, .. } => self.unused_name(module, import, alias, None),
            ImportSpec::Named { names, .. } => {
                for &name in &ast[names] {
                    self.unused_name(module, import, name, Some(names));
                }
            }
        }
    }

    /// Whether a module is there for what it does by being loaded: routes,
    /// `impl` blocks, migrations, tests.
    fn has_effects(&self, target: ImportTarget) -> bool {
        let ImportTarget::Module(module) = target else {
            return false;
        };
        let module = self.decls.module(module);
        !module.services.is_empty()
            || !module.impls.is_empty()
            || !module.migrations.is_empty()
            || !module.tests.is_empty()
            || !module.apps.is_empty()
    }

    fn unused_name(
        &mut self,
        module: &LoadedModule,
        import: &ResolvedImport,
        name: Name,
        names: Option<List<Name>>,
    ) {
        if name.is_missing() {
            return;
        }
        let declarations = self.decls.module(module.id);
        let sym = declarations.sym(name.symbol);
        let known = declarations.scope.get(&sym).copied();
        let this = known.is_some_and(|named| {
            named.imported && named.range.start == name.start && named.entry != Entry::Damaged
        });
        let used = self.uses[module.id.index()].has(name.symbol)
            || self.checked[module.id.index()].uses.has(name.symbol);
        if !this || used {
            return;
        }
        let ast = &module.parsed.module;
        let message = format!("unused import `{}`", ast.text(name));
        let place = match names {
            Some(names) if names.len() > 1 => without_name(module, &ast[names], name),
            _ => crate::edits::whole_lines(&module.text, ast[import.import].range),
        };
        let fix = Fix::replace("remove the import", place.in_file(module.file), "");
        self.report(Diagnostic::new(Code::UNUSED_IMPORT, ast.name_span(name), message).fix(fix));
    }
}

/// A name in braces with the comma before or after it.
fn without_name(module: &LoadedModule, names: &[Name], name: Name) -> TextRange {
    let ast = &module.parsed.module;
    let range = ast.name_range(name);
    match names.iter().position(|other| other.start == name.start) {
        Some(at) if at + 1 < names.len() => TextRange::new(range.start, names[at + 1].start),
        Some(at) if at > 0 => TextRange::new(ast.name_range(names[at - 1]).end, range.end),
        _ => range,
    }
}

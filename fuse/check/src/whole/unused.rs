//! Functions that nothing calls.

use fuse_syntax::ast::{Expr, ImportSpec};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use rustc_hash::FxHashSet;

use super::Whole;
use crate::body::Owner;
use crate::decls::FunctionKind;
use crate::ids::FnId;
use crate::load::{ImportTarget, LoadedModule};
use crate::package::PackageId;

impl Whole<'_> {
    /// Functions of the root package that nothing of a program with a start
    /// ever names.
    pub(super) fn unused_functions(&mut self) {
        let starts = self.decls.modules.iter().any(|module| {
            !module.apps.is_empty() || !module.services.is_empty() || !module.tests.is_empty()
        });
        let root = self.graph.entry().map(|module| module.id);
        let damaged = self.decls.modules.iter().any(|module| module.damage.any());
        if !starts || damaged {
            return;
        }
        let mut used: FxHashSet<FnId> = FxHashSet::default();
        for module in self.checked {
            for &(owner, callee) in &module.facts.calls {
                if owner != Owner::Function(callee) {
                    used.insert(callee);
                }
            }
            used.extend(module.predicates.iter().map(|predicate| predicate.function));
        }
        used.extend(self.predicates.iter().map(|predicate| predicate.function));
        for module in &self.graph.modules {
            if module.package != PackageId::ROOT {
                continue;
            }
            for index in 0..self.decls.module(module.id).functions.len() {
                let id = FnId::new(module.id, crate::edits::offset(index));
                let function = self.decls.function(id);
                let plain = matches!(
                    function.kind,
                    FunctionKind::Function | FunctionKind::Component
                );
                let main = root == Some(module.id) && self.text(function.name) == "main";
                let named =
                    !function.range.is_empty() && !self.text(function.name).starts_with('_');
                if plain && named && !main && !used.contains(&id) {
                    self.unused_function(module, id);
                }
            }
        }
    }

    fn unused_function(&mut self, module: &LoadedModule, id: FnId) {
        let function = self.decls.function(id);
        let what = match function.kind {
            FunctionKind::Component => "component",
            _ => "function",
        };
        let message = format!("unused {what} `{}`", self.text(function.name));
        let range = function.range;
        let span = range.in_file(module.file);
        let mut diagnostic = Diagnostic::new(Code::UNUSED_FUNCTION, span, message)
            .hint("remove it, or start its name with `_` if it is kept for later");
        if let Some(places) = self.own_mentions(module, id) {
            let edits = places
                .into_iter()
                .map(|place| (place.in_file(module.file), "_".to_owned()))
                .collect();
            let title = "start its name with `_`".to_owned();
            diagnostic = diagnostic.fix(Fix {
                title,
                edits,
                safe: false,
            });
        }
        self.report(diagnostic);
    }

    /// Where a function is named, if only its own declaration and body do.
    fn own_mentions(&self, module: &LoadedModule, id: FnId) -> Option<Vec<TextRange>> {
        let text = self.text(self.decls.function(id).name);
        let imported = self.graph.modules.iter().any(|other| {
            let ast = &other.parsed.module;
            let mut imports = other.imports.iter();
            imports.any(|import| match ast[import.import].spec {
                ImportSpec::Named { names, .. } => {
                    import.target == ImportTarget::Module(id.module)
                        && ast[names].iter().any(|name| ast.text(*name) == text)
                }
                _ => false,
            })
        });
        let ast = &module.parsed.module;
        let function = self.decls.function(id);
        let body = ast.range(function.body?);
        let symbol = function.sig.name.symbol;
        let names_it = |expr: &Expr| matches!(*expr, Expr::Name(found) if found == symbol);
        let mut places = vec![TextRange::empty(function.range.start)];
        for (expr, _) in ast.exprs.iter().filter(|(_, expr)| names_it(expr)) {
            let range = ast.range(expr);
            if range.start < body.start || range.end > body.end {
                return None;
            }
            places.push(TextRange::empty(range.start));
        }
        (!imported).then_some(places)
    }
}

//! Functions that nothing calls.

use fuse_syntax::ast::Item;
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use rustc_hash::FxHashSet;

use super::Whole;
use crate::body::Owner;
use crate::decls::FunctionKind;
use crate::ids::FnId;
use crate::load::LoadedModule;
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
        let mut diagnostic = Diagnostic::new(Code::UNUSED_FUNCTION, span, message);
        if let Some(whole) = declaration(module, range) {
            let place = whole.in_file(module.file);
            diagnostic = diagnostic
                .fix(Fix::replace(format!("remove the {what}"), place, "").unsafe_to_apply());
        }
        self.report(diagnostic);
    }
}

/// The lines of the declaration whose name stands at `name`, with its doc
/// comment and the blank lines after it.
fn declaration(module: &LoadedModule, name: TextRange) -> Option<TextRange> {
    let ast = &module.parsed.module;
    let holds = |range: TextRange| range.start <= name.start && name.end <= range.end;
    let (range, doc) = ast.items.iter().find_map(|item| match *item {
        Item::Fn(id) if holds(ast[id].range) => Some((ast[id].range, ast[id].doc)),
        Item::Component(id) if holds(ast[id].range) => Some((ast[id].range, ast[id].doc)),
        _ => None,
    })?;
    let start = doc.map_or(range.start, |doc| doc.range.start.min(range.start));
    let end = crate::edits::end_of_code(module, range);
    let lines = crate::edits::whole_lines(&module.text, TextRange::new(start, end));
    let rest = module.text.get(lines.end as usize..)?;
    let blank: usize = rest
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty())
        .map(str::len)
        .sum();
    Some(TextRange::new(
        lines.start,
        lines.end + crate::edits::offset(blank),
    ))
}

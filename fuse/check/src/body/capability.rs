//! Capabilities: what a module may touch, and what a call needs.

use fuse_builtins::Capability;
use fuse_syntax::ast::ExprId;
use fuse_syntax::{Code, Diagnostic, Fix, Span, TextRange};

use super::Checker;
use crate::ids::FnId;
use crate::load::ModuleId;

impl Checker<'_> {
    /// A built-in that a capability gates is used.
    pub(super) fn use_capability(&mut self, span: Span, capability: Capability, path: &str) {
        self.facts.capabilities |= bit(capability);
        if self.frames.in_transaction() && capability != Capability::Db {
            self.not_in_transaction(span, capability);
            return;
        }
        if self.own.has(capability) {
            return;
        }
        let message = format!("`{path}` requires capability `{capability}`");
        let fix = self.requires_fix(capability);
        self.report(
            Diagnostic::new(Code::CAPABILITY_REQUIRED, span, message)
                .hint(format!(
                    "declare it at the top of the module: `requires {capability}`"
                ))
                .fix(fix),
        );
    }

    fn not_in_transaction(&mut self, span: Span, capability: Capability) {
        let message = format!("capability `{capability}` cannot be used in a transaction");
        self.report(
            Diagnostic::new(Code::TRANSACTION_USE, span, message)
                .hint("a transaction is retried and rolled back; do it before or after"),
        );
    }

    /// What a call of a declared function asks of this module.
    pub(super) fn call_rules(&mut self, id: ExprId, function: FnId) {
        self.leaks(id, function);
    }

    /// A function of another module needs what that module declares.
    pub(super) fn leaks(&mut self, id: ExprId, function: FnId) {
        if function.module == self.module {
            return;
        }
        let target = self.decls.module(function.module);
        if target.capabilities.is_empty() {
            return;
        }
        let name = self.text(self.decls.function(function).name).to_owned();
        self.module_leaks(id, function.module, &name);
    }

    /// Code of another module runs here: what it needs, this module needs.
    pub(super) fn module_leaks(&mut self, id: ExprId, module: ModuleId, name: &str) {
        if module == self.module {
            return;
        }
        let mut needed: Vec<Capability> = self
            .decls
            .module(module)
            .capabilities
            .iter()
            .map(|(one, _)| *one)
            .collect();
        needed.sort_by_key(|capability| capability.name());
        for capability in needed {
            self.facts.capabilities |= bit(capability);
            let span = self.span(id);
            if self.frames.in_transaction() && capability != Capability::Db {
                self.not_in_transaction(span, capability);
            } else if !self.own.has(capability) {
                let shown = self.callee_text(id).unwrap_or(name).to_owned();
                let message = format!("call to `{shown}` requires capability `{capability}`");
                let fix = self.requires_fix(capability);
                self.report(
                    Diagnostic::new(Code::CAPABILITY_LEAK, span, message)
                        .hint(format!(
                            "declare it in this module as well: `requires {capability}`"
                        ))
                        .fix(fix),
                );
            }
        }
    }

    /// How a call names what it calls, if that is short.
    fn callee_text(&self, id: ExprId) -> Option<&str> {
        let fuse_syntax::ast::Expr::Call(call) = self.ast[id] else {
            return None;
        };
        let text = self.source(self.ast[call].callee);
        (text.len() <= 40 && !text.contains(['(', '\n'])).then_some(text)
    }

    /// Declares a capability, in canonical order among those declared.
    pub(super) fn requires_fix(&self, capability: Capability) -> Fix {
        let title = format!("declare `requires {capability}`");
        let before = self
            .own
            .capabilities
            .iter()
            .rev()
            .find(|(one, _)| *one < capability);
        let text = &self.loaded.text;
        match (before, self.own.capabilities.first()) {
            (Some((_, range)), _) => {
                let line = crate::edits::whole_lines(text, *range);
                let place = self.at(TextRange::empty(line.end));
                Fix::replace(title, place, format!("requires {capability}\n"))
            }
            (None, Some((_, range))) => {
                let line = crate::edits::whole_lines(text, *range);
                let place = self.at(TextRange::empty(line.start));
                Fix::replace(title, place, format!("requires {capability}\n"))
            }
            (None, None) => {
                let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
                let start = crate::edits::offset(mark);
                let place = self.at(TextRange::empty(start));
                Fix::replace(title, place, format!("requires {capability}\n\n"))
            }
        }
    }

    /// A transaction needs a module that declares `db` and nothing else.
    pub(super) fn transaction_capabilities(&mut self, word: TextRange) {
        self.facts.capabilities |= bit(Capability::Db);
        if !self.own.has(Capability::Db) {
            let fix = self.requires_fix(Capability::Db);
            self.report(
                Diagnostic::new(
                    Code::TRANSACTION_CAPABILITY,
                    self.at(word),
                    "transaction requires capability `db`",
                )
                .hint("declare it at the top of the module: `requires db`")
                .fix(fix),
            );
            return;
        }
        let mut others: Vec<&str> = self
            .own
            .capabilities
            .iter()
            .filter(|(one, _)| *one != Capability::Db)
            .map(|(one, _)| one.name())
            .collect();
        if others.is_empty() {
            return;
        }
        others.sort_unstable();
        let listed = crate::words::listed(others.into_iter());
        let message = format!("transaction needs a db-only module; remove {listed}");
        self.report(
            Diagnostic::new(Code::TRANSACTION_MODULE_CAPS, self.at(word), message)
                .hint("move the transaction to a module that only requires `db`"),
        );
    }
}

/// The bit of a capability in a set of them.
pub(crate) fn bit(capability: Capability) -> u8 {
    1 << capability as u8
}

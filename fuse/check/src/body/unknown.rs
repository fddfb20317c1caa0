//! Names that mean nothing, and what was probably meant.

use fuse_syntax::ast::{ExprId, Symbol};
use fuse_syntax::{Code, Diagnostic, Fix};

use super::Checker;
use crate::decls::Entry;
use crate::ids::Sym;
use crate::package::nearest;
use crate::types::Ty;

impl Checker<'_> {
    /// Reports an unknown name, unless a syntax error may hide what it means.
    pub(super) fn unknown_name(&mut self, id: ExprId, symbol: Symbol) -> Ty {
        if self.may_be_hidden() {
            return Ty::INVALID;
        }
        let text = self.ast.names.text(symbol).to_owned();
        let span = self.span(id);
        let message = format!("unknown name `{text}`");
        let mut diagnostic = Diagnostic::new(Code::NAME_UNKNOWN, span, message);
        let sym = self.sym(symbol);
        if self.prelude.tag(sym).is_some() {
            diagnostic = diagnostic.hint(format!("the tag is called: `{text}()`"));
        } else if text == "self" {
            diagnostic =
                diagnostic.hint("`self` is only known in methods that are called on a value");
        } else if let Some(owner) = self.owner_of_variant(sym) {
            let qualified = format!("{owner}.{text}");
            let fix = Fix::replace(format!("write `{qualified}`"), span, qualified.clone());
            diagnostic = diagnostic
                .hint(format!("it is a variant of `{owner}`: write `{qualified}`"))
                .fix(fix.unsafe_to_apply());
        } else if let Some(near) = self.near_value(&text) {
            diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
            if !fuse_builtins::prelude_names().any(|name| name == near) {
                let fix = Fix::replace(format!("write `{near}`"), span, near);
                diagnostic = diagnostic.fix(fix.unsafe_to_apply());
            }
        } else {
            diagnostic = diagnostic.hint("declare it, or import it from the module that does");
        }
        self.report(diagnostic);
        Ty::INVALID
    }

    /// Whether a syntax error may hide what a name means here.
    pub(super) fn may_be_hidden(&self) -> bool {
        self.own.damage.hides_declarations() || self.own.damage.within(self.body.block)
    }

    /// The enum in scope that has a variant of this name: the first in order of
    /// the names that are known for it.
    fn owner_of_variant(&self, variant: Sym) -> Option<String> {
        let enums = self
            .own
            .scope
            .iter()
            .filter_map(|(name, named)| match named.entry {
                Entry::Enum(id) => Some((self.text(*name), self.decls.enumeration(id))),
                _ => None,
            });
        let owners = enums.filter(|(_, found)| found.variant(variant).is_some());
        owners.map(|(name, _)| name).min().map(str::to_owned)
    }

    /// The known name that is nearest to one that is not.
    fn near_value(&self, text: &str) -> Option<String> {
        let locals = self.scope.names().map(|index| {
            let sym = self.own.names[index];
            self.text(sym)
        });
        let declared = self.own.scope.keys().map(|sym| self.text(*sym));
        let builtin = fuse_builtins::prelude_names().filter(|name| *name != "testing");
        let builtin = builtin.map(|name| -> &str { name });
        // Candidates of equal distance are told apart by their text, so the
        // order of a hash table does not show.
        nearest(text, locals.chain(declared).chain(builtin)).map(str::to_owned)
    }
}

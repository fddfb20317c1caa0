//! Predicates of refined types: functions of one parameter that answer `Bool`.
//! Whether they have effects is seen once bodies are checked.

use fuse_syntax::{Code, Diagnostic};

use super::build::Builder;
use super::resolve::PendingPredicate;
use crate::relate::{Relations, Slot};
use crate::types::Ty;
use crate::words::counted;

impl Builder<'_> {
    pub(super) fn check_predicates(&mut self) {
        let mut relations = Relations::default();
        for predicate in self.predicates.clone() {
            self.check_predicate(&predicate, &mut relations);
        }
    }

    fn check_predicate(&mut self, predicate: &PendingPredicate, relations: &mut Relations) {
        let function = self.decls.function(predicate.function);
        let name = self.types.symbols.text(function.name).to_owned();
        let result = function.result;
        let mut defects = Vec::new();
        match function.params[..] {
            [param] => {
                let takes = relations.coercion(
                    self.types,
                    &self.decls,
                    predicate.base,
                    param.ty,
                    Slot::Plain,
                );
                if takes.is_none() {
                    let base = self.decls.display(self.types, predicate.base);
                    let found = self.decls.display(self.types, param.ty);
                    defects.push(format!(
                        "predicate `{name}` must take `{base}`, takes `{found}`"
                    ));
                }
            }
            ref params => defects.push(format!(
                "predicate `{name}` must take 1 parameter, takes {}",
                counted(params.len(), "parameter")
            )),
        }
        if result != Ty::BOOL && !result.is_invalid() {
            let found = self.decls.display(self.types, result);
            defects.push(format!(
                "predicate `{name}` must return `Bool`, found `{found}`"
            ));
        }
        for message in defects {
            let base = self.decls.display(self.types, predicate.base).to_string();
            self.sink.push(
                Diagnostic::new(Code::REFINE_PREDICATE, predicate.span, message).hint(format!(
                    "a predicate of `{base}` is `fn {name}(value: {base}) -> Bool`"
                )),
            );
        }
    }
}

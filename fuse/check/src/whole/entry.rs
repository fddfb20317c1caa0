//! Where a program starts: parameters of `main`, and what a server should
//! answer.

use fuse_syntax::ast::Verb;
use fuse_syntax::{Code, Diagnostic};

use super::Whole;
use crate::decls::{FunctionKind, Segment};
use crate::types::{Ty, TyKind};

impl Whole<'_> {
    /// Every parameter of the root module's `main` can be given as text.
    pub(super) fn main_parameters(&mut self) {
        let Some(root) = self.graph.entry() else {
            return;
        };
        let main = self
            .decls
            .module(root.id)
            .functions
            .iter()
            .find(|function| {
                function.kind == FunctionKind::Function && self.text(function.name) == "main"
            });
        let Some(main) = main else { return };
        for param in &main.params {
            if self.is_flag(param.ty) {
                continue;
            }
            let name = self.text(param.name);
            let message = format!("parameter `{name}` cannot be bound from the command line");
            let shown = self.decls.display(self.types, param.ty).to_string();
            let span = self.at(root.id, param.range);
            self.report(
                Diagnostic::new(Code::MAIN_PARAM, span, message)
                    .label(format!("`{shown}` has no text form to read")),
            );
        }
    }

    fn is_flag(&mut self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Result(..) => false,
            TyKind::Option(inner) => self.is_flag(inner),
            _ => {
                ty.is_invalid()
                    || (self.has_text_keys(ty)
                        && self.relations.decodable(self.types, self.decls, ty))
            }
        }
    }

    /// Whether every map inside has keys that JSON has.
    fn has_text_keys(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Map(key, value) => {
                self.types.unrefined(key) != Ty::INT && self.has_text_keys(value)
            }
            TyKind::List(item) | TyKind::Option(item) | TyKind::Refined(item, _) => {
                self.has_text_keys(item)
            }
            _ => true,
        }
    }

    /// A program that serves says whether it is alive.
    pub(super) fn health_route(&mut self) {
        let modules = self.graph.modules.iter();
        let serve = modules
            .filter_map(|module| {
                let facts = &self.checked[module.id.index()].facts;
                facts.serves.first().map(|range| range.in_file(module.file))
            })
            .next();
        let Some(serve) = serve else { return };
        let answers = self
            .decls
            .modules
            .iter()
            .flat_map(|module| &module.services)
            .any(|service| {
                service.routes.iter().any(|route| {
                    let health = match &route.path[..] {
                        [Segment::Literal(text)] => matches!(&**text, "healthz" | "health"),
                        _ => false,
                    };
                    route.verb == Verb::Get && health
                })
            });
        if !answers {
            self.report(
                Diagnostic::new(Code::NO_HEALTH_ROUTE, serve, "no `/healthz` route").hint(
                    "add `get \"/healthz\" -> String:` to a service, so that a supervisor can ask",
                ),
            );
        }
    }
}

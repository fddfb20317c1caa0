//! The warning about handlers that do not run inline.

use fuse_syntax::{Code, Diagnostic, Span};

use super::{Cause, EffectTable, Reason};
use crate::canon::{Program, Route};
use crate::load::ModuleGraph;

impl EffectTable {
    /// A warning at the verb of every route whose handler runs on the blocking
    /// pool, in the order of the program, which was made from `graph`.
    #[must_use]
    pub fn blocking_routes(&self, program: &Program, graph: &ModuleGraph) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for service in &program.services {
            // Modules keep their numbers when they are lowered.
            let Some(module) = graph.modules.get(service.module.index()) else {
                continue;
            };
            for route in &service.routes {
                let Some(reason) = self.why_blocking(program, route) else {
                    continue;
                };
                let message = format!(
                    "handler runs on the blocking pool: {}",
                    shown(&reason, route)
                );
                let verb = u32::try_from(route.verb.word().len()).unwrap_or(0);
                let start = route.span.start;
                let span = Span::new(module.file, start, start + verb);
                found.push(Diagnostic::new(Code::ROUTE_BLOCKING, span, message));
            }
        }
        found
    }
}

fn shown(reason: &Reason, route: &Route) -> String {
    match reason.cause {
        Cause::Recursion => format!("`{}` calls itself", reason.name),
        cause if reason.function == route.function => format!("`{cause}`"),
        _ => reason.to_string(),
    }
}

//! The report that `fuse check --emit effects` prints, and reasons for people.

use std::fmt::{self, Write as _};

use fuse_builtins::EffectSet;

use super::{Cause, EffectTable, Schedule};
use crate::canon::{FunctionId, Program, Route, Span};

/// Why the handler of a route does not run inline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it does that may take long.
    pub cause: Cause,
    /// The function that does it.
    pub function: FunctionId,
    /// The name of that function in the source.
    pub name: String,
    /// Where, in the file of that function.
    pub span: Span,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in `{}`", self.cause, self.name)
    }
}

impl EffectTable {
    /// Why a function has one of these blocking effects: the nearest function
    /// it reaches that has one of its own.
    #[must_use]
    pub fn reason(&self, program: &Program, from: &[FunctionId], of: EffectSet) -> Option<Reason> {
        let reachable = self.graph.reachable(from);
        let own = reachable.iter().find_map(|function| {
            let causes = &self.graph.nodes[function.index()].causes;
            let (_, cause, span) = causes
                .iter()
                .find(|(effects, ..)| !effects.common(of).is_pure())?;
            Some((*function, *cause, *span))
        });
        // Without a cause of its own the only blocking effect is recursion.
        let (function, cause, span) = own.or_else(|| {
            let recursive = |function: &&FunctionId| {
                let calls = &self.graph.nodes[function.index()].calls;
                self.graph.reachable(calls).contains(*function)
            };
            let function = *reachable.iter().find(recursive)?;
            Some((function, Cause::Recursion, program[function].span))
        })?;
        Some(Reason {
            cause,
            function,
            name: program[program[function].name].to_owned(),
            span,
        })
    }

    /// Why the handler of a route runs on the blocking pool; nothing when it
    /// runs inline.
    #[must_use]
    pub fn why_blocking(&self, program: &Program, route: &Route) -> Option<Reason> {
        if self.schedule(program, route) == Schedule::Inline {
            return None;
        }
        let mut from = vec![route.function];
        from.extend(self.decoded(program, route));
        self.reason(program, &from, EffectSet::BLOCKING)
    }
}

/// Writes the effects of every function and the schedule of every route, one
/// per line, in the order of the program.
#[must_use]
pub fn report(program: &Program, table: &EffectTable) -> String {
    let mut out = String::new();
    for service in &program.services {
        for route in &service.routes {
            let schedule = table.schedule(program, route).word();
            let _ = write!(
                out,
                "route {} {} {schedule}",
                route.verb.word(),
                route.pattern
            );
            if let Some(reason) = table.why_blocking(program, route) {
                let _ = write!(out, ": {reason}");
            }
            out.push('\n');
        }
    }
    for (index, function) in program.functions.iter().enumerate() {
        let effects = table.of(FunctionId::from_index(index));
        let _ = writeln!(out, "fn {}: {effects}", function.symbol);
    }
    out
}

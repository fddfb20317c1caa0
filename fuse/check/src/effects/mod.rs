//! What every function of a program can do, and where its handlers run.
//!
//! The canonical program is closed and monomorphic, so the answer is exact up
//! to calls of function values: those are taken to reach every function of
//! their type whose value the program makes somewhere.

mod graph;
mod lint;
mod local;
mod report;

pub use local::Cause;
pub use report::{Reason, report};

use fuse_builtins::{Effect, EffectSet};

use crate::canon::{FunctionId, Program, Route};
use graph::CallGraph;

/// The effects of every function of a program.
#[derive(Debug, Clone)]
pub struct EffectTable {
    sets: Vec<EffectSet>,
    graph: CallGraph,
}

/// Where the handler of a route runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// On the async worker that read the request.
    Inline,
    /// On the bounded pool of threads that may wait.
    Blocking,
}

impl Schedule {
    /// The word reports use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Blocking => "blocking",
        }
    }
}

/// Computes the effects of every function.
#[must_use]
pub fn effects(program: &Program) -> EffectTable {
    let graph = CallGraph::new(program);
    let mut sets: Vec<_> = graph.nodes.iter().map(|node| node.effects).collect();
    // Callees come before callers, functions that call each other together.
    for group in graph.groups() {
        let mut set = EffectSet::PURE;
        for member in &group.members {
            set = set.with(sets[member.index()]);
            for call in &graph.nodes[member.index()].calls {
                set = set.with(sets[call.index()]);
            }
        }
        if group.recursive {
            set = set.with(EffectSet::of(&[Effect::Unbounded, Effect::Trap]));
        }
        for member in group.members {
            sets[member.index()] = set;
        }
    }
    EffectTable { sets, graph }
}

impl EffectTable {
    /// What a function can do, everything it calls included.
    #[must_use]
    pub fn of(&self, function: FunctionId) -> EffectSet {
        self.sets[function.index()]
    }

    /// What handling a request of a route can do: decoding its parameters and
    /// body runs predicates and defaults of their types, then the handler.
    #[must_use]
    pub fn of_route(&self, program: &Program, route: &Route) -> EffectSet {
        let before = self
            .decoded(program, route)
            .into_iter()
            .map(|function| self.of(function));
        before.fold(self.of(route.function), EffectSet::with)
    }

    /// Where the handler of a route runs.
    #[must_use]
    pub fn schedule(&self, program: &Program, route: &Route) -> Schedule {
        if self.of_route(program, route).blocks() {
            Schedule::Blocking
        } else {
            Schedule::Inline
        }
    }

    /// The functions that decoding a request may run.
    fn decoded(&self, program: &Program, route: &Route) -> Vec<FunctionId> {
        let params = route.params.iter().map(|param| param.ty);
        let types: Vec<_> = params.chain(route.body).collect();
        graph::functions_of_types(program, &types)
    }

    /// Every function that a call of this one can reach, itself first, each
    /// once, nearer ones before those further away.
    #[must_use]
    pub fn reachable(&self, from: FunctionId) -> Vec<FunctionId> {
        self.graph.reachable(&[from])
    }
}

//! What only shows when all modules are looked at together.

mod architecture;
pub(crate) mod config;
mod effects;
mod entry;
mod generics;
mod imports;
mod layers;
mod recursion;
mod unused;

use std::sync::Arc;

use fuse_syntax::{Diagnostic, Span, TextRange};
use rustc_hash::FxHashMap;

use crate::body::{CheckedModule, Direct, Owner};
use crate::decls::resolve::PendingPredicate;
use crate::decls::{Declarations, FunctionKind, Uses};
use crate::ids::{ConfigId, FnId, Sym};
use crate::load::{ModuleGraph, ModuleId};
use crate::relate::Relations;
use crate::sink::Sink;
use crate::types::TypeStore;

/// A checked program, being looked at as a whole.
pub(crate) struct Whole<'a> {
    pub(crate) graph: &'a ModuleGraph,
    pub(crate) decls: &'a Declarations,
    pub(crate) types: &'a mut TypeStore,
    pub(crate) relations: &'a mut Relations,
    pub(crate) checked: &'a [Arc<CheckedModule>],
    /// Which names the signatures of each module use.
    pub(crate) uses: &'a [Uses],
    /// Predicates named in signatures.
    pub(crate) predicates: &'a [PendingPredicate],
    pub(crate) strict: bool,
    pub(crate) sink: Sink,
}

/// Something that code leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Edge {
    /// Other code, that runs as part of it.
    Runs(Node),
    /// A field of a config, that is read.
    Reads(ConfigId, u32),
}

/// A piece of code in the program: owners are numbered per module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Node {
    module: ModuleId,
    owner: Owner,
}

/// Which code runs which, and what each does itself.
#[derive(Default)]
struct Calls {
    edges: FxHashMap<Node, Vec<Edge>>,
    direct: FxHashMap<Node, Vec<(Direct, TextRange)>>,
}

impl Whole<'_> {
    /// Runs every check of the whole program.
    pub(crate) fn run(mut self) -> Sink {
        self.recursive_types();
        let calls = self.calls();
        self.predicate_effects(&calls);
        self.config_effects(&calls);
        self.config_cycles(&calls);
        self.config_keys();
        self.instantiations();
        self.main_parameters();
        self.health_route();
        self.unused_functions();
        self.unused_imports();
        if self.strict {
            self.architecture();
        }
        self.sink
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    fn at(&self, module: ModuleId, range: TextRange) -> Span {
        range.in_file(self.graph.module(module).file)
    }

    fn text(&self, sym: Sym) -> &str {
        self.types.symbols.text(sym)
    }

    fn function_name(&self, id: FnId) -> &str {
        self.text(self.decls.function(id).name)
    }

    fn calls(&self) -> Calls {
        let mut calls = Calls::default();
        for module in &self.graph.modules {
            let facts = &self.checked[module.id.index()].facts;
            let node = |owner: Owner| Node {
                module: owner_module(owner, module.id),
                owner,
            };
            for &(owner, callee) in &facts.calls {
                for callee in self.runs(callee) {
                    let runs = Edge::Runs(function_node(callee));
                    calls.edges.entry(node(owner)).or_default().push(runs);
                }
            }
            for &(owner, record) in &facts.defaults {
                let runs = Edge::Runs(Node {
                    module: record.module,
                    owner: Owner::Record(record),
                });
                calls.edges.entry(node(owner)).or_default().push(runs);
            }
            for &(owner, config, field) in &facts.reads {
                calls
                    .edges
                    .entry(node(owner))
                    .or_default()
                    .push(Edge::Reads(config, field));
            }
            for &(owner, direct, range) in &facts.direct {
                calls
                    .direct
                    .entry(node(owner))
                    .or_default()
                    .push((direct, range));
            }
        }
        calls
    }

    /// What runs when a function is called: for a member of an interface, any
    /// method that supplies it.
    fn runs(&self, callee: FnId) -> Vec<FnId> {
        let function = self.decls.function(callee);
        let FunctionKind::Member(interface) = function.kind else {
            return vec![callee];
        };
        let mut methods: Vec<FnId> = self
            .decls
            .impls
            .iter()
            .filter(|((of, _), _)| *of == interface)
            .filter_map(|(_, &id)| self.decls.method_of(id, function.name))
            .collect();
        methods.sort_unstable();
        methods
    }
}

fn function_node(id: FnId) -> Node {
    Node {
        module: id.module,
        owner: Owner::Function(id),
    }
}

/// The module that code belongs to; defaults of a derived record are those of
/// its own declaration.
fn owner_module(owner: Owner, module: ModuleId) -> ModuleId {
    match owner {
        Owner::Record(record) => record.module,
        _ => module,
    }
}

impl Calls {
    /// Everything that runs when `start` does, nearest first, each once, with
    /// what it was reached from.
    fn reached(&self, start: Node) -> Vec<(Node, Option<Node>)> {
        let mut found = vec![(start, None)];
        let mut seen: rustc_hash::FxHashSet<Node> = std::iter::once(start).collect();
        let mut next = 0;
        while let Some(&(node, _)) = found.get(next) {
            next += 1;
            for edge in self.edges.get(&node).map_or(&[][..], Vec::as_slice) {
                if let Edge::Runs(to) = *edge
                    && seen.insert(to)
                {
                    found.push((to, Some(node)));
                }
            }
        }
        found
    }
}

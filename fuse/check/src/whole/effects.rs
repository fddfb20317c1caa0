//! Effects where none may be: in predicates and in defaults of configs; and
//! why a handler blocks.

use fuse_builtins::{BUILTINS, Capability, MEMBERS};
use fuse_syntax::{Code, Diagnostic, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Calls, Edge, Node, Whole, function_node};
use crate::body::{Direct, Owner};
use crate::decls::resolve::PendingPredicate;
use crate::ids::ConfigId;

impl Whole<'_> {
    pub(super) fn predicate_effects(&mut self, calls: &Calls) {
        let bodies = self
            .checked
            .iter()
            .flat_map(|module| module.predicates.iter().copied());
        let all: Vec<PendingPredicate> = self.predicates.iter().copied().chain(bodies).collect();
        for predicate in all {
            let start = function_node(predicate.function);
            let Some((effect, via)) = self.effect_of(calls, start, in_predicate) else {
                continue;
            };
            let name = self.function_name(predicate.function).to_owned();
            let message = match via {
                None => format!("predicate `{name}` uses `{effect}`"),
                Some(via) => format!("predicate `{name}` uses `{effect}` (via {via})"),
            };
            self.report(
                Diagnostic::new(Code::EFFECT_FORBIDDEN, predicate.span, message)
                    .hint("a predicate only looks at the value it is given"),
            );
        }
    }

    /// The first forbidden effect that code leads to, and the functions on the
    /// way.
    fn effect_of(
        &self,
        calls: &Calls,
        start: Node,
        forbidden: fn(Direct) -> Option<String>,
    ) -> Option<(String, Option<String>)> {
        let reached = calls.reached(start);
        for &(node, from) in &reached {
            let direct = calls.direct.get(&node).map_or(&[][..], Vec::as_slice);
            let Some(effect) = direct.iter().find_map(|(direct, _)| forbidden(*direct)) else {
                continue;
            };
            let mut way: Vec<String> = Vec::new();
            let mut at = from.map(|from| (node, from));
            while let Some((node, from)) = at {
                way.push(format!("`{}`", self.node_name(node)));
                let before = reached.iter().find(|(known, _)| *known == from);
                at = before.and_then(|(_, before)| before.map(|before| (from, before)));
            }
            way.reverse();
            return Some((effect, (!way.is_empty()).then(|| way.join(", "))));
        }
        None
    }

    fn node_name(&self, node: Node) -> String {
        match node.owner {
            Owner::Function(id) => self.function_name(id).to_owned(),
            Owner::Record(id) => self.decls.record_name(self.types, id).to_owned(),
            Owner::ConfigField(id, index) => self.config_field(id, index),
            _ => "a block".to_owned(),
        }
    }

    pub(super) fn config_field(&self, id: ConfigId, index: u32) -> String {
        let config = self.decls.config(id);
        let field = config
            .fields
            .get(index as usize)
            .map_or("", |field| self.text(field.name));
        format!("{}.{field}", self.text(config.name))
    }

    pub(super) fn config_effects(&mut self, calls: &Calls) {
        for module in &self.graph.modules {
            for (config, index) in self.decls.module(module.id).configs.iter().zip(0..) {
                for (field, place) in config.fields.iter().zip(0..) {
                    let id = ConfigId::new(module.id, index);
                    let owner = Owner::ConfigField(id, place);
                    let node = Node {
                        module: module.id,
                        owner,
                    };
                    let default = module.parsed.module.span(field.default);
                    self.config_effect(calls, node, default);
                }
            }
        }
    }

    fn config_effect(&mut self, calls: &Calls, node: Node, default: Span) {
        let own = calls.direct.get(&node).map_or(&[][..], Vec::as_slice);
        let own: Vec<(String, Span)> = own
            .iter()
            .filter_map(|&(direct, range)| Some((in_config(direct)?, self.at(node.module, range))))
            .collect();
        if own.is_empty() {
            if let Some((effect, via)) = self.effect_of(calls, node, in_config) {
                let via = via.map(|via| format!(" (via {via})")).unwrap_or_default();
                self.forbidden_default(&effect, &via, default);
            }
            return;
        }
        for (effect, span) in own {
            self.forbidden_default(&effect, "", span);
        }
    }

    fn forbidden_default(&mut self, effect: &str, via: &str, span: Span) {
        let message = format!("config default uses `{effect}`{via}");
        self.report(Diagnostic::new(Code::EFFECT_FORBIDDEN, span, message).hint(
            "defaults are computed before the program starts: read `env(...)`, or give a value",
        ));
    }

    /// Why the handler of each route cannot run inline.
    pub(super) fn blocking_routes(&mut self, calls: &Calls) {
        let routes = self
            .decls
            .modules
            .iter()
            .any(|module| !module.services.is_empty());
        if !routes {
            return;
        }
        let blocked = blocked(calls);
        for module in &self.graph.modules {
            for service in &self.decls.module(module.id).services {
                for route in &service.routes {
                    let node = Node {
                        module: module.id,
                        owner: Owner::Route(route.index),
                    };
                    let Some(reason) = blocked.get(&node) else {
                        continue;
                    };
                    let shown = match reason {
                        Reason::Does(node, what) => match node.owner {
                            Owner::Function(id) => {
                                format!("`{what}` in `{}`", self.function_name(id))
                            }
                            _ => format!("`{what}`"),
                        },
                        Reason::Recursive(node) => {
                            format!("`{}` calls itself", self.node_name(*node))
                        }
                    };
                    let message = format!("handler runs on the blocking pool: {shown}");
                    let span = self.at(module.id, route.verb_range);
                    self.report(Diagnostic::new(Code::ROUTE_BLOCKING, span, message));
                }
            }
        }
    }
}

/// Why code blocks: what it leads to.
#[derive(Clone, Debug)]
enum Reason {
    Does(Node, String),
    Recursive(Node),
}

/// All code that blocks, from what does so itself to what calls it.
fn blocked(calls: &Calls) -> FxHashMap<Node, Reason> {
    let mut callers: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
    for (&node, edges) in &calls.edges {
        for edge in edges {
            if let Edge::Runs(to) = *edge {
                callers.entry(to).or_default().push(node);
            }
        }
    }
    let mut queue: Vec<(Node, Reason)> = Vec::new();
    for (&node, direct) in &calls.direct {
        let found = direct.iter().find_map(|(direct, _)| blocking(*direct));
        queue.extend(found.map(|what| (node, Reason::Does(node, what))));
    }
    queue.extend(
        recursive(calls)
            .into_iter()
            .map(|node| (node, Reason::Recursive(node))),
    );
    // The order of a hash table must not decide which reason is given.
    queue.sort_by_key(|entry| entry.0);
    let mut blocked: FxHashMap<Node, Reason> = FxHashMap::default();
    let mut next = 0;
    while let Some((node, reason)) = queue.get(next).cloned() {
        next += 1;
        if blocked.contains_key(&node) {
            continue;
        }
        let mut above: Vec<Node> = callers.get(&node).cloned().unwrap_or_default();
        above.sort_unstable();
        queue.extend(above.into_iter().map(|caller| (caller, reason.clone())));
        blocked.insert(node, reason);
    }
    blocked
}

/// The functions that lead back to themselves: members of strongly connected
/// components of more than one function, and functions that call themselves.
fn recursive(calls: &Calls) -> Vec<Node> {
    let runs = |node: Node| {
        let edges = calls.edges.get(&node).map_or(&[][..], Vec::as_slice);
        edges.iter().filter_map(|edge| match edge {
            Edge::Runs(to) => Some(*to),
            Edge::Reads(..) => None,
        })
    };
    // Code that is not on a cycle is peeled off: first what runs nothing, then
    // what runs only such code.
    let mut open: FxHashMap<Node, usize> = FxHashMap::default();
    let mut callers: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
    for &node in calls.edges.keys() {
        let targets: FxHashSet<Node> = runs(node)
            .filter(|to| calls.edges.contains_key(to))
            .collect();
        open.insert(node, targets.len());
        for to in targets {
            callers.entry(to).or_default().push(node);
        }
    }
    let mut queue: Vec<Node> = open
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(node, _)| *node)
        .collect();
    while let Some(node) = queue.pop() {
        open.remove(&node);
        for caller in callers.get(&node).map_or(&[][..], Vec::as_slice) {
            if let Some(count) = open.get_mut(caller) {
                *count -= 1;
                if *count == 0 {
                    queue.push(*caller);
                }
            }
        }
    }
    // What is left is on a cycle or leads to one; only the former counts, but
    // the latter blocks as well.
    let mut left: Vec<Node> = open.into_keys().collect();
    left.retain(|node| {
        let reached = calls.reached(*node);
        reached
            .iter()
            .any(|(to, _)| runs(*to).any(|next| next == *node))
    });
    left.sort_unstable();
    left
}

/// What a predicate may not do.
fn in_predicate(direct: Direct) -> Option<String> {
    match direct {
        Direct::Builtin(id) => {
            let row = &BUILTINS[id as usize];
            (!row.allowed_in_predicate()).then(|| effect_name(row.capability, row.path()))
        }
        other => capability_of(other),
    }
}

/// What the default of a config field may not do.
fn in_config(direct: Direct) -> Option<String> {
    match direct {
        Direct::Builtin(id) => {
            let row = &BUILTINS[id as usize];
            (!row.allowed_in_config_default()).then(|| effect_name(row.capability, row.path()))
        }
        other => capability_of(other),
    }
}

fn effect_name(capability: Option<Capability>, path: String) -> String {
    capability.map_or(path, |capability| capability.name().to_owned())
}

fn capability_of(direct: Direct) -> Option<String> {
    match direct {
        Direct::Member(id) => MEMBERS[id as usize]
            .capability
            .map(|capability| capability.name().to_owned()),
        Direct::Transaction => Some(Capability::Db.name().to_owned()),
        Direct::Builtin(_) | Direct::Spawn | Direct::Await | Direct::While => None,
    }
}

/// What keeps a thread busy or waiting.
fn blocking(direct: Direct) -> Option<String> {
    match direct {
        Direct::Builtin(id) => {
            let row = &BUILTINS[id as usize];
            row.effects.blocks().then(|| row.path())
        }
        Direct::Member(id) => {
            let row = &MEMBERS[id as usize];
            row.effects
                .blocks()
                .then(|| format!("{}.{}", row.receiver.name(), row.name))
        }
        Direct::Transaction => Some("transaction".to_owned()),
        Direct::Spawn => Some("spawn".to_owned()),
        Direct::Await => Some("await".to_owned()),
        Direct::While => Some("while".to_owned()),
    }
}

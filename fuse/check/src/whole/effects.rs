//! Effects where none may be: in predicates and in defaults of configs. They
//! are looked for before there is a canonical program, since a program with
//! such an error has none; what functions of a sound one do is computed in
//! [`crate::effects`].

use fuse_builtins::{BUILTINS, Capability, MEMBERS};
use fuse_syntax::{Code, Diagnostic, Span};

use super::{Calls, Node, Whole, function_node};
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
        Direct::Builtin(_) => None,
    }
}

//! Instances of generic functions: that there are finitely many, and that the
//! types in them can do what the bodies ask.

use std::collections::VecDeque;

use fuse_syntax::{Code, Diagnostic, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Whole;
use crate::body::{GenericCall, Need};
use crate::ids::FnId;
use crate::types::{Contains, Ty};

/// Instantiations inside each other.
const DEPTH_MAX: u32 = 64;
/// Instances of one program.
const INSTANCES_MAX: usize = 50_000;

/// A generic function with its type arguments.
struct Instance {
    function: FnId,
    args: Box<[Ty]>,
    depth: u32,
    /// The call in code that is not generic, which everything starts with.
    origin: Span,
}

impl Whole<'_> {
    pub(super) fn instantiations(&mut self) {
        let checked = self.checked;
        let mut inside: FxHashMap<FnId, Vec<&GenericCall>> = FxHashMap::default();
        let mut needs: FxHashMap<FnId, Vec<(u32, Need)>> = FxHashMap::default();
        let mut queue: VecDeque<Instance> = VecDeque::new();
        for module in checked {
            for call in &module.facts.generic_calls {
                match call.owner {
                    Some(owner) => inside.entry(owner).or_default().push(call),
                    None => queue.push_back(Instance {
                        function: call.callee,
                        args: call.type_args.clone(),
                        depth: 1,
                        origin: call.span,
                    }),
                }
            }
            for &(function, param, need) in &module.facts.needs {
                needs.entry(function).or_default().push((param, need));
            }
        }
        let mut seen: FxHashSet<(FnId, Box<[Ty]>)> = FxHashSet::default();
        let mut endless: FxHashSet<Span> = FxHashSet::default();
        let mut unmet: FxHashSet<(Span, Ty, Need)> = FxHashSet::default();
        while let Some(instance) = queue.pop_front() {
            if !seen.insert((instance.function, instance.args.clone())) {
                continue;
            }
            for &(param, need) in needs.get(&instance.function).map_or(&[][..], Vec::as_slice) {
                self.check_need(&instance, param, need, &mut unmet);
            }
            for call in inside
                .get(&instance.function)
                .map_or(&[][..], Vec::as_slice)
            {
                let args: Box<[Ty]> = call
                    .type_args
                    .iter()
                    .map(|&ty| {
                        self.types
                            .instantiate(ty, instance.function, &instance.args)
                    })
                    .collect();
                if instance.depth >= DEPTH_MAX || seen.len() >= INSTANCES_MAX {
                    if endless.insert(call.span) {
                        self.endless(call);
                    }
                    continue;
                }
                queue.push_back(Instance {
                    function: call.callee,
                    args,
                    depth: instance.depth + 1,
                    origin: instance.origin,
                });
            }
            if !endless.is_empty() {
                return;
            }
        }
    }

    fn endless(&mut self, call: &GenericCall) {
        let name = self.function_name(call.callee);
        let message = format!("instantiation of `{name}` does not terminate");
        self.report(Diagnostic::new(Code::GENERIC_RECURSION, call.span, message));
    }

    fn check_need(
        &mut self,
        instance: &Instance,
        param: u32,
        need: Need,
        unmet: &mut FxHashSet<(Span, Ty, Need)>,
    ) {
        let Some(&ty) = instance.args.get(param as usize) else {
            return;
        };
        if ty.is_invalid() || self.types.contains(ty).any(Contains::PARAM) {
            return;
        }
        let name = self.function_name(instance.function).to_owned();
        let shown = self.decls.display(self.types, ty).to_string();
        let (code, message, hint) = match need {
            Need::Equal if !self.relations.equatable(self.types, self.decls, ty) => (
                Code::OPERATOR_TYPE,
                format!("`{name}` compares values, and `{shown}` cannot be compared"),
                "markup, queries and what holds them cannot be compared".to_owned(),
            ),
            Need::Display if !self.relations.displayable(self.types, ty) => (
                Code::OPERATOR_TYPE,
                format!("`{name}` shows values, and `{shown}` has no text form"),
                "tasks, queries and functions have no text form".to_owned(),
            ),
            Need::Associated(member) if self.needs_value(member, ty) => {
                let called = self.function_name(member).to_owned();
                (
                    Code::IMPL_RECEIVER,
                    format!("`{called}` needs a value of `{shown}`"),
                    format!("`{name}` calls it on the type; its method uses `self`"),
                )
            }
            _ => return,
        };
        if unmet.insert((instance.origin, ty, need)) {
            self.report(Diagnostic::new(code, instance.origin, message).hint(hint));
        }
    }

    /// Whether the method that supplies a member for a type uses `self`.
    fn needs_value(&self, member: FnId, ty: Ty) -> bool {
        let crate::decls::FunctionKind::Member(interface) = self.decls.function(member).kind else {
            return false;
        };
        let name = self.decls.function(member).name;
        self.decls
            .impl_of(interface, ty)
            .and_then(|id| self.decls.method_of(id, name))
            .is_some_and(|method| self.decls.function(method).instance)
    }
}

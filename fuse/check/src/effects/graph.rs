//! Who calls whom.

use std::collections::{HashMap, HashSet, VecDeque};

use super::local::{Indirect, Local};
use fuse_builtins::EffectSet;

use super::Cause;
use crate::canon::{Constraint, FieldDefault, FunctionId, Program, RecordId, Span, Type, TypeId};

/// A function with what it can reach in one step.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// What it does itself.
    pub(super) effects: EffectSet,
    /// What it may call, each once, in the order of the first call.
    pub(super) calls: Vec<FunctionId>,
    /// Why it has blocking effects of its own.
    pub(super) causes: Vec<(EffectSet, Cause, Span)>,
}

/// The functions of a program, each with what it may call.
#[derive(Debug, Clone)]
pub(super) struct CallGraph {
    pub(super) nodes: Vec<Node>,
}

/// Functions that may all call each other, or one function.
pub(super) struct Group {
    pub(super) members: Vec<FunctionId>,
    /// Whether a member may call itself, directly or not.
    pub(super) recursive: bool,
}

impl CallGraph {
    pub(super) fn new(program: &Program) -> Self {
        let locals: Vec<_> = program
            .functions
            .iter()
            .map(|function| Local::new(program, function))
            .collect();
        let mut targets = Targets::new(program, &locals);
        let nodes = locals
            .into_iter()
            .map(|local| {
                let mut calls = local.calls;
                for indirect in local.indirect {
                    calls.extend_from_slice(targets.of(indirect));
                }
                let mut seen = HashSet::new();
                calls.retain(|call| seen.insert(*call));
                Node {
                    effects: local.effects,
                    calls,
                    causes: local.causes,
                }
            })
            .collect();
        Self { nodes }
    }

    /// Everything that can be reached, the starts first, nearest first.
    pub(super) fn reachable(&self, starts: &[FunctionId]) -> Vec<FunctionId> {
        let mut seen: HashSet<_> = starts.iter().copied().collect();
        let mut queue: VecDeque<_> = starts.iter().copied().collect();
        let mut order = Vec::new();
        while let Some(function) = queue.pop_front() {
            order.push(function);
            for call in &self.nodes[function.index()].calls {
                if seen.insert(*call) {
                    queue.push_back(*call);
                }
            }
        }
        order
    }

    /// Groups of functions that call each other, callees before callers.
    ///
    /// Tarjan's algorithm, with a stack of its own: a chain of calls may be as
    /// long as a program.
    pub(super) fn groups(&self) -> Vec<Group> {
        const NEW: usize = usize::MAX;
        let count = self.nodes.len();
        let (mut index, mut low) = (vec![NEW; count], vec![0; count]);
        let mut on_stack = vec![false; count];
        let (mut stack, mut groups, mut next) = (Vec::new(), Vec::new(), 0);
        for root in 0..count {
            if index[root] != NEW {
                continue;
            }
            let mut work = vec![(root, 0)];
            while let Some((node, edge)) = work.pop() {
                if edge == 0 {
                    (index[node], low[node]) = (next, next);
                    next += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                if let Some(call) = self.nodes[node].calls.get(edge) {
                    let call = call.index();
                    work.push((node, edge + 1));
                    if index[call] == NEW {
                        work.push((call, 0));
                    } else if on_stack[call] {
                        low[node] = low[node].min(index[call]);
                    }
                    continue;
                }
                if let Some((caller, _)) = work.last() {
                    low[*caller] = low[*caller].min(low[node]);
                }
                if low[node] == index[node] {
                    groups.push(self.group(node, &mut stack, &mut on_stack));
                }
            }
        }
        groups
    }

    fn group(&self, root: usize, stack: &mut Vec<usize>, on_stack: &mut [bool]) -> Group {
        let mut members = Vec::new();
        while let Some(node) = stack.pop() {
            on_stack[node] = false;
            members.push(FunctionId::from_index(node));
            if node == root {
                break;
            }
        }
        let root = FunctionId::from_index(root);
        let recursive = members.len() > 1 || self.nodes[root.index()].calls.contains(&root);
        Group { members, recursive }
    }
}

/// What calls without a named target may reach.
struct Targets<'a> {
    program: &'a Program,
    /// Functions whose value is made somewhere, each once.
    values: Vec<FunctionId>,
    known: HashMap<(u8, TypeId), Vec<FunctionId>>,
}

impl<'a> Targets<'a> {
    fn new(program: &'a Program, locals: &[Local]) -> Self {
        let mut seen = HashSet::new();
        let values = locals.iter().flat_map(|local| &local.values).copied();
        Self {
            program,
            values: values.filter(|value| seen.insert(*value)).collect(),
            known: HashMap::new(),
        }
    }

    fn of(&mut self, indirect: Indirect) -> &[FunctionId] {
        let (key, ty) = match indirect {
            Indirect::Value(ty) => (0, ty),
            Indirect::Validate(ty) => (1, ty),
            Indirect::Decode(ty) => (2, ty),
        };
        if !self.known.contains_key(&(key, ty)) {
            let found = match indirect {
                Indirect::Value(ty) => self.values_of(ty),
                Indirect::Validate(ty) => predicates_of_type(self.program, ty),
                Indirect::Decode(ty) => functions_of_types(self.program, &[ty]),
            };
            self.known.insert((key, ty), found);
        }
        self.known.get(&(key, ty)).map_or(&[], Vec::as_slice)
    }

    /// The functions that a value of a function type may be.
    fn values_of(&self, ty: TypeId) -> Vec<FunctionId> {
        let types = &self.program.types;
        let ty = match types.get(ty) {
            Type::Option(inner) => *inner,
            _ => ty,
        };
        let Type::Fn { params, result } = types.get(ty) else {
            return Vec::new();
        };
        let fits = |function: &FunctionId| {
            let function = &self.program[*function];
            let locals = function.param_locals();
            locals.len() == params.len()
                && locals
                    .iter()
                    .zip(params)
                    .all(|(local, ty)| types.same_representation(local.ty, *ty))
                && types.same_representation(function.result, *result)
        };
        self.values.iter().copied().filter(fits).collect()
    }
}

/// The predicates that validating a value against a type may run.
fn predicates_of_type(program: &Program, ty: TypeId) -> Vec<FunctionId> {
    let mut found = Found {
        program,
        defaults: false,
        functions: Vec::new(),
        records: HashSet::new(),
        types: HashSet::new(),
    };
    found.ty(ty, false);
    found.functions
}

/// The predicates and defaults that decoding values of these types may run,
/// each once, in order of declaration.
pub(super) fn functions_of_types(program: &Program, types: &[TypeId]) -> Vec<FunctionId> {
    let mut found = Found {
        program,
        defaults: true,
        functions: Vec::new(),
        records: HashSet::new(),
        types: HashSet::new(),
    };
    for ty in types {
        found.ty(*ty, true);
    }
    found.functions
}

struct Found<'a> {
    program: &'a Program,
    defaults: bool,
    functions: Vec<FunctionId>,
    records: HashSet<RecordId>,
    types: HashSet<TypeId>,
}

impl Found<'_> {
    fn add(&mut self, function: FunctionId) {
        if !self.functions.contains(&function) {
            self.functions.push(function);
        }
    }

    /// Looks inside a type; inside records only where they are made anew.
    fn ty(&mut self, ty: TypeId, records: bool) {
        if !self.types.insert(ty) {
            return;
        }
        let program = self.program;
        match program.types.get(ty) {
            Type::Refined(base, refinement) => {
                self.ty(*base, records);
                for constraint in program.types.constraints(*refinement) {
                    if let Constraint::Predicate { function, .. } = constraint {
                        self.add(*function);
                    }
                }
            }
            Type::List(inner) | Type::Option(inner) => self.ty(*inner, records),
            Type::Map(key, value) => {
                self.ty(*key, records);
                self.ty(*value, records);
            }
            Type::Result { ok, error } => {
                self.ty(*ok, records);
                self.ty(*error, records);
            }
            Type::Union(members) => members.iter().for_each(|member| self.ty(*member, records)),
            Type::Record(record) if records && self.records.insert(*record) => {
                for field in &program[*record].fields {
                    self.ty(field.ty, records);
                    if let FieldDefault::Call { function, .. } = field.default
                        && self.defaults
                    {
                        self.add(function);
                    }
                }
            }
            Type::Enum(enumeration) if records => {
                for variant in &program[*enumeration].variants {
                    variant.payload.iter().for_each(|ty| self.ty(*ty, records));
                }
            }
            _ => {}
        }
    }
}

//! In which order configs are resolved.

use std::collections::HashSet;

use crate::canon::{ConfigId, Expr, ExprId, Function, Program, Visitor, walk_expr};
use crate::effects::effects;

/// Every field of every config, after those that its default reads, directly
/// or through functions; otherwise in order of declaration. Cycles were
/// reported when checking.
pub(super) fn config_order(program: &Program) -> Vec<(ConfigId, u32)> {
    if program.configs.is_empty() {
        return Vec::new();
    }
    let table = effects(program);
    let mut order = Order {
        program,
        table: &table,
        seen: HashSet::new(),
        order: Vec::new(),
    };
    for (index, config) in program.configs.iter().enumerate() {
        for field in 0..config.fields.len() {
            let field = u32::try_from(field).unwrap_or(u32::MAX);
            order.visit(ConfigId::from_index(index), field);
        }
    }
    order.order
}

struct Order<'a> {
    program: &'a Program,
    table: &'a crate::effects::EffectTable,
    seen: HashSet<(ConfigId, u32)>,
    order: Vec<(ConfigId, u32)>,
}

impl Order<'_> {
    /// Fields reach each other no deeper than there are fields, and a module
    /// of 16 MiB with one chain of defaults would have half a million: so the
    /// stack is explicit.
    fn visit(&mut self, config: ConfigId, field: u32) {
        let mut work = vec![(config, field, false)];
        while let Some((config, field, done)) = work.pop() {
            if done {
                self.order.push((config, field));
                continue;
            }
            if !self.seen.insert((config, field)) {
                continue;
            }
            work.push((config, field, true));
            // The last one pushed is visited first.
            for (config, field) in self.reads(config, field).into_iter().rev() {
                if !self.seen.contains(&(config, field)) {
                    work.push((config, field, false));
                }
            }
        }
    }

    fn reads(&self, config: ConfigId, field: u32) -> Vec<(ConfigId, u32)> {
        let default = self.program[config].fields[field as usize].default;
        let mut reads = Reads(Vec::new());
        for function in self.table.reachable(default) {
            let function = &self.program[function];
            reads.expr(function, function.body);
        }
        reads.0
    }
}

struct Reads(Vec<(ConfigId, u32)>);

impl Visitor for Reads {
    fn expr(&mut self, function: &Function, id: ExprId) {
        if let Expr::Config(config, field) = function[id] {
            self.0.push((config, field));
        }
        walk_expr(self, function, id);
    }
}

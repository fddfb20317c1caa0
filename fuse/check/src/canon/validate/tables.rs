//! Checks of everything outside the bodies of functions.

use std::collections::HashSet;

use super::Violation;
use crate::canon::{
    function::{Function, FunctionKind},
    ids::{ConfigId, FunctionId, TypeId},
    program::{FieldDefault, Program},
    source::Span,
    types::{Constraint, Type},
};

pub(super) fn check(program: &Program, violations: &mut Vec<Violation>) {
    let mut tables = Tables {
        program,
        violations,
    };
    tables.types();
    tables.symbols();
    tables.records();
    tables.enums();
    tables.configs();
    tables.entries();
    tables.functions();
}

struct Tables<'a> {
    program: &'a Program,
    violations: &'a mut Vec<Violation>,
}

impl Tables<'_> {
    fn report(&mut self, message: String) {
        self.violations.push(Violation {
            function: String::new(),
            span: Span::default(),
            message,
        });
    }

    fn require(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.report(message());
        }
    }

    fn types(&mut self) {
        let program = self.program;
        let types = &program.types;
        for (id, ty) in types.iter() {
            let holds = match ty {
                Type::Option(inner) => {
                    !types.accepts_null(*inner) && !matches!(types.get(*inner), Type::Never)
                }
                Type::Union(members) => {
                    members.len() > 1
                        && members.is_sorted()
                        && members.iter().all(|member| {
                            matches!(types.get(*member), Type::Record(_) | Type::Enum(_))
                        })
                }
                Type::Refined(base, _) => !matches!(types.get(*base), Type::Refined(..)),
                Type::Box(inner) => !matches!(types.get(*inner), Type::Box(_)),
                Type::Record(record) => program
                    .records
                    .get(record.index())
                    .is_some_and(|r| r.ty == id),
                Type::Enum(enumeration) => program
                    .enums
                    .get(enumeration.index())
                    .is_some_and(|e| e.ty == id),
                _ => true,
            };
            self.require(holds, || format!("malformed type {id:?}: {ty:?}"));
            if let Type::Refined(base, refinement) = ty {
                for constraint in types.constraints(*refinement) {
                    self.constraint(*base, constraint);
                }
            }
        }
    }

    fn constraint(&mut self, base: TypeId, constraint: &Constraint) {
        let types = &self.program.types;
        let base = types.base(base);
        let holds = match constraint {
            Constraint::Length { min, max } => {
                min <= max
                    && matches!(
                        types.get(base),
                        Type::String | Type::Bytes | Type::List(_) | Type::Map(..)
                    )
            }
            Constraint::IntRange { min, max } => min <= max && base == TypeId::INT,
            Constraint::FloatRange { .. } => base == TypeId::FLOAT,
            Constraint::Regex(_) => base == TypeId::STRING,
            Constraint::Predicate { function, .. } => {
                self.has_shape(*function, &[base], TypeId::BOOL)
            }
        };
        self.require(holds, || format!("constraint {constraint:?} on {base:?}"));
    }

    /// Whether a function takes and gives these types.
    fn has_shape(&self, function: FunctionId, params: &[TypeId], result: TypeId) -> bool {
        let types = &self.program.types;
        let Some(function) = self.program.functions.get(function.index()) else {
            return false;
        };
        let locals = function.param_locals();
        locals.len() == params.len()
            && locals
                .iter()
                .zip(params)
                .all(|(local, ty)| types.same_representation(local.ty, *ty))
            && types.same_representation(function.result, result)
            && function.captures == 0
    }

    fn symbols(&mut self) {
        let program = self.program;
        let functions = program.functions.iter().map(|function| &function.symbol);
        let records = program.records.iter().map(|record| &record.symbol);
        let enums = program.enums.iter().map(|enumeration| &enumeration.symbol);
        let mut seen = HashSet::new();
        for symbol in functions.chain(records).chain(enums) {
            self.require(seen.insert(symbol), || format!("symbol {symbol} twice"));
        }
    }

    fn records(&mut self) {
        let program = self.program;
        for record in &program.records {
            let mut before = Vec::new();
            for field in &record.fields {
                let holds = match field.default {
                    FieldDefault::Required => true,
                    FieldDefault::Null => program.types.accepts_null(field.ty),
                    FieldDefault::Call { function, .. } => {
                        self.has_shape(function, &before, field.ty)
                    }
                };
                let name = &program[field.name];
                self.require(holds, || format!("default of {}.{name}", record.symbol));
                before.push(field.ty);
            }
        }
    }

    fn enums(&mut self) {
        let program = self.program;
        for enumeration in &program.enums {
            for variant in &enumeration.variants {
                let names = variant.names.len();
                let holds = names == 0 || names == variant.payload.len();
                let name = &program[variant.name];
                self.require(holds, || {
                    format!("payload of {}.{name}", enumeration.symbol)
                });
            }
        }
    }

    fn configs(&mut self) {
        let program = self.program;
        let mut fields = HashSet::new();
        for (index, config) in program.configs.iter().enumerate() {
            for (at, field) in config.fields.iter().enumerate() {
                fields.insert((
                    ConfigId::from_index(index),
                    u32::try_from(at).unwrap_or(u32::MAX),
                ));
                let holds = self.has_shape(field.default, &[], field.ty);
                let name = &program[field.name];
                self.require(holds, || format!("default of config field {name}"));
            }
        }
        let ordered: HashSet<_> = program.config_order.iter().copied().collect();
        let holds = ordered == fields && program.config_order.len() == fields.len();
        self.require(holds, || {
            "config order does not name every field once".to_owned()
        });
    }

    fn entries(&mut self) {
        let program = self.program;
        for service in &program.services {
            for route in &service.routes {
                let mut params: Vec<_> = route.params.iter().map(|param| param.ty).collect();
                params.extend(route.body);
                let holds = self.has_shape(route.function, &params, route.result);
                self.require(holds, || {
                    format!("handler of {} {}", route.verb.word(), route.pattern)
                });
            }
        }
        let apps = program
            .apps
            .iter()
            .map(|app| (app.function, FunctionKind::App));
        let migrations = program
            .migrations
            .iter()
            .map(|m| (m.function, FunctionKind::Migration));
        let tests = program
            .tests
            .iter()
            .map(|test| (test.function, FunctionKind::Test));
        for (id, kind) in apps.chain(migrations).chain(tests) {
            let holds = program.functions.get(id.index()).is_some_and(|function| {
                function.kind == kind && function.params == 0 && self.ends_in_unit(function)
            });
            self.require(holds, || format!("entry {id:?} is not an {kind:?}"));
        }
        if let Some(main) = &program.main {
            let params: Vec<_> = main.params.iter().map(|param| param.ty).collect();
            let result = program[main.function].result;
            let holds = self.has_shape(main.function, &params, result);
            self.require(holds, || "main does not take its parameters".to_owned());
            for (index, param) in main.params.iter().enumerate() {
                if let Some(default) = param.default {
                    let holds = self.has_shape(default, &params[..index], param.ty);
                    let name = &program[param.name];
                    self.require(holds, || format!("default of main's {name}"));
                }
            }
        }
    }

    fn ends_in_unit(&self, function: &Function) -> bool {
        match self.program.types.get(function.result) {
            Type::Unit => true,
            Type::Result { ok, .. } => *ok == TypeId::UNIT,
            _ => false,
        }
    }

    fn functions(&mut self) {
        for function in &self.program.functions {
            let own = (function.params as usize).checked_add(function.captures as usize);
            let symbol = &function.symbol;
            let holds = own.is_some_and(|own| own <= function.locals.len());
            self.require(holds, || format!("{symbol} lacks locals"));
            let captures = matches!(function.kind, FunctionKind::Lambda | FunctionKind::Spawn);
            self.require(captures || function.captures == 0, || {
                format!("{symbol} captures")
            });
            let spawn = function.kind == FunctionKind::Spawn;
            self.require(!spawn || function.params == 0, || {
                format!("{symbol} has parameters")
            });
        }
    }
}

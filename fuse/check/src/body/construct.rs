//! Construction of records.

use fuse_syntax::ast::{Arg, Call, ExprId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use smallvec::SmallVec;

use super::Checker;
use crate::decls::{Default, Field};
use crate::ids::RecordId;
use crate::package::nearest;
use crate::relate::Slot;
use crate::typed::{ArgSource, Callee};
use crate::types::{Bound, Constraint, Ty, TyKind};

impl Checker<'_> {
    pub(super) fn record_call(&mut self, id: ExprId, call: &Call, record: RecordId) -> Ty {
        let decl = self.decls.record(record);
        if !call.type_args.is_empty() {
            let name = self.decls.record_name(self.types, record).to_owned();
            self.not_generic(call, &format!("`{name}`"));
        }
        if call.block.is_some() {
            return self.block_on_plain(id, call);
        }
        let args: &[Arg] = &self.ast[call.args];
        let mut given: SmallVec<[Option<ExprId>; 8]> = SmallVec::from_elem(None, decl.fields.len());
        let mut ok = true;
        for arg in args {
            match self.field_of(arg, record, &given) {
                Some(at) => {
                    given[at] = Some(arg.value);
                    self.check(arg.value, decl.fields[at].ty, Slot::Checked);
                }
                None => {
                    ok = false;
                    self.anything(arg.value);
                }
            }
        }
        let missing: SmallVec<[usize; 4]> = (0..given.len())
            .filter(|&at| given[at].is_none() && self.is_required(&decl.fields[at]))
            .collect();
        // An unknown field may have been meant for the one that is missing.
        if !missing.is_empty() && ok && !self.record_is_damaged(record) {
            self.missing_fields(id, call, record, &missing);
            ok = false;
        }
        self.used_defaults(id, record, &given);
        if !ok {
            return decl.ty;
        }
        let sources: SmallVec<[ArgSource; 8]> = given
            .iter()
            .zip(&decl.fields)
            .map(|(value, field)| match (value, field.default) {
                (Some(value), _) => ArgSource::Expr(*value),
                (None, Default::None) => ArgSource::Null,
                (None, _) => ArgSource::Default,
            })
            .collect();
        self.out.add_call(id, Callee::Record(record), sources, &[]);
        decl.ty
    }

    /// Defaults and predicates run in the module that has them, and need what
    /// it needs.
    fn used_defaults(&mut self, id: ExprId, record: RecordId, given: &[Option<ExprId>]) {
        let mut modules: SmallVec<[crate::load::ModuleId; 2]> = SmallVec::new();
        let mut defaults = false;
        for (field, value) in self.decls.record(record).fields.iter().zip(given) {
            if value.is_none() && matches!(field.default, Default::Expr(_)) {
                defaults = true;
                modules.extend(field.origin.module);
            }
            if let TyKind::Refined(_, refinement) = self.types.kind(field.ty) {
                let constraints = self.types.refinement(refinement).constraints.iter();
                modules.extend(constraints.filter_map(|constraint| match constraint {
                    Constraint::Predicate { function, .. } => Some(function.module),
                    _ => None,
                }));
            }
        }
        if defaults {
            self.facts.defaults.push((self.body.owner, record));
        }
        modules.sort_unstable();
        modules.dedup();
        for module in modules {
            let name = self.decls.record_name(self.types, record).to_owned();
            self.module_leaks(id, module, &name);
        }
    }

    fn record_is_damaged(&self, record: RecordId) -> bool {
        self.decls
            .is_damaged(self.types, self.decls.record(record).ty)
    }

    fn is_required(&self, field: &Field) -> bool {
        let seen = field
            .package
            .is_none_or(|package| package == self.own.package);
        let optional = matches!(
            self.types.kind(field.ty),
            TyKind::Option(_) | TyKind::Value | TyKind::Invalid
        );
        seen && !optional && field.default == Default::None
    }

    /// The place of the field that an argument names; reports what is wrong.
    fn field_of(&mut self, arg: &Arg, record: RecordId, given: &[Option<ExprId>]) -> Option<usize> {
        let shown = self.decls.record_name(self.types, record).to_owned();
        let span = self.at(arg.range);
        let Some(name) = arg.name else {
            let fields = self.decls.record(record).fields.iter();
            let example = fields
                .map(|field| self.text(field.name))
                .next()
                .unwrap_or("field");
            let hint = format!("name the field: `{shown}({example}=...)`");
            self.report(
                Diagnostic::new(
                    Code::ARG_ORDER,
                    span,
                    format!("fields of `{shown}` are given by name"),
                )
                .hint(hint),
            );
            return None;
        };
        let text = self.ast.text(name).to_owned();
        let Some(at) = self.visible_field(record, self.sym(name.symbol)) else {
            if self.record_is_damaged(record) {
                return None;
            }
            let fields = self.decls.record(record).fields.iter();
            let names: Vec<&str> = fields.map(|field| self.text(field.name)).collect();
            let hint = match nearest(&text, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its fields are {}", crate::words::listed(names.into_iter())),
            };
            let message = format!("`{shown}` has no field `{text}`");
            self.report(Diagnostic::new(Code::FIELD_UNKNOWN, span, message).hint(hint));
            return None;
        };
        let at = at as usize;
        if given[at].is_some() {
            self.report(
                Diagnostic::new(
                    Code::FIELD_DUPLICATE,
                    span,
                    format!("field `{text}` given twice"),
                )
                .hint("remove one of the two"),
            );
            return None;
        }
        Some(at)
    }

    fn missing_fields(&mut self, id: ExprId, call: &Call, record: RecordId, missing: &[usize]) {
        let decl = self.decls.record(record);
        let names: Vec<&str> = missing
            .iter()
            .map(|&at| self.text(decl.fields[at].name))
            .collect();
        let shown = self.decls.record_name(self.types, record);
        let noun = if missing.len() == 1 {
            "field"
        } else {
            "fields"
        };
        let message = format!(
            "missing {noun} {} for `{shown}`",
            crate::words::listed(names.iter().copied())
        );
        let values: Option<Vec<String>> = missing
            .iter()
            .map(|&at| {
                let field = &decl.fields[at];
                let value = self.placeholder(field.ty)?;
                Some(format!("{}={value}", self.text(field.name)))
            })
            .collect();
        let span = self.span(id);
        let mut diagnostic = Diagnostic::new(Code::FIELD_MISSING, span, message)
            .hint("give every field that has no default and is not optional");
        if let Some(values) = values {
            let separator = if call.args.is_empty() { "" } else { ", " };
            let end = match self.ast[call.args].last() {
                Some(last) => last.range.end,
                None => call.parens.end - 1,
            };
            let place = self.at(TextRange::empty(end));
            let text = format!("{separator}{}", values.join(", "));
            diagnostic = diagnostic
                .fix(Fix::replace("give the missing fields", place, text).unsafe_to_apply());
        }
        self.report(diagnostic);
    }

    /// A value of a type to start from, where there is an obvious one.
    pub(super) fn placeholder(&self, ty: Ty) -> Option<String> {
        match self.types.kind(ty) {
            TyKind::Int => Some("0".to_owned()),
            TyKind::Float => Some("0.0".to_owned()),
            TyKind::Bool => Some("false".to_owned()),
            TyKind::String => Some("\"\"".to_owned()),
            TyKind::Id => Some("\"id\"".to_owned()),
            TyKind::Email => Some("\"name@example.com\"".to_owned()),
            TyKind::List(_) => Some("[]".to_owned()),
            TyKind::Map(..) => Some("{}".to_owned()),
            TyKind::Refined(base, refinement) => {
                let constraints = &self.types.refinement(refinement).constraints;
                match (base, &constraints[..]) {
                    (
                        Ty::INT,
                        [
                            Constraint::Range {
                                min: Bound::Int(min),
                                ..
                            },
                        ],
                    ) => Some(min.to_string()),
                    (Ty::STRING, [Constraint::Length { min, .. }]) if *min <= 40 => {
                        let length = usize::try_from(*min).unwrap_or(0);
                        Some(format!("\"{}\"", "x".repeat(length)))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

//! Literals: they take the type of their place when they satisfy it.

use fuse_builtins::Constructor;
use fuse_syntax::ast::{Expr, ExprId, UnaryOp};
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use crate::prelude::PreludeEntry;
use crate::regexes::matches;
use crate::relate::Slot;
use crate::typed::{CoercionId, Step};
use crate::types::{Bound, Constraint, Ty, TyKind};

/// A literal, as far as constraints look at it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Literal<'t> {
    Int(i64),
    Float(f64),
    Text(&'t str),
    /// A list literal of so many elements.
    List(usize),
}

/// What became of giving a literal the type of its place.
pub(super) enum Fitting {
    /// It takes the type.
    Fits(CoercionId),
    /// It does not satisfy the type; why, as at run time.
    Violates(String),
    /// No rule about literals applies.
    Other,
}

/// Whether a literal satisfies a type.
enum Satisfies {
    Yes,
    No(String),
    /// A predicate decides, at run time.
    AtRunTime,
}

impl<'a> Checker<'a> {
    /// The literal that an expression is, through parentheses and a sign.
    pub(super) fn literal(&self, id: ExprId) -> Option<Literal<'a>> {
        let ast = self.ast;
        Some(match ast[ast.unparenthesized(id)] {
            Expr::Int(n) => Literal::Int(n),
            Expr::Float(n) => Literal::Float(n),
            Expr::Str(text) => Literal::Text(ast.string(text)),
            Expr::List(items) => Literal::List(items.len()),
            Expr::Unary {
                op: UnaryOp::Neg,
                operand,
            } => match self.literal(operand)? {
                Literal::Int(n) => Literal::Int(n.checked_neg()?),
                Literal::Float(n) => Literal::Float(-n),
                Literal::Text(_) | Literal::List(_) => return None,
            },
            _ => return None,
        })
    }

    /// Rules 7 and 8: a literal where a float, a refined type, `Id` or `Email`
    /// is expected, also below `?` and `!`.
    pub(super) fn fit_literal(
        &mut self,
        literal: Literal<'_>,
        ty: Ty,
        target: Ty,
        slot: Slot,
    ) -> Fitting {
        let (core, wraps) = self.core(target);
        let base = self.types.unrefined(core);
        let mut steps: Vec<Step> = Vec::new();
        let widened = ty == Ty::INT && base == Ty::FLOAT;
        if widened {
            steps.push(Step::IntToFloat);
        }
        let narrows = core != base || matches!(base, Ty::ID | Ty::EMAIL);
        let same = ty == base || widened || (ty == Ty::STRING && self.types.is_text(base));
        if !same || (!narrows && !widened) {
            return Fitting::Other;
        }
        if narrows {
            match self.satisfies(literal, core) {
                Satisfies::Yes => steps.push(Step::Refine(core)),
                Satisfies::No(reason) => return Fitting::Violates(reason),
                Satisfies::AtRunTime if slot == Slot::Checked => steps.push(Step::Validate(core)),
                Satisfies::AtRunTime => return Fitting::Other,
            }
        }
        steps.extend(wraps);
        Fitting::Fits(self.types.coercion(ty, target, &steps))
    }

    /// Whether an expression made of literals alone has the type `target` once
    /// it is expected: integers become floats, empty lists take any elements.
    /// False for every other expression, and for a target with constraints.
    pub(super) fn literals_fit(&self, id: ExprId, target: Ty) -> bool {
        let (id, ty) = (self.ast.unparenthesized(id), self.core(target).0);
        let dynamic = ty == Ty::VALUE;
        match self.ast[id] {
            Expr::Null => dynamic || self.is_nullable(target),
            Expr::Bool(_) => dynamic || ty == Ty::BOOL,
            Expr::Str(_) => dynamic || ty == Ty::STRING,
            Expr::List(items) => {
                let item = match self.types.kind(ty) {
                    TyKind::List(item) => item,
                    _ if dynamic => ty,
                    _ => return false,
                };
                let mut items = self.ast[items].iter();
                items.all(|&value| self.literals_fit(value, item))
            }
            Expr::Map(entries) => {
                let (key, value) = match self.types.kind(ty) {
                    TyKind::Map(key, value) => (key, value),
                    _ if dynamic => (Ty::STRING, ty),
                    _ => return false,
                };
                let mut entries = self.ast[entries].iter();
                entries.all(|entry| {
                    self.literals_fit(entry.key, key) && self.literals_fit(entry.value, value)
                })
            }
            Expr::Call(_) => match (self.constructed(id), self.types.kind(target)) {
                (Some((Constructor::Some, value)), TyKind::Option(item))
                | (Some((Constructor::Ok, value)), TyKind::Result(item, _)) => {
                    self.literals_fit(value, item)
                }
                _ => false,
            },
            _ => match self.literal(id) {
                Some(Literal::Int(_)) => dynamic || ty == Ty::INT || ty == Ty::FLOAT,
                Some(Literal::Float(_)) => dynamic || ty == Ty::FLOAT,
                _ => false,
            },
        }
    }

    /// The value in a `Some` or an `Ok`, which is as much a literal as that.
    fn constructed(&self, id: ExprId) -> Option<(Constructor, ExprId)> {
        let Expr::Call(call) = self.ast[id] else {
            return None;
        };
        let call = &self.ast[call];
        let Expr::Name(symbol) = self.ast[call.callee] else {
            return None;
        };
        let sym = self.sym(symbol);
        let is_own = self.scope.get(symbol).is_some() || self.own.scope.contains_key(&sym);
        let Some(PreludeEntry::Constructor(constructor)) =
            self.prelude.name(sym).filter(|_| !is_own)
        else {
            return None;
        };
        match (&self.ast[call.args], call.block) {
            ([arg], None) if arg.name.is_none() && call.type_args.is_empty() => {
                Some((constructor, arg.value))
            }
            _ => None,
        }
    }

    fn is_nullable(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Option(_) => true,
            TyKind::Result(ok, _) => self.is_nullable(ok),
            _ => false,
        }
    }

    /// Whether an expression is made of literals alone.
    fn is_literals(&self, id: ExprId) -> bool {
        let id = self.ast.unparenthesized(id);
        match self.ast[id] {
            Expr::Null | Expr::Bool(_) => true,
            Expr::List(items) => self.ast[items].iter().all(|&value| self.is_literals(value)),
            Expr::Map(entries) => self.ast[entries]
                .iter()
                .all(|entry| self.is_literals(entry.key) && self.is_literals(entry.value)),
            Expr::Call(_) => self
                .constructed(id)
                .is_some_and(|(_, value)| self.is_literals(value)),
            _ => self.literal(id).is_some(),
        }
    }

    /// What an expression may take its type from when it meets a value of `ty`
    /// that does not demand it: nothing where its literals do not fit, since
    /// the two may still be joined, and what is wrong with them is that they
    /// cannot be.
    pub(super) fn offered(&self, id: ExprId, ty: Option<Ty>) -> Option<Ty> {
        ty.filter(|&ty| !self.is_literals(id) || self.literals_fit(id, ty))
    }

    /// What a type is below `?` and `!`, and how a value gets back up.
    fn core(&self, target: Ty) -> (Ty, Vec<Step>) {
        match self.types.kind(target) {
            TyKind::Option(inner) => {
                let (core, mut wraps) = self.core(inner);
                wraps.push(Step::WrapSome);
                (core, wraps)
            }
            TyKind::Result(inner, _) => {
                let (core, mut wraps) = self.core(inner);
                wraps.push(Step::WrapOk);
                (core, wraps)
            }
            _ => (target, Vec::new()),
        }
    }

    fn satisfies(&self, literal: Literal<'_>, core: Ty) -> Satisfies {
        if let Literal::Text(text) = literal {
            match self.types.unrefined(core) {
                Ty::ID if text.is_empty() => {
                    return Satisfies::No("expected non-empty Id".to_owned());
                }
                Ty::EMAIL if !is_email(text) => {
                    return Satisfies::No("invalid email address".to_owned());
                }
                _ => {}
            }
        }
        let TyKind::Refined(_, id) = self.types.kind(core) else {
            return Satisfies::Yes;
        };
        let mut at_run_time = false;
        for constraint in &self.types.refinement(id).constraints {
            match self.violation(literal, constraint) {
                None => {}
                Some(_) if at_run_time => return Satisfies::AtRunTime,
                Some(reason) => return Satisfies::No(reason),
            }
            at_run_time |= matches!(constraint, Constraint::Predicate { .. });
        }
        if at_run_time {
            Satisfies::AtRunTime
        } else {
            Satisfies::Yes
        }
    }

    /// Why a literal fails a constraint; predicates are not run.
    fn violation(&self, literal: Literal<'_>, constraint: &Constraint) -> Option<String> {
        match (literal, constraint) {
            (Literal::Text(text), Constraint::Length { min, max }) => {
                length_violation(text.chars().count(), *min, *max)
            }
            (Literal::List(count), Constraint::Length { min, max }) => {
                length_violation(count, *min, *max)
            }
            (
                Literal::Int(n),
                Constraint::Range {
                    min: Bound::Int(min),
                    max: Bound::Int(max),
                },
            ) => {
                let inside = *min <= n && n <= *max;
                (!inside).then(|| format!("value {n} out of range {min}..{max}"))
            }
            (Literal::Int(n), Constraint::Range { min, max }) => {
                float_violation(to_float(n), *min, *max)
            }
            (Literal::Float(n), Constraint::Range { min, max }) => float_violation(n, *min, *max),
            (Literal::Text(text), Constraint::Regex(pattern)) => {
                let pattern = self.text(*pattern);
                (!matches(pattern, text)).then(|| format!("value does not match regex {pattern}"))
            }
            _ => None,
        }
    }

    pub(super) fn report_violation(&mut self, id: ExprId, reason: String, target: Ty) {
        let shown = self.shown(target).to_string();
        let span = self.span(id);
        self.report(
            Diagnostic::new(Code::REFINE_LITERAL, span, reason)
                .hint(format!("the value must satisfy `{shown}`")),
        );
    }
}

fn length_violation(length: usize, min: i64, max: i64) -> Option<String> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let inside = min <= length && length <= max;
    (!inside).then(|| format!("length {length} out of range {min}..{max}"))
}

fn float_violation(value: f64, min: Bound, max: Bound) -> Option<String> {
    let inside = min.to_f64() <= value && value <= max.to_f64();
    let (min, max) = (shown(min), shown(max));
    (!inside).then(|| format!("value {value:?} out of range {min}..{max}"))
}

fn shown(bound: Bound) -> String {
    match bound {
        Bound::Int(n) => n.to_string(),
        Bound::Float(bits) => format!("{:?}", f64::from_bits(bits)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an integer literal becomes the nearest float"
)]
fn to_float(n: i64) -> f64 {
    n as f64
}

/// Whether a text is an email address: one `@`, something before it, a domain
/// with a dot and no empty label, no white space, at most 254 characters.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && text.chars().count() <= 254
}

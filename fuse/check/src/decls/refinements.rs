//! Constraints of refined types, as written.

use fuse_syntax::ast::{BinaryOp, Expr, ExprId, List, UnaryOp};
use fuse_syntax::{Code, Diagnostic, Span};

use super::model::{Entry, FunctionKind};
use super::resolve::{PendingPredicate, TypeResolver};
use crate::package::nearest;
use crate::regexes::pattern_error;
use crate::types::{Bound, Constraint, Ty, TyKind};

/// A numeric literal, optionally negated.
#[derive(Clone, Copy, Debug)]
enum Number {
    Int(i64),
    Float(f64),
}

impl TypeResolver<'_> {
    /// Appends the constraints in `args` that are right; says whether all are.
    pub(super) fn constraints(
        &mut self,
        base: Ty,
        args: List<ExprId>,
        out: &mut Vec<Constraint>,
    ) -> bool {
        let args = self.ast[args].to_vec();
        if let [low, high] = args[..]
            && let (Some(min), Some(max)) = (self.number(low), self.number(high))
        {
            let span = self
                .ast
                .range(low)
                .to(self.ast.range(high))
                .in_file(self.ast.file);
            return self.range(base, span, min, max, out);
        }
        let mut whole = true;
        for arg in args {
            whole &= self.constraint(base, arg, out);
        }
        whole
    }

    fn constraint(&mut self, base: Ty, arg: ExprId, out: &mut Vec<Constraint>) -> bool {
        match self.ast[arg] {
            Expr::Error => false,
            Expr::Binary {
                op: BinaryOp::Range,
                left,
                right,
                ..
            } => {
                let span = self.ast.span(arg);
                match (self.number(left), self.number(right)) {
                    (Some(min), Some(max)) => self.range(base, span, min, max, out),
                    _ => {
                        self.bad_range(span, "bounds must be number literals");
                        false
                    }
                }
            }
            Expr::Call(call) => {
                let call = self.ast[call];
                let Expr::Name(name) = self.ast[call.callee] else {
                    return self.unknown_constraint(arg);
                };
                let args = self.ast[call.args].to_vec();
                match (self.ast.names.text(name), &args[..]) {
                    ("regex", [pattern]) if pattern.name.is_none() => {
                        self.regex(base, arg, pattern.value, out)
                    }
                    ("predicate", [function]) if function.name.is_none() => {
                        self.predicate(base, arg, function.value, out)
                    }
                    _ => self.unknown_constraint(arg),
                }
            }
            _ => self.unknown_constraint(arg),
        }
    }

    fn unknown_constraint(&mut self, arg: ExprId) -> bool {
        self.sink.push(
            Diagnostic::new(
                Code::REFINE_CONSTRAINT,
                self.ast.span(arg),
                "expected a range, regex(...) or predicate(...)",
            )
            .hint(
                "as in `String(1..80)`, `String(regex(\"^[a-z]+$\"))`, `Int(predicate(is_even))`",
            ),
        );
        false
    }

    fn number(&self, id: ExprId) -> Option<Number> {
        match self.ast[id] {
            Expr::Int(n) => Some(Number::Int(n)),
            Expr::Float(n) => Some(Number::Float(n)),
            Expr::Unary {
                op: UnaryOp::Neg,
                operand,
            } => match self.ast[operand] {
                Expr::Int(n) => n.checked_neg().map(Number::Int),
                Expr::Float(n) => Some(Number::Float(-n)),
                _ => None,
            },
            _ => None,
        }
    }

    fn bad_range(&mut self, span: Span, message: impl Into<String>) {
        self.sink
            .push(Diagnostic::new(Code::REFINE_RANGE, span, message));
    }

    fn range(
        &mut self,
        base: Ty,
        span: Span,
        min: Number,
        max: Number,
        out: &mut Vec<Constraint>,
    ) -> bool {
        let kind = self.types.kind(self.types.unrefined(base));
        let lengths = matches!(
            kind,
            TyKind::String
                | TyKind::Id
                | TyKind::Email
                | TyKind::Bytes
                | TyKind::List(_)
                | TyKind::Map(..)
        );
        let constraint = match (kind, min, max) {
            (TyKind::Invalid, ..) => return false,
            (TyKind::Int, Number::Int(min), Number::Int(max)) => Constraint::Range {
                min: Bound::Int(min),
                max: Bound::Int(max),
            },
            (TyKind::Float, min, max) => Constraint::Range {
                min: float_bound(min),
                max: float_bound(max),
            },
            (_, Number::Int(min), Number::Int(max)) if lengths => Constraint::Length { min, max },
            (TyKind::Int, ..) => {
                self.bad_range(span, "bounds of `Int` must be integers");
                return false;
            }
            _ if lengths => {
                let shown = self.decls.display(self.types, base).to_string();
                self.bad_range(span, format!("bounds of `{shown}` must be integers"));
                return false;
            }
            _ => return self.inapplicable("a range", base, span),
        };
        if is_empty(min, max) {
            self.bad_range(span, "empty range");
            return false;
        }
        out.push(constraint);
        true
    }

    fn inapplicable(&mut self, what: &str, base: Ty, span: Span) -> bool {
        let shown = self.decls.display(self.types, base).to_string();
        let hint = match self.types.kind(self.types.unrefined(base)) {
            TyKind::Int | TyKind::Float => format!("`{shown}` takes a range or a predicate"),
            TyKind::Bytes | TyKind::List(_) | TyKind::Map(..) => {
                format!("`{shown}` takes a range of lengths or a predicate")
            }
            TyKind::Record(_) | TyKind::Enum(_) => format!("`{shown}` takes a predicate"),
            _ => {
                "ranges, patterns and predicates apply to text, numbers, lists and maps".to_owned()
            }
        };
        let message = format!("{what} does not apply to `{shown}`");
        self.sink
            .push(Diagnostic::new(Code::REFINE_BASE, span, message).hint(hint));
        false
    }

    fn regex(&mut self, base: Ty, arg: ExprId, pattern: ExprId, out: &mut Vec<Constraint>) -> bool {
        let span = self.ast.span(arg);
        if base.is_invalid() {
            return false;
        }
        if !self.types.is_text(base) {
            return self.inapplicable("`regex`", base, span);
        }
        let Expr::Str(text) = self.ast[pattern] else {
            self.sink.push(
                Diagnostic::new(
                    Code::REFINE_REGEX,
                    span,
                    "invalid regex: the pattern must be a plain string literal",
                )
                .hint("write the pattern as a raw string: `regex(r\"^\\d+$\")`"),
            );
            return false;
        };
        let text = self.ast.string(text);
        if let Some(reason) = pattern_error(text) {
            self.sink.push(
                Diagnostic::new(Code::REFINE_REGEX, span, format!("invalid regex: {reason}"))
                    .hint("patterns have the syntax of the `regex` crate, without look-around"),
            );
            return false;
        }
        out.push(Constraint::Regex(self.types.symbols.intern(text)));
        true
    }

    fn predicate(
        &mut self,
        base: Ty,
        arg: ExprId,
        function: ExprId,
        out: &mut Vec<Constraint>,
    ) -> bool {
        let span = self.ast.span(function);
        let Expr::Name(symbol) = self.ast[function] else {
            self.sink.push(
                Diagnostic::new(
                    Code::REFINE_PREDICATE,
                    span,
                    "predicate must be a function name",
                )
                .hint("name a function of this module or a named import"),
            );
            return false;
        };
        let named_type = !matches!(
            self.types.kind(self.types.unrefined(base)),
            TyKind::Option(_) | TyKind::Result(..) | TyKind::Fn(..) | TyKind::Html | TyKind::Unit
        );
        if base.is_invalid() {
            return false;
        }
        if !named_type {
            return self.inapplicable("`predicate`", base, self.ast.span(arg));
        }
        let sym = self.decls.module(self.module).sym(symbol);
        let found = self.decls.module(self.module).scope.get(&sym).copied();
        match found.map(|named| named.entry) {
            Some(Entry::Function(id)) if self.decls.function(id).kind == FunctionKind::Function => {
                self.uses.mark(symbol);
                self.predicates.push(PendingPredicate {
                    span,
                    function: id,
                    base,
                });
                out.push(Constraint::Predicate {
                    function: id,
                    name: sym,
                });
                true
            }
            Some(Entry::Damaged) => false,
            None if self.hides_declarations() => false,
            _ => {
                self.unknown_predicate(symbol, span);
                false
            }
        }
    }

    fn unknown_predicate(&mut self, symbol: fuse_syntax::ast::Symbol, span: Span) {
        let text = self.ast.names.text(symbol);
        let functions = self.decls.module(self.module).scope.iter();
        let functions = functions
            .filter(|(_, named)| matches!(named.entry, Entry::Function(_)))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        let hint = match nearest(text, functions) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a predicate is a function of this module or a named import".to_owned(),
        };
        let message = format!("unknown predicate `{text}`");
        self.sink
            .push(Diagnostic::new(Code::REFINE_PREDICATE, span, message).hint(hint));
    }
}

/// Whether no number is between the bounds.
fn is_empty(min: Number, max: Number) -> bool {
    match (min, max) {
        (Number::Int(min), Number::Int(max)) => min > max,
        _ => as_f64(min) > as_f64(max),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds of `Float` are floats by definition"
)]
fn as_f64(number: Number) -> f64 {
    match number {
        Number::Int(n) => n as f64,
        Number::Float(n) => n,
    }
}

fn float_bound(number: Number) -> Bound {
    match number {
        Number::Int(n) => Bound::Int(n),
        Number::Float(n) => Bound::Float(n.to_bits()),
    }
}

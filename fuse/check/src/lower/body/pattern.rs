//! Patterns.

use fuse_syntax::ast;

use super::Body;
use crate::canon::{Arm, Expr, LocalId, Pattern, PatternId, Run, Span, Type, TypeId};
use crate::lower::span as source_span;
use crate::typed::{PatternInfo, Sub};

impl Body<'_, '_> {
    /// A pattern that is matched against values of a type.
    pub(super) fn pattern(&mut self, pattern: ast::PatternId, ty: TypeId) -> PatternId {
        let span = source_span(self.ast.range(pattern));
        let made = self.pattern_node(pattern, ty, span);
        self.f.pattern(made, span)
    }

    fn pattern_node(&mut self, pattern: ast::PatternId, ty: TypeId, span: Span) -> Pattern {
        let Some(info) = self.typed.pattern(pattern).copied() else {
            return Pattern::Any;
        };
        let shape = self.base_shape(ty).clone();
        match (info, shape) {
            (PatternInfo::Wildcard, _) => Pattern::Any,
            (PatternInfo::Bind(local), _) => {
                let local = self.declare(local);
                self.f.locals[local.index()].ty = ty;
                Pattern::Bind(local)
            }
            (PatternInfo::Null, _) => Pattern::Null,
            (PatternInfo::Some(sub), Type::Option(inner)) => {
                Pattern::Some(self.only(sub, inner, span))
            }
            (PatternInfo::Some(sub), _) => Pattern::Some(self.only(sub, ty, span)),
            (PatternInfo::Ok(sub), Type::Result { ok, .. }) => {
                Pattern::Ok(self.only(sub, ok, span))
            }
            (PatternInfo::Err(sub), Type::Result { error, .. }) => {
                Pattern::Err(self.only(sub, error, span))
            }
            // A value of an option is looked at when it is there.
            (
                PatternInfo::Literal | PatternInfo::Variant(..) | PatternInfo::Record(..),
                Type::Option(inner),
            ) => {
                let node = self.pattern_node(pattern, inner, span);
                Pattern::Some(self.f.pattern(node, span))
            }
            (PatternInfo::Literal, _) => self.literal(pattern),
            (PatternInfo::Variant(id, ..), Type::Union(_)) => {
                let member = self.lower.enum_type(id);
                self.member_pattern(pattern, member, span)
            }
            (PatternInfo::Record(id, _), Type::Union(_)) => {
                let member = self.lower.record_type(id);
                self.member_pattern(pattern, member, span)
            }
            (PatternInfo::Variant(id, variant, sub), _) => {
                let enumeration = self.lower.enums[&id];
                let types = self.lower.program[enumeration].variants[variant as usize]
                    .payload
                    .clone();
                let payload = self.parts(sub, &types, span);
                Pattern::Variant {
                    enumeration,
                    variant,
                    payload,
                }
            }
            (PatternInfo::Record(id, sub), _) => {
                let record = self.lower.record(id);
                let fields = &self.lower.program[record].fields;
                let types: Vec<_> = fields.iter().map(|field| field.ty).collect();
                let fields = self.parts(sub, &types, span);
                Pattern::Record { record, fields }
            }
            // Only what could not be checked comes here.
            (PatternInfo::Ok(_) | PatternInfo::Err(_), _) => Pattern::Any,
        }
    }

    fn member_pattern(&mut self, pattern: ast::PatternId, member: TypeId, span: Span) -> Pattern {
        let node = self.pattern_node(pattern, member, span);
        let pattern = self.f.pattern(node, span);
        Pattern::Member { member, pattern }
    }

    /// The one sub-pattern of a wrapper.
    fn only(&mut self, sub: Sub, ty: TypeId, span: Span) -> PatternId {
        match self.typed.sub_patterns(sub).first().copied().flatten() {
            Some(inner) => self.pattern(inner, ty),
            None => self.f.pattern(Pattern::Any, span),
        }
    }

    fn parts(&mut self, sub: Sub, types: &[TypeId], span: Span) -> Run<PatternId> {
        let subs = self.typed.sub_patterns(sub).to_vec();
        let mut parts = Vec::with_capacity(types.len());
        for (index, ty) in types.iter().enumerate() {
            parts.push(match subs.get(index).copied().flatten() {
                Some(inner) => self.pattern(inner, *ty),
                None => self.f.pattern(Pattern::Any, span),
            });
        }
        self.f.run(&parts)
    }

    fn literal(&mut self, pattern: ast::PatternId) -> Pattern {
        let ast::Pattern::Literal(literal) = self.ast[pattern] else {
            return Pattern::Any;
        };
        match literal {
            ast::Literal::Int(value) => Pattern::Int(value),
            ast::Literal::Float(value) => Pattern::Float(value),
            ast::Literal::Bool(value) => Pattern::Bool(value),
            ast::Literal::Null => Pattern::Null,
            ast::Literal::Str(text) => {
                let text = self.ast.string(text);
                Pattern::Str(self.intern(text))
            }
        }
    }

    /// The variable that a loop binds; that of its pattern if it has one.
    pub(super) fn loop_local(
        &mut self,
        pattern: ast::PatternId,
        ty: TypeId,
        span: Span,
    ) -> LocalId {
        match self.typed.pattern(pattern).copied() {
            Some(PatternInfo::Bind(local)) => {
                let local = self.declare(local);
                self.f.locals[local.index()].ty = ty;
                local
            }
            _ => self.hidden(ty, span),
        }
    }

    /// Does something with the parts of loop variables in scope.
    pub(super) fn taken_apart(
        &mut self,
        parts: &[(ast::PatternId, LocalId)],
        span: Span,
        turn: impl FnOnce(&mut Self),
    ) {
        let rest = parts.iter().position(|(pattern, _)| {
            !matches!(
                self.typed.pattern(*pattern),
                Some(PatternInfo::Bind(_) | PatternInfo::Wildcard) | None
            )
        });
        let Some(at) = rest else {
            turn(self);
            return;
        };
        let (pattern, local) = parts[at];
        let subject = self.read(local, span);
        let pattern = self.pattern(pattern, self.f[local].ty);
        let rest = parts[at + 1..].to_vec();
        self.out.push(Vec::new());
        // Boxed, so that the recursion does not make a new type each time.
        let turn: Box<dyn FnOnce(&mut Self) + '_> = Box::new(turn);
        self.taken_apart(&rest, span, turn);
        let unit = self.unit(span);
        let body = self.close_block(unit, span);
        let ty = self.f.ty(body);
        let arms = self.f.run(&[Arm { pattern, body }]);
        let all = self.e(Expr::Match { subject, arms }, ty, span);
        self.push_value(all, span);
    }
}

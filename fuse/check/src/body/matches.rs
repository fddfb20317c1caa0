//! `match`, value `if`, and loop patterns.

use fuse_syntax::ast::{ArmBody, ExprId, IfId, Match, MatchId, PatternId, StmtId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::exhaust::{Ctor, Shape};
use super::exprs::want_of_block;
use super::flow::{Flow, Tail, Yields};
use super::frames::{BodyKind, Frame};
use super::patterns::Bindings;
use super::stmts::keyword;
use super::{Checker, Want};
use crate::typed::ArmRole;
use crate::types::{Ty, TyKind};

/// Missing patterns that a message lists.
const SHOWN: usize = 3;

impl Checker<'_> {
    pub(super) fn match_stmt(&mut self, id: StmtId, node: MatchId, tail: Tail) -> Flow {
        let node = self.ast[node];
        let tail = if self.match_has_value(&node) {
            tail
        } else {
            Tail::Discard
        };
        self.set_block_role(id, tail);
        self.match_arms(self.ast.range(id), &node, tail)
    }

    pub(super) fn value_match(&mut self, id: ExprId, node: MatchId, want: Want) -> Ty {
        let node = self.ast[node];
        self.yields.push(Yields {
            target: want_of_block(want),
            values: Vec::new(),
        });
        let flow = self.match_arms(self.ast.range(id), &node, Tail::Yield);
        self.value_of_branches(id, flow, "match")
    }

    pub(super) fn value_if(&mut self, id: ExprId, node: IfId, want: Want) -> Ty {
        let node = self.ast[node];
        let ast = self.ast;
        self.yields.push(Yields {
            target: want_of_block(want),
            values: Vec::new(),
        });
        let mut flow = Flow::Diverges;
        for arm in &ast[node.arms] {
            self.condition(arm.cond);
            flow = flow.or(self.block(arm.body, Tail::Yield));
        }
        let otherwise = match node.otherwise {
            Some(block) => self.block(block, Tail::Yield),
            None => Flow::Falls,
        };
        self.value_of_branches(id, flow.or(otherwise), "if")
    }

    /// The value of an `if` or `match` whose branches were checked; each must
    /// have one.
    fn value_of_branches(&mut self, id: ExprId, flow: Flow, word: &str) -> Ty {
        let ty = self.joined_yields();
        if flow != Flow::Falls {
            return if flow == Flow::Diverges {
                Ty::NEVER
            } else {
                ty
            };
        }
        let span = self.at(keyword(self.ast.range(id), word));
        let message = format!("this `{word}` may have no value");
        self.report(
            Diagnostic::new(Code::TYPE_MISMATCH, span, message)
                .hint("every branch must end in a value; add an `else:`"),
        );
        Ty::INVALID
    }

    fn match_arms(&mut self, range: TextRange, node: &Match, tail: Tail) -> Flow {
        let ast = self.ast;
        let arms = &ast[node.arms];
        let null = arms.iter().any(|arm| self.looks_for_null(arm.pat));
        let mark = self.sink.mark();
        let ty = self.value(node.subject, Want { ty: None, null });
        let subject_reported = self.sink.reported_since(mark);
        let mut shapes: Vec<Shape> = Vec::with_capacity(arms.len());
        let mut sound = !ty.is_invalid() && !subject_reported;
        let mut warned = false;
        let mut flow: Option<Flow> = None;
        for (arm, pool) in arms.iter().zip(node.arms.indices()) {
            self.open_scope();
            let mark = self.sink.mark();
            self.pattern(arm.pat, ty, &mut Bindings::new());
            sound &= !self.sink.reported_since(mark) && self.out.pattern(arm.pat).is_some();
            let shape = self.shape(arm.pat);
            if sound {
                if !self.is_useful(&shapes, &shape, ty) {
                    let span = self.ast.span(arm.pat);
                    self.report(Diagnostic::new(
                        Code::MATCH_UNREACHABLE,
                        span,
                        "this arm is never reached",
                    ));
                }
                shapes.push(shape);
            }
            let after = match arm.body {
                ArmBody::Value(value) => self.arm_value(pool, arm.range, value, tail, &mut warned),
                ArmBody::Block(block) => self.block(block, tail),
            };
            self.close_scope();
            flow = Some(flow.map_or(after, |flow| flow.or(after)));
        }
        if sound {
            self.exhaustive(range, node, &shapes, ty, tail);
        }
        flow.unwrap_or(Flow::Damaged)
    }

    /// `-> value`.
    fn arm_value(
        &mut self,
        pool: usize,
        range: TextRange,
        value: ExprId,
        tail: Tail,
        warned: &mut bool,
    ) -> Flow {
        let role = self.arm_role(tail);
        self.out.set_arm_role(pool, role);
        match role {
            ArmRole::Discard => return self.dropped(value),
            ArmRole::Yield => self.yielded(value),
            ArmRole::Return => self.result_value(value),
        }
        if self.out.ty(value) == Ty::NEVER {
            return Flow::Diverges;
        }
        if role == ArmRole::Yield || tail == Tail::Return {
            return Flow::Value;
        }
        if !*warned {
            *warned = true;
            let name = match (self.body.kind, self.body.name) {
                (BodyKind::Route, _) | (_, None) => "the route".to_owned(),
                (_, Some(name)) => format!("`{}`", self.text(name)),
            };
            let message = format!("`->` returns from {name} here");
            let span = self.at(range);
            self.report(
                Diagnostic::new(Code::MATCH_ARM_RETURN, span, message)
                    .hint("give the arm a block with `:` to go on after the `match`"),
            );
        }
        Flow::Diverges
    }

    fn arm_role(&self, tail: Tail) -> ArmRole {
        if tail == Tail::Yield {
            return ArmRole::Yield;
        }
        let block = self.frames.0.iter().rev().find_map(|frame| match frame {
            Frame::Spawn(_) | Frame::Transaction => Some(true),
            Frame::Lambda(_) => Some(false),
            Frame::Loop { .. } => None,
        });
        let success = match self.types.kind(self.body.result) {
            TyKind::Result(ok, _) => ok,
            _ => self.body.result,
        };
        if block == Some(true) || success == Ty::UNIT {
            return ArmRole::Discard;
        }
        ArmRole::Return
    }

    fn exhaustive(&mut self, range: TextRange, node: &Match, shapes: &[Shape], ty: Ty, tail: Tail) {
        let missing = self.uncovered(shapes, ty, SHOWN + 1);
        if missing.is_empty() {
            return;
        }
        let shown: Vec<String> = missing
            .iter()
            .take(SHOWN)
            .map(|shape| format!("`{}`", self.shape_text(shape, ty, true)))
            .collect();
        let more = if missing.len() > SHOWN { ", ..." } else { "" };
        let message = format!("match does not cover: {}{more}", shown.join(", "));
        let word = self.at(keyword(range, "match"));
        let mut diagnostic = Diagnostic::new(Code::MATCH_NOT_EXHAUSTIVE, word, message)
            .hint("every value must have an arm; `_` matches what is left");
        if let Some(fix) = self.missing_arms(node, &missing, ty, tail) {
            diagnostic = diagnostic.fix(fix);
        }
        self.report(diagnostic);
    }

    /// Arms for what is not covered, where there is a value to start from.
    fn missing_arms(&self, node: &Match, missing: &[Shape], ty: Ty, tail: Tail) -> Option<Fix> {
        let last = self.ast[node.arms].last()?;
        let value = match self.arm_role(tail) {
            ArmRole::Discard => "assert(false, \"not handled\")".to_owned(),
            ArmRole::Return => self.stand_in(self.body.result)?,
            ArmRole::Yield => {
                let target = self.yields.last()?.target;
                let first = self.yields.last()?.values.first().map(|(_, ty)| *ty);
                self.stand_in(target.or(first)?)?
            }
        };
        let indent = crate::edits::indent_of(self.loaded, last.range.start);
        let patterns: Vec<String> = match missing.len() > SHOWN {
            true => vec!["_".to_owned()],
            false => missing
                .iter()
                .map(|shape| self.shape_text(shape, ty, false))
                .collect(),
        };
        let text: String = patterns
            .iter()
            .map(|pattern| format!("\n{indent}{pattern} -> {value}"))
            .collect();
        let end = crate::edits::end_of_code(self.loaded, last.range);
        let place = self.at(TextRange::empty(end));
        Some(Fix::replace("add the missing arms", place, text).unsafe_to_apply())
    }

    /// Some value of a type, to be replaced by the author.
    fn stand_in(&self, ty: Ty) -> Option<String> {
        match self.types.kind(ty) {
            TyKind::Result(ok, _) => self.stand_in(ok),
            TyKind::Option(_) | TyKind::Value => Some("null".to_owned()),
            TyKind::Unit => Some("assert(false, \"not handled\")".to_owned()),
            TyKind::Html => Some("html.text(\"\")".to_owned()),
            _ => self.placeholder(ty),
        }
    }

    /// A shape as a pattern. `short` leaves out what is inside and matches
    /// anything.
    fn shape_text(&self, shape: &Shape, ty: Ty, short: bool) -> String {
        let Shape::Ctor(ctor, parts) = shape else {
            return "_".to_owned();
        };
        match *ctor {
            Ctor::Bool(value) => value.to_string(),
            Ctor::None => "None".to_owned(),
            Ctor::Unit | Ctor::Literal(_) => "_".to_owned(),
            Ctor::Some => self.wrapped_text("Some", parts, ty, short),
            Ctor::Ok => self.wrapped_text("Ok", parts, ty, short),
            Ctor::Err => self.wrapped_text("Err", parts, ty, short),
            Ctor::Variant(of, index) => {
                let variant = &self.decls.enumeration(of).variants[index as usize];
                let name = self.variant_name(of, index, ty);
                if parts.is_empty() {
                    return name;
                }
                let wild = parts.iter().all(|part| matches!(part, Shape::Wild));
                if short && wild {
                    return format!("{name}(...)");
                }
                let inner: Vec<String> = parts
                    .iter()
                    .enumerate()
                    .map(|(at, part)| {
                        let text = self.shape_text(part, variant.payload[at], short);
                        match variant.names.get(at) {
                            Some(&field) => format!("{}={text}", self.text(field)),
                            None => text,
                        }
                    })
                    .collect();
                format!("{name}({})", inner.join(", "))
            }
            Ctor::Record(record) => {
                let decl = self.decls.record(record);
                let name = self.decls.record_name(self.types, record);
                let inner: Vec<String> = parts
                    .iter()
                    .zip(&decl.fields)
                    .filter(|(part, _)| !matches!(part, Shape::Wild))
                    .map(|(part, field)| {
                        format!(
                            "{}={}",
                            self.text(field.name),
                            self.shape_text(part, field.ty, short)
                        )
                    })
                    .collect();
                if inner.is_empty() && short {
                    return format!("{name}(...)");
                }
                format!("{name}({})", inner.join(", "))
            }
        }
    }

    fn wrapped_text(&self, name: &str, parts: &[Shape], ty: Ty, short: bool) -> String {
        let inner = match (name, self.types.kind(self.types.base(ty))) {
            ("Some", TyKind::Option(inner)) => inner,
            ("Ok", TyKind::Result(ok, _)) => ok,
            ("Err", TyKind::Result(_, errors)) => match *self.types.members(errors) {
                [one] => one,
                _ => Ty::INVALID,
            },
            _ => Ty::INVALID,
        };
        let part = parts.first().map_or_else(
            || "_".to_owned(),
            |part| self.shape_text(part, inner, short),
        );
        format!("{name}({part})")
    }

    /// A variant, with its enum where several have the name.
    fn variant_name(&self, of: crate::ids::EnumId, index: u32, ty: Ty) -> String {
        let declared = self.decls.enumeration(of);
        let name = self.text(declared.variants[index as usize].name);
        match self.types.kind(ty) {
            TyKind::Enum(_) => name.to_owned(),
            _ => format!("{}.{name}", self.text(declared.name)),
        }
    }

    /// Binds the patterns of a loop, which have to match every element.
    pub(super) fn loop_patterns(
        &mut self,
        pat: PatternId,
        second: Option<PatternId>,
        (key, element): (Ty, Ty),
    ) {
        let mut bindings = Bindings::new();
        match second {
            Some(second) => {
                self.loop_pattern(pat, key, &mut bindings);
                self.loop_pattern(second, element, &mut bindings);
            }
            None => self.loop_pattern(pat, element, &mut bindings),
        }
    }

    fn loop_pattern(&mut self, pat: PatternId, ty: Ty, bindings: &mut Bindings) {
        let mark = self.sink.mark();
        self.pattern(pat, ty, bindings);
        if self.sink.reported_since(mark) || ty.is_invalid() {
            return;
        }
        let shape = self.shape(pat);
        if !self
            .uncovered(std::slice::from_ref(&shape), ty, 1)
            .is_empty()
        {
            let span = self.ast.span(pat);
            self.report(
                Diagnostic::new(Code::PATTERN_REFUTABLE, span, "loop pattern may not match")
                    .hint("bind the element, and `match` it in the body"),
            );
        }
    }
}

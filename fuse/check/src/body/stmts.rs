//! Statements.

use fuse_syntax::ast::{BlockId, Expr, ExprId, IfId, Name, PatternId, Stmt, StmtId, TypeExprId};
use fuse_syntax::{Code, Diagnostic, TextRange};

use super::flow::{Flow, Tail};
use super::frames::{BodyKind, Frame, LoopTarget};
use super::{Checker, Want};
use crate::decls::resolve::Position;
use crate::relate::Slot;
use crate::typed::{LocalKind, StmtRole};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn stmt(&mut self, id: StmtId, tail: Tail) -> Flow {
        match self.ast[id] {
            Stmt::Error => Flow::Damaged,
            Stmt::Let {
                name,
                mutable,
                ty,
                value,
            } => self.let_stmt(id, name, mutable, ty, value),
            Stmt::Assign { place, op, value } => self.assign(id, place, op, value),
            Stmt::Return(value) => {
                self.return_stmt(id, value);
                Flow::Diverges
            }
            Stmt::If(node) => self.if_stmt(id, node, tail),
            Stmt::Match(node) => self.match_stmt(id, node, tail),
            Stmt::For {
                pat,
                second,
                iter,
                body,
            } => self.for_stmt(pat, second, iter, body),
            Stmt::While { cond, body } => self.while_stmt(cond, body),
            Stmt::Transaction(block) => {
                let range = self.ast.range(id);
                match self.transaction(range, block, Tail::Discard) {
                    Flow::Value => Flow::Falls,
                    flow => flow,
                }
            }
            Stmt::Break => self.loop_control(id, true),
            Stmt::Continue => self.loop_control(id, false),
            Stmt::Expr(value) => self.tail_value(id, value, tail),
        }
    }

    /// A value that is dropped.
    pub(super) fn dropped(&mut self, value: ExprId) -> Flow {
        if self.dropped_task(value) {
            return Flow::Falls;
        }
        let mark = self.sink.mark();
        let ty = self.expr(value, Want::NOTHING);
        if self.sink.reported_since(mark) {
            return if ty == Ty::NEVER {
                Flow::Diverges
            } else {
                Flow::Falls
            };
        }
        match self.types.kind(ty) {
            TyKind::Never => return Flow::Diverges,
            TyKind::Task(_) => self.detached(value),
            TyKind::Result(..) => {
                let diagnostic = Diagnostic::new(
                    Code::UNUSED_RESULT,
                    self.span(value),
                    "unused result that may be an error",
                )
                .hint("pass the error on with `?!`, or `match` it");
                self.report(diagnostic);
            }
            _ => {}
        }
        Flow::Falls
    }

    fn let_stmt(
        &mut self,
        id: StmtId,
        name: Name,
        mutable: bool,
        written: Option<TypeExprId>,
        value: ExprId,
    ) -> Flow {
        let ty = match written {
            Some(written) => {
                let ty = self.type_expr(written, Position::Local);
                self.check(value, ty, Slot::Plain);
                ty
            }
            None => self.initial(value),
        };
        let kind = if mutable {
            LocalKind::Var
        } else {
            LocalKind::Let
        };
        if let Some(local) = self.declare(name, ty, kind) {
            self.out.set_local(id, local);
            if let Expr::Spawn(_) = self.ast[value] {
                let range = self.ast.range(value);
                self.usage(local).spawned = Some(range);
            }
            if !mutable && ty == Ty::QUERY {
                self.queries.insert(local, value);
            }
        } else if matches!(self.types.kind(ty), TyKind::Task(_)) {
            self.detached(value);
        }
        if self.out.ty(value) == Ty::NEVER {
            Flow::Diverges
        } else {
            Flow::Falls
        }
    }

    /// The type of a binding without annotation.
    fn initial(&mut self, value: ExprId) -> Ty {
        let mark = self.sink.mark();
        let ty = self.expr(value, Want::NOTHING);
        let settled = match self.types.kind(ty) {
            // Nothing says what it is null of.
            TyKind::Option(Ty::NEVER) => Ty::VALUE,
            TyKind::List(Ty::NULL) => Ty::VALUES,
            TyKind::Map(key, Ty::NULL) => self.types.map(key, Ty::VALUE),
            _ => return ty,
        };
        self.coerce(value, ty, settled, Slot::Plain, mark);
        settled
    }

    fn return_stmt(&mut self, id: StmtId, value: Option<ExprId>) {
        if let Some(code) = self.return_forbidden() {
            let range = self.ast.range(id);
            let (span, message, hint) = match code {
                Code::RETURN_CONTEXT => {
                    let what = if self.body.kind == BodyKind::Test {
                        "test"
                    } else {
                        "migration"
                    };
                    (range, format!("`return` is not allowed in a {what}"), None)
                }
                Code::SPAWN_RETURN => (
                    range,
                    "`return` in a spawn block".to_owned(),
                    Some("the last expression of the block is its value"),
                ),
                _ => (
                    keyword(range, "return"),
                    "`return` is not allowed in a transaction".to_owned(),
                    Some("return after the transaction"),
                ),
            };
            let mut diagnostic = Diagnostic::new(code, self.at(span), message);
            diagnostic.hint = hint.map(str::to_owned);
            self.report(diagnostic);
            if let Some(value) = value {
                self.expr(value, Want::NOTHING);
            }
            return;
        }
        match value {
            Some(value) => self.result_value(value),
            None => self.empty_return(id),
        }
    }

    fn return_forbidden(&self) -> Option<Code> {
        let inner = self.frames.0.iter().rev().find_map(|frame| match frame {
            Frame::Spawn(_) => Some(Code::SPAWN_RETURN),
            Frame::Transaction => Some(Code::TRANSACTION_RETURN),
            Frame::Loop { .. } | Frame::Lambda(_) => None,
        });
        let context = matches!(self.body.kind, BodyKind::Test | BodyKind::Migration);
        inner.or(context.then_some(Code::RETURN_CONTEXT))
    }

    fn empty_return(&mut self, id: StmtId) {
        let success = match self.types.kind(self.body.result) {
            TyKind::Result(ok, _) => ok,
            _ => self.body.result,
        };
        if success == Ty::UNIT || success.is_invalid() {
            return;
        }
        let message = format!("expected `{}`, found `Unit`", self.shown(self.body.result));
        let span = self.ast.span(id);
        self.report(
            Diagnostic::new(Code::TYPE_MISMATCH, span, message).hint("`return` needs a value here"),
        );
    }

    fn if_stmt(&mut self, id: StmtId, node: IfId, tail: Tail) -> Flow {
        let node = self.ast[node];
        let tail = if self.if_has_value(&node) {
            tail
        } else {
            Tail::Discard
        };
        self.set_block_role(id, tail);
        let ast = self.ast;
        let mut flow: Option<Flow> = None;
        for arm in &ast[node.arms] {
            self.condition(arm.cond);
            let after = self.block(arm.body, tail);
            flow = Some(flow.map_or(after, |flow| flow.or(after)));
        }
        let otherwise = node
            .otherwise
            .map_or(Flow::Falls, |block| self.block(block, tail));
        flow.map_or(otherwise, |flow| flow.or(otherwise))
    }

    pub(super) fn set_block_role(&mut self, id: StmtId, tail: Tail) {
        match tail {
            Tail::Discard => {}
            Tail::Return => self.out.set_role(id, StmtRole::Return),
            Tail::Yield => self.out.set_role(id, StmtRole::Yield),
        }
    }

    /// A condition must be `Bool`; dynamic data is looked at when running.
    pub(super) fn condition(&mut self, cond: ExprId) {
        let mark = self.sink.mark();
        let ty = self.value(cond, Want::of(Ty::BOOL));
        if ty == Ty::BOOL || ty.is_invalid() || ty == Ty::NEVER || self.sink.reported_since(mark) {
            return;
        }
        if ty == Ty::VALUE {
            self.coerce(cond, ty, Ty::BOOL, Slot::Plain, mark);
            return;
        }
        let message = format!("condition must be `Bool`, found `{}`", self.shown(ty));
        let hint = match self.types.kind(self.types.base(ty)) {
            TyKind::Option(_) => "compare it: `x != null`",
            TyKind::Int | TyKind::Float => "compare it: `n != 0`",
            TyKind::List(_) | TyKind::Map(..) | TyKind::String => "ask for it: `!xs.is_empty()`",
            TyKind::Result(..) => "ask for it: `r.is_ok()`",
            _ => "write a comparison",
        };
        let span = self.span(cond);
        // In `if a = 1:` the condition ends at the syntax error behind it.
        if self
            .own
            .damage
            .within(TextRange::new(span.end, span.end + 1))
        {
            return;
        }
        self.report(Diagnostic::new(Code::CONDITION_TYPE, span, message).hint(hint));
    }

    fn for_stmt(
        &mut self,
        pat: PatternId,
        second: Option<PatternId>,
        iter: ExprId,
        body: BlockId,
    ) -> Flow {
        let elements = self.iterated(iter);
        self.open_scope();
        self.loop_patterns(pat, second, elements);
        self.frames.0.push(Frame::Loop { breaks: false });
        self.block(body, Tail::Discard);
        self.frames.0.pop();
        self.close_scope();
        Flow::Falls
    }

    /// What a loop over a value binds: index or key, then element.
    pub(super) fn iterated(&mut self, iter: ExprId) -> (Ty, Ty) {
        let mark = self.sink.mark();
        let ty = self.value(iter, Want::NOTHING);
        match self.types.kind(self.types.unrefined(ty)) {
            TyKind::List(item) => (Ty::INT, item),
            TyKind::Map(key, value) => (key, value),
            TyKind::Value => (Ty::VALUE, Ty::VALUE),
            TyKind::Invalid | TyKind::Never => (Ty::INVALID, Ty::INVALID),
            _ => {
                if !self.sink.reported_since(mark) {
                    self.not_iterable(iter, ty);
                }
                (Ty::INVALID, Ty::INVALID)
            }
        }
    }

    fn not_iterable(&mut self, iter: ExprId, ty: Ty) {
        let message = format!("cannot iterate over `{}`", self.shown(ty));
        let hint = match self.types.kind(self.types.base(ty)) {
            TyKind::String | TyKind::Id | TyKind::Email => "iterate over `.chars()` or `.lines()`",
            TyKind::Int => "iterate over a range, as in `1..n`",
            TyKind::Option(_) => "handle null first, as in `xs ?? []`",
            TyKind::Result(..) => "pass the error on with `?!` first",
            TyKind::Query => "run the query first, as in `.all<Row>()`",
            _ => "lists, maps and ranges can be iterated over",
        };
        let span = self.span(iter);
        self.report(Diagnostic::new(Code::NOT_ITERABLE, span, message).hint(hint));
    }

    fn while_stmt(&mut self, cond: ExprId, body: BlockId) -> Flow {
        self.condition(cond);
        self.frames.0.push(Frame::Loop { breaks: false });
        self.block(body, Tail::Discard);
        let frame = self.frames.0.pop();
        let breaks = matches!(frame, Some(Frame::Loop { breaks: true }));
        let forever = matches!(self.ast[self.ast.unparenthesized(cond)], Expr::Bool(true));
        if forever && !breaks {
            Flow::Diverges
        } else {
            Flow::Falls
        }
    }

    fn loop_control(&mut self, id: StmtId, is_break: bool) -> Flow {
        let word = if is_break { "break" } else { "continue" };
        let span = self.ast.span(id);
        match self.frames.loop_target(is_break) {
            LoopTarget::Loop => return Flow::Diverges,
            LoopTarget::OutsideTransaction => {
                let message = format!("`{word}` cannot leave a transaction");
                self.report(
                    Diagnostic::new(Code::TRANSACTION_LOOP, span, message)
                        .hint("leave the loop after the transaction"),
                );
            }
            LoopTarget::Nothing => {
                self.error(Code::LOOP_CONTROL, span, format!("`{word}` outside a loop"));
            }
        }
        Flow::Falls
    }
}

/// The keyword at the start of a range.
pub(super) fn keyword(range: TextRange, word: &str) -> TextRange {
    let length = u32::try_from(word.len()).unwrap_or(0);
    TextRange::new(range.start, range.start + length)
}

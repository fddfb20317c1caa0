//! `spawn`, `await` and transactions, and what may not happen in them.

use fuse_syntax::ast::{BlockId, Expr, ExprId, Symbol};
use fuse_syntax::{Code, Diagnostic, Fix, Span, TextRange};

use super::flow::{Flow, Tail, Yields};
use super::frames::{BodyKind, Captures, Frame};
use super::scope::Usage;
use super::stmts::keyword;
use super::{Checker, Direct, Want};
use crate::typed::{LocalId, LocalKind};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn spawn(&mut self, id: ExprId, block: BlockId) -> Ty {
        let range = keyword(self.ast.range(id), "spawn");
        if self.frames.in_transaction() {
            self.report(
                Diagnostic::new(
                    Code::TRANSACTION_SPAWN,
                    self.at(range),
                    "`spawn` is not allowed in a transaction",
                )
                .hint("spawn before the transaction, or after it"),
            );
        }
        let captures = Captures {
            expr: id,
            first: self.out.next_local(),
            locals: Vec::new(),
        };
        self.frames.0.push(Frame::Spawn(captures));
        self.yields.push(Yields::default());
        let flow = self.block(block, Tail::Yield);
        let value = self.joined_yields();
        if let Some(Frame::Spawn(captures)) = self.frames.0.pop() {
            self.out.set_captures(captures.expr, captures.locals);
        }
        // A block that only raises has no value, but its task can be awaited.
        let value = match (flow, value) {
            (Flow::Falls, _) => Ty::UNIT,
            (_, Ty::NULL) => Ty::VALUE,
            (_, value) => value,
        };
        self.types.task(value)
    }

    pub(super) fn await_task(&mut self, id: ExprId, task: ExprId) -> Ty {
        let range = keyword(self.ast.range(id), "await");
        if self.frames.in_transaction() {
            self.report(
                Diagnostic::new(
                    Code::TRANSACTION_AWAIT,
                    self.at(range),
                    "`await` is not allowed in a transaction",
                )
                .hint("await the task before the transaction"),
            );
        }
        if let Some(ty) = self.awaited_local(id, task) {
            return ty;
        }
        let mark = self.sink.mark();
        let ty = self.value(task, Want::NOTHING);
        match self.types.kind(ty) {
            TyKind::Task(value) => value,
            TyKind::Invalid | TyKind::Never => ty,
            _ => {
                if !self.sink.reported_since(mark) {
                    self.not_a_task(id, task, ty);
                }
                Ty::INVALID
            }
        }
    }

    fn not_a_task(&mut self, id: ExprId, task: ExprId, ty: Ty) {
        let message = format!("await needs a task, found `{}`", self.shown(ty));
        let hint = match self.ast[self.ast.unparenthesized(task)] {
            Expr::Bang { .. } => "`await t ?!` awaits `t ?!`; write `(await t) ?!`",
            _ => "a task is made by `spawn:`",
        };
        let span = self.span(id);
        self.report(Diagnostic::new(Code::AWAIT_TYPE, span, message).hint(hint));
    }

    /// The value of an awaited variable that holds a task.
    fn awaited_local(&mut self, whole: ExprId, task: ExprId) -> Option<Ty> {
        let inner = self.ast.unparenthesized(task);
        let (symbol, bang) = match self.ast[inner] {
            Expr::Name(symbol) => (symbol, false),
            // `await t ?!` reads as `await (t ?!)`.
            Expr::Bang { value, .. } => match self.ast[value] {
                Expr::Name(symbol) => (symbol, true),
                _ => return None,
            },
            _ => return None,
        };
        let local = self.scope.get(symbol)?;
        let ty = self.out.local(local).ty;
        let TyKind::Task(value) = self.types.kind(ty) else {
            return None;
        };
        if bang {
            self.usage(local).ever_awaited = true;
            self.not_a_task(whole, inner, value);
            return Some(Ty::INVALID);
        }
        let mut id = task;
        while let Expr::Paren(next) = self.ast[id] {
            self.out.set_type(id, ty);
            id = next;
        }
        self.out.set_type(inner, ty);
        self.read_local(inner, local);
        let outside = self
            .frames
            .capture_boundary()
            .is_some_and(|first| local.0 < first);
        if outside {
            self.task_escapes(inner, local);
        }
        let usage = self.usage(local);
        usage.awaited = true;
        usage.ever_awaited = true;
        Some(value)
    }

    /// A task is used other than as `await t`.
    pub(super) fn task_escapes(&mut self, id: ExprId, local: LocalId) {
        self.usage(local).ever_awaited = true;
        self.usage(local).awaited = true;
        let text = self.ast.names.text(self.out.local(local).name).to_owned();
        let message = format!("task `{text}` can only be awaited");
        let span = self.span(id);
        self.report(
            Diagnostic::new(Code::TASK_ESCAPE, span, message)
                .hint(format!("use its value: `await {text}`")),
        );
    }

    /// A new task where only values go.
    pub(super) fn spawn_escapes(&mut self, id: ExprId) {
        let range = keyword(self.ast.range(id), "spawn");
        self.report(
            Diagnostic::new(
                Code::TASK_ESCAPE,
                self.at(range),
                "task can only be awaited",
            )
            .hint("bind it with `let`, then use its value: `await t`"),
        );
    }

    /// A task as a statement; whether that is what it is.
    pub(super) fn dropped_task(&mut self, value: ExprId) -> bool {
        let Expr::Name(symbol) = self.ast[self.ast.unparenthesized(value)] else {
            return false;
        };
        let Some(local) = self.task_local(symbol) else {
            return false;
        };
        self.read_local(value, local);
        self.usage(local).ever_awaited = true;
        self.detached(value);
        true
    }

    fn task_local(&self, symbol: Symbol) -> Option<LocalId> {
        let local = self.scope.get(symbol)?;
        let ty = self.out.local(local).ty;
        matches!(self.types.kind(ty), TyKind::Task(_)).then_some(local)
    }

    pub(super) fn detached(&mut self, value: ExprId) {
        let span = match self.ast[value] {
            Expr::Spawn(_) => self.at(keyword(self.ast.range(value), "spawn")),
            _ => self.span(value),
        };
        let place = Span {
            end: span.start,
            ..span
        };
        self.report(
            Diagnostic::new(Code::DETACHED_TASK, span, "task is never awaited")
                .hint("await it, or bind it and await it later")
                .fix(Fix::replace("await it here", place, "await ")),
        );
    }

    /// Reports a variable whose task is never awaited.
    pub(super) fn unawaited(&mut self, local: LocalId, usage: Usage) {
        if usage.ever_awaited {
            return;
        }
        let known = *self.out.local(local);
        let text = self.ast.names.text(known.name).to_owned();
        let message = format!("task `{text}` is not awaited before its scope ends");
        let spawned = usage.spawned.unwrap_or(known.range);
        let span = self.at(keyword(spawned, "spawn"));
        let mut diagnostic = Diagnostic::new(Code::TASK_UNAWAITED, span, message).hint(format!(
            "add `await {text}` where its value or its end matters"
        ));
        if usage.spawned.is_some() {
            let end = crate::edits::end_of_code(self.loaded, spawned);
            let indent = crate::edits::indent_of(self.loaded, known.range.start);
            let place = self.at(TextRange::empty(end));
            let text = format!("\n{indent}await {text}");
            diagnostic = diagnostic.fix(Fix::replace("await it after the block", place, text));
        }
        self.report(diagnostic);
    }

    /// Assigning a variable that holds a task not yet awaited.
    pub(super) fn task_reassigned(
        &mut self,
        place: ExprId,
        local: LocalId,
        spawned: Option<TextRange>,
    ) {
        let usage = *self.usage(local);
        if !usage.awaited {
            let text = self.ast.names.text(self.out.local(local).name).to_owned();
            let message = format!("task `{text}` must be awaited before reassignment");
            let span = self.span(place);
            let mut diagnostic = Diagnostic::new(Code::TASK_REASSIGNED, span, message)
                .hint(format!("`await {text}` first"));
            if let Some(spawned) = usage.spawned {
                let first = self.at(keyword(spawned, "spawn"));
                diagnostic = diagnostic.related(first, "the task is spawned here");
            }
            self.report(diagnostic);
        }
        let usage = self.usage(local);
        usage.awaited = false;
        usage.spawned = spawned.or(usage.spawned);
    }

    /// A box is made, read or captured inside a `spawn` block.
    pub(super) fn box_in_spawn(&mut self, span: Span) {
        self.report(
            Diagnostic::new(
                Code::SPAWN_BOX,
                span,
                "boxes cannot be used in a spawn block",
            )
            .hint("read the value before the block, and capture that"),
        );
    }

    /// A built-in that needs its surroundings is called inside a `spawn`
    /// block.
    pub(super) fn not_in_spawn(&mut self, span: Span, path: &str) {
        if self.frames.spawn_boundary().is_none() {
            return;
        }
        let message = format!("`{path}` cannot be called in a spawn block");
        self.report(
            Diagnostic::new(Code::SPAWN_BUILTIN, span, message)
                .hint("call it before or after the block, or in a function the block calls"),
        );
    }

    /// Changing a variable from outside a `spawn` block.
    pub(super) fn spawn_mutation(&mut self, place: ExprId, root: LocalId) -> bool {
        let Some(first) = self.frames.inner_spawn_boundary() else {
            return false;
        };
        if root.0 >= first {
            return false;
        }
        let text = self.ast.names.text(self.out.local(root).name).to_owned();
        let message = format!("spawn block cannot change outer `{text}`");
        let span = self.span(place);
        self.report(
            Diagnostic::new(Code::SPAWN_MUTATION, span, message)
                .hint("let the block have a value, and assign that after `await`"),
        );
        true
    }

    /// A `transaction:` block.
    pub(super) fn transaction(&mut self, range: TextRange, block: BlockId, tail: Tail) -> Flow {
        let word = keyword(range, "transaction");
        self.facts
            .direct
            .push((self.body.owner, Direct::Transaction, word));
        let nested = self.frames.in_transaction() || self.body.kind == BodyKind::Migration;
        if nested {
            self.report(
                Diagnostic::new(
                    Code::TRANSACTION_NESTED,
                    self.at(word),
                    "transaction inside a transaction",
                )
                .hint(match self.body.kind {
                    BodyKind::Migration => "a migration is one transaction already",
                    _ => "the outer transaction covers it",
                }),
            );
        } else {
            self.transaction_capabilities(word);
        }
        self.frames.0.push(Frame::Transaction);
        let flow = self.block(block, tail);
        self.frames.0.pop();
        flow
    }

    /// Reports, or with a fix renames, a variable that is never read.
    pub(super) fn unused(&mut self, local: LocalId, usage: Usage) {
        let known = *self.out.local(local);
        let text = self.ast.names.text(known.name).to_owned();
        let bound = matches!(
            known.kind,
            LocalKind::Let | LocalKind::Var | LocalKind::Pattern
        );
        if !bound || text.starts_with('_') || known.ty.is_invalid() {
            return;
        }
        let message = format!("unused binding `{text}`");
        let span = self.at(known.range);
        let mut diagnostic = Diagnostic::new(Code::UNUSED_BINDING, span, message);
        if !usage.written {
            diagnostic = diagnostic.fix(Fix::replace("drop the name", span, "_"));
        }
        self.report(diagnostic);
    }
}

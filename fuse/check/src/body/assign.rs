//! Assignment: places, and whether they may change.

use fuse_syntax::ast::{AssignOp, BinaryOp, Expr, ExprId, StmtId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::flow::Flow;
use super::{Checker, Want};
use crate::decls::Entry;
use crate::relate::Slot;
use crate::typed::{LocalId, LocalKind, Resolution};
use crate::types::{Ty, TyKind};

/// Where a place is rooted.
#[derive(Clone, Copy, Debug)]
enum Root {
    Local(LocalId, ExprId),
    /// A config, an asset, a function: named, but not a variable.
    Fixed(ExprId),
    /// Not a place at all.
    Nothing,
    /// A name that means nothing; that is reported when it is checked.
    Unknown,
}

impl Checker<'_> {
    pub(super) fn assign(
        &mut self,
        stmt: StmtId,
        place: ExprId,
        op: AssignOp,
        value: ExprId,
    ) -> Flow {
        let root = self.root(place);
        let allowed = self.may_change(place, root);
        let (ty, slot) = self.place_type(place, root, allowed);
        if let Root::Local(local, _) = root
            && matches!(self.types.kind(self.out.local(local).ty), TyKind::Task(_))
        {
            self.assign_task(place, local, value);
            return Flow::Falls;
        }
        match op {
            AssignOp::Set if allowed => {
                self.check(value, ty, slot);
            }
            AssignOp::Set => {
                self.expr(value, Want::of(ty));
            }
            _ => self.compound(stmt, op, value, ty),
        }
        if self.out.ty(value) == Ty::NEVER {
            Flow::Diverges
        } else {
            Flow::Falls
        }
    }

    /// `a op= b` is `a = a op b` with the place evaluated once.
    fn compound(&mut self, stmt: StmtId, op: AssignOp, value: ExprId, ty: Ty) {
        let mark = self.sink.mark();
        let content = self.types.unboxed(ty);
        if op == AssignOp::Coalesce {
            let TyKind::Option(inner) = self.types.kind(content) else {
                let found = self.value(value, Want::of(content));
                if !content.is_invalid() && !self.sink.reported_since(mark) {
                    self.wrong_compound(stmt, op, content, found);
                }
                return;
            };
            self.check(value, inner, Slot::Checked);
            return;
        }
        let found = self.value(value, Want::maybe(None));
        if content.is_invalid() || found.is_invalid() || self.sink.reported_since(mark) {
            return;
        }
        let binary = match op {
            AssignOp::Add => BinaryOp::Add,
            AssignOp::Sub => BinaryOp::Sub,
            AssignOp::Mul => BinaryOp::Mul,
            AssignOp::Div => BinaryOp::Div,
            AssignOp::Rem | AssignOp::Set | AssignOp::Coalesce => BinaryOp::Rem,
        };
        match self.compound_kind(binary, content, value, found) {
            Some(kind) => self.out.set_compound(stmt, kind),
            None => self.wrong_compound(stmt, op, content, found),
        }
    }

    fn wrong_compound(&mut self, stmt: StmtId, op: AssignOp, a: Ty, b: Ty) {
        let message = format!(
            "`{}` cannot be applied to `{}` and `{}`",
            op.text(),
            self.shown(a),
            self.shown(b)
        );
        let span = self.ast.span(stmt);
        self.report(
            Diagnostic::new(Code::OPERATOR_TYPE, span, message)
                .hint("the result must have the type of the place"),
        );
    }

    fn assign_task(&mut self, place: ExprId, local: LocalId, value: ExprId) {
        let spawned = match self.ast[value] {
            Expr::Spawn(_) => Some(self.ast.range(value)),
            _ => None,
        };
        let ty = self.out.local(local).ty;
        let mark = self.sink.mark();
        let found = self.expr(value, Want::NOTHING);
        self.coerce(value, found, ty, Slot::Plain, mark);
        self.task_reassigned(place, local, spawned);
    }

    /// The variable that a place is rooted in.
    fn root(&mut self, place: ExprId) -> Root {
        match self.ast[place] {
            Expr::Name(symbol) => match self.scope.get(symbol) {
                Some(local) => Root::Local(local, place),
                None => {
                    let sym = self.sym(symbol);
                    match self.own.scope.get(&sym).map(|named| named.entry) {
                        Some(Entry::Damaged) => Root::Unknown,
                        Some(_) => Root::Fixed(place),
                        None if self.prelude.name(sym).is_some() => Root::Nothing,
                        None => Root::Unknown,
                    }
                }
            },
            Expr::Member { base, .. } | Expr::Index { base, .. } => self.root(base),
            Expr::Error => Root::Unknown,
            _ => Root::Nothing,
        }
    }

    /// Whether a place may be changed; reports that it may not.
    fn may_change(&mut self, place: ExprId, root: Root) -> bool {
        match root {
            Root::Unknown => true,
            Root::Nothing => {
                let span = self.span(place);
                self.report(
                    Diagnostic::new(Code::ASSIGN_TARGET, span, "not assignable")
                        .hint("assign to a variable, a field of one, or an element of one"),
                );
                false
            }
            Root::Fixed(name) => {
                self.immutable(name, None);
                false
            }
            Root::Local(local, name) => self.may_change_local(place, local, name),
        }
    }

    fn may_change_local(&mut self, place: ExprId, local: LocalId, name: ExprId) -> bool {
        let known = *self.out.local(local);
        let cell = matches!(self.types.kind(known.ty), TyKind::Box(_));
        let task = matches!(self.types.kind(known.ty), TyKind::Task(_));
        if known.kind != LocalKind::Var && !cell && !known.ty.is_invalid() {
            self.immutable(name, Some(local));
            return false;
        }
        if task {
            return true;
        }
        if self.spawn_mutation(place, local) {
            return false;
        }
        // A lambda has copies: changing one would change nothing.
        let captured = self
            .frames
            .capture_boundary()
            .is_some_and(|first| local.0 < first);
        if captured && !cell {
            self.immutable(name, None);
            return false;
        }
        true
    }

    fn immutable(&mut self, name: ExprId, local: Option<LocalId>) {
        let text = self.source(name).to_owned();
        let message = format!("cannot assign to immutable `{text}`");
        let span = self.span(name);
        let mut diagnostic = Diagnostic::new(Code::ASSIGN_IMMUTABLE, span, message);
        let known = local.map(|local| *self.out.local(local));
        match known {
            Some(known) if known.kind == LocalKind::Let => {
                diagnostic = diagnostic.hint("bind it with `var` to change it");
                if let Some(word) = self.let_keyword(known.range) {
                    let place = self.at(word);
                    diagnostic = diagnostic.fix(Fix::replace("make it a `var`", place, "var"));
                }
            }
            Some(known) if known.kind == LocalKind::Param => {
                diagnostic = diagnostic.hint(format!(
                    "parameters do not change; copy it: `var copy = {text}`"
                ));
            }
            Some(known) if known.kind == LocalKind::Pattern => {
                diagnostic =
                    diagnostic.hint("pattern bindings do not change; copy it into a `var`");
            }
            Some(known) if known.kind == LocalKind::Receiver => {
                diagnostic = diagnostic.hint("`self` does not change; return the changed value");
            }
            _ => diagnostic = diagnostic.hint("only variables made with `var` or `box` change"),
        }
        self.report(diagnostic);
    }

    /// Where the `let` stands that binds the name at `range`.
    fn let_keyword(&self, range: TextRange) -> Option<TextRange> {
        let before = self.loaded.text.get(..range.start as usize)?.trim_end();
        let start = before.strip_suffix("let")?.len();
        Some(TextRange::new(
            crate::edits::offset(start),
            crate::edits::offset(start + 3),
        ))
    }

    /// The type a place takes, and whether constraints are checked there.
    fn place_type(&mut self, place: ExprId, root: Root, allowed: bool) -> (Ty, Slot) {
        match self.ast[place] {
            Expr::Name(_) => {
                let Root::Local(local, name) = root else {
                    // An unknown name is reported here, once.
                    let ty = match root {
                        Root::Unknown => self.expr(place, Want::NOTHING),
                        _ => Ty::INVALID,
                    };
                    return (if ty.is_invalid() { ty } else { Ty::INVALID }, Slot::Plain);
                };
                let ty = match allowed {
                    true => self.mention(name, local),
                    false => self.out.local(local).ty,
                };
                self.out.set_type(place, ty);
                self.usage(local).written = true;
                (self.types.unboxed(ty), Slot::Plain)
            }
            Expr::Member { .. } => {
                if matches!(root, Root::Nothing | Root::Fixed(_)) {
                    self.anything(place);
                    return (Ty::INVALID, Slot::Plain);
                }
                let ty = self.place_chain(place);
                (ty, Slot::Checked)
            }
            Expr::Index { .. } => {
                if matches!(root, Root::Nothing | Root::Fixed(_)) {
                    self.anything(place);
                    return (Ty::INVALID, Slot::Plain);
                }
                let ty = self.place_chain(place);
                (ty, Slot::Plain)
            }
            Expr::Error => (Ty::INVALID, Slot::Plain),
            _ => {
                self.anything(place);
                (Ty::INVALID, Slot::Plain)
            }
        }
    }

    /// The type of a field or element that is stored to: what is behind `?.`
    /// or `?[`, whose null is a fault here.
    fn place_chain(&mut self, place: ExprId) -> Ty {
        let ty = self.expr(place, Want::NOTHING);
        let mut element = self.out.chain_end(place).unwrap_or(ty);
        // Storing to a map inserts; storing by `?[` stores an element.
        if let Some(Resolution::Index(
            crate::typed::IndexKind::ListOrNull
            | crate::typed::IndexKind::MapOrNull
            | crate::typed::IndexKind::TextOrNull,
        )) = self.out.resolution(place)
            && let TyKind::Option(inner) = self.types.kind(element)
            && let Expr::Index { base, .. } = self.ast[place]
        {
            let container = self.types.base(self.out.ty(base));
            let container = match self.types.kind(container) {
                TyKind::Option(inner) => self.types.base(inner),
                _ => container,
            };
            element = match self.types.kind(container) {
                TyKind::List(item) | TyKind::Map(_, item) => item,
                _ => inner,
            };
        }
        if let Some(Resolution::Index(
            crate::typed::IndexKind::Text
            | crate::typed::IndexKind::TextOrNull
            | crate::typed::IndexKind::Bytes,
        )) = self.out.resolution(place)
        {
            let span = self.span(place);
            self.report(
                Diagnostic::new(Code::ASSIGN_TARGET, span, "not assignable")
                    .hint("text and bytes do not change; build a new one"),
            );
            return Ty::INVALID;
        }
        if let Some(Resolution::UnionField(_)) = self.out.resolution(place) {
            let span = self.span(place);
            self.report(
                Diagnostic::new(Code::ASSIGN_TARGET, span, "not assignable")
                    .hint("`match` the error first"),
            );
            return Ty::INVALID;
        }
        element
    }

    /// The receiver of a method that changes it.
    pub(super) fn place_receiver(&mut self, base: ExprId) {
        let root = self.root(base);
        if self.may_change(base, root)
            && let Root::Local(local, _) = root
        {
            self.usage(local).written = true;
        }
    }
}

//! Members of values, and optional chains.

use fuse_syntax::ast::{Expr, ExprId, Name};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::qualify::Target;
use super::{Checker, Want};
use crate::ids::{RecordId, Sym};
use crate::package::nearest;
use crate::typed::Resolution;
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// A postfix chain: what is skipped on null makes the whole optional.
    pub(super) fn chain(&mut self, id: ExprId, want: Want) -> Ty {
        let takes_null = self.takes_null(want);
        let before = std::mem::replace(&mut self.chain_takes_null, takes_null);
        let (ty, nullable) = self.link(id, want);
        self.chain_takes_null = before;
        if !nullable || ty.is_invalid() {
            return ty;
        }
        self.out.set_chain_end(id, ty);
        self.types.option(ty)
    }

    /// Whether the context welcomes null.
    pub(super) fn takes_null(&self, want: Want) -> bool {
        let ty = want.ty.map(|ty| self.types.kind(ty));
        want.null || matches!(ty, Some(TyKind::Option(_) | TyKind::Any | TyKind::Value))
    }

    /// A part of a chain: its own type, and whether something before it can
    /// skip it.
    fn link(&mut self, id: ExprId, want: Want) -> (Ty, bool) {
        match self.ast[id] {
            Expr::Member {
                base,
                name,
                optional,
            } => self.member(id, base, name, optional),
            Expr::Index {
                base,
                index,
                optional,
            } => self.index(id, base, index, optional, want),
            Expr::Call(call) => self.call(id, call, want),
            _ => (self.expr(id, want), false),
        }
    }

    /// What stands before `.`, `?.`, `[` or `?[`, and whether a part of it can
    /// skip the rest.
    pub(super) fn chain_base(&mut self, base: ExprId, want: Want) -> (Ty, bool) {
        let (ty, nullable) = match self.ast[base] {
            Expr::Member { .. } | Expr::Index { .. } | Expr::Call(_) => {
                let (ty, nullable) = self.link(base, want);
                self.out.set_type(base, ty);
                (ty, nullable)
            }
            _ => (self.expr(base, want), false),
        };
        (self.read(base, ty), nullable)
    }

    /// The base of a member: what `?.` finds behind null.
    pub(super) fn member_base(&mut self, base: ExprId, name: Name, optional: bool) -> (Ty, bool) {
        let want = if optional {
            Want::NULLABLE
        } else {
            Want::NOTHING
        };
        let mark = self.sink.mark();
        let (ty, nullable) = self.chain_base(base, want);
        if !optional || ty.is_invalid() {
            return (ty, nullable);
        }
        match self.types.kind(ty) {
            TyKind::Option(inner) => (inner, true),
            TyKind::Value => (ty, true),
            _ => {
                if !self.sink.reported_since(mark) {
                    self.optional_required(base, ty, name.start);
                }
                (ty, nullable)
            }
        }
    }

    /// `?.` or `?[` on what is never null. `after` is where the member or the
    /// bracket starts.
    pub(super) fn optional_required(&mut self, base: ExprId, ty: Ty, after: u32) {
        let end = self.ast.range(base).end;
        let between = self
            .loaded
            .text
            .get(end as usize..after as usize)
            .unwrap_or("");
        let message = format!("`?.` on non-optional `{}`", self.shown(ty));
        let span = self.span(base);
        let mut diagnostic = Diagnostic::new(Code::OPTIONAL_REQUIRED, span, message)
            .hint("the value is never null; use `.`");
        if let Some(mark) = between.find('?') {
            let start = end + crate::edits::offset(mark);
            let place = self.at(TextRange::new(start, start + 1));
            diagnostic = diagnostic.fix(Fix::replace("remove the `?`", place, ""));
        }
        self.report(diagnostic);
    }

    fn member(&mut self, id: ExprId, base: ExprId, name: Name, optional: bool) -> (Ty, bool) {
        if !optional && let Some(outer) = self.qualifier(base) {
            let target = self.qualified(outer, base, name);
            return (self.target_value(id, target, name), false);
        }
        let mark = self.sink.mark();
        let (ty, nullable) = self.member_base(base, name, optional);
        if ty.is_invalid() || name.is_missing() {
            return (Ty::INVALID, nullable);
        }
        if let Some((ty, resolution)) = self.field(ty, self.sym(name.symbol)) {
            self.out.resolve(id, resolution);
            return (ty, nullable);
        }
        if !self.sink.reported_since(mark) {
            match self.types.kind(ty) {
                TyKind::Option(inner) => self.optional_unhandled(base, name, inner),
                _ => self.no_field(ty, name),
            }
        }
        (Ty::INVALID, nullable)
    }

    /// A field that values of a type have.
    pub(super) fn field(&mut self, ty: Ty, name: Sym) -> Option<(Ty, Resolution)> {
        match self.types.kind(self.types.unrefined(ty)) {
            TyKind::Record(id) => {
                let index = self.visible_field(id, name)?;
                let ty = self.decls.record(id).fields[index as usize].ty;
                Some((ty, Resolution::Field(id, index)))
            }
            TyKind::Union(members) => {
                let members = self.types.members(members).to_vec();
                let mut common = None;
                for member in members {
                    let TyKind::Record(id) = self.types.kind(member) else {
                        return None;
                    };
                    let index = self.visible_field(id, name)?;
                    let ty = self.decls.record(id).fields[index as usize].ty;
                    if common.is_some_and(|common| common != ty) {
                        return None;
                    }
                    common = Some(ty);
                }
                Some((common?, Resolution::UnionField(name)))
            }
            TyKind::Value => Some((Ty::VALUE, Resolution::ValueField(name))),
            _ => None,
        }
    }

    /// The place of a field that this package sees.
    pub(super) fn visible_field(&self, id: RecordId, name: Sym) -> Option<u32> {
        let record = self.decls.record(id);
        let index = record.field(name)?;
        let package = record.fields[index as usize].package;
        package
            .is_none_or(|package| package == self.own.package)
            .then_some(index)
    }

    pub(super) fn optional_unhandled(&mut self, base: ExprId, name: Name, inner: Ty) {
        let shown = self.shown(inner).to_string();
        let message = format!("`{shown}?` may be null; use `?.`");
        let span = self.ast.name_span(name);
        let mut diagnostic = Diagnostic::new(Code::OPTIONAL_UNHANDLED, span, message)
            .hint("use `?.`, give a value for null with `??`, or `match` it");
        // `?.` makes the whole chain optional, so it only helps where null is
        // welcome.
        if self.chain_takes_null {
            let end = self.ast.range(base).end;
            let between = self
                .loaded
                .text
                .get(end as usize..name.start as usize)
                .unwrap_or("");
            if let Some(dot) = between.find('.') {
                let start = end + crate::edits::offset(dot);
                let place = self.at(TextRange::empty(start));
                diagnostic = diagnostic.fix(Fix::replace("use `?.`", place, "?"));
            }
        }
        self.report(diagnostic);
    }

    /// Reports a member that is no field; a method has to be called.
    fn no_field(&mut self, ty: Ty, name: Name) {
        let sym = self.sym(name.symbol);
        if self.has_method(ty, sym) {
            let text = self.ast.text(name);
            let message = format!("`{}` has no field `{text}`", self.shown(ty));
            let span = self.ast.name_span(name);
            self.report(
                Diagnostic::new(Code::MEMBER_UNKNOWN, span, message)
                    .hint(format!("`{text}` is a method; call it: `.{text}(...)`")),
            );
            return;
        }
        self.no_member(ty, name);
    }

    /// Reports a member that a type does not have.
    pub(super) fn no_member(&mut self, ty: Ty, name: Name) {
        if self.decls.is_damaged(self.types, ty) {
            return;
        }
        let text = self.ast.text(name);
        let candidates = self.member_names(ty);
        let near = nearest(text, candidates.iter().map(String::as_str)).map(str::to_owned);
        let hint = match (near, self.types.kind(ty)) {
            (Some(near), _) => Some(format!("did you mean `{near}`?")),
            (None, TyKind::Result(..)) => {
                Some("pass the error on with `?!`, or `match` the result".to_owned())
            }
            (None, TyKind::Task(_)) => Some("`await` the task first".to_owned()),
            (None, TyKind::Record(_)) if !candidates.is_empty() => Some(format!(
                "its members are {}",
                crate::words::listed(candidates.iter().map(String::as_str))
            )),
            (None, TyKind::Param(..)) => {
                Some("values of a type parameter only have the members of its bound".to_owned())
            }
            _ => None,
        };
        let message = format!("`{}` has no member `{text}`", self.shown(ty));
        let span = self.ast.name_span(name);
        let mut diagnostic = Diagnostic::new(Code::MEMBER_UNKNOWN, span, message);
        diagnostic.hint = hint;
        self.report(diagnostic);
    }

    /// A qualified name as a value.
    fn target_value(&mut self, id: ExprId, target: Target, name: Name) -> Ty {
        let (what, hint) = match target {
            Target::Nothing => return Ty::INVALID,
            Target::Function(function) => return self.function_value(id, function),
            Target::Variant(of, index) => return self.variant_value(id, of, index),
            Target::ConfigField(config, index) => {
                self.out.resolve(id, Resolution::ConfigField(config, index));
                self.facts.reads.push((self.body.owner, config, index));
                return self.decls.config(config).fields[index as usize].ty;
            }
            Target::Constant(constant) => {
                self.out.resolve(id, Resolution::BuiltinConstant(constant));
                return Ty::FLOAT;
            }
            Target::Interface => return self.dynamic_use(id, name.symbol),
            Target::Record(_) => (
                "a type",
                "construct a value: give its fields in parentheses",
            ),
            Target::Enum(_) => ("an enum", "name one of its variants after a dot"),
            Target::Config => ("a config", "name one of its fields after a dot"),
            Target::Service => ("a service", "`serve(port)` starts services"),
            Target::Module => ("a module", "name one of its declarations after a dot"),
            Target::Builtin(..) => (
                "a built-in function",
                "call it, or wrap it: `fn(x) => f(x)`",
            ),
            Target::Methods(..) | Target::BoundMember(..) => {
                ("a method", "call it, or wrap it: `fn(x) => x.m()`")
            }
        };
        let text = self.ast.text(name);
        let message = format!("`{text}` is {what}, not a value");
        let span = self.ast.name_span(name);
        self.report(Diagnostic::new(Code::NAME_NOT_VALUE, span, message).hint(hint));
        Ty::INVALID
    }

    /// A variant that is not called: a value, or a function when it has a
    /// payload.
    fn variant_value(&mut self, id: ExprId, of: crate::ids::EnumId, index: u32) -> Ty {
        let declared = self.decls.enumeration(of);
        let payload = &declared.variants[index as usize].payload;
        if payload.is_empty() {
            self.out.resolve(id, Resolution::Variant(of, index));
            return declared.ty;
        }
        self.out.resolve(id, Resolution::VariantFunction(of, index));
        self.types.function(payload, declared.ty)
    }
}

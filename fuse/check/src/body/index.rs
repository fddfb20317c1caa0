//! `[i]` and `?[i]`.

use fuse_syntax::ast::ExprId;
use fuse_syntax::{Code, Diagnostic};

use super::coerce::Placed;
use super::{Checker, Want};
use crate::relate::Slot;
use crate::typed::{IndexKind, Resolution};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn index(
        &mut self,
        id: ExprId,
        base: ExprId,
        index: ExprId,
        optional: bool,
        want: Want,
    ) -> (Ty, bool) {
        let base_want = if optional {
            Want::NULLABLE
        } else {
            Want::NOTHING
        };
        let mark = self.sink.mark();
        let (ty, mut nullable) = self.chain_base(base, base_want);
        let reported = self.sink.reported_since(mark);
        let mut container = self.types.unrefined(ty);
        if optional && let TyKind::Option(inner) = self.types.kind(ty) {
            container = self.types.unrefined(inner);
            nullable = true;
        }
        let null = optional || self.takes_null(want);
        let (kind, element) = match self.types.kind(container) {
            TyKind::List(item) => {
                self.index_type(index, Ty::INT, container);
                (
                    if optional {
                        IndexKind::ListOrNull
                    } else {
                        IndexKind::List
                    },
                    item,
                )
            }
            TyKind::Map(key, value) => {
                self.index_type(index, key, container);
                (
                    if null {
                        IndexKind::MapOrNull
                    } else {
                        IndexKind::Map
                    },
                    value,
                )
            }
            TyKind::String | TyKind::Id | TyKind::Email => {
                self.index_type(index, Ty::INT, container);
                (
                    if optional {
                        IndexKind::TextOrNull
                    } else {
                        IndexKind::Text
                    },
                    Ty::STRING,
                )
            }
            TyKind::Bytes if !optional => {
                self.index_type(index, Ty::INT, container);
                (IndexKind::Bytes, Ty::INT)
            }
            TyKind::Value => {
                self.value_index(index);
                nullable |= optional;
                (IndexKind::Value, Ty::VALUE)
            }
            TyKind::Invalid | TyKind::Never => {
                self.anything(index);
                return (Ty::INVALID, nullable);
            }
            _ => {
                self.anything(index);
                if !reported {
                    self.not_indexable(base, ty);
                }
                return (Ty::INVALID, nullable);
            }
        };
        self.out.resolve(id, Resolution::Index(kind));
        let or_null = matches!(
            kind,
            IndexKind::ListOrNull | IndexKind::MapOrNull | IndexKind::TextOrNull
        );
        let element = if or_null {
            self.types.option(element)
        } else {
            element
        };
        (element, nullable)
    }

    fn index_type(&mut self, index: ExprId, expected: Ty, container: Ty) {
        let mark = self.sink.mark();
        let ty = self.expr(index, Want::of(expected));
        let placed = self.place(index, ty, expected, Slot::Plain);
        if placed != Placed::No || self.sink.reported_since(mark) {
            return;
        }
        let message = format!(
            "`{}` is indexed by `{}`, found `{}`",
            self.shown(container),
            self.shown(expected),
            self.shown(ty)
        );
        let hint = match self.types.kind(container) {
            TyKind::Map(..) => "the key has the type of the map's keys",
            _ => "positions are integers, from zero",
        };
        let span = self.span(index);
        self.report(Diagnostic::new(Code::INDEX_TYPE, span, message).hint(hint));
    }

    /// Dynamic data is indexed by a position or a key.
    fn value_index(&mut self, index: ExprId) {
        let mark = self.sink.mark();
        let ty = self.value(index, Want::NOTHING);
        let base = self.types.unrefined(ty);
        let fits = base == Ty::INT || base == Ty::VALUE || self.types.is_text(base);
        if fits || ty.is_invalid() || self.sink.reported_since(mark) {
            return;
        }
        let message = format!(
            "`Value` is indexed by `Int` or `String`, found `{}`",
            self.shown(ty)
        );
        let span = self.span(index);
        self.report(
            Diagnostic::new(Code::INDEX_TYPE, span, message)
                .hint("lists have positions, maps have keys"),
        );
    }

    fn not_indexable(&mut self, base: ExprId, ty: Ty) {
        let message = format!("cannot index `{}`", self.shown(ty));
        let hint = match self.types.kind(ty) {
            TyKind::Option(_) => "it may be null; use `?[`, `??` or `match`",
            TyKind::Result(..) => "pass the error on with `?!` first",
            TyKind::Record(_) => "fields are named after a dot",
            TyKind::Query => "run the query first, as in `.all<Row>()`",
            _ => "lists, maps, text and bytes have elements",
        };
        let span = self.span(base);
        self.report(Diagnostic::new(Code::NOT_INDEXABLE, span, message).hint(hint));
    }
}

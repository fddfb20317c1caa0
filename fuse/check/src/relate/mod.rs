//! Which type may stand where another is expected, and what that costs.
//!
//! The rules are numbered as in the table of assignability: the first that
//! matches decides. Literals have rules of their own (7 and 8), which depend on
//! the expression; the checker applies them before it asks here.

mod join;
mod properties;

use rustc_hash::FxHashMap;

use crate::decls::Declarations;
use crate::typed::{CoercionId, Step};
use crate::types::{Ty, TyKind, TypeStore};

/// Whether a value reaches its place through a check of its constraints.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Slot {
    /// A local, parameter, result or element: constraints must hold already.
    Plain,
    /// A field, payload or default: constraints are validated there.
    Checked,
}

/// Relations between types under the declarations of one program. Answers are
/// kept, since programs ask the same few questions over and over.
#[derive(Default, Debug)]
pub(crate) struct Relations {
    known: FxHashMap<(Ty, Ty, Slot), Option<CoercionId>>,
    equatable: FxHashMap<Ty, bool>,
}

impl Relations {
    /// How a value of `from` gets to a place of `to`; nothing when it cannot.
    pub(crate) fn coercion(
        &mut self,
        types: &mut TypeStore,
        decls: &Declarations,
        from: Ty,
        to: Ty,
        slot: Slot,
    ) -> Option<CoercionId> {
        if from == to || from.is_invalid() || to.is_invalid() || from == Ty::NEVER {
            return Some(CoercionId::NONE);
        }
        if let Some(&known) = self.known.get(&(from, to, slot)) {
            return known;
        }
        let found = self.relate(types, decls, from, to, slot);
        self.known.insert((from, to, slot), found);
        found
    }

    fn relate(
        &mut self,
        types: &mut TypeStore,
        decls: &Declarations,
        from: Ty,
        to: Ty,
        slot: Slot,
    ) -> Option<CoercionId> {
        let from_kind = types.kind(from);
        let to_kind = types.kind(to);
        if let TyKind::Box(content) = from_kind
            && !matches!(to_kind, TyKind::Box(_))
        {
            // Rule 4, first: what a cell holds is what counts everywhere else.
            let inner = self.coercion(types, decls, content, to, slot)?;
            return Some(types.coercion_after(Step::ReadBox, from, inner, to));
        }
        match (from_kind, to_kind) {
            (_, TyKind::Any) => self
                .displayable(types, from)
                .then(|| types.coercion(from, to, &[])),
            (TyKind::Value, TyKind::Result(ok, _)) => {
                let inner = self.coercion(types, decls, from, ok, slot)?;
                Some(types.coercion_then(from, inner, Step::WrapOk, to))
            }
            (TyKind::Value, _) => {
                let decodes = self.decodable(types, decls, to);
                decodes.then(|| types.coercion(from, to, &[Step::FromValue(to)]))
            }
            (TyKind::Option(a), TyKind::Option(b)) => {
                let inner = self.coercion(types, decls, a, b, slot)?;
                Some(types.lifted(Step::InOption(inner), inner, from, to))
            }
            (_, TyKind::Option(b)) => {
                let inner = self.coercion(types, decls, from, b, slot)?;
                Some(types.coercion_then(from, inner, Step::WrapSome, to))
            }
            (TyKind::Result(a, fs), TyKind::Result(b, es)) => {
                let wider = types
                    .members(fs)
                    .iter()
                    .all(|f| types.members(es).contains(f));
                if !wider {
                    return None;
                }
                let inner = self.coercion(types, decls, a, b, slot)?;
                Some(types.lifted(Step::InResult(inner), inner, from, to))
            }
            (TyKind::Result(..), TyKind::Value) => self.as_value(types, from),
            (TyKind::Result(..), _) => None,
            (_, TyKind::Result(b, _)) => {
                let inner = self.coercion(types, decls, from, b, slot)?;
                Some(types.coercion_then(from, inner, Step::WrapOk, to))
            }
            (_, TyKind::Value) => self.as_value(types, from),
            (TyKind::Union(fs), TyKind::Union(es)) => {
                let wider = types
                    .members(fs)
                    .iter()
                    .all(|f| types.members(es).contains(f));
                wider.then(|| types.coercion(from, to, &[]))
            }
            (_, TyKind::Union(es)) => {
                let member = types.members(es).contains(&from);
                member.then(|| types.coercion(from, to, &[]))
            }
            (TyKind::Refined(a, have), TyKind::Refined(b, want))
                if a == b && types.refinement_implies(have, want) =>
            {
                Some(types.coercion(from, to, &[]))
            }
            (_, TyKind::Refined(base, _)) => {
                self.coercion(types, decls, from, base, slot)?;
                let checked = slot == Slot::Checked;
                checked.then(|| types.coercion(from, to, &[Step::Validate(to)]))
            }
            (TyKind::Refined(base, _), _) => {
                let inner = self.coercion(types, decls, base, to, slot)?;
                Some(types.retyped(inner, from, to))
            }
            (TyKind::Id | TyKind::Email, TyKind::String) => Some(types.coercion(from, to, &[])),
            (TyKind::String | TyKind::Id | TyKind::Email, TyKind::Id | TyKind::Email)
                if slot == Slot::Checked =>
            {
                Some(types.coercion(from, to, &[Step::Validate(to)]))
            }
            (TyKind::List(a), TyKind::List(b)) => {
                let inner = self.element(types, decls, a, b)?;
                Some(types.lifted(Step::InList(inner), inner, from, to))
            }
            (TyKind::Map(k, a), TyKind::Map(l, b)) if k == l => {
                let inner = self.element(types, decls, a, b)?;
                Some(types.lifted(Step::InMap(inner), inner, from, to))
            }
            _ => None,
        }
    }

    /// Rule 9, and rule 12 for containers of dynamic data: how elements get
    /// from one list or map to another.
    fn element(
        &mut self,
        types: &mut TypeStore,
        decls: &Declarations,
        from: Ty,
        to: Ty,
    ) -> Option<CoercionId> {
        let inner = self.coercion(types, decls, from, to, Slot::Plain)?;
        let allowed = match (types.kind(from), types.kind(to)) {
            (TyKind::Value, _) | (_, TyKind::Value | TyKind::Option(_)) => true,
            (TyKind::List(_) | TyKind::Map(..) | TyKind::Result(..) | TyKind::Box(_), _)
            | (_, TyKind::Result(..)) => false,
            _ => true,
        };
        allowed.then_some(inner)
    }

    /// Rule 11.
    fn as_value(&self, types: &mut TypeStore, from: Ty) -> Option<CoercionId> {
        if !self.encodable(types, from) || matches!(types.kind(from), TyKind::Param(..)) {
            return None;
        }
        Some(types.coercion(from, Ty::VALUE, &[Step::ToValue(from)]))
    }
}

//! Replacing type parameters and `Self`.

use super::intern::{Contains, TypeStore};
use super::{Ty, TyKind, TyList};
use crate::ids::FnId;

impl TypeStore {
    /// `ty` with every type parameter of `owner` replaced by the argument at
    /// its position. A position without argument becomes `Invalid`.
    pub fn instantiate(&mut self, ty: Ty, owner: FnId, arguments: &[Ty]) -> Ty {
        if !self.contains(ty).any(Contains::PARAM) {
            return ty;
        }
        self.rewrite(ty, Contains::PARAM, &mut |_, kind| match kind {
            TyKind::Param(of, index) if of == owner => Some(
                arguments
                    .get(index as usize)
                    .copied()
                    .unwrap_or(Ty::INVALID),
            ),
            _ => None,
        })
    }

    /// `ty` with `Self` replaced.
    pub fn with_self(&mut self, ty: Ty, target: Ty) -> Ty {
        self.rewrite(ty, Contains::SELF, &mut |_, kind| {
            matches!(kind, TyKind::SelfType).then_some(target)
        })
    }

    /// `ty` with each part for which `replace` answers replaced. Parts that do
    /// not contain `what` are left alone.
    pub(crate) fn rewrite(
        &mut self,
        ty: Ty,
        what: Contains,
        replace: &mut dyn FnMut(&mut Self, TyKind) -> Option<Ty>,
    ) -> Ty {
        if !self.contains(ty).any(what) {
            return ty;
        }
        let kind = self.kind(ty);
        if let Some(new) = replace(self, kind) {
            return new;
        }
        match kind {
            TyKind::List(item) => {
                let item = self.rewrite(item, what, replace);
                self.list(item)
            }
            TyKind::Map(key, value) => {
                let key = self.rewrite(key, what, replace);
                let value = self.rewrite(value, what, replace);
                self.map(key, value)
            }
            TyKind::Option(item) => {
                let item = self.rewrite(item, what, replace);
                self.option(item)
            }
            TyKind::Result(ok, errors) => {
                let ok = self.rewrite(ok, what, replace);
                let errors = self.rewrite_list(errors, what, replace);
                self.intern(TyKind::Result(ok, errors))
            }
            TyKind::Union(errors) => {
                let errors = self.rewrite_list(errors, what, replace);
                self.error_of(errors)
            }
            TyKind::Fn(params, result) => {
                let params = self.rewrite_list(params, what, replace);
                let result = self.rewrite(result, what, replace);
                self.intern(TyKind::Fn(params, result))
            }
            TyKind::Box(item) => {
                let item = self.rewrite(item, what, replace);
                self.boxed(item)
            }
            TyKind::Task(item) => {
                let item = self.rewrite(item, what, replace);
                self.task(item)
            }
            TyKind::Refined(base, id) => {
                let base = self.rewrite(base, what, replace);
                let constraints = self.refinement(id).constraints.clone();
                self.refined(base, &constraints)
            }
            _ => ty,
        }
    }

    fn rewrite_list(
        &mut self,
        list: TyList,
        what: Contains,
        replace: &mut dyn FnMut(&mut Self, TyKind) -> Option<Ty>,
    ) -> TyList {
        let members = self.members(list).to_vec();
        let new: Vec<Ty> = members
            .iter()
            .map(|&ty| self.rewrite(ty, what, replace))
            .collect();
        if new == members {
            list
        } else {
            self.type_list(&new)
        }
    }
}

//! What values of a type can do: be shown, compared, ordered, sent.

use super::Relations;
use crate::decls::Declarations;
use crate::types::{Ty, TyKind, TypeStore};

impl Relations {
    /// Whether values have a display form: all but tasks, queries and
    /// functions.
    pub(crate) fn displayable(&self, types: &TypeStore, ty: Ty) -> bool {
        match types.kind(ty) {
            TyKind::Task(_) | TyKind::Query | TyKind::Fn(..) => false,
            TyKind::List(item) | TyKind::Option(item) | TyKind::Box(item) => {
                self.displayable(types, item)
            }
            TyKind::Map(_, value) => self.displayable(types, value),
            TyKind::Result(ok, _) => self.displayable(types, ok),
            _ => true,
        }
    }

    /// Whether values have a JSON form. Fields and payloads never hold what
    /// has none, so declared types always do.
    pub(crate) fn encodable(&self, types: &TypeStore, ty: Ty) -> bool {
        self.displayable(types, ty)
    }

    /// Whether `<` and the like apply.
    pub(crate) fn ordered(&self, types: &TypeStore, ty: Ty) -> bool {
        matches!(
            types.kind(types.base(ty)),
            TyKind::Int
                | TyKind::Float
                | TyKind::String
                | TyKind::Id
                | TyKind::Email
                | TyKind::Invalid
        )
    }

    /// Whether `==` applies.
    pub(crate) fn equatable(&mut self, types: &TypeStore, decls: &Declarations, ty: Ty) -> bool {
        match types.kind(ty) {
            TyKind::Html
            | TyKind::Query
            | TyKind::Task(_)
            | TyKind::Fn(..)
            | TyKind::Any
            | TyKind::SelfType => false,
            TyKind::List(item)
            | TyKind::Option(item)
            | TyKind::Box(item)
            | TyKind::Refined(item, _) => self.equatable(types, decls, item),
            TyKind::Map(_, value) => self.equatable(types, decls, value),
            TyKind::Result(ok, errors) => {
                self.equatable(types, decls, ok) && self.all_equatable(types, decls, errors)
            }
            TyKind::Union(errors) => self.all_equatable(types, decls, errors),
            TyKind::Record(_) | TyKind::Enum(_) => self.parts_equatable(types, decls, ty),
            _ => true,
        }
    }

    fn all_equatable(
        &mut self,
        types: &TypeStore,
        decls: &Declarations,
        list: crate::types::TyList,
    ) -> bool {
        types
            .members(list)
            .iter()
            .all(|&ty| self.equatable(types, decls, ty))
    }

    fn parts_equatable(&mut self, types: &TypeStore, decls: &Declarations, ty: Ty) -> bool {
        if let Some(&known) = self.equatable.get(&ty) {
            return known;
        }
        // A type inside itself does not decide about itself.
        self.equatable.insert(ty, true);
        let equatable = match types.kind(ty) {
            TyKind::Record(id) => {
                let fields = &decls.record(id).fields;
                fields
                    .iter()
                    .all(|field| self.equatable(types, decls, field.ty))
            }
            TyKind::Enum(id) => {
                let variants = &decls.enumeration(id).variants;
                let mut payload = variants.iter().flat_map(|variant| &variant.payload);
                payload.all(|&part| self.equatable(types, decls, part))
            }
            _ => true,
        };
        self.equatable.insert(ty, equatable);
        equatable
    }

    /// Whether JSON can be decoded to it.
    pub(crate) fn decodable(&mut self, types: &TypeStore, decls: &Declarations, ty: Ty) -> bool {
        decodable(types, decls, ty, &mut Vec::new())
    }
}

fn decodable(types: &TypeStore, decls: &Declarations, ty: Ty, open: &mut Vec<Ty>) -> bool {
    match types.kind(ty) {
        TyKind::Html
        | TyKind::Query
        | TyKind::Task(_)
        | TyKind::Fn(..)
        | TyKind::Box(_)
        | TyKind::Any
        | TyKind::SelfType
        | TyKind::Union(_)
        | TyKind::Param(..)
        | TyKind::Never => false,
        TyKind::Option(item) | TyKind::List(item) | TyKind::Refined(item, _) => {
            decodable(types, decls, item, open)
        }
        TyKind::Map(_, value) => decodable(types, decls, value, open),
        TyKind::Result(ok, errors) => {
            let mut parts = types.members(errors).iter();
            decodable(types, decls, ok, open)
                && parts.all(|&part| decodable(types, decls, part, open))
        }
        TyKind::Record(_) | TyKind::Enum(_) if open.contains(&ty) => true,
        TyKind::Record(id) => {
            open.push(ty);
            let mut fields = decls.record(id).fields.iter();
            let all = fields.all(|field| decodable(types, decls, field.ty, open));
            open.pop();
            all
        }
        TyKind::Enum(id) => {
            open.push(ty);
            let variants = &decls.enumeration(id).variants;
            let mut payload = variants.iter().flat_map(|variant| &variant.payload);
            let all = payload.all(|&part| decodable(types, decls, part, open));
            open.pop();
            all
        }
        _ => true,
    }
}

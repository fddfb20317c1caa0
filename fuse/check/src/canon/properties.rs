//! What can be done with the values of a type.

use std::collections::HashSet;

use super::{ids::TypeId, program::Program, types::Type};

impl Program {
    /// Whether values have a display form. Records and enums always do: what
    /// they hold was checked where they are declared.
    #[must_use]
    pub fn is_displayable(&self, ty: TypeId) -> bool {
        match self.types.get(ty) {
            Type::List(item) | Type::Option(item) | Type::Refined(item, _) => {
                self.is_displayable(*item)
            }
            Type::Map(key, value) => self.is_displayable(*key) && self.is_displayable(*value),
            Type::Result { ok, error } => self.is_displayable(*ok) && self.is_displayable(*error),
            Type::Fn { .. } | Type::Box(_) | Type::Task(_) | Type::Query => false,
            Type::Never
            | Type::Unit
            | Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Bytes
            | Type::Html
            | Type::Id
            | Type::Email
            | Type::Value
            | Type::Union(_)
            | Type::Record(_)
            | Type::Enum(_) => true,
        }
    }

    /// Whether values can be compared with `==`: everything in them can.
    #[must_use]
    pub fn is_equatable(&self, ty: TypeId) -> bool {
        self.all_equatable(ty, &mut HashSet::new())
    }

    fn all_equatable(&self, ty: TypeId, seen: &mut HashSet<TypeId>) -> bool {
        if !seen.insert(ty) {
            return true;
        }
        match self.types.get(ty) {
            Type::List(item) | Type::Option(item) | Type::Refined(item, _) => {
                self.all_equatable(*item, seen)
            }
            Type::Map(key, value) => {
                self.all_equatable(*key, seen) && self.all_equatable(*value, seen)
            }
            Type::Result { ok, error } => {
                self.all_equatable(*ok, seen) && self.all_equatable(*error, seen)
            }
            Type::Union(members) => members.iter().all(|ty| self.all_equatable(*ty, seen)),
            Type::Record(id) => self[*id]
                .fields
                .iter()
                .all(|field| self.all_equatable(field.ty, seen)),
            Type::Enum(id) => {
                let mut payload = self[*id]
                    .variants
                    .iter()
                    .flat_map(|variant| &variant.payload);
                payload.all(|ty| self.all_equatable(*ty, seen))
            }
            Type::Html | Type::Fn { .. } | Type::Box(_) | Type::Task(_) | Type::Query => false,
            Type::Never
            | Type::Unit
            | Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Bytes
            | Type::Id
            | Type::Email
            | Type::Value => true,
        }
    }
}

//! How types are written: for people, and for symbols.

use std::fmt;

use super::{
    ids::{StrId, TypeId},
    program::Program,
    types::{Bound, Constraint, Type},
};

/// Writes a type.
///
/// For people it is `List<User>`, `Int!Gone!Denied`, `String(1..80)`, with the
/// names of the source. As a symbol the names are those that only one record
/// or enum has, so that different types are written differently.
#[derive(Clone, Copy)]
pub struct TypeName<'a> {
    program: &'a Program,
    ty: TypeId,
    symbols: bool,
}

impl Program {
    /// A type as people write it.
    #[must_use]
    pub fn type_name(&self, ty: TypeId) -> TypeName<'_> {
        TypeName {
            program: self,
            ty,
            symbols: false,
        }
    }

    /// A type in a form that no other type has.
    #[must_use]
    pub fn type_symbol(&self, ty: TypeId) -> TypeName<'_> {
        TypeName {
            program: self,
            ty,
            symbols: true,
        }
    }
}

impl fmt::Debug for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TypeName<'_> {
    fn of(self, ty: TypeId) -> Self {
        Self { ty, ..self }
    }

    fn list(self, f: &mut fmt::Formatter<'_>, types: &[TypeId], separator: &str) -> fmt::Result {
        for (index, ty) in types.iter().enumerate() {
            if index > 0 {
                f.write_str(separator)?;
            }
            write!(f, "{}", self.of(*ty))?;
        }
        Ok(())
    }

    /// A type before a suffix that would bind otherwise.
    fn before(self, f: &mut fmt::Formatter<'_>, ty: TypeId) -> fmt::Result {
        match self.program.types.get(ty) {
            Type::Result { .. } | Type::Fn { .. } | Type::Union(_) => {
                write!(f, "({})", self.of(ty))
            }
            _ => write!(f, "{}", self.of(ty)),
        }
    }

    fn nominal(self, f: &mut fmt::Formatter<'_>, name: StrId, symbol: &str) -> fmt::Result {
        f.write_str(if self.symbols {
            symbol
        } else {
            &self.program[name]
        })
    }

    fn constraint(self, f: &mut fmt::Formatter<'_>, constraint: &Constraint) -> fmt::Result {
        match constraint {
            Constraint::Length { min, max } | Constraint::IntRange { min, max } => {
                write!(f, "{min}..{max}")
            }
            Constraint::FloatRange { min, max } => {
                bound(f, *min)?;
                f.write_str("..")?;
                bound(f, *max)
            }
            Constraint::Regex(pattern) => write!(f, "regex({:?})", &self.program[*pattern]),
            Constraint::Predicate { function, name } => {
                let symbol = &self.program[*function].symbol;
                f.write_str("predicate(")?;
                self.nominal(f, *name, symbol)?;
                f.write_str(")")
            }
        }
    }
}

fn bound(f: &mut fmt::Formatter<'_>, bound: Bound) -> fmt::Result {
    match bound {
        Bound::Int(value) => write!(f, "{value}"),
        Bound::Float(bits) => write!(f, "{:?}", f64::from_bits(bits)),
    }
}

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = &self.program.types;
        match types.get(self.ty) {
            Type::Never => f.write_str("Never"),
            Type::Unit => f.write_str("Unit"),
            Type::Bool => f.write_str("Bool"),
            Type::Int => f.write_str("Int"),
            Type::Float => f.write_str("Float"),
            Type::String => f.write_str("String"),
            Type::Bytes => f.write_str("Bytes"),
            Type::Html => f.write_str("Html"),
            Type::Id => f.write_str("Id"),
            Type::Email => f.write_str("Email"),
            Type::Value => f.write_str("Value"),
            Type::Query => f.write_str("Query"),
            Type::List(item) => write!(f, "List<{}>", self.of(*item)),
            Type::Map(key, value) => write!(f, "Map<{}, {}>", self.of(*key), self.of(*value)),
            Type::Option(item) => {
                self.before(f, *item)?;
                f.write_str("?")
            }
            Type::Result { ok, error } => {
                self.before(f, *ok)?;
                f.write_str("!")?;
                match types.get(*error) {
                    Type::Union(members) => self.list(f, members, "!"),
                    _ => write!(f, "{}", self.of(*error)),
                }
            }
            Type::Union(members) => self.list(f, members, " | "),
            Type::Record(id) => {
                let record = &self.program[*id];
                self.nominal(f, record.name, &record.symbol)
            }
            Type::Enum(id) => {
                let enumeration = &self.program[*id];
                self.nominal(f, enumeration.name, &enumeration.symbol)
            }
            Type::Fn { params, result } => {
                f.write_str("fn(")?;
                self.list(f, params, ", ")?;
                write!(f, ") -> {}", self.of(*result))
            }
            Type::Box(item) => write!(f, "Box<{}>", self.of(*item)),
            Type::Task(item) => write!(f, "Task<{}>", self.of(*item)),
            Type::Refined(base, refinement) => {
                write!(f, "{}(", self.of(*base))?;
                for (index, constraint) in types.constraints(*refinement).iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    self.constraint(f, constraint)?;
                }
                f.write_str(")")
            }
        }
    }
}

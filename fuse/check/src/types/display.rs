//! How types are written in messages.

use std::fmt;

use super::refine::{Bound, Constraint};
use super::{Ty, TyKind, TypeStore};
use crate::decls::Declarations;
use crate::ids::Sym;

/// Writes a type as messages show it: `List<Int>`, `User?`,
/// `Int!Gone!Denied`, `fn(Int) -> Bool`, `String(1..80)`.
#[derive(Clone, Copy)]
pub struct TypeDisplay<'a> {
    ty: Ty,
    types: &'a TypeStore,
    decls: &'a Declarations,
}

impl fmt::Debug for TypeDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> TypeDisplay<'a> {
    /// Shows `ty`.
    #[must_use]
    pub fn new(ty: Ty, types: &'a TypeStore, decls: &'a Declarations) -> Self {
        Self { ty, types, decls }
    }

    fn text(&self, sym: Sym) -> &str {
        self.types.symbols.text(sym)
    }

    fn of(&self, ty: Ty) -> Self {
        Self { ty, ..*self }
    }

    /// `ty` before a `?`: with parentheses where the suffix would bind
    /// otherwise.
    fn before_question(&self, f: &mut fmt::Formatter<'_>, ty: Ty) -> fmt::Result {
        match self.types.kind(ty) {
            TyKind::Result(..) | TyKind::Fn(..) => write!(f, "({})", self.of(ty)),
            _ => write!(f, "{}", self.of(ty)),
        }
    }

    fn joined(&self, f: &mut fmt::Formatter<'_>, types: &[Ty], separator: &str) -> fmt::Result {
        for (index, &ty) in types.iter().enumerate() {
            if index > 0 {
                f.write_str(separator)?;
            }
            write!(f, "{}", self.of(ty))?;
        }
        Ok(())
    }

    fn constraint(&self, f: &mut fmt::Formatter<'_>, constraint: &Constraint) -> fmt::Result {
        match constraint {
            Constraint::Length { min, max } => write!(f, "{min}..{max}"),
            Constraint::Range { min, max } => {
                bound(f, *min)?;
                f.write_str("..")?;
                bound(f, *max)
            }
            Constraint::Regex(pattern) => write!(f, "regex(\"{}\")", self.text(*pattern)),
            Constraint::Predicate { name, .. } => {
                write!(f, "predicate({})", self.text(*name))
            }
        }
    }
}

fn bound(f: &mut fmt::Formatter<'_>, bound: Bound) -> fmt::Result {
    match bound {
        Bound::Int(n) => write!(f, "{n}"),
        Bound::Float(bits) => write!(f, "{:?}", f64::from_bits(bits)),
    }
}

impl fmt::Display for TypeDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.types.kind(self.ty) {
            TyKind::Invalid => f.write_str("Invalid"),
            TyKind::Never => f.write_str("Never"),
            TyKind::Unit => f.write_str("Unit"),
            TyKind::Bool => f.write_str("Bool"),
            TyKind::Int => f.write_str("Int"),
            TyKind::Float => f.write_str("Float"),
            TyKind::String => f.write_str("String"),
            TyKind::Bytes => f.write_str("Bytes"),
            TyKind::Html => f.write_str("Html"),
            TyKind::Id => f.write_str("Id"),
            TyKind::Email => f.write_str("Email"),
            TyKind::Value => f.write_str("Value"),
            TyKind::Query => f.write_str("Query"),
            TyKind::Any => f.write_str("any"),
            TyKind::SelfType => f.write_str("Self"),
            TyKind::List(item) => write!(f, "List<{}>", self.of(item)),
            TyKind::Map(key, value) => write!(f, "Map<{}, {}>", self.of(key), self.of(value)),
            TyKind::Option(Ty::NEVER) => f.write_str("null"),
            TyKind::Option(item) => {
                self.before_question(f, item)?;
                f.write_str("?")
            }
            TyKind::Result(ok, errors) => {
                match self.types.kind(ok) {
                    TyKind::Result(..) | TyKind::Fn(..) => write!(f, "({})", self.of(ok))?,
                    _ => write!(f, "{}", self.of(ok))?,
                }
                f.write_str("!")?;
                self.joined(f, self.types.members(errors), "!")
            }
            TyKind::Union(errors) => self.joined(f, self.types.members(errors), " | "),
            TyKind::Record(id) => f.write_str(self.decls.record_name(self.types, id)),
            TyKind::Enum(id) => f.write_str(self.text(self.decls.enumeration(id).name)),
            TyKind::Fn(params, result) => {
                f.write_str("fn(")?;
                self.joined(f, self.types.members(params), ", ")?;
                f.write_str(")")?;
                if result == Ty::UNIT {
                    Ok(())
                } else {
                    write!(f, " -> {}", self.of(result))
                }
            }
            TyKind::Box(item) => write!(f, "Box<{}>", self.of(item)),
            TyKind::Task(item) => write!(f, "Task<{}>", self.of(item)),
            TyKind::Refined(base, id) => {
                write!(f, "{}(", self.of(base))?;
                for (index, constraint) in self.types.refinement(id).constraints.iter().enumerate()
                {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    self.constraint(f, constraint)?;
                }
                f.write_str(")")
            }
            TyKind::Param(owner, index) => {
                f.write_str(self.decls.param_name(self.types, owner, index))
            }
        }
    }
}

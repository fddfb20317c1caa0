//! The one type of several values that meet: elements of a list, values of a
//! map, both sides of `??`, branches of a value.

use super::{Relations, Slot};
use crate::decls::Declarations;
use crate::types::{Ty, TypeStore};

impl Relations {
    /// The type both `a` and `b` get to by rules 1 to 9, `a` first.
    pub(crate) fn join(
        &mut self,
        types: &mut TypeStore,
        decls: &Declarations,
        a: Ty,
        b: Ty,
    ) -> Option<Ty> {
        let (a, b) = (types.unboxed(a), types.unboxed(b));
        if a == b || b.is_invalid() || b == Ty::NEVER {
            return Some(a);
        }
        if a.is_invalid() || a == Ty::NEVER {
            return Some(b);
        }
        if a == Ty::NULL || b == Ty::NULL {
            let present = if a == Ty::NULL { b } else { a };
            return Some(types.option(present));
        }
        if a == Ty::VALUE || b == Ty::VALUE {
            let other = if a == Ty::VALUE { b } else { a };
            return self.encodable(types, other).then_some(Ty::VALUE);
        }
        if self.fits(types, decls, b, a) {
            return Some(a);
        }
        if self.fits(types, decls, a, b) {
            return Some(b);
        }
        None
    }

    fn fits(&mut self, types: &mut TypeStore, decls: &Declarations, from: Ty, to: Ty) -> bool {
        let coercion = self.coercion(types, decls, from, to, Slot::Plain);
        coercion.is_some_and(|id| !types.converts_dynamic(id))
    }
}

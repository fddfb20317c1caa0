//! Coercions, interned beside the types they lead between.

use super::Ty;
use super::intern::TypeStore;
use crate::typed::{Coercion, CoercionId, Step};

impl TypeStore {
    /// The coercion behind an id.
    #[must_use]
    pub fn coercion_of(&self, id: CoercionId) -> &Coercion {
        &self.coercions[id.0 as usize]
    }

    /// From `from` to `to` in these steps; without any, only the static type
    /// changes.
    pub(crate) fn coercion(&mut self, from: Ty, to: Ty, steps: &[Step]) -> CoercionId {
        if from == to {
            return CoercionId::NONE;
        }
        let coercion = Coercion {
            from,
            to,
            steps: steps.into(),
        };
        if let Some(&id) = self.coercion_index.get(&coercion) {
            return id;
        }
        let id = CoercionId(u32::try_from(self.coercions.len()).unwrap_or(u32::MAX));
        self.coercions.push(coercion.clone());
        self.coercion_index.insert(coercion, id);
        id
    }

    /// `first`, then the steps of `rest`.
    pub(crate) fn coercion_after(
        &mut self,
        first: Step,
        from: Ty,
        rest: CoercionId,
        to: Ty,
    ) -> CoercionId {
        let mut steps = vec![first];
        steps.extend_from_slice(&self.coercion_of(rest).steps);
        self.coercion(from, to, &steps)
    }

    /// The steps of `start`, then `last`.
    pub(crate) fn coercion_then(
        &mut self,
        from: Ty,
        start: CoercionId,
        last: Step,
        to: Ty,
    ) -> CoercionId {
        let mut steps = self.coercion_of(start).steps.to_vec();
        steps.push(last);
        self.coercion(from, to, &steps)
    }

    /// `step`, which applies `inner` to a part; nothing when `inner` is no
    /// work.
    pub(crate) fn lifted(&mut self, step: Step, inner: CoercionId, from: Ty, to: Ty) -> CoercionId {
        let works = !self.coercion_of(inner).steps.is_empty();
        self.coercion(
            from,
            to,
            if works {
                std::slice::from_ref(&step)
            } else {
                &[]
            },
        )
    }

    /// The steps of `id` between other types.
    pub(crate) fn retyped(&mut self, id: CoercionId, from: Ty, to: Ty) -> CoercionId {
        let steps = self.coercion_of(id).steps.to_vec();
        self.coercion(from, to, &steps)
    }

    /// Whether a coercion makes dynamic data or reads it, inside containers
    /// only when it reads.
    pub(crate) fn converts_dynamic(&self, id: CoercionId) -> bool {
        self.coercion_of(id).steps.iter().any(|step| match *step {
            Step::ToValue(_) | Step::FromValue(_) => true,
            Step::InOption(inner) | Step::InResult(inner) => self.converts_dynamic(inner),
            Step::InList(inner) | Step::InMap(inner) => {
                let steps = &self.coercion_of(inner).steps;
                steps.iter().any(|step| matches!(step, Step::FromValue(_)))
            }
            _ => false,
        })
    }
}

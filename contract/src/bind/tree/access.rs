//! The parts of a node offered one by one.

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::failure::Failure;
use super::filler::Filler;
use super::node::{Member, Node};
use super::visit::At;
use super::walk::{Absent, Patch, Step, Walk};
use crate::error::code::field as codes;

pub(super) struct Elements<'w, 'n> {
    walk: &'w Walk<'n>,
    items: std::iter::Enumerate<std::slice::Iter<'n, Node<'n>>>,
}

impl<'w, 'n> Elements<'w, 'n> {
    pub(super) fn new(walk: &'w Walk<'n>, items: &'n [Node<'n>]) -> Self {
        Self {
            walk,
            items: items.iter().enumerate(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.items.len() == 0
    }
}

impl<'n> SeqAccess<'n> for &mut Elements<'_, 'n> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'n>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        let walk = self.walk;
        let value = walk.within(Step::Index(index), || {
            let value = seed.deserialize(At::new(walk, node));
            value.map_err(|failure| walk.settle(node, failure))
        });
        value.map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The members of an object: those of the input that were not skipped, then
/// what stands in for absent ones, and last what no made-up value can replace.
pub(super) struct Entries<'w, 'n> {
    walk: &'w Walk<'n>,
    object: usize,
    queue: std::vec::IntoIter<Entry<'n>>,
    current: Option<Entry<'n>>,
}

#[derive(Clone, Copy)]
enum Entry<'n> {
    Given { member: &'n Member<'n>, rank: usize },
    Absent(Absent),
}

impl<'w, 'n> Entries<'w, 'n> {
    pub(super) fn new(
        walk: &'w Walk<'n>,
        object: &'n Node<'n>,
        members: &'n [Member<'n>],
        declared: Option<&'static [&'static str]>,
    ) -> Self {
        let mut queue = Vec::with_capacity(members.len());
        let mut last = Vec::new();
        let mut seen = vec![false; declared.map_or(0, <[_]>::len)];
        for (index, member) in members.iter().enumerate() {
            let patch = walk.patch_of(&member.value);
            if matches!(patch, Some(Patch::Drop)) {
                continue;
            }
            let place = declared.and_then(|names| names.iter().position(|n| *n == member.key()));
            let rank = place.unwrap_or(seen.len() + index);
            if let Some(place) = place
                && std::mem::replace(&mut seen[place], true)
            {
                let step = Step::Member {
                    key: member.key(),
                    rank,
                };
                walk.within(step, || walk.skip(&member.value, codes::DUPLICATE_FIELD));
                continue;
            }
            let entry = Entry::Given { member, rank };
            match patch {
                Some(Patch::Hopeless { .. }) => last.push(entry),
                _ => queue.push(entry),
            }
        }
        for absent in walk.absents_of(object) {
            match absent.patch {
                Patch::Hopeless { .. } => last.push(Entry::Absent(absent)),
                _ => queue.push(Entry::Absent(absent)),
            }
        }
        queue.append(&mut last);
        Self {
            walk,
            object: object.id(),
            queue: queue.into_iter(),
            current: None,
        }
    }
}

impl<'n> MapAccess<'n> for Entries<'_, 'n> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'n>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some(entry) = self.queue.next() else {
            return Ok(None);
        };
        self.current = Some(entry);
        let walk = self.walk;
        let key = match entry {
            Entry::Given { member, rank } => {
                walk.set_last_member(&member.value);
                let step = Step::Member {
                    key: member.key(),
                    rank,
                };
                walk.within(step, || {
                    let key = seed.deserialize(At::new(walk, &member.name));
                    key.map_err(|failure| walk.settle_key(&member.value, failure))
                })
            }
            Entry::Absent(absent) => {
                seed.deserialize(IntoDeserializer::<Failure>::into_deserializer(absent.name))
            }
        };
        key.map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let walk = self.walk;
        match self.current.take() {
            Some(Entry::Given { member, rank }) => {
                let node = &member.value;
                let step = Step::Member {
                    key: member.key(),
                    rank,
                };
                walk.within(step, || {
                    let value = seed.deserialize(At::member(walk, node));
                    value.map_err(|failure| walk.settle(node, failure))
                })
            }
            Some(Entry::Absent(Absent { name, patch })) => {
                let attempt = match patch {
                    Patch::Fill { attempt, .. } | Patch::Hopeless { attempt } => attempt,
                    Patch::Drop | Patch::None => 0,
                };
                let value = seed.deserialize(Filler::new(walk, attempt));
                value.map_err(|failure| walk.settle_absent(self.object, name, failure))
            }
            None => Err(serde::de::Error::custom("a value without its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.queue.len())
    }
}

/// The name of a variant, given as text or as the only key of an object.
pub(super) struct Tag<'w, 'n> {
    pub(super) name: &'n str,
    pub(super) content: Content<'w, 'n>,
}

impl<'w, 'n> EnumAccess<'n> for Tag<'w, 'n> {
    type Error = Failure;
    type Variant = Content<'w, 'n>;

    fn variant_seed<S: DeserializeSeed<'n>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Failure> {
        let name = IntoDeserializer::<Failure>::into_deserializer(self.name);
        Ok((seed.deserialize(name)?, self.content))
    }
}

/// What a variant holds.
pub(super) struct Content<'w, 'n> {
    pub(super) walk: &'w Walk<'n>,
    pub(super) name: &'n str,
    pub(super) node: Option<&'n Node<'n>>,
}

impl<'w, 'n> Content<'w, 'n> {
    fn read<R>(
        self,
        expected: &'static str,
        read: impl FnOnce(At<'w, 'n>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let Some(node) = self.node else {
            let given = Unexpected::UnitVariant;
            return Err(serde::de::Error::invalid_type(given, &expected));
        };
        let walk = self.walk;
        let step = Step::Member {
            key: self.name,
            rank: 0,
        };
        walk.within(step, || {
            let value = read(At::new(walk, node));
            value.map_err(|failure| walk.settle(node, failure))
        })
    }
}

impl<'n> VariantAccess<'n> for Content<'_, 'n> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.node {
            None => Ok(()),
            Some(_) => self.read("nothing", <() as serde::Deserialize>::deserialize),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<S::Value, Failure> {
        self.read("a value", |at| seed.deserialize(at))
    }

    fn tuple_variant<V: Visitor<'n>>(self, len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.read("items", |at| at.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.read("members", |at| at.deserialize_struct("", fields, visitor))
    }
}

//! Made-up values. When a part of the input is missing or wrong, something the
//! type accepts takes its place, so that the type goes on to look at the rest.

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::failure::{Failure, Hint, Reason};
use super::walk::Walk;

/// Texts that common types read from text accept, tried one after another.
pub(super) const TEXTS: &[&str] = &[
    "",
    "a",
    "1",
    "00000000-0000-4000-8000-000000000000",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "1970-01-01T00:00:00",
    "PT1S",
    "127.0.0.1",
    "127.0.0.1:80",
    "http://localhost/",
    "a@example.com",
];

/// Deepest made-up value; a recursive type does not end by itself.
const DEPTH_MAX: usize = 12;

#[derive(Clone, Copy)]
pub(super) struct Filler<'w, 'n> {
    walk: &'w Walk<'n>,
    attempt: usize,
    depth: usize,
}

impl<'w, 'n> Filler<'w, 'n> {
    pub(super) fn new(walk: &'w Walk<'n>, attempt: usize) -> Self {
        Self {
            walk,
            attempt,
            depth: 0,
        }
    }

    fn deeper(self) -> Result<Self, Failure> {
        self.walk.fill()?;
        if self.depth >= DEPTH_MAX {
            return Err(Failure::new(Reason::Custom));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn text(self) -> &'static str {
        TEXTS[self.attempt % TEXTS.len()]
    }

    /// Empty first, then one item for types that want some.
    fn items(self, count: usize) -> Result<Items<'w, 'n>, Failure> {
        Ok(Items {
            filler: self.deeper()?,
            left: count,
        })
    }

    pub(super) fn scalar<'de, V: Visitor<'de>>(
        self,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match hint {
            Hint::Bool => visitor.visit_bool(false),
            Hint::Integer(_) => visitor.visit_u64((self.attempt % 2) as u64),
            Hint::Float(_) => visitor.visit_f64((self.attempt % 2) as f64),
            Hint::Char => visitor.visit_char('a'),
            Hint::Bytes => visitor.visit_bytes(&[]),
            Hint::Text | Hint::Variant => visitor.visit_str(self.text()),
            Hint::Any | Hint::Null | Hint::Array | Hint::Object => visitor.visit_unit(),
        }
    }
}

macro_rules! scalars {
    ($($method:ident => $hint:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.scalar($hint, visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Filler<'_, '_> {
    type Error = Failure;

    scalars! {
        deserialize_bool => Hint::Bool;
        deserialize_i8 => Hint::Integer("i8");
        deserialize_i16 => Hint::Integer("i16");
        deserialize_i32 => Hint::Integer("i32");
        deserialize_i64 => Hint::Integer("i64");
        deserialize_i128 => Hint::Integer("i128");
        deserialize_u8 => Hint::Integer("u8");
        deserialize_u16 => Hint::Integer("u16");
        deserialize_u32 => Hint::Integer("u32");
        deserialize_u64 => Hint::Integer("u64");
        deserialize_u128 => Hint::Integer("u128");
        deserialize_f32 => Hint::Float("f32");
        deserialize_f64 => Hint::Float("f64");
        deserialize_char => Hint::Char;
        deserialize_str => Hint::Text;
        deserialize_string => Hint::Text;
        deserialize_bytes => Hint::Bytes;
        deserialize_byte_buf => Hint::Bytes;
        deserialize_unit => Hint::Null;
        deserialize_identifier => Hint::Text;
        deserialize_ignored_any => Hint::Null;
    }

    /// The type decides by what it is shown: nothing, text, a number, a list,
    /// an object.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.attempt {
            0 => visitor.visit_unit(),
            2 => visitor.visit_u64(1),
            3 => visitor.visit_bool(false),
            4 => visitor.visit_seq(self.items(0)?),
            5 => visitor.visit_map(self.items(0)?),
            _ => visitor.visit_str(self.text()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_none()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self.deeper()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.items(usize::from(self.attempt > 0))?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.items(len)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.items(len)?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(self.items(0)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_map(Members {
            filler: self.deeper()?,
            names: fields.iter(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        // Another variant at every depth and attempt, so that a recursive type
        // comes to one that ends.
        let choice = (self.depth + self.attempt) % variants.len().max(1);
        let Some(name) = variants.get(choice) else {
            return Err(Failure::custom("no variant"));
        };
        visitor.visit_enum(Chosen {
            filler: self.deeper()?,
            name,
        })
    }
}

struct Items<'w, 'n> {
    filler: Filler<'w, 'n>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.filler).map(Some)
    }
}

/// An empty map.
impl<'de> MapAccess<'de> for Items<'_, '_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        _: S,
    ) -> Result<Option<S::Value>, Failure> {
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self.filler)
    }
}

struct Members<'w, 'n> {
    filler: Filler<'w, 'n>,
    names: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        let name = IntoDeserializer::<Failure>::into_deserializer(*name);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self.filler)
    }
}

struct Chosen<'w, 'n> {
    filler: Filler<'w, 'n>,
    name: &'static str,
}

impl<'de> EnumAccess<'de> for Chosen<'_, '_> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        let name = IntoDeserializer::<Failure>::into_deserializer(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_, '_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self.filler)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.filler.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.filler.deserialize_struct("", fields, visitor)
    }
}

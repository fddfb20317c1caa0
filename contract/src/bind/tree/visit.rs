//! A node offered to a type.

use serde::Deserializer;
use serde::de::{Error as _, Visitor};

use super::access::{Content, Elements, Entries, Tag};
use super::failure::{Failure, Hint, Reason};
use super::filler::Filler;
use super::node::Node;
use super::walk::{Patch, Walk};
use crate::error::code::field as codes;

/// Types that only the JSON library itself can bind announce themselves by a
/// name that starts so.
const PRIVATE_TO_JSON: &str = "$serde_json::private::";

#[derive(Clone, Copy)]
pub(super) struct At<'w, 'n> {
    pub(super) walk: &'w Walk<'n>,
    pub(super) node: &'n Node<'n>,
    /// The type is the inside of an option.
    optional: bool,
    /// The node is the value of an object's key; if the type has no use for
    /// it, the key is not declared.
    is_member: bool,
}

impl<'w, 'n> At<'w, 'n> {
    pub(super) fn new(walk: &'w Walk<'n>, node: &'n Node<'n>) -> Self {
        Self {
            walk,
            node,
            optional: false,
            is_member: false,
        }
    }

    pub(super) fn member(walk: &'w Walk<'n>, node: &'n Node<'n>) -> Self {
        Self {
            is_member: true,
            ..Self::new(walk, node)
        }
    }

    /// What replaces a node that was found wrong in an earlier round.
    fn filler(&self) -> Option<Filler<'w, 'n>> {
        match self.walk.patch_of(self.node)? {
            Patch::Fill { attempt, .. } | Patch::Hopeless { attempt } => {
                Some(Filler::new(self.walk, attempt))
            }
            Patch::Drop | Patch::None => None,
        }
    }

    /// Records that this node is not what the type wants, and what replaces
    /// it.
    fn refuse(&self) -> Filler<'w, 'n> {
        let code = match self.node {
            Node::Null => codes::MISSING_FIELD,
            Node::Repeated(_) => codes::DUPLICATE_FIELD,
            Node::Broken => codes::INVALID_ENCODING,
            _ => codes::TYPE_MISMATCH,
        };
        self.refuse_as(code)
    }

    fn refuse_as(&self, code: &'static str) -> Filler<'w, 'n> {
        Filler::new(self.walk, self.walk.replace(self.node, code))
    }

    fn scalar<V: Visitor<'n>>(self, hint: Hint, visitor: V) -> Result<V::Value, Failure> {
        self.walk.visit(hint);
        if let Some(filler) = self.filler() {
            return filler.scalar(hint, visitor);
        }
        match (self.node, hint) {
            (Node::Bool(value), Hint::Bool) => visitor.visit_bool(*value),
            (Node::Number(text), Hint::Integer(_) | Hint::Float(_)) => {
                self.number(text, hint, visitor)
            }
            (Node::Text(text) | Node::Word(text), Hint::Text | Hint::Char | Hint::Variant) => {
                visitor.visit_borrowed_str(text)
            }
            (Node::Text(text) | Node::Word(text), Hint::Bytes) => {
                visitor.visit_borrowed_bytes(text.as_bytes())
            }
            (Node::Array(_), Hint::Bytes) => self.deserialize_seq(visitor),
            (Node::Null, Hint::Null) => visitor.visit_unit(),
            (Node::Word(text), Hint::Null) if text.is_empty() => visitor.visit_unit(),
            (Node::Word(text), Hint::Bool) => match text.as_ref() {
                "true" | "1" => visitor.visit_bool(true),
                "false" | "0" => visitor.visit_bool(false),
                _ => self.refuse().scalar(hint, visitor),
            },
            (Node::Word(text), Hint::Integer(_) | Hint::Float(_)) => {
                if text.is_empty() && self.optional {
                    return Err(Failure::new(Reason::EmptyIsNone));
                }
                self.number(text, hint, visitor)
            }
            _ => self.refuse().scalar(hint, visitor),
        }
    }

    fn number<V: Visitor<'n>>(
        self,
        text: &str,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        // The JSON library reads `-0` as a fraction, to keep the sign.
        if text != "-0" || matches!(self.node, Node::Word(_)) {
            if let Ok(value) = text.parse() {
                return visitor.visit_u64(value);
            }
            if let Ok(value) = text.parse() {
                return visitor.visit_i64(value);
            }
            match hint {
                Hint::Integer("u128") => {
                    if let Ok(value) = text.parse() {
                        return visitor.visit_u128(value);
                    }
                }
                Hint::Integer("i128") => {
                    if let Ok(value) = text.parse() {
                        return visitor.visit_i128(value);
                    }
                }
                _ => {}
            }
        }
        match (text.parse::<f64>(), hint) {
            _ if is_integer(text) && matches!(hint, Hint::Integer(_)) => {
                self.refuse_as(codes::OUT_OF_RANGE).scalar(hint, visitor)
            }
            (Ok(value), Hint::Float(_)) if value.is_finite() => visitor.visit_f64(value),
            (Ok(_), Hint::Float(_)) if text.contains(|c: char| c.is_ascii_digit()) => {
                self.refuse_as(codes::OUT_OF_RANGE).scalar(hint, visitor)
            }
            _ => self.refuse().scalar(hint, visitor),
        }
    }

    fn elements<V: Visitor<'n>>(self, len: Option<usize>, visitor: V) -> Result<V::Value, Failure> {
        self.walk.visit(Hint::Array);
        if let Some(filler) = self.filler() {
            return match len {
                Some(len) => filler.deserialize_tuple(len, visitor),
                None => filler.deserialize_seq(visitor),
            };
        }
        let items = match self.node {
            Node::Array(items) | Node::Repeated(items) => items,
            Node::Word(_) => std::slice::from_ref(self.node),
            _ => {
                let filler = self.refuse();
                return match len {
                    Some(len) => filler.deserialize_tuple(len, visitor),
                    None => filler.deserialize_seq(visitor),
                };
            }
        };
        let mut elements = Elements::new(self.walk, items);
        let value = visitor.visit_seq(&mut elements)?;
        if !elements.is_done() {
            self.walk.visit(Hint::Array);
            return Err(Failure::invalid_length(items.len(), &"fewer items"));
        }
        Ok(value)
    }

    fn text_variant(&self) -> Option<&'n str> {
        match self.node {
            Node::Text(text) | Node::Word(text) => Some(text),
            _ => None,
        }
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits != "0" && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! scalars {
    ($($method:ident => $hint:expr;)*) => {
        $(fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.scalar($hint, visitor)
        })*
    };
}

impl<'n> Deserializer<'n> for At<'_, 'n> {
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
    }

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.walk.visit(Hint::Any);
        if let Some(filler) = self.filler() {
            return filler.deserialize_any(visitor);
        }
        match self.node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(text) => {
                let whole = is_integer(text) || *text == "0";
                let fits = text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok();
                let hint = if whole && fits {
                    Hint::Integer("i64")
                } else {
                    Hint::Float("f64")
                };
                self.number(text, hint, visitor)
            }
            Node::Text(text) | Node::Word(text) => visitor.visit_borrowed_str(text),
            Node::Array(_) | Node::Repeated(_) => self.deserialize_seq(visitor),
            Node::Object(_) => self.deserialize_map(visitor),
            Node::Broken => self.refuse().deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
        match (self.walk.patch_of(self.node), self.node) {
            (Some(_), _) | (None, Node::Null) => visitor.visit_none(),
            _ => visitor.visit_some(Self {
                optional: true,
                ..self
            }),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name.starts_with(PRIVATE_TO_JSON) {
            let value = self.node.to_value();
            let bound = value.deserialize_newtype_struct(name, visitor);
            return bound.map_err(Failure::custom);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.elements(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'n>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.elements(Some(len), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.elements(Some(len), visitor)
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.walk.visit(Hint::Object);
        if let Some(filler) = self.filler() {
            return filler.deserialize_map(visitor);
        }
        let Node::Object(members) = self.node else {
            return self.refuse().deserialize_map(visitor);
        };
        visitor.visit_map(Entries::new(self.walk, self.node, members, None))
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.walk.visit(Hint::Object);
        if let Some(filler) = self.filler() {
            return filler.deserialize_struct(name, fields, visitor);
        }
        let Node::Object(members) = self.node else {
            return self.refuse().deserialize_struct(name, fields, visitor);
        };
        let entries = Entries::new(self.walk, self.node, members, Some(fields));
        visitor.visit_map(entries).map_err(|mut failure| {
            failure.declared.get_or_insert(fields);
            failure
        })
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.walk.visit(Hint::Variant);
        if let Some(filler) = self.filler() {
            return filler.deserialize_enum(name, variants, visitor);
        }
        let (variant, content) = match self.node {
            Node::Object(members) if members.len() == 1 => {
                (members[0].key(), Some(&members[0].value))
            }
            _ => match self.text_variant() {
                Some(text) => (text, None),
                None => return self.refuse().deserialize_enum(name, variants, visitor),
            },
        };
        visitor.visit_enum(Tag {
            name: variant,
            content: Content {
                walk: self.walk,
                name: variant,
                node: content,
            },
        })
    }

    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Failure> {
        if matches!(self.node, Node::Broken) {
            self.walk.skip(self.node, codes::INVALID_ENCODING);
        } else if self.is_member && self.walk.denies_unknown() {
            self.walk.skip(self.node, codes::UNKNOWN_FIELD);
        }
        visitor.visit_unit()
    }
}

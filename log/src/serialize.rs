//! Captures `serde` values as nested fields, keeping what can be kept.

use std::{
    any::type_name,
    fmt::{self, Display},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::{FieldValue, Key, Text, limits};

/// Captures a value; what fails or panics becomes `<unserializable: type>`.
pub(crate) fn capture<T: Serialize + ?Sized>(value: &T) -> FieldValue {
    capture_at(value, 0)
}

fn capture_at<T: Serialize + ?Sized>(value: &T, depth: usize) -> FieldValue {
    if depth > limits::DEPTH_MAX {
        return FieldValue::Str(Text::from_static(limits::ELLIPSIS));
    }
    let capture = Capture { depth };
    match catch_unwind(AssertUnwindSafe(|| value.serialize(capture))) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) | Err(_) => FieldValue::Str(
            format!(
                "<unserializable: {}>",
                type_name::<T>().trim_start_matches('&')
            )
            .into(),
        ),
    }
}

/// Why one value refused to serialise. Its text is not shown: it may quote the value.
#[derive(Debug)]
pub(crate) struct Refused;

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("value refused to serialise")
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
struct Capture {
    depth: usize,
}

type Captured = Result<FieldValue, Refused>;

macro_rules! capture_scalars {
    ($($method:ident: $type:ty),+ $(,)?) => {$(
        fn $method(self, value: $type) -> Captured {
            Ok(FieldValue::from(value))
        }
    )+};
}

impl Serializer for Capture {
    type Ok = FieldValue;
    type Error = Refused;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    capture_scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str,
    }

    fn serialize_bytes(self, value: &[u8]) -> Captured {
        Ok(FieldValue::Bytes(bytes::Bytes::copy_from_slice(value)))
    }

    fn serialize_none(self) -> Captured {
        Ok(FieldValue::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Captured {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Captured {
        Ok(FieldValue::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Captured {
        Ok(FieldValue::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Captured {
        Ok(FieldValue::Str(Text::from_static(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Captured {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Captured {
        let value = capture_at(value, self.depth + 1);
        Ok(FieldValue::Map(vec![(Key::from_static(variant), value)]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Refused> {
        Ok(Items::new(self.depth, None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Refused> {
        Ok(Items::new(self.depth, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Refused> {
        Ok(Items::new(self.depth, None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, Refused> {
        Ok(Items::new(self.depth + 1, Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Refused> {
        Ok(Entries::new(self.depth, None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, Refused> {
        Ok(Entries::new(self.depth, None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, Refused> {
        Ok(Entries::new(self.depth + 1, Some(variant)))
    }
}

fn tagged(variant: Option<&'static str>, value: FieldValue) -> FieldValue {
    match variant {
        Some(variant) => FieldValue::Map(vec![(Key::from_static(variant), value)]),
        None => value,
    }
}

/// A list being captured.
struct Items {
    depth: usize,
    variant: Option<&'static str>,
    items: Vec<FieldValue>,
}

impl Items {
    fn new(depth: usize, variant: Option<&'static str>) -> Self {
        Self {
            depth,
            variant,
            items: Vec::new(),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) {
        // One entry beyond the bound is kept: it makes the cut visible later.
        if self.items.len() <= limits::ENTRIES_MAX {
            self.items.push(capture_at(value, self.depth + 1));
        }
    }

    fn finish(self) -> FieldValue {
        tagged(self.variant, FieldValue::List(self.items))
    }
}

/// A map or struct being captured.
struct Entries {
    depth: usize,
    variant: Option<&'static str>,
    key: Option<Key>,
    entries: Vec<(Key, FieldValue)>,
}

impl Entries {
    fn new(depth: usize, variant: Option<&'static str>) -> Self {
        Self {
            depth,
            variant,
            key: None,
            entries: Vec::new(),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, key: Key, value: &T) {
        if self.entries.len() <= limits::ENTRIES_MAX {
            self.entries.push((key, capture_at(value, self.depth + 1)));
        }
    }

    fn finish(self) -> FieldValue {
        tagged(self.variant, FieldValue::Map(self.entries))
    }
}

/// The text of a map key; numbers, booleans and characters are spelled out.
fn key_text<T: Serialize + ?Sized>(key: &T) -> Key {
    match capture(key) {
        FieldValue::Str(text) => Key::from(text.as_str().to_owned()),
        other => Key::from(crate::encode::plain_text(&other)),
    }
}

macro_rules! list_parts {
    ($($part:ident :: $method:ident),+ $(,)?) => {$(
        impl $part for Items {
            type Ok = FieldValue;
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.push(value);
                Ok(())
            }

            fn end(self) -> Captured {
                Ok(self.finish())
            }
        }
    )+};
}

list_parts! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field, SerializeTupleVariant::serialize_field,
}

macro_rules! struct_parts {
    ($($part:ident),+) => {$(
        impl $part for Entries {
            type Ok = FieldValue;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Refused> {
                self.push(Key::from_static(key), value);
                Ok(())
            }

            fn end(self) -> Captured {
                Ok(self.finish())
            }
        }
    )+};
}

struct_parts!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Entries {
    type Ok = FieldValue;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.key = Some(key_text(key));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let key = self.key.take().ok_or(Refused)?;
        self.push(key, value);
        Ok(())
    }

    fn end(self) -> Captured {
        Ok(self.finish())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::{Serializer, capture, ser};
    use crate::{FieldValue, Key};

    struct Refuses;

    impl Serialize for Refuses {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("the secret is hunter2"))
        }
    }

    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            std::panic::resume_unwind(Box::new("serialize"))
        }
    }

    #[derive(Serialize)]
    struct Order {
        id: u64,
        bad: Refuses,
        worse: Vec<Panics>,
        rate: f64,
        note: Option<&'static str>,
    }

    #[test]
    fn siblings_of_a_bad_value_are_kept() {
        let order = Order {
            id: 7,
            bad: Refuses,
            worse: vec![Panics],
            rate: f64::NAN,
            note: None,
        };
        let FieldValue::Map(entries) = capture(&order) else {
            panic!("not a map")
        };
        let shown: Vec<String> = entries
            .iter()
            .map(|(key, value)| format!("{}={}", key.as_str(), crate::encode::plain_text(value)))
            .collect();
        let module = module_path!();
        assert_eq!(
            shown,
            [
                "id=7".to_owned(),
                format!("bad=<unserializable: {module}::Refuses>"),
                format!("worse=[\"<unserializable: {module}::Panics>\"]"),
                "rate=NaN".to_owned(),
                "note=null".to_owned(),
            ]
        );
    }

    #[test]
    fn map_keys_that_are_no_strings_are_spelled_out() {
        let map = std::collections::BTreeMap::from([(1u8, true)]);
        assert_eq!(
            capture(&map),
            FieldValue::Map(vec![(Key::from_static("1"), true.into())])
        );
    }
}

//! Variants of enums, and results: an object with `type` and `data`.

use std::borrow::Cow;

use super::decoder::{Decoder, Fields};
use super::source::{Node, Source, Step};
use crate::heap::{ERR, OK};
use crate::meta::{Kind, TypeDesc, Variant};
use crate::validate::{Path, Segment, code, echo};
use crate::value::Value;

/// What stands in the object around a variant.
struct Tagged<'a, S> {
    /// The name of the variant, once it was read and is text.
    name: Option<Cow<'a, str>>,
    /// Whether there was a name, text or not.
    has_name: bool,
    /// Where the data begins. It may stand before the name.
    data: Option<S>,
    rest: Fields,
}

impl<'a, S: Source<'a>> Decoder<'_, S> {
    /// Reads the object, but for the data.
    fn tagged(&mut self, not_text: &str, path: &Path<'_>) -> Step<Tagged<'a, S>> {
        let mut tagged = Tagged {
            name: None,
            has_name: false,
            data: None,
            rest: Fields::new(0),
        };
        while let Some(key) = self.source.next_key()? {
            match &*key {
                "type" if !tagged.has_name => {
                    tagged.has_name = true;
                    match self.source.value()? {
                        Node::Text(name) => tagged.name = Some(name),
                        other => {
                            self.problems.add(path, code::TYPE_MISMATCH, not_text);
                            self.source.skip(&other)?;
                        }
                    }
                }
                "data" if tagged.data.is_none() => {
                    tagged.data = Some(self.source.clone());
                    self.pass()?;
                }
                "type" | "data" => {
                    let path = path.then(Segment::Field(&key));
                    self.problems
                        .add(&path, code::DUPLICATE_FIELD, "duplicate field");
                    self.pass()?;
                }
                _ => {
                    self.unknown(&key, path, &mut tagged.rest);
                    self.pass()?;
                }
            }
        }
        Ok(tagged)
    }

    pub(super) fn variant(
        &mut self,
        desc: &'static TypeDesc,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        let before = self.problems.len();
        let tagged = self.tagged("expected enum type string", path)?;
        let end = self.source.clone();
        let mut values = Vec::new();
        let tag = tagged
            .name
            .as_ref()
            .and_then(|name| desc.variant_index(name));
        match (&tagged.name, tag) {
            (Some(_), Some(tag)) => {
                let variant = &desc.variants[tag];
                values = self
                    .payload(variant, tagged.data, path)?
                    .unwrap_or_default();
            }
            (Some(name), None) => {
                let message = format!("unknown variant {}", echo(name));
                self.problems.add(path, code::INVALID_VARIANT, message);
            }
            (None, _) if !tagged.has_name => {
                self.problems
                    .add(path, code::MISSING_FIELD, "missing enum type");
            }
            (None, _) => {}
        }
        self.source = end;
        self.problems.add_parts(tagged.rest.into_parts());
        if self.problems.len() > before {
            return Ok(None);
        }
        let tag = tag.and_then(|tag| u16::try_from(tag).ok());
        Ok(tag.map(|tag| Value::variant(desc, tag, values)))
    }

    /// What a variant carries; nothing if there is a problem with it.
    fn payload(
        &mut self,
        variant: &'static Variant,
        data: Option<S>,
        path: &Path<'_>,
    ) -> Step<Option<Vec<Value>>> {
        let data_path = path.then(Segment::Field("data"));
        let Some(data) = data else {
            if !variant.payload.is_empty() {
                self.problems
                    .add(path, code::MISSING_FIELD, "missing enum data");
            }
            return Ok(None);
        };
        self.source = data;
        match variant.payload {
            [] => {
                self.problems
                    .add(&data_path, code::UNKNOWN_FIELD, "unknown field");
                Ok(None)
            }
            [only] => {
                let value = self.value(only.desc(), &data_path)?;
                Ok(value.map(|value| vec![value]))
            }
            several => {
                if !matches!(self.source.value()?, Node::List) {
                    self.problems
                        .add(path, code::TYPE_MISMATCH, "expected enum payload array");
                    return Ok(None);
                }
                let mut values = Vec::with_capacity(several.len());
                let mut count = 0;
                while self.source.next_item()? {
                    match several.get(count) {
                        Some(payload) => {
                            let path = data_path.then(Segment::Index(count));
                            values.extend(self.value(payload.desc(), &path)?);
                        }
                        None => self.pass()?,
                    }
                    count += 1;
                }
                if count != several.len() {
                    self.problems
                        .add(path, code::INVALID_VALUE, "enum payload length mismatch");
                }
                Ok(Some(values))
            }
        }
    }

    pub(super) fn result(
        &mut self,
        desc: &'static TypeDesc,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        let before = self.problems.len();
        let tagged = self.tagged("expected Result tag string", path)?;
        let end = self.source.clone();
        let tag = match tagged.name.as_deref() {
            Some("Ok") => Some((OK, desc.elem())),
            Some("Err") => Some((ERR, desc.key())),
            Some(name) => {
                let message = format!("unknown Result variant {}", echo(name));
                self.problems.add(path, code::INVALID_VARIANT, message);
                None
            }
            None => {
                if !tagged.has_name {
                    self.problems
                        .add(path, code::MISSING_FIELD, "missing Result tag");
                }
                None
            }
        };
        let mut content = None;
        match (tag, tagged.data) {
            (Some((_, inner)), Some(data)) => {
                self.source = data;
                content = self.value(inner, &path.then(Segment::Field("data")))?;
            }
            (Some(_), None) => {
                self.problems
                    .add(path, code::MISSING_FIELD, "missing Result data");
            }
            (None, _) => {}
        }
        self.source = end;
        self.problems.add_parts(tagged.rest.into_parts());
        if self.problems.len() > before {
            return Ok(None);
        }
        debug_assert!(desc.kind == Kind::Result);
        Ok(content.zip(tag).map(|(content, (tag, _))| {
            if tag == OK {
                Value::ok(desc, content)
            } else {
                Value::err(desc, content)
            }
        }))
    }
}

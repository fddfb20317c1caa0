//! The decoder: from a source to a value of a type.

use super::source::{Node, Source, Step};
use super::text::{TextOptions, base64_message, decode_base64, decode_text, is_null};
use crate::builtin::float_of_text;
use crate::context::Ctx;
use crate::fault::FieldProblem;
use crate::heap::slot::placeholder;
use crate::heap::{ListBuilder, Ref};
use crate::json::{DEPTH_MAX, IntToken, int_of_token};
use crate::meta::{Field, FieldDefault, Kind, TypeDesc, is_secret};
use crate::validate::{FIELDS_MAX, Path, Problems, Segment, code, constraints, validate};
use crate::value::Value;

/// Decodes one input.
pub(super) struct Decoder<'c, S> {
    pub(super) ctx: &'c mut Ctx,
    pub(super) source: S,
    pub(super) problems: Problems,
    pub(super) depth: usize,
}

impl<'a, S: Source<'a>> Decoder<'_, S> {
    /// The next value as one of type `desc`; nothing if there is a problem with it.
    pub(super) fn value(
        &mut self,
        desc: &'static TypeDesc,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        let node = self.source.value()?;
        self.begun(desc, node, path)
    }

    /// A value that has begun, as one of type `desc`.
    pub(super) fn begun(
        &mut self,
        desc: &'static TypeDesc,
        node: Node<'a>,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        if self.source.has_text_rules()
            && let Node::Text(text) = &node
            && !wants_text(desc)
        {
            let options = TextOptions {
                redact: path.is_secret(),
            };
            return Ok(decode_text(
                self.ctx,
                desc,
                text,
                options,
                path,
                &mut self.problems,
            )?);
        }
        if desc.kind == Kind::Option {
            return match node {
                Node::Null => Ok(Some(Value::Null)),
                Node::Text(text) if self.source.is_text_only() && is_null(&text) => {
                    Ok(Some(Value::Null))
                }
                node => self.begun(desc.elem(), node, path),
            };
        }
        if desc.kind == Kind::Value {
            let before = self.problems.len();
            let value = self.source.data(node, path, &mut self.problems)?;
            return Ok((self.problems.len() == before).then_some(value));
        }
        if matches!(node, Node::Null) && desc.kind != Kind::Unit {
            self.null(desc, path);
            return Ok(None);
        }
        let before = self.problems.len();
        let value = self.of_kind(desc, node, path)?;
        if let Some(value) = &value
            && self.problems.len() == before
        {
            constraints(self.ctx, desc, value.peek(), path, &mut self.problems)?;
        }
        Ok(value.filter(|_| self.problems.len() == before))
    }

    fn of_kind(
        &mut self,
        desc: &'static TypeDesc,
        node: Node<'a>,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        match (desc.kind, node) {
            (Kind::Unit, Node::Null) => Ok(Some(Value::Unit)),
            (Kind::Bool, Node::Bool(value)) => Ok(Some(Value::Bool(value))),
            (Kind::Bool, Node::Int(value @ 0..=1)) if self.source.bool_of_int() => {
                Ok(Some(Value::Bool(value == 1)))
            }
            (Kind::Int, Node::Int(value)) => Ok(Some(Value::Int(value))),
            (Kind::Int, Node::Number(token)) => Ok(self.int(token, path)),
            (Kind::Float, Node::Float(value)) => Ok(Some(Value::Float(value))),
            (Kind::Float, Node::Int(value)) => Ok(Some(Value::Float(value as f64))),
            (Kind::Float, Node::Number(token)) => Ok(self.float(token, path)),
            (Kind::String | Kind::Id | Kind::Email, Node::Text(text)) => {
                Ok(Some(self.source.text(&text)))
            }
            (Kind::Bytes, Node::Bytes(bytes)) => Ok(Some(Value::bytes(bytes))),
            (Kind::Bytes, Node::Text(text)) if !S::EXACT => Ok(self.bytes(&text, path)),
            (Kind::List, node @ Node::List)
            | (Kind::Map | Kind::Record | Kind::Enum | Kind::Result, node @ Node::Map) => {
                self.container(desc, &node, path)
            }
            (Kind::List | Kind::Map | Kind::Record | Kind::Enum, Node::Text(text))
                if self.source.json_in_text() =>
            {
                self.json_text(desc, &text, path)
            }
            (_, node) => {
                self.mismatch(desc, &node, path);
                self.source.skip(&node)?;
                Ok(None)
            }
        }
    }

    /// A value with parts, one level deeper. JSON text is bounded by its scanner;
    /// data that a program built is bounded here.
    fn container(
        &mut self,
        desc: &'static TypeDesc,
        node: &Node<'a>,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        if self.depth == DEPTH_MAX {
            self.problems.add(path, code::TOO_DEEP, "nesting too deep");
            self.source.skip(node)?;
            return Ok(None);
        }
        self.ctx.check()?;
        self.depth += 1;
        let value = match desc.kind {
            Kind::List => self.list(desc, path),
            Kind::Map => self.map(desc, path),
            Kind::Record => self.record(desc, path),
            Kind::Enum => self.variant(desc, path),
            _ => self.result(desc, path),
        };
        self.depth -= 1;
        value
    }

    pub(super) fn mismatch(&mut self, desc: &'static TypeDesc, node: &Node<'_>, path: &Path<'_>) {
        let expected = expected(desc);
        let message = if self.source.tells_kind() {
            format!("expected {expected}, found {}", node.kind())
        } else {
            format!("expected {expected}")
        };
        self.problems.add(path, code::TYPE_MISMATCH, message);
    }

    fn null(&mut self, desc: &'static TypeDesc, path: &Path<'_>) {
        if self.source.tells_kind() {
            self.mismatch(desc, &Node::Null, path);
        } else {
            self.problems
                .add(path, code::MISSING_FIELD, "missing field");
        }
    }

    fn int(&mut self, token: &str, path: &Path<'_>) -> Option<Value> {
        match int_of_token(token) {
            IntToken::Int(value) => return Some(Value::Int(value)),
            IntToken::OutOfRange => {
                self.problems
                    .add(path, code::OUT_OF_RANGE, "Int out of range");
            }
            IntToken::Fraction => self.problems.add(path, code::TYPE_MISMATCH, "expected Int"),
        }
        None
    }

    fn float(&mut self, token: &str, path: &Path<'_>) -> Option<Value> {
        let value = float_of_text(token).map(Value::Float);
        if value.is_none() {
            self.problems
                .add(path, code::OUT_OF_RANGE, "Float out of range");
        }
        value
    }

    fn bytes(&mut self, text: &str, path: &Path<'_>) -> Option<Value> {
        match decode_base64(text) {
            Ok(bytes) => Some(Value::bytes(&bytes)),
            Err(error) => {
                self.problems
                    .add(path, code::INVALID_ENCODING, base64_message(error));
                None
            }
        }
    }

    fn list(&mut self, desc: &'static TypeDesc, path: &Path<'_>) -> Step<Option<Value>> {
        let before = self.problems.len();
        let mut list = ListBuilder::new(desc, 0);
        let mut index = 0;
        while self.source.next_item()? {
            let item = self.value(desc.elem(), &path.then(Segment::Index(index)))?;
            index += 1;
            match item {
                Some(item) if self.problems.len() == before => list.push(item),
                _ => {}
            }
        }
        Ok(Some(Value::Ref(list.finish())))
    }

    fn map(&mut self, desc: &'static TypeDesc, path: &Path<'_>) -> Step<Option<Value>> {
        let before = self.problems.len();
        let mut map = Ref::new_map(desc, 0);
        while let Some(key) = self.source.next_key()? {
            let path = path.then(Segment::Key(&key)).secret(is_secret(&key));
            if map.obj().map().contains(&*key) {
                self.problems
                    .add(&path, code::DUPLICATE_FIELD, "duplicate field");
                self.pass()?;
                continue;
            }
            let name = Value::text(&key);
            constraints(self.ctx, desc.key(), name.peek(), &path, &mut self.problems)?;
            // A value stands in for one with a problem, so that its key is known.
            match self.value(desc.elem(), &path)? {
                Some(value) => map.map_mut().set_value(name, value),
                None => map.map_mut().set_value(name, placeholder(desc.elem())),
            };
        }
        Ok((self.problems.len() == before).then_some(Value::Ref(map)))
    }

    /// Passes over the next value.
    pub(super) fn pass(&mut self) -> Step<()> {
        let node = self.source.value()?;
        self.source.skip(&node)
    }

    pub(super) fn record(
        &mut self,
        desc: &'static TypeDesc,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        let mut fields = Fields::new(desc.fields.len());
        while let Some(key) = self.source.next_key()? {
            match desc.field_index(&key) {
                Some(index) => {
                    let field = &desc.fields[index];
                    let path = path.then(Segment::Field(field.name)).secret(field.secret);
                    self.field(field, index, &path, &mut fields)?;
                }
                None => {
                    self.unknown(&key, path, &mut fields);
                    self.pass()?;
                }
            }
        }
        self.absent(desc, path, &mut fields)?;
        Ok(self.finish(desc, fields))
    }

    fn field(
        &mut self,
        field: &'static Field,
        index: usize,
        path: &Path<'_>,
        fields: &mut Fields,
    ) -> Step<()> {
        let floor = self.problems.begin_part();
        let again = std::mem::replace(&mut fields.seen[index], true);
        let read = if again {
            self.problems
                .add(path, code::DUPLICATE_FIELD, "duplicate field");
            self.pass().map(|()| None)
        } else {
            self.value(field.desc(), path)
        };
        fields.accept(index, self.problems.end_part(floor));
        if let Some(value) = read? {
            fields.values[index] = Some(value);
        }
        Ok(())
    }

    /// Reports a key that is not declared, after all fields that are.
    pub(super) fn unknown(&mut self, key: &str, path: &Path<'_>, fields: &mut Fields) {
        let floor = self.problems.begin_part();
        self.problems.add(
            &path.then(Segment::Key(key)),
            code::UNKNOWN_FIELD,
            "unknown field",
        );
        let problems = self.problems.end_part(floor);
        if fields.unknown < FIELDS_MAX {
            fields.accept(fields.values.len() + fields.unknown, problems);
        } else {
            self.problems.add_surplus(1);
        }
        fields.unknown += 1;
    }

    /// Fills the fields that were not there.
    pub(super) fn absent(
        &mut self,
        desc: &'static TypeDesc,
        path: &Path<'_>,
        fields: &mut Fields,
    ) -> Step<()> {
        for (index, field) in desc.fields.iter().enumerate() {
            if fields.seen[index] {
                continue;
            }
            let floor = self.problems.begin_part();
            let path = path.then(Segment::Field(field.name)).secret(field.secret);
            let filled = self.fill(field, index, &path, fields);
            fields.accept(index, self.problems.end_part(floor));
            fields.values[index] = filled?;
        }
        Ok(())
    }

    fn fill(
        &mut self,
        field: &'static Field,
        index: usize,
        path: &Path<'_>,
        fields: &Fields,
    ) -> Step<Option<Value>> {
        let (function, checked) = match field.default {
            FieldDefault::Call { function, checked } => (function, checked),
            FieldDefault::Int(value) => return Ok(Some(Value::Int(value))),
            FieldDefault::Text(text) => return Ok(Some(Value::text(text))),
            FieldDefault::None if field.desc().is_optional() => return Ok(Some(Value::Null)),
            FieldDefault::None => {
                self.problems
                    .add(path, code::MISSING_FIELD, "missing field");
                return Ok(None);
            }
        };
        // A default may look at the fields before it; when one of them is wrong
        // there is nothing to look at, and a problem is reported anyway.
        let before: Option<Vec<Value>> = fields.values[..index].iter().cloned().collect();
        let Some(mut before) = before else {
            return Ok(None);
        };
        let value = self.ctx.call(function, &mut before)?;
        if checked {
            let count = self.problems.len();
            validate(
                self.ctx,
                field.desc(),
                value.peek(),
                path,
                &mut self.problems,
            )?;
            return Ok((self.problems.len() == count).then_some(value));
        }
        Ok(Some(value))
    }

    /// The record, or its problems in the order of declaration.
    fn finish(&mut self, desc: &'static TypeDesc, fields: Fields) -> Option<Value> {
        let is_complete = fields.parts.is_empty() && fields.unknown == 0;
        self.problems.add_parts(fields.parts);
        if !is_complete {
            return None;
        }
        let values: Option<Vec<Value>> = fields.values.into_iter().collect();
        Some(Value::Ref(Ref::new_record(desc, values?)))
    }

    /// Text that has to be JSON, in a source that is data.
    fn json_text(
        &mut self,
        desc: &'static TypeDesc,
        text: &str,
        path: &Path<'_>,
    ) -> Step<Option<Value>> {
        super::json::nested(self.ctx, desc, text, path, &mut self.problems).map_err(Into::into)
    }
}

/// The fields of a record while they are read.
pub(super) struct Fields {
    values: Vec<Option<Value>>,
    seen: Vec<bool>,
    /// Keys that are not declared.
    unknown: usize,
    /// Problems by the position of the field, undeclared keys after all fields.
    parts: Vec<(usize, Vec<FieldProblem>)>,
}

impl Fields {
    pub(super) fn new(count: usize) -> Self {
        Self {
            values: std::iter::repeat_with(|| None).take(count).collect(),
            seen: vec![false; count],
            unknown: 0,
            parts: Vec::new(),
        }
    }

    fn accept(&mut self, order: usize, problems: Vec<FieldProblem>) {
        if !problems.is_empty() {
            self.parts.push((order, problems));
        }
    }

    /// The parts, for a reader that has no fields.
    pub(super) fn into_parts(self) -> Vec<(usize, Vec<FieldProblem>)> {
        self.parts
    }
}

/// Whether text is read as it is.
fn wants_text(desc: &'static TypeDesc) -> bool {
    match desc.kind {
        Kind::Option => wants_text(desc.elem()),
        Kind::Value => true,
        _ => desc.is_text(),
    }
}

/// What a message says is expected.
pub(super) fn expected(desc: &'static TypeDesc) -> &'static str {
    match desc.kind {
        Kind::Unit => "Unit",
        Kind::Bool => "Bool",
        Kind::Int => "Int",
        Kind::Float => "Float",
        // They are text whose rules are checked once there is text.
        Kind::String | Kind::Id | Kind::Email => "String",
        Kind::Bytes => "Bytes",
        Kind::List => "List",
        Kind::Map => "Map",
        Kind::Html => "Html",
        Kind::Result => "Result object",
        Kind::Option => expected(desc.elem()),
        _ => desc.name,
    }
}

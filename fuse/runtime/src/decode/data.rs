//! Reading values from dynamic data.

use std::borrow::Cow;

use super::decoder::Decoder;
use super::json::Invalid;
use super::source::{Node, Source, Step, Stop};
use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::heap::{List, Map};
use crate::meta::{Kind, TypeDesc};
use crate::validate::{Path, Problems};
use crate::value::{Peek, Value};

/// For what data is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataMode {
    /// `v.decode<T>()`: problems are values.
    Decode,
    /// A checked conversion: a problem says what was found.
    Convert,
    /// A configuration file: text is read by the rules of flags and variables where
    /// no text is wanted.
    File,
    /// As `File`, for a field whose values are never to be shown.
    SecretFile,
    /// A row of a database: as a conversion; besides, 0 and 1 are read as `Bool`,
    /// and text as JSON where a list, map, record or enum is wanted.
    Row,
}

/// Reads data as a value of type `desc`, with defaults and constraints. Kinds have
/// to be exactly those of the type, but that an `Int` is read as a `Float`.
///
/// # Errors
///
/// A default or predicate faulted.
pub fn decode_data(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    data: Peek<'_>,
    mode: DataMode,
    root: &str,
) -> Outcome<Result<Value, Invalid>> {
    let mut decoder = Decoder {
        ctx,
        source: DataSource {
            current: data,
            stack: Vec::new(),
            mode,
        },
        problems: Problems::new(),
        depth: 0,
    };
    match decoder.value(desc, &Path::root(root).secret(mode == DataMode::SecretFile)) {
        Ok(Some(value)) if decoder.problems.is_empty() => Ok(Ok(value)),
        Ok(_) => Ok(Err(Invalid::Problems(decoder.problems))),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Syntax(error)) => Err(Fault::internal(format!("data with syntax: {error}"))),
    }
}

/// Data as a source. It never stops for its syntax.
#[derive(Clone)]
struct DataSource<'a> {
    /// The next value, or the one that was just begun.
    current: Peek<'a>,
    stack: Vec<Open<'a>>,
    mode: DataMode,
}

#[derive(Clone)]
enum Open<'a> {
    List(List<'a>, usize),
    Map(Map<'a>, usize),
}

impl<'a> Source<'a> for DataSource<'a> {
    const EXACT: bool = true;

    fn value(&mut self) -> Step<Node<'a>> {
        Ok(match self.current {
            Peek::Unit | Peek::Null | Peek::Tag(..) => Node::Null,
            Peek::Bool(value) => Node::Bool(value),
            Peek::Int(value) => Node::Int(value),
            Peek::Float(value) => Node::Float(value),
            Peek::Obj(object) => match object.desc().kind {
                Kind::String => Node::Text(Cow::Borrowed(object.text())),
                Kind::Bytes => Node::Bytes(object.bytes()),
                Kind::List => {
                    self.stack.push(Open::List(object.list(), 0));
                    Node::List
                }
                Kind::Map => {
                    self.stack.push(Open::Map(object.map(), 0));
                    Node::Map
                }
                // Nothing else is data.
                _ => Node::Null,
            },
        })
    }

    fn next_item(&mut self) -> Step<bool> {
        if let Some(Open::List(list, index)) = self.stack.last_mut()
            && let Some(item) = list.get(*index)
        {
            *index += 1;
            self.current = item;
            return Ok(true);
        }
        self.stack.pop();
        Ok(false)
    }

    fn next_key(&mut self) -> Step<Option<Cow<'a, str>>> {
        if let Some(Open::Map(map, place)) = self.stack.last_mut() {
            while *place < map.places() {
                let entry = map.entry(*place);
                *place += 1;
                if let Some((key, value)) = entry {
                    self.current = value;
                    return Ok(Some(match key.as_text() {
                        Some(key) => Cow::Borrowed(key),
                        None => Cow::Owned(crate::display::to_string(key)),
                    }));
                }
            }
        }
        self.stack.pop();
        Ok(None)
    }

    fn skip(&mut self, begun: &Node<'a>) -> Step<()> {
        if matches!(begun, Node::List | Node::Map) {
            self.stack.pop();
        }
        Ok(())
    }

    fn data(&mut self, begun: Node<'a>, _: &Path<'_>, _: &mut Problems) -> Step<Value> {
        let value = self.current.to_value();
        self.skip(&begun)?;
        Ok(value)
    }

    fn text(&self, text: &str) -> Value {
        match self.current.as_text() {
            Some(_) => self.current.to_value(),
            None => Value::text(text),
        }
    }

    fn tells_kind(&self) -> bool {
        matches!(self.mode, DataMode::Convert | DataMode::Row)
    }

    fn bool_of_int(&self) -> bool {
        self.mode == DataMode::Row
    }

    fn json_in_text(&self) -> bool {
        self.mode == DataMode::Row
    }

    fn has_text_rules(&self) -> bool {
        matches!(self.mode, DataMode::File | DataMode::SecretFile)
    }
}

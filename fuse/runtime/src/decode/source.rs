//! What the decoder reads from.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::json::SyntaxError;
use crate::validate::{Path, Problems};
use crate::value::Value;

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The text is not JSON.
    Syntax(SyntaxError),
    /// A default or predicate faulted.
    Fault(Fault),
}

impl From<SyntaxError> for Stop {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub(super) type Step<T> = Result<T, Stop>;

/// The beginning of a value, or the whole of one without parts.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    /// A number of JSON, as written.
    Number(&'a str),
    /// An `Int` of data.
    Int(i64),
    /// A `Float` of data.
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    List,
    Map,
}

impl Node<'_> {
    /// The kind in messages of a conversion.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "Bool",
            Self::Int(_) => "Int",
            Self::Number(_) | Self::Float(_) => "Float",
            Self::Text(_) => "String",
            Self::Bytes(_) => "Bytes",
            Self::List => "List",
            Self::Map => "Map",
        }
    }
}

/// Something that values are read from, front to back. A clone is a place to come
/// back to.
pub(super) trait Source<'a>: Clone {
    /// Whether kinds have to be those of the target exactly, as in data, or are
    /// those that JSON has.
    const EXACT: bool;

    /// Begins the next value.
    fn value(&mut self) -> Step<Node<'a>>;

    /// Whether a list that has begun has another item.
    fn next_item(&mut self) -> Step<bool>;

    /// The next key of a map that has begun.
    fn next_key(&mut self) -> Step<Option<Cow<'a, str>>>;

    /// Passes over the rest of a value that has begun.
    fn skip(&mut self, begun: &Node<'a>) -> Step<()>;

    /// The rest of a value that has begun, as data. What is wrong with it is
    /// reported, and the result is then of no use.
    fn data(&mut self, begun: Node<'a>, path: &Path<'_>, problems: &mut Problems) -> Step<Value>;

    /// Text that was just read, as a value.
    fn text(&self, text: &str) -> Value {
        Value::text(text)
    }

    /// Whether a failed match says what was found instead.
    fn tells_kind(&self) -> bool;

    /// Whether 0 and 1 are read as `Bool`.
    fn bool_of_int(&self) -> bool {
        false
    }

    /// Whether text is read as JSON where a list, map, record or enum is wanted.
    fn json_in_text(&self) -> bool {
        false
    }

    /// Whether text is read by the rules of flags where no text is wanted.
    fn has_text_rules(&self) -> bool {
        false
    }

    /// Whether every value is text, so that text alone can say that there is none.
    fn is_text_only(&self) -> bool {
        false
    }
}

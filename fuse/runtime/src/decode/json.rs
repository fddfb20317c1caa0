//! Reading values from JSON text.

use std::borrow::Cow;

use super::decoder::Decoder;
use super::source::{Node, Source, Step, Stop};
use crate::builtin::float_of_text;
use crate::context::Ctx;
use crate::fault::{Fault, FieldProblem, Outcome};
use crate::heap::{ListBuilder, Ref};
use crate::json::{DEPTH_MAX, Reason, Scanner, SyntaxError, TEXT_MAX, Token};
use crate::meta::{TypeDesc, well_known};
use crate::validate::{Path, Problems, Segment, code};
use crate::value::Value;

/// Why an input was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The text is not JSON.
    Syntax(SyntaxError),
    /// Values are not what they have to be.
    Problems(Problems),
}

impl Invalid {
    /// The problems; those of syntax are one, at `root`.
    #[must_use]
    pub fn into_fields(self, root: &str) -> Vec<FieldProblem> {
        match self {
            Self::Problems(problems) => problems.into_fields(),
            Self::Syntax(error) => vec![FieldProblem {
                path: root.to_owned(),
                code: syntax_code(&error).into(),
                message: format!("invalid json: {error}"),
            }],
        }
    }

    /// How many problems there are beyond those that are reported.
    #[must_use]
    pub fn surplus(&self) -> u64 {
        match self {
            Self::Problems(problems) => problems.surplus(),
            Self::Syntax(_) => 0,
        }
    }
}

fn syntax_code(error: &SyntaxError) -> &'static str {
    match error.reason {
        Reason::Depth => code::TOO_DEEP,
        Reason::Encoding => code::INVALID_ENCODING,
        _ => code::INVALID_JSON,
    }
}

/// Reads JSON text as a value of type `desc`, with defaults and constraints.
/// Containers are at most `depth_max` deep; `root` is where paths begin.
///
/// The outer error is a fault of a default or predicate.
///
/// # Errors
///
/// A default or predicate faulted.
pub fn decode_json(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    text: &str,
    depth_max: usize,
    root: &str,
) -> Outcome<Result<Value, Invalid>> {
    if let Err(error) = check_size(text) {
        return Ok(Err(Invalid::Syntax(error)));
    }
    let mut decoder = Decoder {
        ctx,
        source: JsonSource(Scanner::new(text, depth_max)),
        problems: Problems::new(),
        depth: 0,
    };
    let value = decoder.value(desc, &Path::root(root)).and_then(|value| {
        decoder.source.0.end()?;
        Ok(value)
    });
    match value {
        Ok(Some(value)) if decoder.problems.is_empty() => Ok(Ok(value)),
        Ok(_) => Ok(Err(Invalid::Problems(decoder.problems))),
        Err(Stop::Syntax(error)) => Ok(Err(Invalid::Syntax(error))),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

fn check_size(text: &str) -> Result<(), SyntaxError> {
    if text.len() <= TEXT_MAX {
        return Ok(());
    }
    Err(SyntaxError {
        reason: Reason::Size,
        offset: TEXT_MAX,
    })
}

/// Reads JSON text that stands where a part of another input is wanted; what is
/// wrong with it is reported at `path`.
///
/// # Errors
///
/// A default or predicate faulted.
pub(super) fn nested(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    text: &str,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let before = problems.len();
    let mut decoder = Decoder {
        ctx,
        source: JsonSource(Scanner::new(text, DEPTH_MAX)),
        problems: std::mem::take(problems),
        depth: 0,
    };
    let value = decoder.value(desc, path).and_then(|value| {
        decoder.source.0.end()?;
        Ok(value)
    });
    *problems = decoder.problems;
    match value {
        Ok(value) => Ok(value.filter(|_| problems.len() == before)),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Syntax(error)) => {
            problems.truncate(before);
            let code = syntax_code(&error);
            problems.add(path, code, format!("invalid JSON value: {error}"));
            Ok(None)
        }
    }
}

/// Reads JSON text as dynamic data.
///
/// # Errors
///
/// It is not JSON, an object has a key twice, or a number is too large for any
/// `Float`.
pub fn decode_json_value(text: &str) -> Result<Value, SyntaxError> {
    check_size(text)?;
    let mut scanner = Scanner::new(text, DEPTH_MAX);
    let start = scanner.position();
    let token = scanner.value()?;
    let value = data(
        &mut scanner,
        token,
        start,
        &Path::root(""),
        &mut Strictness::Refuse,
    )?;
    scanner.end()?;
    Ok(value)
}

/// What becomes of keys that an object has twice, and of numbers beyond all bounds.
enum Strictness<'p> {
    /// The text is refused.
    Refuse,
    /// They are reported as problems.
    Report(&'p mut Problems),
}

impl Strictness<'_> {
    fn problem(
        &mut self,
        reason: Reason,
        offset: usize,
        path: &Path<'_>,
        code: &'static str,
        message: &str,
    ) -> Result<(), SyntaxError> {
        match self {
            Self::Refuse => Err(SyntaxError { reason, offset }),
            Self::Report(problems) => {
                problems.add(path, code, message);
                Ok(())
            }
        }
    }
}

/// A value that has begun at `start`, as data. Recursion is bounded by the scanner.
fn data(
    scanner: &mut Scanner<'_>,
    begun: Token<'_>,
    start: usize,
    path: &Path<'_>,
    strictness: &mut Strictness<'_>,
) -> Result<Value, SyntaxError> {
    Ok(match begun {
        Token::Null => Value::Null,
        Token::Bool(value) => Value::Bool(value),
        Token::String(text) => Value::text(&text),
        Token::Number(token) => match number(token) {
            Some(value) => value,
            None => {
                let message = "Float out of range";
                let code = code::OUT_OF_RANGE;
                strictness.problem(Reason::Number, start, path, code, message)?;
                Value::Null
            }
        },
        Token::List => {
            let mut list = ListBuilder::new(&well_known::LIST_VALUE, 0);
            while scanner.next_item()? {
                let start = scanner.position();
                let token = scanner.value()?;
                let path = path.then(Segment::Index(list.len()));
                list.push(data(scanner, token, start, &path, strictness)?);
            }
            Value::Ref(list.finish())
        }
        Token::Map => Value::Ref(map(scanner, path, strictness)?),
    })
}

fn map(
    scanner: &mut Scanner<'_>,
    path: &Path<'_>,
    strictness: &mut Strictness<'_>,
) -> Result<Ref, SyntaxError> {
    let mut map = Ref::new_map(&well_known::MAP_VALUE, 0);
    loop {
        let key_start = scanner.next_key_position();
        let Some(key) = scanner.next_key()? else {
            return Ok(map);
        };
        let start = scanner.position();
        let path = path.then(Segment::Key(&key));
        if map.obj().map().contains(&*key) {
            let reason = Reason::Duplicate(key.clone().into_owned());
            let code = code::DUPLICATE_FIELD;
            strictness.problem(reason, key_start, &path, code, "duplicate field")?;
        }
        let token = scanner.value()?;
        let value = data(scanner, token, start, &path, strictness)?;
        map.map_mut().set(&*key, value);
    }
}

/// An integer token that fits is an `Int`, all else a `Float`.
fn number(token: &str) -> Option<Value> {
    if !token.contains(['.', 'e', 'E'])
        && let Ok(value) = token.parse()
    {
        return Some(Value::Int(value));
    }
    float_of_text(token).map(Value::Float)
}

/// JSON text as a source.
#[derive(Clone)]
pub(super) struct JsonSource<'a>(Scanner<'a>);

impl<'a> Source<'a> for JsonSource<'a> {
    const EXACT: bool = false;

    fn value(&mut self) -> Step<Node<'a>> {
        Ok(match self.0.value()? {
            Token::Null => Node::Null,
            Token::Bool(value) => Node::Bool(value),
            Token::Number(token) => Node::Number(token),
            Token::String(text) => Node::Text(text),
            Token::List => Node::List,
            Token::Map => Node::Map,
        })
    }

    fn next_item(&mut self) -> Step<bool> {
        Ok(self.0.next_item()?)
    }

    fn next_key(&mut self) -> Step<Option<Cow<'a, str>>> {
        Ok(self.0.next_key()?)
    }

    fn skip(&mut self, begun: &Node<'a>) -> Step<()> {
        match begun {
            Node::List => self.0.skip(&Token::List)?,
            Node::Map => self.0.skip(&Token::Map)?,
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, begun: Node<'a>, path: &Path<'_>, problems: &mut Problems) -> Step<Value> {
        let token = match begun {
            Node::Bool(value) => Token::Bool(value),
            Node::Number(token) => Token::Number(token),
            Node::Text(text) => Token::String(text),
            Node::List => Token::List,
            Node::Map => Token::Map,
            _ => Token::Null,
        };
        Ok(data(
            &mut self.0,
            token,
            0,
            path,
            &mut Strictness::Report(problems),
        )?)
    }

    fn tells_kind(&self) -> bool {
        false
    }
}

impl From<SyntaxError> for Fault {
    /// The fault of `json.decode`.
    fn from(error: SyntaxError) -> Self {
        Self::new(
            crate::FaultCode::InvalidJson,
            format!("invalid json: {error}"),
        )
    }
}

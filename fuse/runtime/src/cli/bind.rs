//! Binding flags to parameters.

use std::ffi::{OsStr, OsString};

use crate::context::Ctx;
use crate::decode::{TextOptions, decode_text};
use crate::fault::Outcome;
use crate::heap::{ListBuilder, OK};
use crate::meta::{Kind, Main, Param, TypeDesc, is_secret_text};
use crate::validate::{Path, Problems, Segment, code, validate};
use crate::value::Value;

/// What the arguments ask for.
#[derive(Debug)]
pub enum Bound {
    /// To call `main` with these arguments.
    Call(Vec<Value>),
    /// To show how the program is used.
    Help,
    /// To show name and version.
    Version,
    /// Nothing that can be done.
    Invalid(Problems),
}

/// A word of the command line.
enum Word<'a> {
    /// `--name` or `--name=value`, with the value of the next word if that can be one.
    Flag {
        name: String,
        value: Option<&'a OsStr>,
        next: Option<&'a OsStr>,
    },
    Other(&'a OsStr),
}

/// What flags said about one parameter.
#[derive(Default)]
struct Given<'a> {
    values: Vec<&'a OsStr>,
    /// `--flag` or `--no-flag` of a `Bool`.
    switch: Option<bool>,
    /// A flag without a value that needs one.
    bare: bool,
    count: usize,
}

/// Binds arguments to the parameters of `main`. All that is wrong is reported, in the
/// order of the parameters, then in the order of the arguments.
///
/// # Errors
///
/// A default or predicate faulted.
pub fn bind(ctx: &mut Ctx, main: &'static Main, args: &[OsString]) -> Outcome<Bound> {
    let mut given: Vec<Given<'_>> = main.params.iter().map(|_| Given::default()).collect();
    let mut unknown: Vec<(String, &'static str, String)> = Vec::new();
    let mut index = 0;
    let mut flags_ended = false;
    while let Some(arg) = args.get(index) {
        index += 1;
        if !flags_ended && arg == "--" {
            flags_ended = true;
            continue;
        }
        let next = args.get(index).map(OsString::as_os_str);
        match word(arg, next, flags_ended) {
            Word::Other(word) => {
                let message = format!("unexpected argument: {}", shown(word));
                unknown.push(("flag".to_owned(), code::UNKNOWN_FIELD, message));
            }
            Word::Flag { name, value, next } => match find(main, &name) {
                Some(Found::Param(at)) => {
                    let taken = take(&main.params[at], &mut given[at], value, next);
                    index += usize::from(taken);
                }
                Some(Found::Negated(at)) if value.is_none() => {
                    let target = &mut given[at];
                    target.count += 1;
                    target.bare |= !is_bool(main.params[at].ty);
                    target.switch = Some(false);
                }
                None if name == "help" => return Ok(Bound::Help),
                None if name == "version" => return Ok(Bound::Version),
                _ => {
                    let path = Path::root("flag").then(Segment::Key(&name)).to_string();
                    unknown.push((path, code::UNKNOWN_FIELD, "unknown flag".to_owned()));
                }
            },
        }
    }
    let mut problems = Problems::new();
    let values = convert(ctx, main, &given, &mut problems)?;
    for (path, code, message) in unknown {
        problems.add(&Path::root(&path), code, message);
    }
    Ok(match values {
        Some(values) if problems.is_empty() => Bound::Call(values),
        _ => Bound::Invalid(problems),
    })
}

fn word<'a>(arg: &'a OsStr, next: Option<&'a OsStr>, flags_ended: bool) -> Word<'a> {
    let bytes = arg.as_encoded_bytes();
    if flags_ended || !bytes.starts_with(b"--") {
        return Word::Other(arg);
    }
    let end = bytes.iter().position(|byte| *byte == b'=');
    let Some(name) = std::str::from_utf8(&bytes[2..end.unwrap_or(bytes.len())]).ok() else {
        return Word::Other(arg);
    };
    // A value of its own word does not begin like a flag.
    let next = next.filter(|next| !next.as_encoded_bytes().starts_with(b"-"));
    Word::Flag {
        name: name.to_owned(),
        value: end.map(|end| after(arg, end + 1)),
        next: next.filter(|_| end.is_none()),
    }
}

/// What follows a byte that is ASCII.
fn after(text: &OsStr, start: usize) -> &OsStr {
    match text.to_str() {
        Some(text) => OsStr::new(&text[start..]),
        // The part that is text was read already; the whole is refused as none.
        None => text,
    }
}

enum Found {
    Param(usize),
    /// `--no-name`
    Negated(usize),
}

/// The parameter of a flag; `-` may stand for `_`.
fn find(main: &Main, name: &str) -> Option<Found> {
    let position = |name: &str| {
        let same = |param: &Param| param.name == name || param.name == name.replace('-', "_");
        main.params.iter().position(same)
    };
    position(name)
        .map(Found::Param)
        .or_else(|| position(name.strip_prefix("no-")?).map(Found::Negated))
}

fn is_bool(desc: &TypeDesc) -> bool {
    desc.kind == Kind::Bool || desc.kind == Kind::Option && desc.elem().kind == Kind::Bool
}

/// Takes a flag, and whether the next word is its value.
fn take<'a>(
    param: &Param,
    given: &mut Given<'a>,
    value: Option<&'a OsStr>,
    next: Option<&'a OsStr>,
) -> bool {
    given.count += 1;
    match (value, next) {
        (Some(value), _) => given.values.push(value),
        (None, _) if is_bool(param.ty) => given.switch = Some(true),
        (None, Some(next)) => {
            given.values.push(next);
            return true;
        }
        (None, None) => given.bare = true,
    }
    false
}

fn shown(word: &OsStr) -> String {
    crate::validate::echo(&word.to_string_lossy()).into_owned()
}

/// The arguments, or nothing if one is wrong.
fn convert(
    ctx: &mut Ctx,
    main: &'static Main,
    given: &[Given<'_>],
    problems: &mut Problems,
) -> Outcome<Option<Vec<Value>>> {
    let mut values: Vec<Option<Value>> = Vec::with_capacity(given.len());
    let root = Path::root("flag");
    for (param, given) in main.params.iter().zip(given) {
        let path = root.then(Segment::Field(param.name));
        let value = if given.count == 0 {
            default(ctx, param, &values, &path, problems)?
        } else {
            one(ctx, param, given, &path, problems)?
        };
        values.push(value);
    }
    Ok(values.into_iter().collect())
}

fn default(
    ctx: &mut Ctx,
    param: &Param,
    before: &[Option<Value>],
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let Some(function) = param.default else {
        problems.add(path, code::MISSING_FIELD, "missing flag");
        return Ok(None);
    };
    // A default may look at the parameters before it.
    let before: Option<Vec<Value>> = before.iter().cloned().collect();
    let Some(mut before) = before else {
        return Ok(None);
    };
    let value = ctx.call(function, &mut before)?;
    let count = problems.len();
    validate(ctx, param.ty, value.peek(), path, problems)?;
    Ok((problems.len() == count).then_some(value))
}

/// A parameter that flags name.
fn one(
    ctx: &mut Ctx,
    param: &Param,
    given: &Given<'_>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let is_list = param.ty.kind == Kind::List;
    if given.bare {
        problems.add(path, code::TYPE_MISMATCH, "expected Bool flag");
        return Ok(None);
    }
    if given.count > 1 && !is_list {
        problems.add(path, code::DUPLICATE_FIELD, "multiple values not supported");
        return Ok(None);
    }
    if let Some(switch) = given.switch {
        return Ok(Some(Value::Bool(switch)));
    }
    let is_json = |value: &OsStr| value.to_string_lossy().trim_start().starts_with('[');
    match given.values.as_slice() {
        [only] if !is_list || is_json(only) => text(ctx, param, param.ty, only, path, problems),
        several => {
            let mut list = ListBuilder::new(param.ty, several.len());
            let before = problems.len();
            for (index, value) in several.iter().enumerate() {
                let path = path.then(Segment::Index(index));
                let value = text(ctx, param, param.ty.elem(), value, &path, problems)?;
                value.into_iter().for_each(|value| list.push(value));
            }
            let list = Value::Ref(list.finish());
            validate(ctx, param.ty, list.peek(), path, problems)?;
            Ok((problems.len() == before).then_some(list))
        }
    }
}

fn text(
    ctx: &mut Ctx,
    param: &Param,
    desc: &'static TypeDesc,
    value: &OsStr,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let Some(text) = value.to_str() else {
        problems.add(path, code::INVALID_ENCODING, "not valid UTF-8");
        return Ok(None);
    };
    let redact = is_secret_text(param.name, text);
    decode_text(ctx, desc, text, TextOptions { redact }, path, problems)
}

/// The status that `main` asks for: its `Int`, from 0 to 125.
pub(crate) fn exit_status(result: &'static TypeDesc, value: &Value) -> Option<i64> {
    let inner = match (result.kind, value.as_obj()) {
        (Kind::Result, Some(object)) if object.tag() == OK => object.field(0).to_value(),
        (Kind::Int, _) => value.clone(),
        _ => return None,
    };
    inner.as_int()
}

//! Methods of `String`, `Id` and `Email`. Positions count scalar values.

use unicode_segmentation::UnicodeSegmentation;

use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::{Obj, list_of};
use crate::meta::well_known;
use crate::ops::{self, check_len};
use crate::value::Value;

/// Bytes of what `repeat` and the like make at most.
const MADE_MAX: usize = 256 * 1024 * 1024;

fn object<'a>(call: &'a Call<'_>) -> Outcome<Obj<'a>> {
    call.text(0)?;
    call.args[0].as_obj().ok_or_else(|| call.mismatch(0))
}

fn text(text: &str) -> Outcome<Value> {
    Ok(Value::text(text))
}

/// The receiver itself if a method leaves it as it is, else the shorter text.
fn part(call: &Call<'_>, part: &str) -> Outcome<Value> {
    if part.len() == call.text(0)?.len() {
        return Ok(call.args[0].clone());
    }
    text(part)
}

fn texts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Outcome<Value> {
    let parts = parts.into_iter().map(Value::text);
    Ok(Value::Ref(list_of(&well_known::LIST_STRING, parts)))
}

/// Texts of one scalar value each; those of ASCII are made once.
pub(in super::super) fn chars(call: &mut Call<'_>) -> Outcome<Value> {
    let receiver = call.text(0)?;
    let mut buffer = [0; 4];
    let parts = receiver
        .chars()
        .map(|letter| Value::text(letter.encode_utf8(&mut buffer)));
    Ok(Value::Ref(list_of(&well_known::LIST_STRING, parts)))
}

pub(in super::super) fn len(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Int(object(call)?.text_chars() as i64))
}

pub(in super::super) fn is_empty(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.text(0)?.is_empty()))
}

pub(in super::super) fn contains(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.text(0)?.contains(call.text(1)?)))
}

pub(in super::super) fn starts_with(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.text(0)?.starts_with(call.text(1)?)))
}

pub(in super::super) fn ends_with(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.text(0)?.ends_with(call.text(1)?)))
}

/// The number of scalar values before a byte.
fn chars_before(receiver: Obj<'_>, byte: usize) -> i64 {
    if receiver.is_ascii() {
        return byte as i64;
    }
    receiver.text()[..byte].chars().count() as i64
}

pub(in super::super) fn index_of(call: &mut Call<'_>) -> Outcome<Value> {
    let receiver = object(call)?;
    let found = receiver.text().find(call.text(1)?);
    Ok(Value::option(
        found.map(|byte| chars_before(receiver, byte)),
    ))
}

pub(in super::super) fn last_index_of(call: &mut Call<'_>) -> Outcome<Value> {
    let receiver = object(call)?;
    let found = receiver.text().rfind(call.text(1)?);
    Ok(Value::option(
        found.map(|byte| chars_before(receiver, byte)),
    ))
}

pub(in super::super) fn char_at(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(ops::text_index(object(call)?, call.int(1)?).unwrap_or(Value::Null))
}

pub(in super::super) fn slice(call: &mut Call<'_>) -> Outcome<Value> {
    ops::text_slice(object(call)?, call.int(1)?, Some(call.int(2)?))
}

pub(in super::super) fn lines(call: &mut Call<'_>) -> Outcome<Value> {
    texts(call.text(0)?.lines())
}

pub(in super::super) fn split(call: &mut Call<'_>) -> Outcome<Value> {
    let separator = call.text(1)?;
    if separator.is_empty() {
        return Err(Fault::invalid_arguments(
            "split expects a non-empty separator",
        ));
    }
    texts(call.text(0)?.split(separator))
}

pub(in super::super) fn split_once(call: &mut Call<'_>) -> Outcome<Value> {
    match call.text(0)?.split_once(call.text(1)?) {
        Some((before, after)) => texts([before, after]),
        None => Ok(Value::Null),
    }
}

pub(in super::super) fn trim(call: &mut Call<'_>) -> Outcome<Value> {
    part(call, call.text(0)?.trim())
}

pub(in super::super) fn trim_start(call: &mut Call<'_>) -> Outcome<Value> {
    part(call, call.text(0)?.trim_start())
}

pub(in super::super) fn trim_end(call: &mut Call<'_>) -> Outcome<Value> {
    part(call, call.text(0)?.trim_end())
}

pub(in super::super) fn strip_prefix(call: &mut Call<'_>) -> Outcome<Value> {
    match call.text(0)?.strip_prefix(call.text(1)?) {
        Some(rest) => part(call, rest),
        None => Ok(Value::Null),
    }
}

pub(in super::super) fn strip_suffix(call: &mut Call<'_>) -> Outcome<Value> {
    match call.text(0)?.strip_suffix(call.text(1)?) {
        Some(rest) => part(call, rest),
        None => Ok(Value::Null),
    }
}

pub(in super::super) fn upper(call: &mut Call<'_>) -> Outcome<Value> {
    text(&call.text(0)?.to_uppercase())
}

pub(in super::super) fn lower(call: &mut Call<'_>) -> Outcome<Value> {
    text(&call.text(0)?.to_lowercase())
}

pub(in super::super) fn replace(call: &mut Call<'_>) -> Outcome<Value> {
    let (receiver, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if to.len() > from.len() {
        let count = receiver.matches(from).count();
        let growth = count.saturating_mul(to.len() - from.len());
        check_len(receiver.len().saturating_add(growth))?;
    }
    text(&receiver.replace(from, to))
}

pub(in super::super) fn repeat(call: &mut Call<'_>) -> Outcome<Value> {
    let (receiver, count) = (call.text(0)?, call.int(1)?);
    let count = usize::try_from(count)
        .map_err(|_| Fault::invalid_arguments("repeat expects a non-negative count"))?;
    check_made("repeat", receiver.len().saturating_mul(count))?;
    text(&receiver.repeat(count))
}

fn check_made(name: &str, len: usize) -> Outcome<()> {
    if len > MADE_MAX {
        return Err(Fault::invalid_arguments(format!(
            "{name} result is too large"
        )));
    }
    check_len(len)
}

/// What a text lacks to a width, made of repetitions of the fill.
fn padding(call: &Call<'_>, name: &str) -> Outcome<String> {
    let (width, fill) = (call.int(1)?, call.text(2)?);
    let present = object(call)?.text_chars() as i64;
    let missing = width.saturating_sub(present);
    if missing <= 0 {
        return Ok(String::new());
    }
    if fill.is_empty() {
        return Err(Fault::invalid_arguments(format!(
            "{name} expects a non-empty fill"
        )));
    }
    // No scalar value takes more bytes than the whole fill does.
    let missing = usize::try_from(missing).unwrap_or(usize::MAX);
    check_made(
        name,
        missing
            .saturating_mul(fill.len())
            .saturating_add(call.text(0)?.len()),
    )?;
    Ok(fill.chars().cycle().take(missing).collect())
}

pub(in super::super) fn pad_start(call: &mut Call<'_>) -> Outcome<Value> {
    let padding = padding(call, "pad_start")?;
    text(&(padding + call.text(0)?))
}

pub(in super::super) fn pad_end(call: &mut Call<'_>) -> Outcome<Value> {
    let padding = padding(call, "pad_end")?;
    text(&[call.text(0)?, &padding].concat())
}

pub(in super::super) fn reverse(call: &mut Call<'_>) -> Outcome<Value> {
    text(&call.text(0)?.chars().rev().collect::<String>())
}

/// Without the white space that all lines begin with. Lines of nothing else
/// become empty and do not count.
pub(in super::super) fn dedent(call: &mut Call<'_>) -> Outcome<Value> {
    let receiver = call.text(0)?;
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &&str| line.trim().is_empty();
    let lines = || receiver.split('\n');
    let mut shared: Option<&str> = None;
    for line in lines().filter(|line| !is_blank(line)) {
        let indent = &line[..indent_of(line)];
        shared = Some(match shared {
            None => indent,
            Some(shared) => common_prefix(shared, indent),
        });
    }
    let shared = shared.unwrap_or_default();
    let dedented: Vec<_> = lines()
        .map(|line| {
            if is_blank(&line) {
                // The end of a line of two characters stays one.
                return if line.ends_with('\r') { "\r" } else { "" };
            }
            line.strip_prefix(shared).unwrap_or(line)
        })
        .collect();
    text(&dedented.join("\n"))
}

fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let len = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    &a[..len]
}

pub(in super::super) fn to_bytes(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::bytes(call.text(0)?.as_bytes()))
}

pub(in super::super) fn graphemes(call: &mut Call<'_>) -> Outcome<Value> {
    texts(call.text(0)?.graphemes(true))
}

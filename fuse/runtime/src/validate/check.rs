//! Checking values against their types.

use super::{Path, Problems, Segment, code, is_email, is_id};
use crate::context::Ctx;
use crate::display;
use crate::fault::{Fault, FieldProblem, Outcome};
use crate::meta::{Constraint, Kind, TypeDesc};
use crate::value::{Peek, Value};

/// What became of a check: nothing is wrong, or what is.
pub type Checked = Result<(), Vec<FieldProblem>>;

/// Whether values that have the representation of a type can fail it.
fn needs_validation(desc: &TypeDesc) -> bool {
    if !desc.constraints.is_empty() {
        return true;
    }
    match desc.kind {
        Kind::Id | Kind::Email => true,
        Kind::Option | Kind::List => needs_validation(desc.elem()),
        Kind::Map => needs_validation(desc.key()) || needs_validation(desc.elem()),
        Kind::Result => needs_validation(desc.elem()) || needs_validation(desc.key()),
        // Records and enums were validated when they were made.
        _ => false,
    }
}

/// Checks a value that has the representation of `desc` against it.
///
/// # Errors
///
/// A fault of a predicate.
pub fn validate(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    value: Peek<'_>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<()> {
    if !needs_validation(desc) {
        return Ok(());
    }
    match (desc.kind, value) {
        (Kind::Option, Peek::Null) => return Ok(()),
        (Kind::Option, value) => return validate(ctx, desc.elem(), value, path, problems),
        (Kind::List, Peek::Obj(list)) if needs_validation(desc.elem()) => {
            for (index, item) in list.list().iter().enumerate() {
                let path = path.then(Segment::Index(index));
                validate(ctx, desc.elem(), item, &path, problems)?;
            }
        }
        (Kind::Map, Peek::Obj(map)) => {
            for (key, value) in map.map().iter() {
                let name = display::to_string(key);
                let path = path.then(Segment::Key(&name));
                validate(ctx, desc.key(), key, &path, problems)?;
                validate(ctx, desc.elem(), value, &path, problems)?;
            }
        }
        (Kind::Result, Peek::Obj(result)) => {
            let content = if result.tag() == crate::heap::OK {
                desc.elem()
            } else {
                desc.key()
            };
            validate(ctx, content, result.field(0), path, problems)?;
        }
        _ => {}
    }
    constraints(ctx, desc, value, path, problems)
}

/// Checks the rules of `Id` and `Email` and the constraints of `desc`, not those
/// of the parts of a value.
///
/// # Errors
///
/// A fault of a predicate.
pub(crate) fn constraints(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    value: Peek<'_>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<()> {
    let message = match (desc.kind, value.as_text()) {
        (Kind::Id, Some(text)) if !is_id(text) => Some("expected non-empty Id".to_owned()),
        (Kind::Email, Some(text)) if !is_email(text) => Some("invalid email address".to_owned()),
        _ => None,
    };
    if let Some(message) = message {
        problems.add(path, code::INVALID_VALUE, message);
        return Ok(());
    }
    for constraint in desc.constraints {
        if let Some(message) = violation(ctx, constraint, value, path)? {
            problems.add(path, code::INVALID_VALUE, message);
            break;
        }
    }
    Ok(())
}

/// What is wrong with a value by a constraint, if anything.
fn violation(
    ctx: &mut Ctx,
    constraint: &'static Constraint,
    value: Peek<'_>,
    path: &Path<'_>,
) -> Outcome<Option<String>> {
    // Lengths say little about a secret; its value would say all.
    let shown = || {
        if path.is_secret() {
            return "<redacted>".to_owned();
        }
        display::to_string(value)
    };
    Ok(match constraint {
        Constraint::Length { min, max } => {
            let len = length(value) as u64;
            let message = || format!("length {len} out of range {min}..{max}");
            (!(*min..=*max).contains(&len)).then(message)
        }
        Constraint::Int { min, max } => {
            let inside = matches!(value, Peek::Int(value) if (*min..=*max).contains(&value));
            (!inside).then(|| format!("value {} out of range {min}..{max}", shown()))
        }
        Constraint::Float { min, max } => {
            let inside = matches!(value, Peek::Float(value) if *min <= value && value <= *max);
            let bound = |bound: &f64| display::float_text(*bound);
            (!inside).then(|| {
                format!(
                    "value {} out of range {}..{}",
                    shown(),
                    bound(min),
                    bound(max)
                )
            })
        }
        Constraint::Pattern(pattern) => {
            let runtime = ctx.runtime();
            let pattern = runtime.meta().patterns[*pattern as usize];
            let regex = runtime.patterns().get(pattern);
            let regex =
                regex.map_err(|error| Fault::internal(format!("pattern {pattern}: {error}")))?;
            let found = value.as_text().is_some_and(|text| regex.is_match(text));
            (!found).then(|| format!("value does not match regex {pattern}"))
        }
        Constraint::Predicate { name, function } => {
            let answer = ctx.call(*function, &mut [value.to_value()])?;
            let accepted = matches!(answer, Value::Bool(true));
            (!accepted).then(|| format!("predicate {name} rejected value"))
        }
    })
}

/// Scalar values of text, octets, elements or entries.
fn length(value: Peek<'_>) -> usize {
    let Some(object) = value.as_obj() else {
        return 0;
    };
    match object.desc().kind {
        Kind::String => object.text_chars(),
        Kind::Bytes => object.bytes().len(),
        Kind::List => object.list().len(),
        Kind::Map => object.map().len(),
        _ => 0,
    }
}

/// Checks fields of a record that is about to be made, or values that a variant
/// is about to carry: those at the positions in `checked`. `tag` is the variant,
/// 0 for a record.
///
/// # Errors
///
/// A fault of a predicate.
pub fn validate_fields(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    tag: u16,
    values: &[Value],
    checked: impl IntoIterator<Item = usize>,
) -> Outcome<Checked> {
    let mut problems = Problems::new();
    let name = match desc.kind {
        Kind::Enum => format!("{}.{}", desc.name, desc.variants[usize::from(tag)].name),
        _ => desc.name.to_owned(),
    };
    let root = Path::root(&name);
    for index in checked {
        let value = values[index].peek();
        if desc.kind == Kind::Enum {
            let payload = desc.variants[usize::from(tag)].payload;
            let indexed = root.then(Segment::Index(index));
            let path = if payload.len() == 1 { &root } else { &indexed };
            validate(ctx, payload[index].desc(), value, path, &mut problems)?;
        } else {
            let field = &desc.fields[index];
            let path = root.then(Segment::Field(field.name)).secret(field.secret);
            validate(ctx, field.desc(), value, &path, &mut problems)?;
        }
    }
    Ok(if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into_fields())
    })
}

//! Error values that the runtime makes.

use crate::context::Ctx;
use crate::fault::{Fault, FieldProblem, Outcome};
use crate::heap::{Ref, list_of};
use crate::meta::{FieldDefault, TypeDesc};
use crate::value::Value;

/// A record of type `desc` with these fields; the others, which a program may have
/// added, have their defaults.
///
/// # Errors
///
/// A default faulted, or a field that the program added has none.
pub fn standard_error(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    mut given: Vec<(&str, Value)>,
) -> Outcome<Value> {
    let mut values: Vec<Value> = Vec::with_capacity(desc.fields.len());
    for field in desc.fields {
        let at = given.iter().position(|(name, _)| *name == field.name);
        let value = match (at, field.default) {
            (Some(at), _) => given.swap_remove(at).1,
            (None, FieldDefault::Int(value)) => Value::Int(value),
            (None, FieldDefault::Text(text)) => Value::text(text),
            (None, FieldDefault::Call { function, .. }) => {
                ctx.call(function, &mut values.clone())?
            }
            (None, FieldDefault::None) if field.desc().is_optional() => Value::Null,
            (None, FieldDefault::None) => {
                let message = format!("field {} of {desc} needs a default", field.name);
                return Err(Fault::error(message));
            }
        };
        values.push(value);
    }
    Ok(Value::Ref(Ref::new_record(desc, values)))
}

/// `std.Error.Validation` with these problems; `desc` is its type.
///
/// # Errors
///
/// As [`standard_error`].
pub fn validation_value(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    problems: Vec<FieldProblem>,
) -> Outcome<Value> {
    let index = desc
        .field_index("fields")
        .ok_or_else(|| Fault::internal("no fields"))?;
    let list = desc.fields[index].desc();
    let mut entries = Vec::with_capacity(problems.len());
    for problem in problems {
        let given = vec![
            ("path", Value::text(&problem.path)),
            ("code", Value::text(&problem.code)),
            ("message", Value::text(&problem.message)),
        ];
        entries.push(standard_error(ctx, list.elem(), given)?);
    }
    let given = vec![
        ("message", Value::text("validation failed")),
        ("fields", Value::Ref(list_of(list, entries))),
    ];
    standard_error(ctx, desc, given)
}

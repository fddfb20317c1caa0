//! Checked conversion of dynamic data to a type.

use super::{DataMode, decode_data};
use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::meta::{Kind, TypeDesc};
use crate::value::Value;

/// The value as one of type `desc`.
///
/// # Errors
///
/// It is none: `cannot convert <path>: <reason>` with the first problem in the
/// order of declaration. Or a default or predicate faulted.
pub fn convert(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    value: Value,
    mode: DataMode,
    root: &str,
) -> Outcome<Value> {
    // What is the same already needs no walk.
    if desc.constraints.is_empty() {
        match (desc.kind, &value) {
            (Kind::Int, Value::Int(_))
            | (Kind::Float, Value::Float(_))
            | (Kind::Bool, Value::Bool(_))
            | (Kind::Value, _) => return Ok(value),
            (Kind::String, value) if value.as_text().is_some() => return Ok(value.clone()),
            _ => {}
        }
    }
    let invalid = match decode_data(ctx, desc, value.peek(), mode, root)? {
        Ok(value) => return Ok(value),
        Err(invalid) => invalid,
    };
    let first = invalid.into_fields(root).into_iter().next();
    let first = first.ok_or_else(|| Fault::internal("a conversion failed without a problem"))?;
    Err(Fault::cannot_convert(&first.path, &first.message))
}

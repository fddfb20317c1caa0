//! Ranges.

use crate::fault::{Fault, Outcome};
use crate::heap::{Ref, admit};
use crate::meta::well_known;
use crate::value::Value;

/// Elements that a range can have as a list.
pub const RANGE_MAX: u64 = 10_000_000;

/// Number of elements of `start..end`, or of `start..<end` if not `inclusive`.
///
/// # Errors
///
/// An inclusive range starts above its end.
pub fn int_range_len(start: i64, end: i64, inclusive: bool) -> Outcome<u64> {
    if inclusive {
        if start > end {
            return Err(Fault::range_backwards());
        }
        // The whole of the 64-bit integers has one element more than fits.
        return Ok(end.abs_diff(start).saturating_add(1));
    }
    Ok(if start >= end { 0 } else { end.abs_diff(start) })
}

/// The range as a `List<Int>`.
///
/// # Errors
///
/// As [`int_range_len`]; or there are more than [`RANGE_MAX`] elements, or the
/// heap has no room for them.
pub fn int_range(start: i64, end: i64, inclusive: bool) -> Outcome<Value> {
    let len = checked_len(int_range_len(start, end, inclusive)?)?;
    let mut list = Ref::new_list(&well_known::LIST_INT, len);
    let mut target = list.list_mut();
    for offset in 0..len as i64 {
        target.push(Value::Int(start.wrapping_add(offset)));
    }
    Ok(Value::Ref(list))
}

/// Number of elements of `start..end` in steps of 1: `start + k` for whole `k`
/// up to the distance, give or take a rounding error.
///
/// # Errors
///
/// A bound is not finite, or the start is above the end.
pub fn float_range_len(start: f64, end: f64) -> Outcome<u64> {
    if !start.is_finite() || !end.is_finite() {
        return Err(Fault::range_bounds());
    }
    if start > end {
        return Err(Fault::range_backwards());
    }
    let last = (end - start + 1e-9).floor();
    // The cast saturates; what is too much is refused as such.
    Ok((last as u64).saturating_add(1))
}

/// The range as a `List<Float>`.
///
/// # Errors
///
/// As [`float_range_len`]; or there are more than [`RANGE_MAX`] elements, or the
/// heap has no room for them.
pub fn float_range(start: f64, end: f64) -> Outcome<Value> {
    let len = checked_len(float_range_len(start, end)?)?;
    let mut list = Ref::new_list(&well_known::LIST_FLOAT, len);
    let mut target = list.list_mut();
    for step in 0..len {
        target.push(Value::Float(start + step as f64));
    }
    Ok(Value::Ref(list))
}

/// The range between two `Value`s as a `List<Value>`: of `Float`s where one of
/// the bounds is one, which only an inclusive range has.
///
/// # Errors
///
/// A bound is no number, or as [`int_range`] and [`float_range`].
pub fn range_dynamic(start: &Value, end: &Value, inclusive: bool) -> Outcome<Value> {
    let list = match (start, end) {
        (Value::Int(start), Value::Int(end)) => int_range(*start, *end, inclusive)?,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) if inclusive => {
            float_range(number(start), number(end))?
        }
        _ => return Err(Fault::range_kind()),
    };
    Ok(super::to_data(&list))
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(value) => *value as f64,
        Value::Float(value) => *value,
        _ => f64::NAN,
    }
}

fn checked_len(len: u64) -> Outcome<usize> {
    if len > RANGE_MAX {
        return Err(Fault::range_too_large());
    }
    let len = len as usize;
    admit(len * 8)?;
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display;

    #[test]
    fn dynamic_bounds_are_numbers_of_either_kind() {
        let shown = |start: Value, end: Value, inclusive| {
            range_dynamic(&start, &end, inclusive)
                .map(|range| display::to_string(range.peek()))
                .map_err(|fault| fault.message().to_owned())
        };
        let (one, three) = (Value::Int(1), Value::Int(3));
        assert_eq!(
            shown(one.clone(), three.clone(), true).as_deref(),
            Ok("[1, 2, 3]")
        );
        assert_eq!(
            shown(one.clone(), three.clone(), false).as_deref(),
            Ok("[1, 2]")
        );
        let floats = shown(one.clone(), Value::Float(2.5), true);
        assert_eq!(floats.as_deref(), Ok("[1.0, 2.0]"));
        let refused = Err("range expects numeric bounds".to_owned());
        assert_eq!(shown(one.clone(), Value::Float(2.5), false), refused);
        assert_eq!(shown(Value::text("a"), one.clone(), true), refused);
        let backwards = Err("range start must be <= end".to_owned());
        assert_eq!(shown(three, one, true), backwards);
    }
}

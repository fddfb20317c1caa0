//! Arithmetic on 64-bit integers, checked, and joining of lists, text and bytes.

use crate::display;
use crate::fault::{Fault, Outcome};
use crate::heap::{LEN_MAX, admit};
use crate::meta::{Kind, TypeDesc};
use crate::value::{Peek, Value};

/// `a + b`
///
/// # Errors
///
/// The result is outside 64 bits.
pub fn add(a: i64, b: i64) -> Outcome<i64> {
    a.checked_add(b).ok_or_else(Fault::integer_overflow)
}

/// `a - b`
///
/// # Errors
///
/// The result is outside 64 bits.
pub fn subtract(a: i64, b: i64) -> Outcome<i64> {
    a.checked_sub(b).ok_or_else(Fault::integer_overflow)
}

/// `a * b`
///
/// # Errors
///
/// The result is outside 64 bits.
pub fn multiply(a: i64, b: i64) -> Outcome<i64> {
    a.checked_mul(b).ok_or_else(Fault::integer_overflow)
}

/// `a / b`, towards zero.
///
/// # Errors
///
/// The divisor is zero, or the result is outside 64 bits.
pub fn divide(a: i64, b: i64) -> Outcome<i64> {
    if b == 0 {
        return Err(Fault::division_by_zero());
    }
    a.checked_div(b).ok_or_else(Fault::integer_overflow)
}

/// `a % b`, with the sign of `a`.
///
/// # Errors
///
/// The divisor is zero.
pub fn remainder(a: i64, b: i64) -> Outcome<i64> {
    if b == 0 {
        return Err(Fault::division_by_zero());
    }
    // The one case that does not fit the division does fit here: it is 0.
    Ok(a.wrapping_rem(b))
}

/// `-a`
///
/// # Errors
///
/// The result is outside 64 bits.
pub fn negate(a: i64) -> Outcome<i64> {
    a.checked_neg().ok_or_else(Fault::integer_overflow)
}

/// `a` to the power of `n`.
///
/// # Errors
///
/// `n` is negative, or the result is outside 64 bits.
pub fn power(a: i64, n: i64) -> Outcome<i64> {
    if n < 0 {
        return Err(Fault::invalid_arguments(
            "pow expects a non-negative exponent",
        ));
    }
    match u32::try_from(n) {
        Ok(n) => a.checked_pow(n).ok_or_else(Fault::integer_overflow),
        // Only these stay in range for ever.
        Err(_) => match a {
            0 | 1 => Ok(a),
            -1 => Ok(if n % 2 == 0 { 1 } else { -1 }),
            _ => Err(Fault::integer_overflow()),
        },
    }
}

/// `a + b` where one is text and the other has a text form. When nothing else
/// owns `a`, it grows in place.
///
/// # Errors
///
/// The result is larger than a value can be, or than the heap may be.
pub fn concat(a: Value, b: &Value) -> Outcome<Value> {
    let mut a = a;
    if let (Value::Ref(left), Some(right)) = (&mut a, b.as_text())
        && left.desc().kind == Kind::String
    {
        check_len(left.obj().bytes().len() + right.len())?;
        left.text_push(right);
        return Ok(a);
    }
    display::with_buffer(|out| {
        display::write(a.peek(), out);
        display::write(b.peek(), out);
        check_len(out.len())?;
        Ok(Value::text(
            std::str::from_utf8(out).expect("the text form is text"),
        ))
    })
}

/// Refuses lengths that a value cannot have, or that the heap has no room for.
pub(crate) fn check_len(len: usize) -> Outcome<()> {
    if len > LEN_MAX {
        return Err(Fault::too_large());
    }
    Ok(admit(len)?)
}

/// `a + b` for lists; `desc` is the type of the result.
///
/// # Errors
///
/// The result is larger than a value can be, or than the heap may be.
pub fn concat_lists(desc: &'static TypeDesc, a: Value, b: &Value) -> Outcome<Value> {
    let (Some(left), Some(right)) = (a.peek().as_kind(Kind::List), b.peek().as_kind(Kind::List))
    else {
        return Err(Fault::internal("lists expected"));
    };
    let (left, right) = (left.list(), right.list());
    let len = left.len() + right.len();
    if len > LEN_MAX {
        return Err(Fault::too_large());
    }
    admit(len * desc.elem().slot.size())?;
    let same = left.elem().slot == desc.elem().slot;
    let mut joined = match a {
        Value::Ref(list) if same => list,
        other => {
            let list = other.peek().as_obj().expect("it is a list").list();
            crate::heap::list_of(desc, list.iter().map(Peek::to_value))
        }
    };
    let mut target = joined.list_mut();
    target.reserve(right.len());
    for value in right.iter() {
        target.push(value.to_value());
    }
    Ok(Value::Ref(joined))
}

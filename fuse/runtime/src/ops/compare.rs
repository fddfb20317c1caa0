//! Equality, order and hashes of values.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::heap::{Key, Map, Obj};
use crate::meta::Kind;
use crate::value::Peek;

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Comparison {
    /// Whether the operator holds for operands in this order; nothing holds for
    /// those that have none, such as NaN.
    #[must_use]
    pub fn holds(self, order: Option<Ordering>) -> bool {
        let Some(order) = order else { return false };
        match self {
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        }
    }

    /// As written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// Whether two values are equal. `Int` and `Float` compare as the numbers they
/// are; the order of entries does not matter; NaN equals nothing.
#[must_use]
pub fn equal(a: Peek<'_>, b: Peek<'_>) -> bool {
    let mut pending = Vec::new();
    if !same(a, b, &mut pending) {
        return false;
    }
    while let Some((a, b)) = pending.pop() {
        if !same(a, b, &mut pending) {
            return false;
        }
    }
    true
}

/// Compares what can be compared at once and leaves the parts for later.
fn same<'a>(a: Peek<'a>, b: Peek<'a>, pending: &mut Vec<(Peek<'a>, Peek<'a>)>) -> bool {
    match (a, b) {
        (Peek::Unit, Peek::Unit) | (Peek::Null, Peek::Null) => true,
        (Peek::Bool(a), Peek::Bool(b)) => a == b,
        (Peek::Int(a), Peek::Int(b)) => a == b,
        (Peek::Float(a), Peek::Float(b)) => a == b,
        (Peek::Int(int), Peek::Float(float)) | (Peek::Float(float), Peek::Int(int)) => {
            compare_float_int(float, int) == Some(Ordering::Equal)
        }
        (Peek::Tag(a, left), Peek::Tag(b, right)) => a == b && left.is_same_nominal(right),
        (Peek::Obj(a), Peek::Obj(b)) => same_objects(a, b, pending),
        _ => false,
    }
}

fn same_objects<'a>(a: Obj<'a>, b: Obj<'a>, pending: &mut Vec<(Peek<'a>, Peek<'a>)>) -> bool {
    let (left, right) = (a.desc(), b.desc());
    match (left.kind, right.kind) {
        (Kind::String, Kind::String) => a.text() == b.text(),
        (Kind::Bytes, Kind::Bytes) => a.bytes() == b.bytes(),
        (Kind::List, Kind::List) => {
            let (a, b) = (a.list(), b.list());
            if let (Some(a), Some(b)) = (a.ints(), b.ints()) {
                return a == b;
            }
            if a.len() != b.len() {
                return false;
            }
            pending.extend(a.iter().zip(b.iter()));
            true
        }
        (Kind::Map, Kind::Map) => same_maps(a.map(), b.map(), pending),
        (Kind::Record, Kind::Record) => left.is_same_nominal(right) && same_fields(a, b, pending),
        (Kind::Enum, Kind::Enum) => {
            left.is_same_nominal(right) && a.tag() == b.tag() && same_fields(a, b, pending)
        }
        (Kind::Result, Kind::Result) => a.tag() == b.tag() && same_fields(a, b, pending),
        _ => false,
    }
}

fn same_fields<'a>(a: Obj<'a>, b: Obj<'a>, pending: &mut Vec<(Peek<'a>, Peek<'a>)>) -> bool {
    if a.field_count() != b.field_count() {
        return false;
    }
    pending.extend((0..a.field_count()).map(|index| (a.field(index), b.field(index))));
    true
}

fn same_maps<'a>(a: Map<'a>, b: Map<'a>, pending: &mut Vec<(Peek<'a>, Peek<'a>)>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    for (key, value) in a.iter() {
        let key = Key::from_peek(key).expect("keys are text or numbers");
        match b.get(key) {
            Some(other) => pending.push((value, other)),
            None => return false,
        }
    }
    true
}

/// The order of two numbers, or of two texts by scalar values. NaN and values
/// of other kinds have none.
#[must_use]
pub fn order(a: Peek<'_>, b: Peek<'_>) -> Option<Ordering> {
    match (a, b) {
        (Peek::Int(a), Peek::Int(b)) => Some(a.cmp(&b)),
        (Peek::Float(a), Peek::Float(b)) => a.partial_cmp(&b),
        (Peek::Float(float), Peek::Int(int)) => compare_float_int(float, int),
        (Peek::Int(int), Peek::Float(float)) => {
            compare_float_int(float, int).map(Ordering::reverse)
        }
        // Octets of UTF-8 have the order of the scalar values they encode.
        _ => Some(a.as_text()?.cmp(b.as_text()?)),
    }
}

/// The order for sorting: as [`order`], with NaN after all other numbers.
#[must_use]
pub fn sort_order(a: Peek<'_>, b: Peek<'_>) -> Ordering {
    let is_nan = |value: Peek<'_>| matches!(value, Peek::Float(value) if value.is_nan());
    order(a, b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}

/// Compares numbers as numbers: an integer is not rounded to the nearest float.
#[must_use]
pub fn compare_float_int(float: f64, int: i64) -> Option<Ordering> {
    /// 2 to the power of 63.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= LIMIT {
        return Some(Ordering::Greater);
    }
    if float < -LIMIT {
        return Some(Ordering::Less);
    }
    // The truncated part is within 64 bits, so the cast is exact.
    let whole = float.trunc();
    let order = (whole as i64).cmp(&int);
    let fraction = float - whole;
    Some(order.then_with(|| fraction.partial_cmp(&0.0).unwrap_or(Ordering::Equal)))
}

/// Feeds a value to a hasher so that equal values have equal hashes.
pub fn hash(value: Peek<'_>, state: &mut impl Hasher) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Peek::Unit => 0_u8.hash(state),
            Peek::Null => 1_u8.hash(state),
            Peek::Bool(value) => value.hash(state),
            // An integer and the float that equals it have one hash.
            Peek::Int(value) => (value as f64).to_bits().hash(state),
            Peek::Float(value) => (value + 0.0).to_bits().hash(state),
            Peek::Tag(tag, _) => tag.hash(state),
            Peek::Obj(object) => match object.desc().kind {
                Kind::String => object.text().hash(state),
                Kind::Bytes => object.bytes().hash(state),
                Kind::List => {
                    object.list().len().hash(state);
                    pending.extend(object.list().iter());
                }
                // Entries may be in another order: only their number is sure.
                Kind::Map => object.map().len().hash(state),
                Kind::Record => {
                    pending.extend((0..object.field_count()).map(|at| object.field(at)));
                }
                Kind::Enum | Kind::Result => {
                    object.tag().hash(state);
                    pending.extend((0..object.field_count()).map(|at| object.field(at)));
                }
                _ => {}
            },
        }
    }
}

//! Operators: arithmetic, comparison, ranges, indexes and what they do on
//! dynamic data.
//!
//! The functions on scalars are what compiled code does inline; they stand here
//! so that there is one place that says what an operator means.

mod arith;
mod compare;
mod data;
mod dynamic;
mod index;
mod range;

pub(crate) use arith::check_len;
pub use arith::{add, concat, concat_lists, divide, multiply, negate, power, remainder, subtract};
pub use compare::{Comparison, compare_float_int, equal, hash, order, sort_order};
pub use data::{normalise, to_data};
pub use dynamic::{
    Operator, binary, compare as compare_dynamic, condition, element_mut, index as index_dynamic,
    kind_name, member, member_mut, negate as negate_dynamic, not as not_dynamic, set_element,
    set_member, to_value_elements,
};
pub use index::{
    bytes_index, bytes_slice, list_element_mut, list_index, list_remove, list_set, list_slice,
    map_index, text_index, text_position, text_slice,
};
pub use range::{RANGE_MAX, float_range, float_range_len, int_range, int_range_len, range_dynamic};

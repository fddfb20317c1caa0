//! Problems of one input, collected.

use super::Path;
use crate::fault::FieldProblem;

/// Problems that are reported at most.
pub const FIELDS_MAX: usize = 100;

/// The field codes that the runtime uses.
pub mod code {
    /// Absent, or null where that is not allowed.
    pub const MISSING_FIELD: &str = "missing_field";
    /// Not declared.
    pub const UNKNOWN_FIELD: &str = "unknown_field";
    /// Given twice.
    pub const DUPLICATE_FIELD: &str = "duplicate_field";
    /// Of the wrong kind.
    pub const TYPE_MISMATCH: &str = "type_mismatch";
    /// A number that does not fit.
    pub const OUT_OF_RANGE: &str = "out_of_range";
    /// No variant of that name.
    pub const INVALID_VARIANT: &str = "invalid_variant";
    /// Text that is not JSON.
    pub const INVALID_JSON: &str = "invalid_json";
    /// Nested too deep.
    pub const TOO_DEEP: &str = "too_deep";
    /// Not UTF-8, percent-encoding or base64.
    pub const INVALID_ENCODING: &str = "invalid_encoding";
    /// A file that is not of its format.
    pub const INVALID_FORMAT: &str = "invalid_format";
    /// More pairs than are read.
    pub const TOO_MANY: &str = "too_many";
    /// A constraint does not hold.
    pub const INVALID_VALUE: &str = "invalid_value";
}

/// Problems in the order in which they are reported: by declaration, then by input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    fields: Vec<FieldProblem>,
    /// Problems that were found and not kept.
    surplus: u64,
    /// Where the part begins that may still grow by [`FIELDS_MAX`].
    floor: usize,
}

impl Problems {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.surplus == 0
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Adds a problem at a path.
    pub fn add(&mut self, path: &Path<'_>, code: &'static str, message: impl Into<String>) {
        if self.fields.len() - self.floor >= FIELDS_MAX {
            self.surplus += 1;
            return;
        }
        self.fields.push(FieldProblem {
            path: path.to_string(),
            code: code.into(),
            message: message.into(),
        });
    }

    /// Forgets all but the first `count`.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.fields.truncate(count);
    }

    /// Adds problems that were found elsewhere.
    pub(crate) fn add_all(&mut self, problems: Vec<FieldProblem>) {
        self.add_parts(vec![(0, problems)]);
    }

    /// Counts problems that are not kept.
    pub(crate) fn add_surplus(&mut self, count: u64) {
        self.surplus += count;
    }

    /// Begins a part that will be put in its place among others; the returned
    /// value ends it.
    pub(crate) fn begin_part(&mut self) -> usize {
        std::mem::replace(&mut self.floor, self.fields.len())
    }

    /// Ends a part and takes its problems out.
    pub(crate) fn end_part(&mut self, floor: usize) -> Vec<FieldProblem> {
        let part = self.fields.split_off(self.floor);
        self.floor = floor;
        part
    }

    /// Puts parts after what is there, in the order of their numbers.
    pub(crate) fn add_parts(&mut self, mut parts: Vec<(usize, Vec<FieldProblem>)>) {
        parts.sort_by_key(|(order, _)| *order);
        for problem in parts.into_iter().flat_map(|(_, problems)| problems) {
            if self.fields.len() - self.floor >= FIELDS_MAX {
                self.surplus += 1;
            } else {
                self.fields.push(problem);
            }
        }
    }

    /// The problems, at most [`FIELDS_MAX`].
    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.fields[..self.fields.len().min(FIELDS_MAX)]
    }

    /// How many more there were.
    #[must_use]
    pub fn surplus(&self) -> u64 {
        self.surplus + self.fields.len().saturating_sub(FIELDS_MAX) as u64
    }

    /// The problems, at most [`FIELDS_MAX`].
    #[must_use]
    pub fn into_fields(mut self) -> Vec<FieldProblem> {
        self.fields.truncate(FIELDS_MAX);
        self.fields
    }
}

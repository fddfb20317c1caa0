//! Faults: failures that no Fuse code can catch.

use std::borrow::Cow;
use std::fmt;

pub use fuse_builtins::FaultCode;

use crate::heap::OverLimit;

/// A place in source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(C)]
pub struct Span {
    /// Index into [`ProgramMeta::files`](crate::meta::ProgramMeta::files).
    pub file: u32,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column in scalar values, from 1.
    pub column: u32,
}

/// A call that was active when a fault arose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, as in source.
    pub function: String,
    /// Where it called on, or faulted.
    pub span: Span,
}

/// Calls that a trace lists at most.
pub const TRACE_MAX: usize = 32;

/// Bytes of a message at most; longer ones are cut.
pub const MESSAGE_MAX: usize = 8 * 1024;

/// One problem with one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where the input is, such as `body.items[2]`.
    pub path: String,
    /// What is wrong, as a field code.
    pub code: Cow<'static, str>,
    /// Text for humans.
    pub message: String,
}

/// A failure that ends the unit of work: the run, the request, the test, the
/// migration or the task.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: FaultCode,
    message: String,
    span: Option<Span>,
    path: Option<String>,
    fields: Vec<FieldProblem>,
    trace: Vec<Frame>,
}

impl Fault {
    /// A fault with this message, cut to [`MESSAGE_MAX`].
    #[must_use]
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MESSAGE_MAX {
            let end = message.floor_char_boundary(MESSAGE_MAX - '…'.len_utf8());
            message.truncate(end);
            message.push('…');
        }
        Self(Box::new(Inner {
            code,
            message,
            span: None,
            path: None,
            fields: Vec::new(),
            trace: Vec::new(),
        }))
    }

    /// Values that do not meet their constraints.
    #[must_use]
    pub fn validation(fields: Vec<FieldProblem>) -> Self {
        let mut fault = Self::new(FaultCode::Validation, "validation failed");
        fault.0.path = fields.first().map(|field| field.path.clone());
        fault.0.fields = fields;
        fault
    }

    /// Says where in source the fault arose, unless it says so already.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// Says where inside a value the problem is.
    #[must_use]
    pub fn in_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// Adds the call that was active; the innermost comes first, and those past
    /// [`TRACE_MAX`] are left out.
    pub fn push_frame(&mut self, frame: impl FnOnce() -> Frame) {
        if self.0.trace.len() < TRACE_MAX {
            self.0.trace.push(frame());
        }
    }

    /// What kind of failure it is; `as_str` gives the code on the wire.
    #[must_use]
    pub fn code(&self) -> FaultCode {
        self.0.code
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in source it arose.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// Where inside a value the problem is.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The problems of a validation.
    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.0.fields
    }

    /// The calls that were active, innermost first.
    #[must_use]
    pub fn trace(&self) -> &[Frame] {
        &self.0.trace
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Fault {}

impl From<OverLimit> for Fault {
    fn from(_: OverLimit) -> Self {
        Self::memory_limit()
    }
}

/// What evaluation ends with.
pub type Outcome<T> = Result<T, Fault>;

/// The faults whose texts are fixed.
impl Fault {
    /// Of arithmetic.
    #[must_use]
    pub fn integer_overflow() -> Self {
        Self::new(FaultCode::IntegerOverflow, "integer overflow")
    }

    /// Of arithmetic.
    #[must_use]
    pub fn division_by_zero() -> Self {
        Self::new(FaultCode::DivisionByZero, "division by zero")
    }

    /// Of an index or slice of a list, text or bytes.
    #[must_use]
    pub fn index_bounds() -> Self {
        Self::new(FaultCode::IndexBounds, "index out of bounds")
    }

    /// Of a map index.
    #[must_use]
    pub fn missing_key(key: &str) -> Self {
        Self::new(FaultCode::MissingKey, format!("missing key \"{key}\""))
    }

    /// Of a dynamic list.
    #[must_use]
    pub fn list_index_kind() -> Self {
        Self::new(FaultCode::InvalidIndex, "list index must be Int")
    }

    /// Of a dynamic map.
    #[must_use]
    pub fn map_index_kind() -> Self {
        Self::new(FaultCode::InvalidIndex, "map keys must be strings")
    }

    /// Of a member or index of null.
    #[must_use]
    pub fn null_access() -> Self {
        Self::new(FaultCode::NullAccess, "null access")
    }

    /// Of a store through a null optional.
    #[must_use]
    pub fn null_store() -> Self {
        Self::new(
            FaultCode::NullAccess,
            "cannot assign through optional access",
        )
    }

    /// Of a member of dynamic data.
    #[must_use]
    pub fn unknown_field(name: &str) -> Self {
        Self::new(FaultCode::FieldAccess, format!("unknown field {name}"))
    }

    /// Of a store to an element of dynamic data.
    #[must_use]
    pub fn not_indexable() -> Self {
        Self::new(
            FaultCode::InvalidAssignmentTarget,
            "assignment target must be an indexable value",
        )
    }

    /// Of a store to a member of dynamic data.
    #[must_use]
    pub fn not_a_struct() -> Self {
        Self::new(
            FaultCode::InvalidAssignmentTarget,
            "assignment target must be a struct field",
        )
    }

    /// Of a dynamic operator.
    #[must_use]
    pub fn operands(operator: &str, left: &str, right: &str) -> Self {
        let message = format!("unsupported operands for {operator}: {left}, {right}");
        Self::new(FaultCode::TypeError, message)
    }

    /// Of a dynamic comparison.
    #[must_use]
    pub fn comparison(operator: &str, left: &str, right: &str) -> Self {
        let message = format!("unsupported comparison: {left} {operator} {right}");
        Self::new(FaultCode::TypeError, message)
    }

    /// Of a checked conversion.
    #[must_use]
    pub fn cannot_convert(path: &str, reason: &str) -> Self {
        let message = format!("cannot convert {path}: {reason}");
        Self::new(FaultCode::TypeError, message).in_path(path)
    }

    /// Of a loop over dynamic data that is neither list nor map.
    #[must_use]
    pub fn not_iterable(kind: &str) -> Self {
        Self::new(FaultCode::TypeError, format!("cannot iterate over {kind}"))
    }

    /// Of a range.
    #[must_use]
    pub fn range_backwards() -> Self {
        Self::new(FaultCode::RangeError, "range start must be <= end")
    }

    /// Of a range of floats.
    #[must_use]
    pub fn range_bounds() -> Self {
        Self::new(FaultCode::RangeError, "invalid range bounds")
    }

    /// Of a dynamic range.
    #[must_use]
    pub fn range_kind() -> Self {
        Self::new(FaultCode::RangeError, "range expects numeric bounds")
    }

    /// Of a range as a list.
    #[must_use]
    pub fn range_too_large() -> Self {
        Self::new(FaultCode::RangeError, "range too large")
    }

    /// Of calls.
    #[must_use]
    pub fn call_depth() -> Self {
        Self::new(FaultCode::StackOverflow, "call depth limit exceeded")
    }

    /// Of `assert`; `message` is the display form of its second argument.
    #[must_use]
    pub fn assertion(message: &str) -> Self {
        Self::new(
            FaultCode::AssertionFailed,
            format!("assert failed: {message}"),
        )
    }

    /// Of a value that outgrows what one value can be.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(FaultCode::Error, "value too large")
    }

    /// Of the bound of the heap.
    #[must_use]
    pub fn memory_limit() -> Self {
        Self::new(FaultCode::Error, "memory limit exceeded")
    }

    /// Of a built-in function or member.
    #[must_use]
    pub fn invalid_arguments(message: impl Into<String>) -> Self {
        Self::new(FaultCode::InvalidArguments, message)
    }

    /// Of a guard that only a defect can reach.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FaultCode::Internal, message)
    }

    /// Of everything else.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(FaultCode::Error, message)
    }

    /// Of the deadline.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(FaultCode::Timeout, "request timed out")
    }

    /// Of work that nobody waits for.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(FaultCode::Cancelled, "cancelled")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_their_limit() {
        let message = |text: String| Fault::error(text).message().to_owned();
        let longest = "a".repeat(MESSAGE_MAX);
        assert_eq!(message(longest.clone()), longest);
        let cut = message("a".repeat(MESSAGE_MAX + 1));
        assert_eq!(cut.len(), MESSAGE_MAX);
        assert!(cut.ends_with("a…"));
        // Never inside a character.
        let cut = message("é".repeat(MESSAGE_MAX));
        assert!(cut.len() <= MESSAGE_MAX && cut.ends_with("é…"));
    }
}

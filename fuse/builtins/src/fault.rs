//! The codes of run-time failures.

use std::fmt;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        /// The code of a fault: a failure that a program cannot catch.
        ///
        /// Codes are part of the language's contract and never change meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultCode {
            $($(#[doc = $doc])+ $name,)*
        }

        impl FaultCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as programs and users see it, such as `runtime_index_bounds`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

faults! {
    /// The result of integer arithmetic does not fit 64 bits.
    IntegerOverflow = "runtime_integer_overflow";
    /// Integer division or remainder by zero.
    DivisionByZero = "runtime_division_by_zero";
    /// Index or slice outside a list, text or byte string.
    IndexBounds = "runtime_index_bounds";
    /// A map has no such key, and the context does not accept null.
    MissingKey = "runtime_missing_key";
    /// A dynamic value was indexed with the wrong kind.
    InvalidIndex = "runtime_invalid_index";
    /// Member or index on null, or a store through a null optional.
    NullAccess = "runtime_null_access";
    /// A member of a dynamic value that is not a map.
    FieldAccess = "runtime_field_access";
    /// A range with bad bounds or too many elements.
    RangeError = "runtime_range_error";
    /// A dynamic value is not of the type it is used as.
    TypeError = "runtime_type_error";
    /// A built-in was given an argument it cannot work with.
    InvalidArguments = "runtime_invalid_arguments";
    /// A dynamic value of the wrong kind was assigned into.
    InvalidAssignmentTarget = "runtime_invalid_assignment_target";
    /// An assertion does not hold.
    AssertionFailed = "runtime_assertion_failed";
    /// More than 10 000 calls are active.
    StackOverflow = "runtime_stack_overflow";
    /// A transaction was opened while one is open.
    TransactionNested = "runtime_transaction_nested";
    /// Markup that would not be what it says.
    HtmlInvalid = "runtime_html_invalid";
    /// Text is not JSON.
    InvalidJson = "runtime_invalid_json";
    /// An environment variable is not of the type it is read as.
    ConfigDecode = "runtime_config_decode";
    /// Reserved; no checked program raises it.
    TaskExpected = "runtime_task_expected";
    /// Reserved; no checked program raises it.
    TypeSpecError = "runtime_type_spec_error";
    /// A guard inside the implementation failed: a defect.
    Internal = "runtime_internal";
    /// Anything without a more precise code.
    Error = "runtime_error";
    /// The deadline of the unit of work was reached.
    Timeout = "runtime_timeout";
    /// The unit of work was abandoned.
    Cancelled = "runtime_cancelled";
    /// The database failed.
    Db = "runtime_db";
    /// `request` or `response` was used while no route is running.
    HttpContext = "runtime_http_context";
    /// A value does not satisfy its type; carries the failing fields.
    Validation = "validation_error";
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::code::{self, is_field_code};
use super::path::FieldPath;
use super::{Error, ErrorKind};

/// One problem with one input.
///
/// The message is for humans and never contains the rejected value.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    path: FieldPath,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    pointer: Option<String>,
    params: Map<String, Value>,
}

impl FieldError {
    /// A problem at `path`. A `code` outside the field code grammar becomes
    /// `invalid_value`.
    #[must_use]
    pub fn new(
        path: impl Into<FieldPath>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let code = code.into();
        debug_assert!(is_field_code(&code), "`{code}` is not a field code");
        Self {
            path: path.into(),
            code: if is_field_code(&code) {
                code
            } else {
                Cow::Borrowed(code::field::INVALID_VALUE)
            },
            message: message.into(),
            pointer: None,
            params: Map::new(),
        }
    }

    /// Adds an RFC 6901 JSON Pointer into the body; only for JSON bodies.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Adds a parameter of the violated rule, such as `min`; never the
    /// rejected value.
    #[must_use]
    pub fn param(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(key.into(), value.into());
        self
    }

    /// Where the problem is.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// What the problem is, as a field code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Text for humans.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// JSON Pointer, if given.
    #[must_use]
    pub fn pointer_str(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// Parameters of the rule.
    #[must_use]
    pub fn params(&self) -> &Map<String, Value> {
        &self.params
    }
}

impl Serialize for FieldError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", self.path.as_str())?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(pointer) = &self.pointer {
            map.serialize_entry("pointer", pointer)?;
        }
        if !self.params.is_empty() {
            map.serialize_entry("params", &super::details::Sorted(&self.params))?;
        }
        map.end()
    }
}

/// Collects every problem of one input, so that a client can fix all of them
/// in one round trip.
///
/// ```
/// use plumego_contract::FieldErrors;
///
/// let mut problems = FieldErrors::new();
/// problems.required("body.name", " ");
/// problems.check(3 < 2, "body.age", "out_of_range", "must be below 2");
/// let error = problems.into_result().unwrap_err();
/// assert_eq!(error.status(), 400);
/// assert_eq!(error.field_errors().len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FieldErrors {
    entries: Vec<FieldError>,
}

impl FieldErrors {
    /// No problem yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `missing_field` when `value` is empty or blank.
    pub fn required(&mut self, path: impl Into<FieldPath>, value: &str) -> &mut Self {
        self.check(
            !value.trim().is_empty(),
            path,
            code::field::MISSING_FIELD,
            "required",
        )
    }

    /// Adds a problem when `holds` is false.
    pub fn check(
        &mut self,
        holds: bool,
        path: impl Into<FieldPath>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> &mut Self {
        if !holds {
            self.entries.push(FieldError::new(path, code, message));
        }
        self
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: FieldError) -> &mut Self {
        self.entries.push(problem);
        self
    }

    /// True while no problem was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of problems found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.entries.iter()
    }

    /// `Ok` when nothing was found.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Validation`] with every problem.
    pub fn into_result(self) -> Result<(), Error> {
        if self.entries.is_empty() {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Validation).fields(self))
        }
    }
}

impl Extend<FieldError> for FieldErrors {
    fn extend<I: IntoIterator<Item = FieldError>>(&mut self, problems: I) {
        self.entries.extend(problems);
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

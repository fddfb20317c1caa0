use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::json::into_error;
use super::tree::{self, Member, Node, Rules};
use crate::error::code::field as codes;
use crate::error::path::cut_echo;
use crate::scope::{param, params};
use crate::{Error, ErrorKind, FieldPath, Request};

/// A handler asked for path parameters that its route does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownParam {
    name: String,
}

impl UnknownParam {
    fn new(name: &str) -> Self {
        Self {
            name: cut_echo(name).to_owned(),
        }
    }
}

impl fmt::Display for UnknownParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the route has no parameter `{}`", self.name)
    }
}

impl std::error::Error for UnknownParam {}

/// Binds all path parameters to a struct, by name.
///
/// # Errors
/// `400 validation_error` with every problem at `path.<name>`; `500
/// internal_error` when the struct requires a parameter the route does not
/// have.
pub fn path<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    let members = params(request)
        .map(|(name, value)| Member::new(Cow::Borrowed(name), Node::Word(Cow::Borrowed(value))));
    let node = Node::Object(members.collect());
    let rules = Rules {
        root: "path",
        pointers: false,
        deny_unknown: false,
    };
    tree::bind(&node, rules).map_err(|problems| {
        let absent = |p: &&crate::FieldError| p.code() == codes::MISSING_FIELD;
        match problems.fields.iter().find(absent) {
            Some(problem) => Error::internal(UnknownParam::new(problem.path().as_str())),
            None => into_error(problems),
        }
    })
}

/// Reads one path parameter.
///
/// # Errors
/// `400 validation_error` with `type_mismatch` at `path.<name>` when the value
/// does not parse; `500 internal_error` when the route has no such parameter.
///
/// # Panics
/// In debug builds, when the route has no such parameter: that is a mistake in
/// the program, not in the request.
pub fn path_param<T: FromStr>(request: &Request, name: &str) -> Result<T, Error> {
    let Some(value) = param(request, name) else {
        debug_assert!(false, "the route has no parameter `{name}`");
        return Err(Error::internal(UnknownParam::new(name)));
    };
    value.parse().map_err(|_| {
        let path = FieldPath::root("path").name(name);
        let message = "the text is not of the form this value requires";
        Error::new(ErrorKind::Validation).field(path, codes::TYPE_MISMATCH, message)
    })
}

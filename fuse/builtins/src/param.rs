//! Parameters and the values they take when a call leaves them out.

use std::fmt;

use crate::type_spec::TypeSpec;

/// A constant that stands for an argument a call did not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'static str),
    /// A list of texts; `[]` when it has none, whatever the element type.
    Texts(&'static [&'static str]),
    /// `{}`.
    EmptyMap,
    /// The length of the receiver, as `len()` gives it.
    ReceiverLen,
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(texts) => write!(f, "{texts:?}"),
            Self::EmptyMap => f.write_str("{}"),
            Self::ReceiverLen => f.write_str("len"),
        }
    }
}

/// What an argument is for, where a check or a build step wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamRole {
    /// Nothing special.
    Plain,
    /// A regular expression; a literal one is checked when compiling.
    Regex,
    /// A time format; a literal one is parsed once.
    TimeFormat,
    /// SQL text; one made of values is worth a warning.
    Sql,
    /// The comparison operator of a query condition.
    QueryOperator,
    /// The direction of a query's order.
    SortDirection,
    /// The columns a query reads.
    Columns,
    /// The path of an SVG file; a literal one can be embedded.
    SvgPath,
    /// Never to be shown in a message.
    Secret,
}

/// One parameter of a built-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name, which named arguments use.
    pub name: &'static str,
    /// Its type.
    pub ty: TypeSpec,
    /// What it is when a call leaves it out; a parameter without one is required.
    pub default: Option<DefaultValue>,
    /// What the argument is for.
    pub role: ParamRole,
    /// Whether it takes all remaining positional arguments, each of its type.
    pub variadic: bool,
}

impl Param {
    /// A required parameter without a special role.
    pub(crate) const fn new(name: &'static str, ty: TypeSpec) -> Self {
        Self {
            name,
            ty,
            default: None,
            role: ParamRole::Plain,
            variadic: false,
        }
    }

    /// The same parameter, which a call may leave out.
    pub(crate) const fn or(mut self, default: DefaultValue) -> Self {
        self.default = Some(default);
        self
    }

    /// The same parameter with a role.
    pub(crate) const fn role(mut self, role: ParamRole) -> Self {
        self.role = role;
        self
    }

    /// The same parameter, taking any number of arguments.
    pub(crate) const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)?;
        if self.variadic {
            f.write_str("...")?;
        }
        match self.default {
            Some(default) => write!(f, " = {default}"),
            None => Ok(()),
        }
    }
}

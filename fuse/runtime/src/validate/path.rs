//! Where inside an input something is, written only when it is asked for.

use std::borrow::Cow;
use std::fmt;

/// Bytes of input that paths and messages repeat at most.
const ECHO_MAX: usize = 64;

/// A part of input as a message repeats it: long ones are cut.
pub(crate) fn echo(text: &str) -> Cow<'_, str> {
    if text.len() <= ECHO_MAX {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(ECHO_MAX)]))
}

/// One step from a value to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Where the path begins: `body`, `config.App.port`, `User`.
    Root(&'a str),
    /// A field of a record.
    Field(&'a str),
    /// An entry of a map.
    Key(&'a str),
    /// An item of a list.
    Index(usize),
}

/// A path, as a chain that lives on the stack of whoever walks the value.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Self>,
    segment: Segment<'a>,
    /// Whether values here are never to be shown.
    secret: bool,
}

impl<'a> Path<'a> {
    /// A path that begins here.
    #[must_use]
    pub fn root(root: &'a str) -> Self {
        Self {
            parent: None,
            segment: Segment::Root(root),
            secret: false,
        }
    }

    /// Says that values here and below are never to be shown.
    #[must_use]
    pub fn secret(mut self, secret: bool) -> Self {
        self.secret |= secret;
        self
    }

    /// A part of what this path leads to.
    #[must_use]
    pub fn then(&'a self, segment: Segment<'a>) -> Self {
        Self {
            parent: Some(self),
            segment,
            secret: self.secret,
        }
    }

    /// Whether values here are never to be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }
}

/// The path by the grammar of error envelopes.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Paths are as deep as input may be nested, which is bounded.
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.segment {
            Segment::Root(root) => f.write_str(root),
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Field(name) | Segment::Key(name)
                if is_name(name) && name.len() <= ECHO_MAX =>
            {
                write!(f, ".{name}")
            }
            Segment::Field(name) | Segment::Key(name) => {
                let mut quoted = Vec::new();
                crate::json::write_string(&name[..name.floor_char_boundary(ECHO_MAX)], &mut quoted);
                write!(f, "[{}]", String::from_utf8_lossy(&quoted))
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_names_are_quoted() {
        let root = Path::root("body");
        let items = root.then(Segment::Field("items"));
        let item = items.then(Segment::Index(2));
        let dotted = item.then(Segment::Key("a.b\"c"));
        assert_eq!(dotted.to_string(), r#"body.items[2]["a.b\"c"]"#);
        assert_eq!(
            item.then(Segment::Key("x-1")).to_string(),
            "body.items[2].x-1"
        );
        assert_eq!(
            item.then(Segment::Key("")).to_string(),
            r#"body.items[2][""]"#
        );
    }
}

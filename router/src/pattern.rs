//! Route patterns: what is written at registration, checked and taken apart.

use std::cmp::Ordering;

use crate::error::{Fault, RegisterErrorKind as Kind};
use crate::path::{self, Segments};

/// Most parameters one pattern may have.
pub(crate) const PARAMS_MAX: usize = 16;
/// Most segments one pattern may have.
const SEGMENTS_MAX: usize = 64;
/// Most bytes one pattern may have.
const BYTES_MAX: usize = 2_048;

/// Stands for a parameter in a [`Pattern::key`]. Like the other marks it is a
/// byte that never occurs in UTF-8, so no text can be mistaken for it. It sorts
/// after every byte of text.
pub(crate) const PARAM: u8 = 0xFF;
/// Stands for a wildcard in a [`Pattern::key`]; sorts between text and
/// [`PARAM`].
pub(crate) const WILDCARD: u8 = 0xFE;

/// One segment of a pattern, in the order of precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Decoded text.
    Static(String),
    /// The name of a parameter.
    Param(String),
    /// The name of a wildcard.
    Wildcard(String),
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Self::Static(_) => 0,
            Self::Param(_) => 1,
            Self::Wildcard(_) => 2,
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Static(_) => None,
            Self::Param(name) | Self::Wildcard(name) => Some(name),
        }
    }
}

/// A checked pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// As registered, group prefixes included; `/` for the root.
    pub(crate) text: String,
    pub(crate) segments: Vec<Segment>,
    /// Only under the strict slash policy.
    pub(crate) trailing_slash: bool,
}

impl Pattern {
    /// Joins a group prefix (checked before, without trailing slash, empty for
    /// the root) with a path as given at registration, and checks the whole.
    pub(crate) fn join(prefix: &str, path: &str, strict: bool) -> Result<Self, Fault> {
        let path = canonical(path, strict)?;
        let path = if path == "/" { "" } else { path };
        Self::parse(format!("{prefix}{path}"))
    }

    /// As [`join`](Self::join) for the prefix of a group: a trailing slash
    /// never counts and a wildcard is refused.
    pub(crate) fn join_prefix(prefix: &str, path: &str) -> Result<Self, Fault> {
        let pattern = Self::join(prefix, path, false)?;
        if let Some(Segment::Wildcard(name)) = pattern.segments.last() {
            return Err(wildcard_not_last(name));
        }
        Ok(pattern)
    }

    fn parse(text: String) -> Result<Self, Fault> {
        if text.len() > BYTES_MAX {
            let reason = format!("the pattern is longer than {BYTES_MAX} bytes");
            return Err(Fault::new(Kind::TooLong, reason));
        }
        check_characters(&text)?;
        let (body, trailing_slash) = match text.strip_suffix('/') {
            Some(body) => (body, !body.is_empty()),
            None => (text.as_str(), false),
        };
        let segments = parse_segments(body)?;
        let text = if text.is_empty() {
            "/".to_owned()
        } else {
            text
        };
        Ok(Self {
            text,
            segments,
            trailing_slash,
        })
    }

    /// Names of parameters and wildcard, in order.
    pub(crate) fn param_names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    pub(crate) fn has_wildcard(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Wildcard(_)))
    }

    /// What the pattern matches, without the names: two patterns with one key
    /// match the same paths. Text is spelled as [`path::mark`] spells it.
    pub(crate) fn key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.text.len() + 1);
        for segment in &self.segments {
            key.push(b'/');
            match segment {
                Segment::Static(text) => key.extend(text.bytes().map(path::mark)),
                Segment::Param(_) => key.push(PARAM),
                Segment::Wildcard(_) => key.push(WILDCARD),
            }
        }
        if self.trailing_slash || key.is_empty() {
            key.push(b'/');
        }
        key
    }

    /// Whether the pattern matches a whole request path.
    pub(crate) fn matches(&self, path: &Segments) -> bool {
        if self.trailing_slash != path.trailing_slash {
            return false;
        }
        let wildcard = self.has_wildcard();
        let fixed = self.segments.len() - usize::from(wildcard);
        let enough = if wildcard {
            path.segments.len() > fixed
        } else {
            path.segments.len() == fixed
        };
        enough
            && path.segments.iter().all(|segment| !segment.is_empty())
            && self.begins(&path.segments)
    }

    /// Whether the pattern, which has no wildcard, is a prefix of the path.
    pub(crate) fn is_prefix_of(&self, path: &Segments) -> bool {
        path.segments.len() >= self.segments.len() && self.begins(&path.segments)
    }

    fn begins(&self, path: &[String]) -> bool {
        self.segments
            .iter()
            .zip(path)
            .all(|(segment, part)| match segment {
                Segment::Static(text) => text == part,
                Segment::Param(_) => !part.is_empty(),
                Segment::Wildcard(_) => true,
            })
    }

    /// The more specific of two patterns that match one path is the lesser.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let ranks = |pattern: &Self| {
            pattern
                .segments
                .iter()
                .map(Segment::rank)
                .collect::<Vec<_>>()
        };
        ranks(self).cmp(&ranks(other))
    }
}

/// Collapses leading slashes and removes trailing ones, of which one is kept
/// when `strict`.
fn canonical(path: &str, strict: bool) -> Result<&str, Fault> {
    if path.is_empty() {
        return Ok("");
    }
    if !path.starts_with('/') {
        let reason = format!("the path does not begin with `/`; write `/{path}`");
        return Err(Fault::new(Kind::NotAbsolute, reason));
    }
    let extra = path.len() - path.trim_start_matches('/').len() - 1;
    let path = &path[extra..];
    let trimmed = path.trim_end_matches('/');
    let keep = usize::from(strict || trimmed.is_empty()).min(path.len() - trimmed.len());
    Ok(&path[..trimmed.len() + keep])
}

fn check_characters(text: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
    match text.chars().find(|c| !c.is_ascii() || !allowed(*c as u8)) {
        None => Ok(()),
        Some(bad) => {
            let mut utf8 = [0; 4];
            let escaped = path::escape(bad.encode_utf8(&mut utf8));
            let reason = format!("{bad:?} cannot stand in a path; write it as `{escaped}`");
            Err(Fault::new(Kind::InvalidCharacter, reason))
        }
    }
}

/// `body` has no trailing slash; it is empty or begins with a slash.
fn parse_segments(body: &str) -> Result<Vec<Segment>, Fault> {
    let mut segments = Vec::new();
    for text in body.split('/').skip(1) {
        if let Some(Segment::Wildcard(name)) = segments.last() {
            return Err(wildcard_not_last(name));
        }
        segments.push(parse_segment(text)?);
        check_counts(&segments)?;
    }
    Ok(segments)
}

fn check_counts(segments: &[Segment]) -> Result<(), Fault> {
    if segments.len() > SEGMENTS_MAX {
        let reason = format!("the pattern has more than {SEGMENTS_MAX} segments");
        return Err(Fault::new(Kind::TooDeep, reason));
    }
    let Some((last, before)) = segments.split_last() else {
        return Ok(());
    };
    let Some(name) = last.name() else {
        return Ok(());
    };
    let mut names = before.iter().filter_map(Segment::name);
    if names.any(|other| other == name) {
        let reason = format!("the parameter `{name}` occurs twice in the full pattern");
        return Err(Fault::new(Kind::DuplicateParam, reason));
    }
    if before.iter().filter_map(Segment::name).count() == PARAMS_MAX {
        let reason = format!("the pattern has more than {PARAMS_MAX} parameters");
        return Err(Fault::new(Kind::TooManyParams, reason));
    }
    Ok(())
}

fn parse_segment(text: &str) -> Result<Segment, Fault> {
    if text.is_empty() {
        let reason = "the path has an empty segment (`//`); remove one slash";
        return Err(Fault::new(Kind::EmptySegment, reason));
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        return parse_braced(text, inner);
    }
    if text.contains(['{', '}']) {
        return Err(brace_syntax(text));
    }
    if let Some(name) = text.strip_prefix([':', '*']) {
        let star = if text.starts_with('*') { "*" } else { "" };
        let reason = format!(
            "`{text}` is not a parameter here; write `{{{star}{name}}}`, or `%{:02X}{name}` for the text itself",
            text.as_bytes()[0]
        );
        return Err(Fault::new(Kind::UnbracedParam, reason));
    }
    parse_static(text)
}

fn parse_braced(text: &str, inner: &str) -> Result<Segment, Fault> {
    if inner.contains(['{', '}']) {
        return Err(brace_syntax(text));
    }
    let (name, wildcard) = match inner.strip_prefix('*') {
        Some(name) => (name, true),
        None => (inner, false),
    };
    if name.is_empty() {
        let reason = format!("`{text}` has no name; write for example `{{{inner}id}}`");
        return Err(Fault::new(Kind::EmptyParamName, reason));
    }
    let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let valid = starts(name.as_bytes()[0])
        && name
            .bytes()
            .all(|byte| starts(byte) || byte.is_ascii_digit());
    if !valid {
        let reason = format!(
            "`{name}` is not a parameter name: use letters, digits and `_`, not beginning with a digit"
        );
        return Err(Fault::new(Kind::InvalidParamName, reason));
    }
    let name = name.to_owned();
    Ok(if wildcard {
        Segment::Wildcard(name)
    } else {
        Segment::Param(name)
    })
}

fn parse_static(text: &str) -> Result<Segment, Fault> {
    let Ok(decoded) = path::decode_segment(text) else {
        let reason = format!(
            "`{text}` is not valid percent-encoding of UTF-8 text without NUL; a percent sign is written `%25`"
        );
        return Err(Fault::new(Kind::InvalidEncoding, reason));
    };
    if path::is_dot_segment(decoded.as_bytes()) {
        let reason = format!("`{text}` is a dot segment, which no request can reach");
        return Err(Fault::new(Kind::DotSegment, reason));
    }
    Ok(Segment::Static(decoded))
}

fn brace_syntax(text: &str) -> Fault {
    let reason = format!(
        "`{text}`: braces must enclose a whole segment; a literal brace is written `%7B` or `%7D`"
    );
    Fault::new(Kind::BraceSyntax, reason)
}

fn wildcard_not_last(name: &str) -> Fault {
    let reason = format!("the wildcard `{{*{name}}}` must be the last segment of a route");
    Fault::new(Kind::WildcardNotLast, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(prefix: &str, path: &str, strict: bool) -> String {
        Pattern::join(prefix, path, strict).unwrap().text
    }

    fn kind(path: &str) -> Kind {
        Pattern::join("", path, false).unwrap_err().kind
    }

    #[test]
    fn slashes_are_brought_to_one_spelling() {
        for (given, lenient, strict) in [
            ("", "/", "/"),
            ("/", "/", "/"),
            ("//", "/", "/"),
            ("/a", "/a", "/a"),
            ("///a", "/a", "/a"),
            ("/a/", "/a", "/a/"),
            ("/a///", "/a", "/a/"),
            ("//a/b//", "/a/b", "/a/b/"),
        ] {
            assert_eq!(text("", given, false), lenient, "{given}");
            assert_eq!(text("", given, true), strict, "{given}");
        }
    }

    #[test]
    fn prefixes_and_paths_join_without_doubled_slashes() {
        for (prefix, path, full) in [
            ("/api", "/v1", "/api/v1"),
            ("/api/", "/v1/", "/api/v1"),
            ("/api", "/", "/api"),
            ("/api", "", "/api"),
            ("/a/b", "/c/d", "/a/b/c/d"),
            ("//a", "//b", "/a/b"),
            ("", "/x", "/x"),
            ("/", "/x", "/x"),
        ] {
            let outer = Pattern::join_prefix("", prefix).unwrap();
            let outer = if outer.segments.is_empty() {
                ""
            } else {
                &outer.text
            };
            assert_eq!(text(outer, path, false), full, "{prefix} + {path}");
        }
    }

    #[test]
    fn every_malformed_pattern_is_told_apart() {
        for (path, expected) in [
            ("users", Kind::NotAbsolute),
            ("{id}", Kind::NotAbsolute),
            ("/files//readme", Kind::EmptySegment),
            ("/{}", Kind::EmptyParamName),
            ("/{*}", Kind::EmptyParamName),
            ("/{1id}", Kind::InvalidParamName),
            ("/{id-name}", Kind::InvalidParamName),
            ("/{id:name}", Kind::InvalidParamName),
            ("/{*file.path}", Kind::InvalidParamName),
            ("/{**rest}", Kind::InvalidParamName),
            ("/files/{*path}/edit", Kind::WildcardNotLast),
            ("/{*a}/{*b}", Kind::WildcardNotLast),
            ("/{id}/x/{id}", Kind::DuplicateParam),
            ("/{id}/{*id}", Kind::DuplicateParam),
            ("/users/:id", Kind::UnbracedParam),
            ("/files/*path", Kind::UnbracedParam),
            ("/*", Kind::UnbracedParam),
            ("/v{n}", Kind::BraceSyntax),
            ("/{id}.json", Kind::BraceSyntax),
            ("/{a}{b}", Kind::BraceSyntax),
            ("/{id", Kind::BraceSyntax),
            ("/id}", Kind::BraceSyntax),
            ("/{", Kind::BraceSyntax),
            ("/{{id}}", Kind::BraceSyntax),
            ("/a?b", Kind::InvalidCharacter),
            ("/a#b", Kind::InvalidCharacter),
            ("/a b", Kind::InvalidCharacter),
            ("/a\tb", Kind::InvalidCharacter),
            ("/a\u{7f}", Kind::InvalidCharacter),
            ("/größe", Kind::InvalidCharacter),
            ("/100%", Kind::InvalidEncoding),
            ("/%4", Kind::InvalidEncoding),
            ("/%zz", Kind::InvalidEncoding),
            ("/%ff", Kind::InvalidEncoding),
            ("/a%00", Kind::InvalidEncoding),
            ("/a/./b", Kind::DotSegment),
            ("/a/..", Kind::DotSegment),
            ("/a/%2e%2E", Kind::DotSegment),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn other_spellings_of_parameters_are_answered_with_ours() {
        let reason = |path| Pattern::join("", path, false).unwrap_err().reason;
        assert!(reason("/:name").contains("`{name}`"));
        assert!(reason("/*name").contains("`{*name}`"));
    }

    #[test]
    fn limits_hold_exactly() {
        let params = |n: usize| (0..n).map(|i| format!("/{{p{i}}}")).collect::<String>();
        assert!(Pattern::join("", &params(16), false).is_ok());
        assert_eq!(kind(&params(17)), Kind::TooManyParams);
        assert!(Pattern::join("", &"/s".repeat(64), false).is_ok());
        assert_eq!(kind(&"/s".repeat(65)), Kind::TooDeep);
        let long = |n: usize| format!("/{}", "x".repeat(n - 1));
        assert!(Pattern::join("", &long(2_048), false).is_ok());
        assert_eq!(kind(&long(2_049)), Kind::TooLong);
    }

    #[test]
    fn a_group_prefix_has_no_wildcard() {
        let fault = Pattern::join_prefix("/a", "/{*rest}").unwrap_err();
        assert_eq!(fault.kind, Kind::WildcardNotLast);
        assert!(Pattern::join_prefix("/a", "/{rest}").is_ok());
    }

    #[test]
    fn keys_ignore_names_and_spelling_but_not_shape() {
        let key = |path| Pattern::join("", path, true).unwrap().key();
        assert_eq!(key("/a/{x}"), key("/a/{y}"));
        assert_eq!(key("/%61"), key("/a"));
        assert_ne!(key("/a/{x}"), key("/a/{*x}"));
        assert_ne!(key("/a"), key("/a/"));
        assert_ne!(key("/a%2Fb"), key("/a/b"));
    }
}

//! Paths of routes, with the parameters in them.

use super::Builder;
use crate::ast::{Name, RoutePath, RouteSegment};
use crate::kind::SyntaxKind as K;
use crate::parse::Syntax;
use crate::span::TextRange;

impl Builder<'_> {
    /// The path of a route, from its string.
    pub(super) fn route_path(&mut self, token: usize) -> RoutePath {
        let literal = self.string_at(token);
        let text = self.module.string(literal.text).to_owned();
        // Positions inside the string are known when nothing in it was
        // decoded.
        let source = self.token_text(token);
        let inner = source
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let start = (inner == Some(&text)).then_some(literal.range.start + 1);
        let trimmed = text.strip_suffix('/').unwrap_or(&text);
        let mut segments = Vec::new();
        if let Some(path) = trimmed.strip_prefix('/') {
            let mut offset = 1u32;
            for segment in split(path) {
                let at = start.map(|start| start + offset);
                segments.push(self.segment(segment, at, literal.range));
                offset += segment.len() as u32 + 1;
            }
        } else if !trimmed.is_empty() {
            segments.push(RouteSegment::Malformed(self.plain_text(trimmed)));
        }
        let first = self.pool_len::<RouteSegment>();
        self.pool().extend(segments);
        RoutePath {
            text: literal.text,
            range: literal.range,
            segments: self.list_from(first),
        }
    }

    fn segment(&mut self, segment: &str, at: Option<u32>, whole: TextRange) -> RouteSegment {
        if let Some(param) = self.param_segment(segment, at, whole) {
            return param;
        }
        let special = segment.contains(['{', '}']) || segment.starts_with([':', '*']);
        let text = self.plain_text(segment);
        if special {
            RouteSegment::Malformed(text)
        } else {
            RouteSegment::Literal(text)
        }
    }

    /// `{name: Type}` or `{*name: Type}`.
    fn param_segment(
        &mut self,
        segment: &str,
        at: Option<u32>,
        whole: TextRange,
    ) -> Option<RouteSegment> {
        let inner = segment.strip_prefix('{')?.strip_suffix('}')?;
        let (name, ty) = inner.split_once(':')?;
        let wildcard = name.trim_start().starts_with('*');
        let word = name.trim().trim_start_matches('*').trim();
        let valid = word.bytes().enumerate().all(|(at, byte)| {
            byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
        });
        if word.is_empty() || !valid || K::of_word(word.as_bytes()) != K::Ident {
            return None;
        }
        let space = ty.len() - ty.trim_start().len();
        let ty = ty.trim();
        let syntax = Syntax::of(self.module.file, ty, |parser| {
            parser.ty_alone();
        });
        if syntax.diagnostics.iter().any(crate::Diagnostic::is_error) {
            return None;
        }
        let name_offset = segment.find(word)? as u32;
        let type_offset = 1 + name.len() as u32 + 1 + space as u32;
        let (start, offset, fixed) = match at {
            Some(at) => (at + name_offset, at + type_offset, None),
            None => (whole.start, 0, Some(whole)),
        };
        let ty = super::ty(&syntax, ty, self.module, offset, fixed)?;
        let symbol = self.module.names.intern(word);
        Some(RouteSegment::Param {
            name: Name { symbol, start },
            ty,
            wildcard,
        })
    }
}

/// Splits at slashes outside of braces.
fn split(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut start, mut open) = (0, 0u32);
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            b'/' if open == 0 => {
                segments.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !path.is_empty() {
        segments.push(&path[start..]);
    }
    segments
}

//! Spaces between two tokens, widths, and printing on one line.

use super::roles::{Role, Roles};
use crate::kind::{KindSet, SyntaxKind as K};
use crate::parse::Syntax;

/// Nothing stands between these and what follows.
const TIGHT_AFTER: KindSet =
    KindSet::new(&[K::LParen, K::LBracket, K::LBrace, K::Dot, K::QuestionDot]);

/// Nothing stands between these and what precedes.
const TIGHT_BEFORE: KindSet = KindSet::new(&[
    K::RParen,
    K::RBracket,
    K::RBrace,
    K::Comma,
    K::Colon,
    K::Dot,
    K::QuestionDot,
]);

/// The tokens of a file with what printing has to know about them.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) syntax: &'a Syntax,
    pub(super) roles: Roles,
    pub(super) width: usize,
}

impl<'a> Source<'a> {
    pub(super) fn kind(&self, token: usize) -> K {
        let kinds = &self.syntax.logical.kinds;
        kinds.get(token).copied().unwrap_or(K::Eof)
    }

    pub(super) fn raw(&self, token: usize) -> usize {
        let raw = self.syntax.logical.raw.get(token).copied();
        raw.map_or(self.syntax.tokens.len(), |raw| raw as usize)
    }

    pub(super) fn raw_text(&self, raw: usize) -> &'a str {
        let range = self.syntax.tokens.range(raw);
        self.text.get(range.as_usize()).unwrap_or("")
    }

    /// What a token is printed as. A string with interpolations is one token,
    /// up to its end.
    pub(super) fn token_text(&self, token: usize) -> &'a str {
        if self.roles.of(token).has(Role::RANGE) {
            return "..";
        }
        let first = self.syntax.tokens.range(self.raw(token));
        let last = match self.kind(token) {
            K::StringStart => self
                .syntax
                .tokens
                .range(self.raw(self.roles.partner(token))),
            _ => first,
        };
        self.text.get(first.to(last).as_usize()).unwrap_or("")
    }

    /// The token behind this one.
    pub(super) fn next(&self, token: usize) -> usize {
        match self.kind(token) {
            K::StringStart => self.roles.partner(token).max(token) + 1,
            _ => token + 1,
        }
    }

    /// Whether a space stands between two tokens on one line.
    pub(super) fn spaced(&self, before: usize, after: usize) -> bool {
        let (left, right) = (self.roles.of(before), self.roles.of(after));
        if left.has(Role::COMMA_AFTER) {
            return true;
        }
        if left.has(Role::SPACED) && self.kind(before) == K::LBrace
            || right.has(Role::SPACED) && self.kind(after) == K::RBrace
        {
            return true;
        }
        !(left.has(Role::TIGHT_AFTER)
            || right.has(Role::TIGHT_BEFORE)
            || TIGHT_AFTER.contains(self.kind(before))
            || TIGHT_BEFORE.contains(self.kind(after)))
    }

    /// Whether a token is printed on one line.
    pub(super) fn printed(&self, token: usize) -> bool {
        !self.roles.of(token).has(Role::DROP)
    }

    /// Appends tokens on one line; `before` is the token printed last, if it
    /// stands on the same line. Returns the one printed last now.
    pub(super) fn flat(
        &self,
        out: &mut String,
        mut before: Option<usize>,
        first: usize,
        end: usize,
    ) -> Option<usize> {
        let mut token = first;
        while token < end {
            if self.printed(token) {
                self.one(out, before, token);
                before = Some(token);
            }
            token = self.next(token);
        }
        before
    }

    /// Appends one token, with the comma and the space before it.
    pub(super) fn one(&self, out: &mut String, before: Option<usize>, token: usize) {
        if let Some(before) = before {
            if self.roles.of(before).has(Role::COMMA_AFTER) {
                out.push(',');
            }
            if self.spaced(before, token) {
                out.push(' ');
            }
        }
        let text = self.token_text(token);
        if text.as_bytes().contains(&b'\r') {
            out.push_str(&text.replace("\r\n", "\n"));
        } else {
            out.push_str(text);
        }
    }

    /// Whether a line break in the gap before `token` must stay: a comment
    /// stands there, or the author broke a bracket.
    pub(super) fn gap_is_forced(&self, before: usize, token: usize) -> bool {
        let (from, to) = (self.raw_end(before), self.raw(token));
        if to <= from + 1 {
            // Nothing, or one token of space.
            return false;
        }
        let mut kinds = (from..to).map(|raw| self.syntax.tokens.kind(raw));
        if kinds.any(|kind| matches!(kind, K::Comment | K::Doc)) {
            return true;
        }
        let opens = matches!(self.kind(before), K::LParen | K::LBracket | K::LBrace);
        let broken = (from..to).any(|raw| self.syntax.tokens.kind(raw) == K::LineEnd);
        opens && broken && token != self.roles.partner(before)
    }

    /// The raw token behind a token.
    pub(super) fn raw_end(&self, token: usize) -> usize {
        match self.kind(token) {
            K::StringStart => self.raw(self.roles.partner(token)) + 1,
            _ => self.raw(token) + 1,
        }
    }
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

//! Patterns.

use super::{Mark, Parser};
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::SyntaxKind as K;

impl Parser<'_> {
    pub(super) fn pattern(&mut self) {
        let mark = self.mark();
        if !self.enter() {
            return self.complete(mark, K::ErrorPat);
        }
        match self.kind() {
            K::Ident if self.token_text(self.pos) == "_" => {
                self.bump();
                self.complete(mark, K::WildcardPat);
            }
            K::Ident => self.path_pattern(mark),
            K::Minus => {
                self.bump();
                if matches!(self.kind(), K::Int | K::Float) {
                    self.negative_at = self.pos;
                    self.check_int(true);
                    self.bump();
                } else {
                    self.expected("a number");
                }
                self.complete(mark, K::LiteralPat);
            }
            K::Int => {
                self.check_int(false);
                self.bump();
                self.complete(mark, K::LiteralPat);
            }
            K::Float | K::String | K::TrueKw | K::FalseKw | K::NullKw => {
                self.bump();
                self.complete(mark, K::LiteralPat);
            }
            K::StringStart => {
                self.expected_hint("a pattern", "interpolation is not allowed here");
                self.complete(mark, K::ErrorPat);
            }
            kind if kind.is_reserved() && self.reserved_binding() => {
                self.declared_name("a pattern");
                self.complete(mark, K::ErrorPat);
            }
            _ => {
                self.expected("a pattern");
                self.complete(mark, K::ErrorPat);
            }
        }
        self.leave();
    }

    /// Whether what follows a reserved word shows that it was meant as a name.
    fn reserved_binding(&self) -> bool {
        matches!(
            self.nth(1),
            K::Arrow | K::Colon | K::Comma | K::RParen | K::InKw | K::LParen | K::Dot
        )
    }

    fn path_pattern(&mut self, mark: Mark) {
        self.path("a pattern");
        if !self.at(K::LParen) {
            return self.complete(mark, K::PathPat);
        }
        let (mut named, mut positional) = (0, 0);
        self.list(K::RParen, |parser| {
            let field = parser.mark();
            if parser.kind().is_word() && parser.nth(1) == K::Assign {
                named += 1;
                parser.bump();
                parser.bump();
                parser.pattern();
                parser.complete(field, K::FieldPat);
            } else {
                positional += 1;
                parser.pattern();
            }
        });
        let kind = match (named, positional) {
            (0, _) => K::TuplePat,
            (_, 0) => K::RecordPat,
            _ => {
                let message = "cannot mix positional and named patterns";
                let span = self.span_from(mark);
                self.report(Diagnostic::new(Code::PARSE_PATTERN_MIXED, span, message));
                K::ErrorPat
            }
        };
        self.complete(mark, kind);
    }
}

//! Types.

use super::{Mark, Parser};
use crate::kind::SyntaxKind as K;

impl Parser<'_> {
    /// A type, with its marks for optionals and results.
    pub(super) fn ty(&mut self) {
        if !self.enter() {
            let mark = self.mark();
            self.complete(mark, K::ErrorType);
            return;
        }
        let mark = self.mark();
        self.type_atom();
        let mut marks = 0;
        while self.at(K::Question) && !self.recovering {
            marks += 1;
            if self.depth + marks > super::NESTING_MAX {
                self.too_deep(self.pos);
                break;
            }
            self.bump();
            self.complete(mark, K::OptionType);
        }
        if self.at(K::Bang) && !self.recovering {
            self.result(mark);
        }
        self.leave();
    }

    fn result(&mut self, mark: Mark) {
        self.bump();
        if self.at(K::Ident) {
            self.path("an error domain");
            while self.at(K::Bang) && self.nth(1) == K::Ident {
                self.bump();
                self.path("an error domain");
            }
        }
        self.complete(mark, K::ResultType);
    }

    fn type_atom(&mut self) {
        let mark = self.mark();
        match self.kind() {
            K::Ident => self.named_type(mark),
            K::FnKw => self.fn_type(mark),
            K::LParen => {
                self.bump();
                self.ty();
                self.close(K::RParen);
                self.complete(mark, K::ParenType);
            }
            _ => {
                self.expected("a type");
                self.complete(mark, K::ErrorType);
            }
        }
    }

    fn named_type(&mut self, mark: Mark) {
        self.path("a type");
        if self.at(K::Less) {
            self.angle_list(Self::ty);
            self.complete(mark, K::ApplyType);
        } else {
            self.complete(mark, K::PathType);
        }
        if self.at(K::LParen) && !self.recovering {
            if self.nth(1) == K::RParen {
                self.bump();
                self.expected("a constraint");
                self.recovering = false;
                self.bump();
            } else {
                self.list(K::RParen, |parser| {
                    parser.expr();
                });
            }
            self.complete(mark, K::RefinedType);
        }
    }

    fn fn_type(&mut self, mark: Mark) {
        self.bump();
        if self.at(K::LParen) {
            self.list(K::RParen, Self::ty);
        } else {
            self.expected("`(`");
        }
        if !self.recovering && self.eat(K::Arrow) {
            self.ty();
        }
        self.complete(mark, K::FnType);
    }

    /// `< a, b >`, where the `<` is here.
    pub(super) fn angle_list(&mut self, mut element: impl FnMut(&mut Self)) {
        self.bump();
        loop {
            element(self);
            if self.recovering || !self.eat(K::Comma) || self.at(K::Greater) {
                break;
            }
        }
        self.expect(K::Greater);
    }

    /// Takes a closing bracket, after whatever stands before it.
    pub(super) fn close(&mut self, closer: K) {
        if !self.recovering && !self.at(closer) {
            let text = closer.text().unwrap_or_default();
            self.expected_in_list(&format!("`{text}`"));
        }
        if self.recovering {
            self.skip_to(crate::kind::KindSet::new(&[]));
            self.recovering = !self.at(closer);
        }
        self.eat(closer);
    }

    /// Whether explicit type arguments of a call stand here: a type list in
    /// angle brackets, with `(` right behind it.
    pub(super) fn type_args_ahead(&self) -> bool {
        /// Longer lists of type arguments are not looked for, so that every
        /// `<` costs a bounded time.
        const LOOKAHEAD_MAX: usize = 256;
        let (mut angles, mut parens) = (0usize, 0usize);
        for ahead in 0..LOOKAHEAD_MAX {
            match self.nth(ahead) {
                K::Less => angles += 1,
                K::Greater if parens == 0 => {
                    angles -= 1;
                    if angles == 0 {
                        return ahead > 1
                            && self.nth(ahead + 1) == K::LParen
                            && self.touches(ahead + 1);
                    }
                }
                K::LParen => parens += 1,
                K::RParen if parens > 0 => parens -= 1,
                K::Ident | K::Dot | K::Comma | K::Question | K::Bang | K::FnKw | K::Arrow => {}
                K::Int | K::Float | K::String | K::DotDot | K::Minus if parens > 0 => {}
                _ => return false,
            }
        }
        false
    }
}

//! Expressions, by precedence climbing.

use super::{Mark, NESTING_MAX, Operand, Parser};
use crate::ast::{BinaryOp, UnaryOp};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::kind::{KindSet, SyntaxKind as K};
use crate::lex::int;
use crate::span::TextRange;

/// The levels of binary operators, loosest first.
mod level {
    pub(super) const COALESCE: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const EQUALITY: u8 = 4;
    pub(super) const RELATION: u8 = 5;
    pub(super) const RANGE: u8 = 6;
    pub(super) const SUM: u8 = 7;
    pub(super) const PRODUCT: u8 = 8;
}

/// A binary operator where it stands.
struct Infix {
    /// Nothing is `??`.
    op: Option<BinaryOp>,
    level: u8,
    /// In tokens.
    length: usize,
}

/// What an expression may start with.
pub(super) const EXPR_START: KindSet = KindSet::new(&[
    K::Ident,
    K::Int,
    K::Float,
    K::String,
    K::StringStart,
    K::BadQuote,
    K::LParen,
    K::LBracket,
    K::LBrace,
    K::Minus,
    K::Bang,
    K::AwaitKw,
    K::BoxKw,
    K::TrueKw,
    K::FalseKw,
    K::NullKw,
    K::FnKw,
]);

/// What the error of `?!` may start with.
pub(super) const PRIMARY_START: KindSet = KindSet::new(&[
    K::Ident,
    K::Int,
    K::Float,
    K::String,
    K::StringStart,
    K::LParen,
    K::LBracket,
    K::LBrace,
    K::TrueKw,
    K::FalseKw,
    K::NullKw,
    K::FnKw,
]);

impl Parser<'_> {
    /// An expression. Always finishes exactly one node.
    pub(super) fn expr(&mut self) -> Operand {
        let mark = self.mark();
        if !self.enter() {
            return self.node(mark, K::ErrorExpr, 0, 1);
        }
        let operand = self.binary(level::COALESCE);
        self.leave();
        operand
    }

    fn node(&mut self, mark: Mark, kind: K, detail: u8, height: u32) -> Operand {
        self.complete_with(mark, kind, detail);
        if self.depth + height > NESTING_MAX {
            self.too_deep(self.pos.saturating_sub(1));
        }
        Operand {
            mark,
            kind,
            detail,
            height,
        }
    }

    fn binary(&mut self, loosest: u8) -> Operand {
        let mut left = self.unary();
        while !self.recovering
            && let Some(infix) = self.infix()
        {
            if infix.level < loosest || infix.level == level::RANGE && is_range(left) {
                break;
            }
            left = self.binary_rest(left, &infix);
        }
        left
    }

    fn binary_rest(&mut self, left: Operand, infix: &Infix) -> Operand {
        let operator = self.pos;
        self.pos += infix.length;
        let chained = infix.level == level::RELATION && is_relation(left);
        let right = self.binary(infix.level + 1);
        let height = left.height.max(right.height) + 1;
        if chained {
            self.chained_comparison(left, operator, infix.length);
            return self.node(left.mark, K::ErrorExpr, 0, height);
        }
        match infix.op {
            Some(op) => self.node(left.mark, K::BinaryExpr, op as u8, height),
            None => {
                self.check_coalesce(left, right);
                self.node(left.mark, K::CoalesceExpr, 0, height)
            }
        }
    }

    fn infix(&self) -> Option<Infix> {
        use BinaryOp as Op;
        let (op, level) = match self.kind() {
            K::Question if self.nth(1) == K::Question && self.touches(1) => {
                let assigns = self.nth(2) == K::Assign && self.touches(2);
                return (!assigns).then_some(Infix {
                    op: None,
                    level: level::COALESCE,
                    length: 2,
                });
            }
            K::Greater if self.nth(1) == K::Assign && self.touches(1) => {
                return Some(Infix {
                    op: Some(Op::GreaterEq),
                    level: level::RELATION,
                    length: 2,
                });
            }
            // `or=` is the next argument, as in `f(a or=b)`.
            K::OrKw if self.nth(1) != K::Assign => (Op::Or, level::OR),
            K::AndKw if self.nth(1) != K::Assign => (Op::And, level::AND),
            K::Eq => (Op::Eq, level::EQUALITY),
            K::NotEq => (Op::NotEq, level::EQUALITY),
            K::Less => (Op::Less, level::RELATION),
            K::LessEq => (Op::LessEq, level::RELATION),
            K::Greater => (Op::Greater, level::RELATION),
            K::DotDot => (Op::Range, level::RANGE),
            K::DotDotLess => (Op::RangeUntil, level::RANGE),
            K::Plus => (Op::Add, level::SUM),
            K::Minus => (Op::Sub, level::SUM),
            K::Star => (Op::Mul, level::PRODUCT),
            K::Slash => (Op::Div, level::PRODUCT),
            K::Percent => (Op::Rem, level::PRODUCT),
            _ => return None,
        };
        Some(Infix {
            op: Some(op),
            level,
            length: 1,
        })
    }

    fn chained_comparison(&mut self, left: Operand, operator: usize, length: usize) {
        let span = self
            .token_range(operator)
            .to(self.token_range(operator + length - 1))
            .in_file(self.file);
        let diagnostic = Diagnostic::new(
            Code::PARSE_CHAINED_COMPARISON,
            span,
            "comparisons cannot be chained",
        )
        .hint("join two comparisons with `and`");
        // The right side of the comparison on the left, once more.
        let middle = self.events[left.mark.event as usize..]
            .iter()
            .rev()
            .skip_while(|event| event.first_event != left.mark.event || event.kind != K::BinaryExpr)
            .nth(1)
            .filter(|event| event.end_token as usize == operator)
            .map(|event| {
                self.token_range(event.first_token as usize)
                    .to(self.token_range(operator - 1))
            });
        let before = span.start.checked_sub(1).map(|at| at as usize);
        let touches = before.is_some_and(|at| self.text.as_bytes()[at] != b' ');
        let space = if touches { " " } else { "" };
        let diagnostic = match middle.and_then(|range| self.text.get(range.as_usize())) {
            Some(text) => diagnostic.fix(
                Fix::replace(
                    "compare twice",
                    TextRange::empty(span.start).in_file(self.file),
                    format!("{space}and {text} "),
                )
                .unsafe_to_apply(),
            ),
            None => diagnostic,
        };
        self.report(diagnostic);
    }

    /// `a ?? b == c` reads as `a ?? (b == c)`, which is rarely meant.
    fn check_coalesce(&mut self, left: Operand, right: Operand) {
        if right.kind != K::BinaryExpr || self.recovering {
            return;
        }
        let op = binary_op(right.detail);
        if op.is_arithmetic() || op.is_range() {
            return;
        }
        let range = |mark: Mark, end: usize| {
            self.token_range(mark.token as usize)
                .to(self.token_range(end - 1))
        };
        let right_range = range(right.mark, self.pos);
        let text = &self.text[right_range.as_usize()];
        let right_span = right_range.in_file(self.file);
        let mut diagnostic = Diagnostic::new(
            Code::PRECEDENCE_COALESCE,
            right_span,
            format!("`??` binds looser than `{}`", op.text()),
        )
        .fix(Fix::replace(
            "parenthesize the right side",
            right_span,
            format!("({text})"),
        ));
        // The first operand of the right side ends where its operator is.
        if let Some(end) = self.first_operand_end(right.mark) {
            let whole = range(left.mark, end).in_file(self.file);
            let text = &self.text[whole.range().as_usize()];
            let fix = Fix::replace("parenthesize the left side", whole, format!("({text})"));
            diagnostic = diagnostic.fix(fix.unsafe_to_apply());
        }
        self.warn(diagnostic);
    }

    /// Where the left side of the binary expression at `mark`, finished just
    /// now, ends.
    fn first_operand_end(&self, mark: Mark) -> Option<usize> {
        let whole = self.events.len().checked_sub(1)?;
        let right = self.events.get(whole.checked_sub(1)?)?;
        let left = self
            .events
            .get((right.first_event as usize).checked_sub(1)?)?;
        (left.first_event >= mark.event).then_some(left.end_token as usize)
    }

    fn unary(&mut self) -> Operand {
        let (kind, detail) = match self.kind() {
            K::Minus => (K::UnaryExpr, UnaryOp::Neg as u8),
            K::Bang => (K::UnaryExpr, UnaryOp::Not as u8),
            K::AwaitKw => (K::AwaitExpr, 0),
            K::BoxKw => (K::BoxExpr, 0),
            _ => return self.postfix(),
        };
        let mark = self.mark();
        let negated = self.at(K::Minus);
        self.bump();
        if !self.enter() {
            return self.node(mark, K::ErrorExpr, 0, 1);
        }
        if negated {
            self.negative_at = self.pos;
        }
        let number = self.pos;
        let operand = self.unary();
        self.leave();
        if negated && self.negative_at == number && operand.kind != K::LiteralExpr {
            self.negative_at = usize::MAX;
            self.check_int_at(number, false);
        }
        self.node(mark, kind, detail, operand.height + 1)
    }

    fn postfix(&mut self) -> Operand {
        let mut operand = self.primary();
        loop {
            if self.recovering {
                return operand;
            }
            operand = match self.kind() {
                K::LParen => self.call(operand),
                K::Less if self.touches(0) && self.type_args_ahead() => self.call(operand),
                K::Dot | K::QuestionDot => self.member(operand),
                K::LBracket => self.index(operand, false),
                K::Question if self.touches(1) && self.nth(1) == K::LBracket => {
                    self.bump();
                    self.index(operand, true)
                }
                K::Question if self.touches(1) && self.nth(1) == K::Bang => self.bang(operand),
                _ => return operand,
            };
        }
    }

    fn member(&mut self, base: Operand) -> Operand {
        let optional = self.at(K::QuestionDot);
        self.bump();
        let kind = if self.any_name("a name after `.`") {
            K::MemberExpr
        } else {
            K::ErrorExpr
        };
        self.node(base.mark, kind, u8::from(optional), base.height + 1)
    }

    fn index(&mut self, base: Operand, optional: bool) -> Operand {
        self.bump();
        let index = self.expr();
        self.close(K::RBracket);
        let height = base.height.max(index.height) + 1;
        self.node(base.mark, K::IndexExpr, u8::from(optional), height)
    }

    fn bang(&mut self, value: Operand) -> Operand {
        self.bump();
        self.bump();
        let mut height = value.height;
        if PRIMARY_START.contains(self.kind()) {
            height = height.max(self.bang_error().height);
        }
        self.node(value.mark, K::BangExpr, 0, height + 1)
    }

    /// A primary with calls, members and indices.
    fn bang_error(&mut self) -> Operand {
        let mut operand = self.primary();
        loop {
            if self.recovering {
                return operand;
            }
            operand = match self.kind() {
                K::LParen => self.call(operand),
                K::Less if self.touches(0) && self.type_args_ahead() => self.call(operand),
                K::Dot => self.member(operand),
                K::LBracket => self.index(operand, false),
                _ => return operand,
            };
        }
    }

    fn call(&mut self, callee: Operand) -> Operand {
        if self.at(K::Less) {
            let mark = self.mark();
            self.angle_list(Self::ty);
            self.complete(mark, K::TypeArgs);
        }
        let mut height = callee.height;
        if self.at(K::LParen) {
            height = height.max(self.args());
        }
        self.node(callee.mark, K::CallExpr, 0, height + 1)
    }

    /// Arguments in parentheses; the height of the tallest. A comma may be
    /// missing before a named argument.
    fn args(&mut self) -> u32 {
        let mut height = 0;
        self.bump();
        let stops = KindSet::new(&[K::Comma]);
        while !self.at(K::RParen) && !super::LINE_ENDS.contains(self.kind()) {
            let before = self.pos;
            height = height.max(self.arg());
            let named = self.kind().is_word() && self.nth(1) == K::Assign;
            if !self.recovering && !self.at(K::Comma) && !self.at(K::RParen) && !named {
                self.expected_in_list("`,` or `)`");
            }
            if self.recovering {
                self.skip_to(stops);
                self.recovering = false;
            }
            if !self.eat(K::Comma) && !self.at(K::RParen) && self.pos == before {
                self.bump();
            }
        }
        self.expect(K::RParen);
        height
    }

    fn arg(&mut self) -> u32 {
        let mark = self.mark();
        if self.kind().is_word() && self.nth(1) == K::Assign {
            self.bump();
            self.bump();
        }
        let value = self.expr();
        self.complete(mark, K::Arg);
        value.height
    }

    fn primary(&mut self) -> Operand {
        let mark = self.mark();
        let (kind, height) = match self.kind() {
            K::Ident => {
                self.bump();
                (K::NameExpr, 1)
            }
            K::Int => {
                self.check_int(self.negative_at == self.pos);
                self.bump();
                (K::LiteralExpr, 1)
            }
            K::Float | K::String | K::TrueKw | K::FalseKw | K::NullKw => {
                self.bump();
                (K::LiteralExpr, 1)
            }
            K::StringStart => return self.interpolated(mark),
            K::LParen => {
                self.bump();
                let inner = self.expr();
                self.close(K::RParen);
                (K::ParenExpr, inner.height + 1)
            }
            K::LBracket => {
                let mut height = 0;
                self.list(K::RBracket, |parser| {
                    height = height.max(parser.expr().height);
                });
                (K::ListExpr, height + 1)
            }
            K::LBrace => {
                let mut height = 0;
                self.list(K::RBrace, |parser| height = height.max(parser.entry()));
                (K::MapExpr, height + 1)
            }
            K::FnKw => return self.lambda(mark),
            _ => return self.not_an_expression(mark),
        };
        self.node(mark, kind, 0, height)
    }

    fn not_an_expression(&mut self, mark: Mark) -> Operand {
        let hint = match self.kind() {
            K::SpawnKw | K::IfKw | K::MatchKw | K::TransactionKw => {
                Some("a construct with a block is bound with `let` first")
            }
            K::Assign => Some("`==` compares"),
            _ => None,
        };
        match hint {
            Some(hint) => self.expected_hint("an expression", hint),
            None => self.expected("an expression"),
        }
        if self.at(K::BadQuote) {
            self.recovering = false;
            self.bump();
        }
        self.node(mark, K::ErrorExpr, 0, 1)
    }

    fn entry(&mut self) -> u32 {
        let mark = self.mark();
        let key = self.expr();
        let mut height = key.height;
        if !self.recovering && self.expect(K::Colon) {
            height = height.max(self.expr().height);
        }
        self.complete(mark, K::MapEntry);
        height
    }

    fn lambda(&mut self, mark: Mark) -> Operand {
        self.bump();
        if self.at(K::LParen) {
            self.list(K::RParen, Self::lambda_param);
        } else {
            self.expected_hint("`(`", "functions with names are declared at the top level");
        }
        if !self.recovering && self.eat(K::Arrow) {
            self.ty();
        }
        let mut height = 0;
        if !self.recovering {
            if self.eat(K::FatArrow) {
                height = self.expr().height;
            } else {
                self.expected_hint("`=>`", "a lambda is `fn(a) => value`");
            }
        }
        self.node(mark, K::LambdaExpr, 0, height + 1)
    }

    fn lambda_param(&mut self) {
        let mark = self.mark();
        if self.declared_name("a parameter") && self.eat(K::Colon) {
            self.ty();
        }
        self.complete(mark, K::LambdaParam);
    }

    /// A string with interpolations. Errors inside of one stay there.
    fn interpolated(&mut self, mark: Mark) -> Operand {
        let mut height = 0;
        self.bump();
        loop {
            match self.kind() {
                K::StringText => self.bump(),
                K::InterpStart => height = height.max(self.interpolation()),
                K::StringEnd => {
                    self.bump();
                    break;
                }
                // The lexer always closes what it opens.
                _ => break,
            }
        }
        self.node(mark, K::InterpExpr, 0, height + 1)
    }

    fn interpolation(&mut self) -> u32 {
        let mark = self.mark();
        self.bump();
        if self.at(K::InterpEnd) {
            let error = self.mark();
            self.complete(error, K::ErrorExpr);
            self.bump();
            let span = self.span_from(mark);
            self.report(Diagnostic::new(
                Code::LEX_INTERP_EMPTY,
                span,
                "empty interpolation",
            ));
            return 1;
        }
        let outer = std::mem::replace(&mut self.recovering, false);
        let value = self.expr();
        if !self.recovering && !self.at(K::InterpEnd) {
            let message = "unexpected text after interpolated expression";
            let diagnostic =
                Diagnostic::new(Code::LEX_INTERP_TRAILING, self.span(self.pos), message);
            self.error(diagnostic);
        }
        while !self.at(K::InterpEnd) && !super::LINE_ENDS.contains(self.kind()) {
            self.skip_to(KindSet::new(&[]));
            if !self.at(K::InterpEnd) {
                self.bump();
            }
        }
        self.eat(K::InterpEnd);
        self.recovering = outer;
        value.height
    }

    /// Reports an integer at `pos` that does not fit. The smallest integer
    /// fits only with its sign.
    pub(super) fn check_int(&mut self, negative: bool) {
        self.check_int_at(self.pos, negative);
    }

    fn check_int_at(&mut self, pos: usize, negative: bool) {
        if self.logical.kinds.get(pos) != Some(&K::Int) {
            return;
        }
        let text = self.token_text(pos);
        // Shorter ones always fit.
        if text.len() < 17 && !text.starts_with('0') {
            return;
        }
        let limit = i64::MAX as u64 + u64::from(negative);
        if int(text).is_none_or(|value| value > limit) {
            let message = "integer literal out of range";
            let diagnostic = Diagnostic::new(Code::LEX_INT_RANGE, self.span(pos), message);
            self.report(diagnostic);
        }
    }
}

/// The operator with this number.
pub(crate) fn binary_op(detail: u8) -> BinaryOp {
    const ALL: [BinaryOp; 15] = [
        BinaryOp::Or,
        BinaryOp::And,
        BinaryOp::Eq,
        BinaryOp::NotEq,
        BinaryOp::Less,
        BinaryOp::LessEq,
        BinaryOp::Greater,
        BinaryOp::GreaterEq,
        BinaryOp::Range,
        BinaryOp::RangeUntil,
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Rem,
    ];
    ALL.get(detail as usize).copied().unwrap_or(BinaryOp::Or)
}

fn is_relation(operand: Operand) -> bool {
    operand.kind == K::BinaryExpr && binary_op(operand.detail).is_relational()
}

fn is_range(operand: Operand) -> bool {
    operand.kind == K::BinaryExpr && binary_op(operand.detail).is_range()
}

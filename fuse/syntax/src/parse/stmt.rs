//! Suites and statements.

use super::expr::EXPR_START;
use super::{Mark, Operand, Parser};
use crate::ast::AssignOp;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::SyntaxKind as K;
use crate::lex::dangling_doc;

impl Parser<'_> {
    /// `:` and a block, indented or on the same line. Takes the line end.
    pub(super) fn suite(&mut self) {
        if !self.colon() {
            let mark = self.mark();
            self.complete(mark, K::Block);
            return;
        }
        if !self.enter() {
            let mark = self.mark();
            self.complete(mark, K::Block);
            return self.finish_line();
        }
        if self.at(K::Newline) {
            self.indented(K::Block, Self::stmt);
        } else {
            let mark = self.mark();
            self.inline_stmt();
            self.complete(mark, K::Block);
        }
        self.leave();
    }

    /// Takes the colon before a block; without one, the rest of the line and
    /// its block are lost.
    pub(super) fn colon(&mut self) -> bool {
        if !self.recovering && self.at(K::Assign) {
            self.expected_hint("`:`", "`==` compares");
        }
        if !self.recovering && self.at(K::Newline) {
            self.expected_hint("`:`", "end the line with `:` and indent what belongs to it");
        }
        if !self.recovering && self.expect(K::Colon) {
            return true;
        }
        self.finish_line();
        false
    }

    /// A line end and an indented block of `element`s, as one node.
    pub(super) fn indented(&mut self, kind: K, mut element: impl FnMut(&mut Self)) {
        self.bump();
        if !self.at(K::Indent) {
            let mark = self.mark();
            self.missing_block();
            return self.complete(mark, kind);
        }
        self.bump();
        let mark = self.mark();
        let mut deeper = 0;
        loop {
            match self.kind() {
                K::Eof => break,
                K::Dedent if deeper == 0 => break,
                K::Dedent => {
                    deeper -= 1;
                    self.bump();
                }
                K::Indent => {
                    self.unexpected_indentation();
                    deeper += 1;
                    self.bump();
                }
                K::Newline => self.bump(),
                _ => {
                    let before = self.pos;
                    element(self);
                    if self.pos == before {
                        // Every element takes something; this line is a guard.
                        self.bump();
                    }
                }
            }
        }
        self.complete(mark, kind);
        self.eat(K::Dedent);
    }

    /// The token of the next line that starts it.
    fn next_line(&self) -> usize {
        let mut pos = self.pos;
        while matches!(
            self.logical.kinds.get(pos),
            Some(K::Newline | K::Indent | K::Dedent)
        ) {
            pos += 1;
        }
        pos
    }

    fn missing_block(&mut self) {
        let message = "expected an indented block";
        let span = self.span(self.next_line());
        let diagnostic = Diagnostic::new(Code::PARSE_INDENT, span, message)
            .hint("indent the block below the line that ends with `:`");
        self.report(diagnostic);
    }

    pub(super) fn unexpected_indentation(&mut self) {
        let span = self.span(self.next_line());
        let diagnostic = Diagnostic::new(Code::PARSE_INDENT, span, "unexpected indentation")
            .hint("only a line that ends with `:` opens a block");
        self.report(diagnostic);
    }

    /// The simple statement of a suite on one line.
    fn inline_stmt(&mut self) {
        match self.kind() {
            K::IfKw | K::MatchKw | K::ForKw | K::WhileKw | K::TransactionKw => {
                let mark = self.mark();
                self.expected_hint(
                    "a simple statement",
                    "put the block on its own line, indented",
                );
                self.finish_line();
                self.skip_else();
                self.complete(mark, K::ErrorStmt);
            }
            _ => self.stmt(),
        }
    }

    /// After a skipped `if`: its `else` lines belong to it.
    fn skip_else(&mut self) {
        while self.at(K::ElseKw) {
            self.skip_line();
            self.eat(K::Newline);
            if self.at(K::Indent) {
                self.skip_block();
            }
        }
    }

    /// A statement with its line end.
    pub(super) fn stmt(&mut self) {
        let mark = self.mark();
        match self.kind() {
            K::LetKw | K::VarKw => self.let_stmt(mark),
            K::ReturnKw => {
                self.bump();
                if self.at(K::Newline) {
                    self.finish_line();
                } else {
                    self.value();
                }
                self.complete(mark, K::ReturnStmt);
            }
            K::IfKw => self.if_rest(mark, K::IfStmt),
            K::MatchKw => self.match_rest(mark, K::MatchStmt),
            K::ForKw => self.for_stmt(mark),
            K::WhileKw => {
                self.bump();
                self.expr();
                self.suite();
                self.complete(mark, K::WhileStmt);
            }
            K::TransactionKw => {
                self.bump();
                self.suite();
                self.complete(mark, K::TransactionStmt);
            }
            K::BreakKw => self.word_stmt(mark, K::BreakStmt),
            K::ContinueKw => self.word_stmt(mark, K::ContinueStmt),
            K::SpawnKw => {
                self.value();
                self.complete(mark, K::ExprStmt);
            }
            K::Doc => self.dangling_doc(),
            K::FnKw if self.nth(1).is_word() => self.misplaced(mark),
            kind if EXPR_START.contains(kind) => self.expr_stmt(mark),
            _ => self.misplaced(mark),
        }
    }

    fn word_stmt(&mut self, mark: Mark, kind: K) {
        self.bump();
        self.complete(mark, kind);
        self.finish_line();
    }

    /// Doc comments that stand before something they cannot document.
    pub(super) fn dangling_doc(&mut self) {
        while self.at(K::Doc) {
            let span = self.span(self.pos);
            self.warn(dangling_doc(span));
            self.bump();
            self.eat(K::Newline);
        }
    }

    /// Something that starts no statement.
    fn misplaced(&mut self, mark: Mark) {
        let hint = match self.kind() {
            K::ElseKw => Some("`else` belongs to an `if` at the same indentation"),
            K::FnKw | K::TypeKw | K::EnumKw | K::InterfaceKw | K::ImplKw | K::ImportKw => {
                Some("declarations stand at the top level, without indentation")
            }
            _ => None,
        };
        match hint {
            Some(hint) => self.expected_hint("a statement", hint),
            None => self.expected("a statement"),
        }
        self.finish_line();
        self.complete(mark, K::ErrorStmt);
    }

    fn let_stmt(&mut self, mark: Mark) {
        self.bump();
        self.declared_name("a name");
        if !self.recovering && self.eat(K::Colon) {
            self.ty();
        }
        if !self.recovering && self.expect(K::Assign) {
            self.value();
        } else {
            self.finish_line();
        }
        self.complete(mark, K::LetStmt);
    }

    fn expr_stmt(&mut self, mark: Mark) {
        if self.at(K::AwaitKw) && self.nth(1) == K::SpawnKw {
            self.value();
            return self.complete(mark, K::ExprStmt);
        }
        let place = self.expr();
        if let Some((op, length)) = self.assign_op() {
            self.pos += length;
            self.value();
            return self.complete_with(mark, K::AssignStmt, op as u8);
        }
        self.value_rest(place);
        self.complete(mark, K::ExprStmt);
    }

    fn assign_op(&self) -> Option<(AssignOp, usize)> {
        if self.recovering {
            return None;
        }
        let op = match self.kind() {
            K::Assign => AssignOp::Set,
            K::PlusAssign => AssignOp::Add,
            K::MinusAssign => AssignOp::Sub,
            K::StarAssign => AssignOp::Mul,
            K::SlashAssign => AssignOp::Div,
            K::PercentAssign => AssignOp::Rem,
            K::Question if self.nth(1) == K::Question && self.nth(2) == K::Assign => {
                return Some((AssignOp::Coalesce, 3));
            }
            _ => return None,
        };
        Some((op, 1))
    }

    /// A value, which may have a block of its own. Takes the line end.
    pub(super) fn value(&mut self) {
        let mark = self.mark();
        match self.kind() {
            K::IfKw => self.if_rest(mark, K::IfExpr),
            K::MatchKw => self.match_rest(mark, K::MatchExpr),
            K::TransactionKw => {
                self.bump();
                self.suite();
                self.complete(mark, K::TransactionExpr);
            }
            K::SpawnKw => self.spawn(),
            K::AwaitKw if self.nth(1) == K::SpawnKw => {
                self.bump();
                self.spawn();
                self.complete(mark, K::AwaitExpr);
            }
            _ => {
                let operand = self.expr();
                self.value_rest(operand);
            }
        }
    }

    fn spawn(&mut self) {
        let mark = self.mark();
        self.bump();
        self.suite();
        self.complete(mark, K::SpawnExpr);
    }

    /// After an expression in the place of a value: a block of HTML children,
    /// or the line end.
    pub(super) fn value_rest(&mut self, operand: Operand) {
        if self.at(K::Colon) && !self.recovering {
            self.html_block(operand);
        } else {
            self.finish_line();
        }
    }

    pub(super) fn if_rest(&mut self, mark: Mark, kind: K) {
        loop {
            let arm = self.mark();
            self.bump();
            self.expr();
            self.suite();
            self.complete(arm, K::IfArm);
            if !self.at(K::ElseKw) {
                break;
            }
            self.bump();
            if !self.at(K::IfKw) {
                self.suite();
                break;
            }
        }
        self.complete(mark, kind);
    }

    pub(super) fn match_rest(&mut self, mark: Mark, kind: K) {
        self.bump();
        self.expr();
        if self.colon() {
            self.block_of(Self::match_arm);
        }
        self.complete(mark, kind);
    }

    /// After a colon: an indented block whose elements belong to the node
    /// around it.
    pub(super) fn block_of(&mut self, element: impl FnMut(&mut Self)) {
        if !self.at(K::Newline) {
            self.expected_hint("end of line", "put the block on its own lines, indented");
            return self.finish_line();
        }
        if !self.enter() {
            return self.finish_line();
        }
        self.indented(K::NameList, element);
        // The block is no node of its own.
        self.events.pop();
        self.leave();
    }

    fn match_arm(&mut self) {
        if self.at(K::Doc) {
            return self.dangling_doc();
        }
        let mark = self.mark();
        self.pattern();
        if self.recovering {
            self.finish_line();
        } else if self.eat(K::Arrow) {
            self.value();
        } else if self.at(K::Colon) {
            self.suite();
        } else {
            self.expected_hint(
                "`->` or `:`",
                "an arm is `pattern -> value`, or `pattern:` and a block",
            );
            self.finish_line();
        }
        self.complete(mark, K::MatchArm);
    }

    fn for_stmt(&mut self, mark: Mark) {
        self.for_head();
        self.suite();
        self.complete(mark, K::ForStmt);
    }

    /// `for pattern[, pattern] in expr`.
    pub(super) fn for_head(&mut self) {
        self.bump();
        self.pattern();
        if !self.recovering && self.eat(K::Comma) {
            self.pattern();
        }
        if !self.recovering && self.expect(K::InKw) {
            self.expr();
        }
    }
}

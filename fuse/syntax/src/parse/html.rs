//! Blocks of HTML children.

use super::{Operand, Parser};
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::SyntaxKind as K;

impl Parser<'_> {
    /// After a call, at its colon: the children. Takes the line end.
    pub(super) fn html_block(&mut self, target: Operand) {
        if target.kind != K::CallExpr {
            let span = self.span_from(target.mark);
            let diagnostic =
                Diagnostic::new(Code::HTML_BLOCK_TARGET, span, "HTML block needs a call");
            self.report(diagnostic);
        }
        let block = self.mark();
        self.html_children();
        self.complete(block, K::HtmlBlock);
        let kind = if target.kind == K::CallExpr {
            K::HtmlExpr
        } else {
            K::ErrorExpr
        };
        self.complete(target.mark, kind);
    }

    /// `:` and children, indented or one on the same line.
    fn html_children(&mut self) {
        if !self.colon() {
            return;
        }
        if !self.enter() {
            return self.finish_line();
        }
        if self.at(K::Newline) {
            self.indented(K::NameList, Self::html_child);
            // The children belong to the node around them.
            self.events.pop();
        } else {
            self.inline_child();
        }
        self.leave();
    }

    fn inline_child(&mut self) {
        if matches!(self.kind(), K::IfKw | K::ForKw) {
            let mark = self.mark();
            self.expected_hint("a value", "put the child on its own line, indented");
            self.finish_line();
            self.complete(mark, K::HtmlError);
        } else {
            self.html_child();
        }
    }

    fn html_child(&mut self) {
        let mark = self.mark();
        match self.kind() {
            K::IfKw => self.html_if(),
            K::ForKw => {
                self.for_head();
                let children = self.mark();
                self.html_children();
                self.complete(children, K::HtmlChildren);
                self.complete(mark, K::HtmlFor);
            }
            K::Doc => self.dangling_doc(),
            K::LetKw | K::VarKw | K::ReturnKw | K::WhileKw | K::BreakKw | K::ContinueKw => {
                self.stmt();
                self.bad_child(mark);
            }
            K::ElseKw => {
                self.stmt();
                self.complete(mark, K::HtmlError);
            }
            _ => self.html_value(),
        }
    }

    /// A value; an assignment is found out here.
    fn html_value(&mut self) {
        let mark = self.mark();
        let events = self.events.len();
        self.stmt();
        let last = self.events.last().map(|event| event.kind);
        match last {
            // A statement that is nothing but a value.
            Some(K::ExprStmt) => {
                self.events.pop();
            }
            Some(K::MatchStmt) => self.rename_last(K::MatchExpr),
            Some(K::TransactionStmt) => self.rename_last(K::TransactionExpr),
            Some(K::AssignStmt) => self.bad_child(mark),
            _ if self.events.len() > events => self.complete(mark, K::HtmlError),
            _ => {}
        }
    }

    fn rename_last(&mut self, kind: K) {
        if let Some(last) = self.events.last_mut() {
            last.kind = kind;
        }
    }

    fn bad_child(&mut self, mark: super::Mark) {
        let span = self.span_from(mark);
        let message = "only values, `if` and `for` may be HTML children";
        let diagnostic = Diagnostic::new(Code::HTML_BLOCK_CHILD, span, message)
            .hint("bind names before the call");
        self.report(diagnostic);
        self.complete(mark, K::HtmlError);
    }

    fn html_if(&mut self) {
        let mark = self.mark();
        loop {
            let arm = self.mark();
            self.bump();
            self.expr();
            self.html_children();
            self.complete(arm, K::HtmlArm);
            if !self.at(K::ElseKw) {
                break;
            }
            self.bump();
            if !self.at(K::IfKw) {
                let otherwise = self.mark();
                self.html_children();
                self.complete(otherwise, K::HtmlChildren);
                break;
            }
        }
        self.complete(mark, K::HtmlIf);
    }
}

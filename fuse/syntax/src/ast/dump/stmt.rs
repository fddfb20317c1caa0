//! Blocks, statements and patterns.

use super::{Sink, Walk};
use crate::ast::{
    ArmBody, BlockId, If, Literal, Match, MatchArm, Pattern, PatternId, Stmt, StmtId,
};

impl<S: Sink> Walk<'_, S> {
    pub(super) fn block(&mut self, id: BlockId) {
        self.sink.open("block");
        for stmt in &self.module[self.module[id].stmts] {
            self.stmt(*stmt);
        }
        self.sink.close();
    }

    fn stmt(&mut self, id: StmtId) {
        match self.module[id] {
            Stmt::If(node) => return self.if_node(&self.module[node]),
            Stmt::Match(node) => return self.match_node(&self.module[node]),
            _ => {}
        }
        self.sink.open(stmt_tag(self.module[id]));
        match self.module[id] {
            Stmt::Error | Stmt::Break | Stmt::Continue | Stmt::Return(None) => {}
            Stmt::If(_) | Stmt::Match(_) => {}
            Stmt::Let {
                name, ty, value, ..
            } => {
                self.name(name);
                if let Some(ty) = ty {
                    self.ty(ty);
                }
                self.expr(value);
            }
            Stmt::Assign { place, value, .. } => {
                self.expr(place);
                self.expr(value);
            }
            Stmt::For {
                pat,
                second,
                iter,
                body,
            } => {
                self.pattern(pat);
                if let Some(second) = second {
                    self.pattern(second);
                }
                self.expr(iter);
                self.block(body);
            }
            Stmt::While { cond, body } => {
                self.expr(cond);
                self.block(body);
            }
            Stmt::Transaction(body) => self.block(body),
            Stmt::Return(Some(value)) | Stmt::Expr(value) => self.expr(value),
        }
        self.sink.close();
    }

    pub(super) fn if_node(&mut self, node: &If) {
        self.sink.open("if");
        for arm in &self.module[node.arms] {
            self.sink.open("arm");
            self.expr(arm.cond);
            self.block(arm.body);
            self.sink.close();
        }
        if let Some(otherwise) = node.otherwise {
            self.sink.open("else");
            self.block(otherwise);
            self.sink.close();
        }
        self.sink.close();
    }

    pub(super) fn match_node(&mut self, node: &Match) {
        self.sink.open("match");
        self.expr(node.subject);
        for arm in &self.module[node.arms] {
            self.arm(arm);
        }
        self.sink.close();
    }

    fn arm(&mut self, arm: &MatchArm) {
        self.sink.open("arm");
        self.pattern(arm.pat);
        match arm.body {
            ArmBody::Value(value) => self.expr(value),
            ArmBody::Block(block) => self.block(block),
        }
        self.sink.close();
    }

    pub(super) fn pattern(&mut self, id: PatternId) {
        let module = self.module;
        match module[id] {
            Pattern::Error => {
                self.sink.open("error");
                self.sink.close();
            }
            Pattern::Wildcard => self.sink.atom("_"),
            Pattern::Literal(literal) => self.literal(literal),
            Pattern::Path(path) => self.path(path),
            Pattern::Tuple { path, args } => {
                self.sink.open("tuple");
                self.path(path);
                for arg in &module[args] {
                    self.pattern(*arg);
                }
                self.sink.close();
            }
            Pattern::Record { path, fields } => {
                self.sink.open("record");
                self.path(path);
                for field in &module[fields] {
                    self.sink.open("field");
                    self.name(field.name);
                    self.pattern(field.pattern);
                    self.sink.close();
                }
                self.sink.close();
            }
        }
    }

    fn literal(&mut self, literal: Literal) {
        match literal {
            Literal::Int(value) => self.sink.int(value),
            Literal::Float(value) => self.sink.float(value),
            Literal::Bool(value) => self.sink.atom(if value { "true" } else { "false" }),
            Literal::Null => self.sink.atom("null"),
            Literal::Str(text) => self.sink.text(self.module.string(text)),
        }
    }
}

fn stmt_tag(stmt: Stmt) -> &'static str {
    match stmt {
        Stmt::Error => "error",
        Stmt::Let { mutable: false, .. } => "let",
        Stmt::Let { mutable: true, .. } => "var",
        Stmt::Assign { op, .. } => op.text(),
        Stmt::Return(_) => "return",
        Stmt::If(_) => "if",
        Stmt::Match(_) => "match",
        Stmt::For { .. } => "for",
        Stmt::While { .. } => "while",
        Stmt::Transaction(_) => "transaction",
        Stmt::Break => "break",
        Stmt::Continue => "continue",
        Stmt::Expr(_) => "expr",
    }
}

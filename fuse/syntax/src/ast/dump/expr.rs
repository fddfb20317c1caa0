//! Expressions and markup.

use super::{Sink, Walk};
use crate::ast::{Arg, CallId, Expr, ExprId, HtmlChild, InterpPart, Lambda, List, UnaryOp};

impl<S: Sink> Walk<'_, S> {
    pub(super) fn expr(&mut self, id: ExprId) {
        let module = self.module;
        match module[id] {
            Expr::Int(value) => self.sink.int(value),
            Expr::Float(value) => self.sink.float(value),
            Expr::Bool(value) => self.sink.atom(if value { "true" } else { "false" }),
            Expr::Null => self.sink.atom("null"),
            Expr::Str(text) => self.sink.text(module.string(text)),
            Expr::Name(symbol) => self.sink.atom(module.names.text(symbol)),
            Expr::Paren(inner) if !self.faithful => self.expr(inner),
            Expr::If(node) => self.if_node(&module[node]),
            Expr::Match(node) => self.match_node(&module[node]),
            Expr::Error => {
                self.sink.open("error");
                self.sink.close();
            }
            other => self.compound(other),
        }
    }

    fn compound(&mut self, expr: Expr) {
        let module = self.module;
        self.sink.open(expr_tag(expr));
        match expr {
            Expr::Interp(parts) => {
                for part in &module[parts] {
                    match part {
                        InterpPart::Text(text) => self.sink.text(module.string(*text)),
                        InterpPart::Expr(value) => self.expr(*value),
                    }
                }
            }
            Expr::Unary { operand, .. } => self.expr(operand),
            Expr::Binary { left, right, .. } | Expr::Coalesce { left, right } => {
                self.expr(left);
                self.expr(right);
            }
            Expr::Call(call) => self.call(call),
            Expr::Member { base, name, .. } => {
                self.expr(base);
                self.name(name);
            }
            Expr::Index { base, index, .. } => {
                self.expr(base);
                self.expr(index);
            }
            Expr::Bang { value, error } => {
                self.expr(value);
                if let Some(error) = error {
                    self.expr(error);
                }
            }
            Expr::List(items) => {
                for item in &module[items] {
                    self.expr(*item);
                }
            }
            Expr::Map(entries) => {
                for entry in &module[entries] {
                    self.expr(entry.key);
                    self.expr(entry.value);
                }
            }
            Expr::Lambda(lambda) => self.lambda(&module[lambda]),
            Expr::Spawn(block) | Expr::Transaction(block) => self.block(block),
            Expr::Await(inner) | Expr::Box(inner) | Expr::Paren(inner) => self.expr(inner),
            _ => {}
        }
        self.sink.close();
    }

    fn call(&mut self, id: CallId) {
        let module = self.module;
        let call = &module[id];
        self.expr(call.callee);
        if !call.type_args.is_empty() {
            self.sink.open("type-args");
            for ty in &module[call.type_args] {
                self.ty(*ty);
            }
            self.sink.close();
        }
        for arg in &module[call.args] {
            self.arg(arg);
        }
        if let Some(block) = call.block {
            self.sink.open("children");
            self.children(module[block].children);
            self.sink.close();
        }
    }

    fn arg(&mut self, arg: &Arg) {
        let Some(name) = arg.name else {
            return self.expr(arg.value);
        };
        self.sink.open("arg");
        self.name(name);
        self.expr(arg.value);
        self.sink.close();
    }

    fn lambda(&mut self, lambda: &Lambda) {
        for param in &self.module[lambda.params] {
            self.sink.open("param");
            self.name(param.name);
            if let Some(ty) = param.ty {
                self.ty(ty);
            }
            self.sink.close();
        }
        if let Some(ret) = lambda.ret {
            self.ty(ret);
        }
        self.expr(lambda.body);
    }

    fn children(&mut self, children: List<HtmlChild>) {
        for child in &self.module[children] {
            self.child(*child);
        }
    }

    fn child(&mut self, child: HtmlChild) {
        match child {
            HtmlChild::Expr(value) => self.expr(value),
            HtmlChild::If {
                arms, otherwise, ..
            } => {
                self.sink.open("html-if");
                for arm in &self.module[arms] {
                    self.sink.open("arm");
                    self.expr(arm.cond);
                    self.children(arm.children);
                    self.sink.close();
                }
                if let Some(otherwise) = otherwise {
                    self.sink.open("else");
                    self.children(otherwise);
                    self.sink.close();
                }
                self.sink.close();
            }
            HtmlChild::For {
                pat,
                second,
                iter,
                body,
                ..
            } => {
                self.sink.open("html-for");
                self.pattern(pat);
                if let Some(second) = second {
                    self.pattern(second);
                }
                self.expr(iter);
                self.children(body);
                self.sink.close();
            }
            HtmlChild::Error(_) => {
                self.sink.open("error");
                self.sink.close();
            }
        }
    }
}

fn expr_tag(expr: Expr) -> &'static str {
    match expr {
        Expr::Interp(_) => "interp",
        Expr::Unary {
            op: UnaryOp::Neg, ..
        } => "neg",
        Expr::Unary {
            op: UnaryOp::Not, ..
        } => "not",
        Expr::Binary { op, .. } => op.text(),
        Expr::Coalesce { .. } => "??",
        Expr::Call(_) => "call",
        Expr::Member {
            optional: false, ..
        } => ".",
        Expr::Member { optional: true, .. } => "?.",
        Expr::Index {
            optional: false, ..
        } => "[]",
        Expr::Index { optional: true, .. } => "?[]",
        Expr::Bang { .. } => "?!",
        Expr::List(_) => "list",
        Expr::Map(_) => "map",
        Expr::Lambda(_) => "lambda",
        Expr::Spawn(_) => "spawn",
        Expr::Await(_) => "await",
        Expr::Box(_) => "box",
        Expr::Transaction(_) => "transaction",
        Expr::Paren(_) => "paren",
        _ => "error",
    }
}

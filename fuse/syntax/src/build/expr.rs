//! Expressions.

use super::{Builder, wait};
use crate::ast::{
    Arg, Call, Expr, HtmlBlock, Id, If, InterpPart, Lambda, LambdaParam, MapEntry, Match, UnaryOp,
};
use crate::kind::SyntaxKind as K;
use crate::parse::{Event, binary_op};
use crate::span::TextRange;

impl Builder<'_> {
    pub(super) fn expr(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let expr = match event.kind {
            K::NameExpr => Expr::Name(self.name(event.first_token as usize).symbol),
            K::LiteralExpr => self.literal_expr(event),
            K::UnaryExpr => match self.unary(event, base, range) {
                Ok(expr) => expr,
                Err(folded) => return folded,
            },
            K::BinaryExpr => self.binary(event, base),
            K::CoalesceExpr => Expr::Coalesce {
                left: self.expr_or_error(event, base, 0),
                right: self.expr_or_error(event, base, 1),
            },
            K::CallExpr => self.call(event, base, range),
            K::MemberExpr => Expr::Member {
                base: self.expr_or_error(event, base, 0),
                name: self.name(event.end_token as usize - 1),
                optional: event.detail == 1,
            },
            K::IndexExpr => Expr::Index {
                base: self.expr_or_error(event, base, 0),
                index: self.expr_or_error(event, base, 1),
                optional: event.detail == 1,
            },
            K::BangExpr => Expr::Bang {
                value: self.expr_or_error(event, base, 0),
                error: self.nth_expr(base, 1),
            },
            K::ParenExpr => Expr::Paren(self.expr_or_error(event, base, 0)),
            K::ListExpr => Expr::List(self.ids(base, K::is_expr)),
            K::MapExpr => Expr::Map(self.collect(base, K::MapEntry, |parts| &mut parts.entries)),
            K::InterpExpr => self.interp(event, base),
            K::LambdaExpr => self.lambda(event, base, range),
            K::AwaitExpr => Expr::Await(self.expr_or_error(event, base, 0)),
            K::BoxExpr => Expr::Box(self.expr_or_error(event, base, 0)),
            K::SpawnExpr => Expr::Spawn(self.block_or_empty(event, base)),
            K::TransactionExpr => Expr::Transaction(self.block_or_empty(event, base)),
            K::IfExpr => Expr::If(self.if_node(base, range)),
            K::MatchExpr => Expr::Match(self.match_node(event, base, range)),
            K::HtmlExpr => return self.html_expr(base),
            _ => Expr::Error,
        };
        self.module.exprs.push(expr, range).index() as u32
    }

    fn literal_expr(&mut self, event: &Event) -> Expr {
        let token = event.first_token as usize;
        match self.kind(token) {
            K::Int => Expr::Int(self.int(token)),
            K::Float => Expr::Float(crate::lex::float(self.token_text(token))),
            K::TrueKw => Expr::Bool(true),
            K::FalseKw => Expr::Bool(false),
            K::NullKw => Expr::Null,
            K::String => Expr::Str(self.decoded(token)),
            _ => Expr::Error,
        }
    }

    /// The value of an integer token. One that does not fit was reported; the
    /// smallest integer wraps to itself.
    pub(super) fn int(&self, token: usize) -> i64 {
        let value = crate::lex::int(self.token_text(token)).unwrap_or(0);
        value as i64
    }

    /// A unary operator, or the number of its operand when both together are
    /// the smallest integer.
    fn unary(&mut self, event: &Event, base: usize, range: TextRange) -> Result<Expr, u32> {
        let operand = self.expr_or_error(event, base, 0);
        let op = if event.detail == UnaryOp::Neg as u8 {
            UnaryOp::Neg
        } else {
            UnaryOp::Not
        };
        if op == UnaryOp::Neg && self.module.exprs[operand] == Expr::Int(i64::MIN) {
            self.module.exprs.set_range(operand, range);
            return Err(operand.index() as u32);
        }
        Ok(Expr::Unary { op, operand })
    }

    fn binary(&mut self, event: &Event, base: usize) -> Expr {
        let left = self.nth_slot(base, 0, K::is_expr);
        let operator = left.map_or(event.first_token, |slot| {
            self.events[slot.event as usize].end_token
        });
        Expr::Binary {
            op: binary_op(event.detail),
            op_start: self.token_range(operator as usize).start,
            left: self.expr_or_error(event, base, 0),
            right: self.expr_or_error(event, base, 1),
        }
    }

    fn call(&mut self, event: &Event, base: usize, range: TextRange) -> Expr {
        let callee = self.expr_or_error(event, base, 0);
        let mut open = self.stack.get(base).map_or(event.first_token, |slot| {
            self.events[slot.event as usize].end_token
        });
        let type_args = match self.slot(base, K::TypeArgs) {
            Some(slot) => {
                open = self.events[slot.event as usize].end_token;
                self.type_lists[slot.value as usize]
            }
            None => crate::ast::List::EMPTY,
        };
        let args = self.collect(base, K::Arg, |parts| &mut parts.args);
        let parens = TextRange::new(self.token_range(open as usize).start, range.end);
        let call = Call {
            callee,
            type_args,
            args,
            parens,
            block: None,
        };
        Expr::Call(self.module.calls.push(call, range))
    }

    pub(super) fn arg(&mut self, event: &Event, base: usize) -> u32 {
        let first = event.first_token as usize;
        let named = self.kind(first).is_word() && self.kind(first + 1) == K::Assign;
        let name = named.then(|| self.name(first));
        let comma = first.checked_sub(1).filter(|at| self.kind(*at) == K::Comma);
        let arg = Arg {
            name,
            value: self.expr_or_error(event, base, 0),
            comma_before: comma.map(|at| self.token_range(at)),
            range: self.range(event),
        };
        wait(&mut self.parts.args, arg)
    }

    pub(super) fn map_entry(&mut self, event: &Event, base: usize) -> u32 {
        let entry = MapEntry {
            key: self.expr_or_error(event, base, 0),
            value: self.expr_or_error(event, base, 1),
        };
        wait(&mut self.parts.entries, entry)
    }

    /// Text and expressions in turn; a string whose only interpolations were
    /// none is plain.
    fn interp(&mut self, event: &Event, base: usize) -> Expr {
        let mut parts = Vec::new();
        let mut next = base;
        let mut open = false;
        let mut token = event.first_token as usize;
        let end = event.end_token as usize;
        while token < end {
            match self.kind(token) {
                K::StringText => {
                    let text = self.token_text(token);
                    crate::lex::decode(text, self.module.texts.buffer());
                    open = true;
                }
                K::InterpStart => {
                    if open {
                        open = false;
                        self.text_part(&mut parts);
                    }
                    let Some(slot) = self.stack.get(next).copied() else {
                        break;
                    };
                    next += 1;
                    parts.push(InterpPart::Expr(Id::from_index(slot.value as usize)));
                    token = (self.events[slot.event as usize].end_token as usize).max(token + 1);
                    while token < end && self.kind(token) != K::InterpEnd {
                        token += 1;
                    }
                }
                _ => {}
            }
            token += 1;
        }
        if open {
            self.text_part(&mut parts);
        }
        match parts[..] {
            [] => Expr::Str(self.plain_text("")),
            [InterpPart::Text(text)] => Expr::Str(text),
            _ => {
                let start = self.pool_len::<InterpPart>();
                self.pool().extend(parts);
                Expr::Interp(self.list_from(start))
            }
        }
    }

    fn text_part(&mut self, parts: &mut Vec<InterpPart>) {
        let text = crate::ast::TextId::from_index(self.module.texts.close());
        if !self.module.string(text).is_empty() {
            parts.push(InterpPart::Text(text));
        }
    }

    fn lambda(&mut self, event: &Event, base: usize, range: TextRange) -> Expr {
        let lambda = Lambda {
            params: self.collect(base, K::LambdaParam, |parts| &mut parts.lambda_params),
            ret: self.nth_type(base, 0),
            body: self.expr_or_error(event, base, 0),
        };
        Expr::Lambda(self.module.lambdas.push(lambda, range))
    }

    pub(super) fn lambda_param(&mut self, event: &Event, base: usize) -> u32 {
        let param = LambdaParam {
            name: self.name(event.first_token as usize),
            ty: self.nth_type(base, 0),
        };
        wait(&mut self.parts.lambda_params, param)
    }

    pub(super) fn if_node(&mut self, base: usize, range: TextRange) -> Id<If> {
        let node = If {
            arms: self.collect(base, K::IfArm, |parts| &mut parts.if_arms),
            otherwise: self
                .slot(base, K::Block)
                .map(|slot| Id::from_index(slot.value as usize)),
        };
        self.module.ifs.push(node, range)
    }

    pub(super) fn match_node(&mut self, event: &Event, base: usize, range: TextRange) -> Id<Match> {
        let node = Match {
            subject: self.expr_or_error(event, base, 0),
            arms: self.collect(base, K::MatchArm, |parts| &mut parts.match_arms),
        };
        self.module.matches.push(node, range)
    }

    /// A call with children is the call, with its block added.
    fn html_expr(&mut self, base: usize) -> u32 {
        let Some(target) = self.nth_slot(base, 0, K::is_expr) else {
            return self
                .module
                .exprs
                .push(Expr::Error, TextRange::default())
                .index() as u32;
        };
        let block = self
            .slot(base, K::HtmlBlock)
            .map(|slot| Id::<HtmlBlock>::from_index(slot.value as usize));
        if let Expr::Call(call) = self.module.exprs[Id::from_index(target.value as usize)] {
            self.module.calls[call].block = block;
        }
        target.value
    }
}

//! Statements, HTML children, patterns and types.

use super::{Builder, wait};
use crate::ast::{
    ArmBody, AssignOp, Block, FieldPattern, HtmlArm, HtmlBlock, HtmlChild, Id, IfArm, List,
    Literal, MatchArm, Pattern, Stmt, TypeExpr,
};
use crate::kind::SyntaxKind as K;
use crate::parse::Event;

impl Builder<'_> {
    pub(super) fn stmt(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let stmt = match event.kind {
            K::LetStmt => Stmt::Let {
                name: self.name(event.first_token as usize + 1),
                mutable: self.kind(event.first_token as usize) == K::VarKw,
                ty: self.nth_type(base, 0),
                value: self.expr_or_error(event, base, 0),
            },
            K::AssignStmt => Stmt::Assign {
                place: self.expr_or_error(event, base, 0),
                op: assign_op(event.detail),
                value: self.expr_or_error(event, base, 1),
            },
            K::ReturnStmt => Stmt::Return(self.nth_expr(base, 0)),
            K::IfStmt => Stmt::If(self.if_node(base, range)),
            K::MatchStmt => Stmt::Match(self.match_node(event, base, range)),
            K::ForStmt => Stmt::For {
                pat: self.pattern_or_error(event, base, 0),
                second: self.nth_pattern(base, 1),
                iter: self.expr_or_error(event, base, 0),
                body: self.block_or_empty(event, base),
            },
            K::WhileStmt => Stmt::While {
                cond: self.expr_or_error(event, base, 0),
                body: self.block_or_empty(event, base),
            },
            K::TransactionStmt => Stmt::Transaction(self.block_or_empty(event, base)),
            K::BreakStmt => Stmt::Break,
            K::ContinueStmt => Stmt::Continue,
            K::ExprStmt => Stmt::Expr(self.expr_or_error(event, base, 0)),
            _ => Stmt::Error,
        };
        self.module.stmts.push(stmt, range).index() as u32
    }

    pub(super) fn block(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let block = Block {
            stmts: self.ids(base, K::is_stmt),
        };
        self.module.blocks.push(block, range).index() as u32
    }

    pub(super) fn if_arm(&mut self, event: &Event, base: usize) -> u32 {
        let arm = IfArm {
            cond: self.expr_or_error(event, base, 0),
            body: self.block_or_empty(event, base),
        };
        wait(&mut self.parts.if_arms, arm)
    }

    pub(super) fn match_arm(&mut self, event: &Event, base: usize) -> u32 {
        let body = match self.slot(base, K::Block) {
            Some(slot) => ArmBody::Block(Id::from_index(slot.value as usize)),
            None => ArmBody::Value(self.expr_or_error(event, base, 0)),
        };
        let arm = MatchArm {
            pat: self.pattern_or_error(event, base, 0),
            body,
            range: self.range(event),
        };
        wait(&mut self.parts.match_arms, arm)
    }

    // HTML.

    /// The children among the nodes from `base` on: values, `if`, `for`, and
    /// what cannot be one.
    fn children(&mut self, base: usize) -> List<HtmlChild> {
        let start = self.pool_len::<HtmlChild>();
        let mut first = self.parts.children.len();
        for at in base..self.stack.len() {
            let slot = self.stack[at];
            let child = if slot.kind.is_expr() {
                HtmlChild::Expr(Id::from_index(slot.value as usize))
            } else if is_child(slot.kind) {
                first = first.min(slot.value as usize);
                self.parts.children[slot.value as usize]
            } else {
                continue;
            };
            self.pool().push(child);
        }
        self.parts.children.truncate(first);
        self.list_from(start)
    }

    pub(super) fn html_block(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let block = HtmlBlock {
            children: self.children(base),
        };
        self.module.html_blocks.push(block, range).index() as u32
    }

    pub(super) fn html_children(&mut self, base: usize) -> u32 {
        let children = self.children(base);
        wait(&mut self.parts.child_lists, children)
    }

    pub(super) fn html_arm(&mut self, event: &Event, base: usize) -> u32 {
        // The first expression is the condition.
        let cond = self.expr_or_error(event, base, 0);
        let after = self.stack[base..]
            .iter()
            .position(|slot| slot.kind.is_expr())
            .map_or(base, |at| base + at + 1);
        let arm = HtmlArm {
            cond,
            children: self.children(after),
        };
        wait(&mut self.parts.html_arms, arm)
    }

    pub(super) fn html_if(&mut self, event: &Event, base: usize) -> u32 {
        let child = HtmlChild::If {
            arms: self.collect(base, K::HtmlArm, |parts| &mut parts.html_arms),
            otherwise: self.child_list(base),
            range: self.range(event),
        };
        wait(&mut self.parts.children, child)
    }

    pub(super) fn html_for(&mut self, event: &Event, base: usize) -> u32 {
        let child = HtmlChild::For {
            pat: self.pattern_or_error(event, base, 0),
            second: self.nth_pattern(base, 1),
            iter: self.expr_or_error(event, base, 0),
            body: self.child_list(base).unwrap_or(List::EMPTY),
            range: self.range(event),
        };
        wait(&mut self.parts.children, child)
    }

    pub(super) fn html_error(&mut self, event: &Event) -> u32 {
        let range = self.range(event);
        wait(&mut self.parts.children, HtmlChild::Error(range))
    }

    fn child_list(&mut self, base: usize) -> Option<List<HtmlChild>> {
        let slot = self.slot(base, K::HtmlChildren)?;
        let list = self.parts.child_lists[slot.value as usize];
        self.parts.child_lists.truncate(slot.value as usize);
        Some(list)
    }

    // Patterns.

    pub(super) fn pattern(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let pattern = match event.kind {
            K::WildcardPat => Pattern::Wildcard,
            K::LiteralPat => Pattern::Literal(self.literal(event)),
            K::PathPat => Pattern::Path(self.path_at(event, base, 0)),
            K::TuplePat => Pattern::Tuple {
                path: self.path_at(event, base, 0),
                args: self.ids(base, K::is_pattern),
            },
            K::RecordPat => Pattern::Record {
                path: self.path_at(event, base, 0),
                fields: self.collect(base, K::FieldPat, |parts| &mut parts.field_patterns),
            },
            _ => Pattern::Error,
        };
        self.drop_paths(base);
        self.module.patterns.push(pattern, range).index() as u32
    }

    fn literal(&mut self, event: &Event) -> Literal {
        let first = event.first_token as usize;
        let negative = self.kind(first) == K::Minus;
        let token = first + usize::from(negative);
        match self.kind(token) {
            K::Int if negative => Literal::Int(self.int(token).wrapping_neg()),
            K::Int => Literal::Int(self.int(token)),
            K::Float => {
                let value = crate::lex::float(self.token_text(token));
                Literal::Float(if negative { -value } else { value })
            }
            K::TrueKw => Literal::Bool(true),
            K::FalseKw => Literal::Bool(false),
            K::String => Literal::Str(self.decoded(token)),
            _ => Literal::Null,
        }
    }

    pub(super) fn field_pattern(&mut self, event: &Event, base: usize) -> u32 {
        let field = FieldPattern {
            name: self.name(event.first_token as usize),
            pattern: self.pattern_or_error(event, base, 0),
        };
        wait(&mut self.parts.field_patterns, field)
    }

    /// Paths of the children are taken.
    pub(super) fn drop_paths(&mut self, base: usize) {
        if let Some(slot) = self.slot(base, K::Path) {
            self.parts.paths.truncate(slot.value as usize);
        }
    }

    // Types.

    pub(super) fn ty(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let ty = match event.kind {
            K::PathType => TypeExpr::Path(self.path_at(event, base, 0)),
            K::ApplyType => TypeExpr::Apply {
                base: self.path_at(event, base, 0),
                args: self.ids(base, K::is_type),
            },
            K::RefinedType => TypeExpr::Refined {
                base: self.type_or_error(event, base, 0),
                args: self.ids(base, K::is_expr),
            },
            K::OptionType => TypeExpr::Option(self.type_or_error(event, base, 0)),
            K::ResultType => self.result_type(event, base),
            K::FnType => self.fn_type(event, base),
            // Parentheses around a type leave no trace.
            K::ParenType => {
                let inner = self.type_or_error(event, base, 0);
                return inner.index() as u32;
            }
            _ => TypeExpr::Error,
        };
        self.drop_paths(base);
        self.module.types.push(ty, range).index() as u32
    }

    fn result_type(&mut self, event: &Event, base: usize) -> TypeExpr {
        TypeExpr::Result {
            ok: self.type_or_error(event, base, 0),
            domains: self.collect(base, K::Path, |parts| &mut parts.paths),
        }
    }

    fn fn_type(&mut self, event: &Event, base: usize) -> TypeExpr {
        // The result follows the arrow; parameters stand before it.
        let arrow = |token: u32| self.kind(token.saturating_sub(1) as usize) == K::Arrow;
        let ret = self.stack[base..]
            .last()
            .filter(|slot| slot.kind.is_type())
            .filter(|slot| arrow(self.events[slot.event as usize].first_token))
            .filter(|slot| self.events[slot.event as usize].end_token == event.end_token);
        let ret = ret.map(|slot| Id::from_index(slot.value as usize));
        let end = self.stack.len() - usize::from(ret.is_some());
        let start = self.pool_len::<crate::ast::TypeExprId>();
        for at in base..end {
            let slot = self.stack[at];
            if slot.kind.is_type() {
                self.pool()
                    .push(Id::<TypeExpr>::from_index(slot.value as usize));
            }
        }
        TypeExpr::Fn {
            params: self.list_from(start),
            ret,
        }
    }
}

fn is_child(kind: K) -> bool {
    matches!(kind, K::HtmlIf | K::HtmlFor | K::HtmlError)
}

fn assign_op(detail: u8) -> AssignOp {
    const ALL: [AssignOp; 7] = [
        AssignOp::Set,
        AssignOp::Add,
        AssignOp::Sub,
        AssignOp::Mul,
        AssignOp::Div,
        AssignOp::Rem,
        AssignOp::Coalesce,
    ];
    ALL.get(detail as usize).copied().unwrap_or(AssignOp::Set)
}

//! Operands and operators over several lines.

use super::Printer;
use crate::ast::BinaryOp;
use crate::format::roles::children_reversed;
use crate::kind::SyntaxKind as K;
use crate::parse::{Event, binary_op};

impl Printer<'_, '_> {
    // Operators.

    /// A run of binary operators of one level.
    pub(super) fn operators(&mut self, node: usize, indent: usize, tail: usize) {
        let events = self.events();
        let end = (events[node].end_token as usize).min(self.line.end);
        let level = level(&events[node]);
        let before = matches!(level, 1..=3);
        let (mut operands, mut left) = (Vec::new(), node);
        while matches!(events[left].kind, K::BinaryExpr | K::CoalesceExpr)
            && self::level(&events[left]) == level
        {
            let mut children = children_reversed(events, left);
            let (Some(right), Some(next)) = (children.next(), children.next()) else {
                break;
            };
            operands.push(right);
            left = next;
        }
        operands.push(left);
        operands.reverse();
        // Lines do not break at ranges, and a `>` at the end of a line would end
        // it.
        let unbroken = level == RANGE
            || events[node].kind == K::BinaryExpr
                && binary_op(events[node].detail) == BinaryOp::Greater;
        let hug = unbroken || !before && self.last_operand_hugs(node, &operands);
        for (at, operand) in operands.iter().enumerate() {
            let event = events[*operand];
            let first = event.first_token as usize;
            let last = at + 1 == operands.len();
            if at > 0 {
                let operator = events[operands[at - 1]].end_token as usize;
                if before {
                    self.chain_line(operator, indent + 2);
                }
                for token in operator..first {
                    self.token(token, indent + 2);
                }
                if !before && !hug {
                    self.chain_line(first, indent + 2);
                }
            }
            let inner = if at == 0 || hug { indent } else { indent + 2 };
            let behind = if last {
                tail
            } else if hug {
                self.rest(event.end_token as usize, end, tail)
            } else {
                // The longest operator with its space.
                4
            };
            self.node(*operand, inner, behind);
        }
    }

    /// Whether only the last operand has to break, in brackets that open on
    /// this line.
    fn last_operand_hugs(&self, node: usize, operands: &[usize]) -> bool {
        let events = self.events();
        let Some(last) = operands.last().map(|last| &events[*last]) else {
            return false;
        };
        let first = events[node].first_token as usize;
        let (start, end) = (last.first_token as usize, last.end_token as usize);
        let open = (start..end).find(|token| self.is_breakable(*token));
        open.is_some_and(|open| {
            !matches!(last.kind, K::LambdaExpr) && self.fits(first, open + 1, 0)
        })
    }
}

const RANGE: u8 = 6;

/// The level of a binary operator, loosest first.
fn level(event: &Event) -> u8 {
    use BinaryOp as Op;
    if event.kind == K::CoalesceExpr {
        return 1;
    }
    match binary_op(event.detail) {
        Op::Or => 2,
        Op::And => 3,
        Op::Eq | Op::NotEq => 4,
        Op::Less | Op::LessEq | Op::Greater | Op::GreaterEq => 5,
        Op::Range | Op::RangeUntil => RANGE,
        Op::Add | Op::Sub => 7,
        Op::Mul | Op::Div | Op::Rem => 8,
    }
}

//! Brackets: what is in them on one line, or each element on its own.

use super::{Piece, Printer};
use crate::format::roles::{Role, children_reversed};
use crate::kind::SyntaxKind as K;

impl Printer<'_, '_> {
    /// A bracket with its elements: on one line when it fits, else one per
    /// line.
    pub(super) fn bracket(&mut self, open: usize, inner: &[Piece], indent: usize, tail: usize) {
        let close = self.source.roles.partner(open);
        self.leading_comments(open, indent + 2);
        if self.fits(open, close + 1, tail) {
            return self.flat(open, close + 1);
        }
        if let [Piece::Node(only)] = inner
            && self.hugs(open, *only)
        {
            self.token(open, indent + 2);
            self.node(*only, indent, 1 + tail);
            return self.token(close, indent);
        }
        self.token(open, indent + 2);
        let trailing = !self.source.roles.of(open).has(Role::NO_TRAILING);
        let nodes: Vec<usize> = inner
            .iter()
            .filter_map(|piece| match piece {
                Piece::Node(node) => Some(*node),
                Piece::Token(_) => None,
            })
            .collect();
        for (at, node) in nodes.iter().enumerate() {
            let event = self.events()[*node];
            self.element_line(event.first_token as usize, indent + 2);
            let after = event.end_token as usize;
            let comma = self.comma_after(after, at + 1 == nodes.len(), trailing);
            self.node(*node, indent + 2, usize::from(comma));
            if comma {
                self.out.push(',');
            }
            // The comments before a comma of the text.
            if self.source.kind(after) == K::Comma {
                self.comments(after - 1, after, indent + 2);
            }
        }
        if nodes.is_empty() {
            self.names(inner, indent + 2);
        }
        self.comments(close - 1, close, indent + 2);
        self.newline(indent);
        self.source.one(&mut self.out, None, close);
        self.before = Some(close);
    }

    /// Elements that are no nodes: the names of an import.
    fn names(&mut self, inner: &[Piece], indent: usize) {
        for piece in inner {
            let Piece::Token(token) = *piece else {
                continue;
            };
            if self.source.kind(token) == K::Comma {
                self.comments(token - 1, token, indent);
                continue;
            }
            self.element_line(token, indent);
            self.source.one(&mut self.out, None, token);
            self.out.push(',');
        }
    }

    /// Starts the line of an element, behind the comments before it.
    fn element_line(&mut self, first: usize, indent: usize) {
        self.comments(first - 1, first, indent);
        self.newline(indent);
    }

    /// Whether a comma follows an element that ends before `after`, in a
    /// broken bracket.
    fn comma_after(&self, after: usize, last: bool, trailing: bool) -> bool {
        if last {
            return trailing;
        }
        if self.source.kind(after) == K::Comma {
            return !self.source.roles.of(after).has(Role::DROP);
        }
        self.source.roles.of(after - 1).has(Role::COMMA_AFTER)
    }

    /// A bracket around one list, map, call or lambda that is broken already
    /// breaks with it, when the author wrote it so.
    fn hugs(&self, open: usize, only: usize) -> bool {
        if self.source.gap_is_forced(open, open + 1) {
            return false;
        }
        let mut node = only;
        if self.events()[node].kind == K::Arg {
            let value = children_reversed(self.events(), node).next();
            let Some(value) = value else { return false };
            node = value;
        }
        let event = &self.events()[node];
        let inside = self.forced(event.first_token as usize, event.end_token as usize);
        inside
            && matches!(event.kind, K::ListExpr | K::MapExpr)
            && self.fits(open, event.first_token as usize + 1, 0)
    }
}

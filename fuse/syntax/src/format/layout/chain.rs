//! Chains of members and calls, broken before each `.`.

use super::{Piece, Printer};
use crate::format::roles::children_reversed;
use crate::kind::SyntaxKind as K;

impl Printer<'_, '_> {
    // Chains.

    /// Calls, members, indices and `?!` on one value.
    pub(super) fn chain(&mut self, node: usize, indent: usize, tail: usize) {
        let events = self.events();
        let end = (events[node].end_token as usize).min(self.line.end);
        let mut links = vec![node];
        let mut calls = 0;
        let mut head = node;
        while let K::CallExpr | K::MemberExpr | K::BangExpr | K::IndexExpr = events[head].kind {
            calls += usize::from(events[head].kind == K::CallExpr);
            let Some(inner) = children_reversed(events, head).last() else {
                break;
            };
            head = inner;
            links.push(head);
        }
        links.pop();
        links.reverse();
        let breaks = |link: &usize| matches!(events[*link].kind, K::MemberExpr | K::BangExpr);
        let breakable = links.iter().any(breaks);
        let broken = breakable && (calls >= 3 || !self.inline_chain_fits(node, indent, tail));
        self.node(head, indent, 0);
        let mut after = events[head].end_token as usize;
        // Members without a call stay with the head.
        let mut at_head = true;
        for (at, link) in links.iter().enumerate() {
            let pieces: Vec<Piece> = self
                .pieces(*link)
                .into_iter()
                .filter(|piece| match piece {
                    Piece::Token(token) => *token >= after,
                    Piece::Node(inner) => events[*inner].first_token as usize >= after,
                })
                .collect();
            let kind = events[*link].kind;
            let called = links
                .get(at + 1)
                .is_some_and(|next| events[*next].kind != K::MemberExpr);
            let last = at + 1 == links.len();
            at_head &= kind == K::MemberExpr && !called && !last;
            let line = broken && breaks(link) && !at_head;
            if line && self.before.is_some() {
                self.chain_line(after, indent + 2);
            }
            at_head &= !line;
            let inner = if broken { indent + 2 } else { indent };
            let link_end = events[*link].end_token as usize;
            let stop = if broken {
                self.segment_end(&links[at..])
            } else {
                end
            };
            let tail = if stop >= end { tail } else { 0 };
            self.sequence(&pieces, stop.max(link_end), inner, tail);
            after = link_end;
        }
    }

    /// Starts the line of a link of a chain, behind the comments before it.
    pub(super) fn chain_line(&mut self, token: usize, indent: usize) {
        self.comments(token - 1, token, indent);
        self.newline(indent);
    }

    /// Where the segment that the first of these links starts ends.
    fn segment_end(&self, links: &[usize]) -> usize {
        let events = self.events();
        let next = links
            .iter()
            .skip(1)
            .take_while(|link| !matches!(events[**link].kind, K::MemberExpr | K::BangExpr));
        let last = next.last().or(links.first());
        last.map_or(0, |link| events[*link].end_token as usize)
    }

    /// Whether a chain can stay on its line but for its brackets, of which
    /// those break that do not fit.
    fn inline_chain_fits(&self, node: usize, indent: usize, tail: usize) -> bool {
        let event = &self.events()[node];
        let end = (event.end_token as usize).min(self.line.end);
        let mut start = event.first_token as usize;
        let mut column = self.column_of(start);
        let mut token = start;
        let mut found = false;
        while token < end {
            if !self.is_breakable(token) {
                token = self.source.next(token);
                continue;
            }
            found = true;
            if self.forced(start, token + 1)
                || column + self.width(start, token + 1) > self.source.width
            {
                return false;
            }
            let close = self.source.roles.partner(token);
            let after = self.rest(close + 1, end, tail);
            let whole = column + self.width(start, close + 1) + after;
            if self.forced(token, close + 1) || whole > self.source.width {
                (start, column) = (close, indent);
            }
            token = close + 1;
        }
        found
            && !self.forced(start, end)
            && column + self.width(start, end) + tail <= self.source.width
    }

    /// Where a token will stand when it is printed next.
    pub(super) fn column_of(&self, token: usize) -> usize {
        let space = match self.before {
            Some(before) if self.source.spaced(before, token) => 1,
            _ => 0,
        };
        self.column() + space
    }
}

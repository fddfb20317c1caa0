//! Logical lines that do not fit on one line.
//!
//! What breaks first: the outermost bracket, one element per line; chains of
//! three or more calls, or of fewer when breaking brackets does not help,
//! before each `.`; then operators, `and`, `or` and `??` before themselves, the
//! others behind themselves, where a line break is allowed.
//!
//! Every decision depends on tokens, comments and brackets that are broken
//! already, and breaking a bracket never turns a decision around, so that the
//! result is laid out like itself.

mod bracket;
mod chain;
mod operators;
mod widths;

use crate::format::lines::comment;
use crate::format::roles::children_reversed;
use crate::format::spacing::{Source, columns};
use crate::kind::SyntaxKind as K;
use crate::parse::Event;
use widths::LineWidths;

/// Writes a file.
pub(super) struct Printer<'a, 's> {
    pub(super) source: &'a Source<'s>,
    pub(super) out: String,
    /// Where the last line starts in `out`.
    line_start: usize,
    /// The token printed last, while its line goes on.
    before: Option<usize>,
    /// The indentation of the last line, from which blocks are indented.
    pub(super) line_indent: usize,
    /// Where the comments start that belong to the next import.
    pub(super) attached_from: usize,
    /// Comments inside of logical lines are printed up to this raw token.
    commented_to: usize,
    /// Whether the line printed last ends with a comment.
    after_comment: bool,
    line: LineWidths,
}

/// A token or a node below another node.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Token(usize),
    Node(usize),
}

impl<'a, 's> Printer<'a, 's> {
    pub(super) fn new(source: &'a Source<'s>) -> Self {
        Self {
            source,
            out: String::with_capacity(source.text.len() + source.text.len() / 16),
            line_start: 0,
            before: None,
            line_indent: 0,
            attached_from: 0,
            commented_to: 0,
            after_comment: false,
            line: LineWidths::default(),
        }
    }

    fn events(&self) -> &'s [Event] {
        &self.source.syntax.events
    }

    pub(super) fn start_line(&mut self, indent: usize) {
        self.line_start = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.before = None;
        self.after_comment = false;
        self.line_indent = indent;
    }

    fn newline(&mut self, indent: usize) {
        self.out.push('\n');
        self.line_start = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.before = None;
        self.after_comment = false;
    }

    fn column(&self) -> usize {
        columns(&self.out[self.line_start..])
    }

    /// Prints the tokens of a logical line, which starts at `indent`.
    pub(super) fn logical_line(&mut self, first: usize, end: usize, indent: usize) {
        let (mut before, mut token, mut forced) = (None, first, false);
        while token < end {
            if let Some(before) = before {
                forced |= self.source.gap_is_forced(before, token);
            }
            before = Some(token);
            token = self.source.next(token);
        }
        let start = self.out.len();
        if !forced {
            self.before = self.source.flat(&mut self.out, None, first, end);
            if columns(&self.out[start..]) + indent <= self.source.width {
                return;
            }
            self.out.truncate(start);
            self.before = None;
        }
        self.measure(first, end);
        let mut token = first;
        for node in self.nodes_of_line(first, end) {
            let event = self.events()[node];
            while token < event.first_token as usize {
                self.token(token, indent + 2);
                token = self.source.next(token);
            }
            let tail = self.rest(event.end_token as usize, end, 0);
            self.node(node, indent, tail);
            token = (event.end_token as usize).max(token);
        }
        while token < end {
            self.token(token, indent + 2);
            token = self.source.next(token);
        }
    }

    /// The outermost nodes that a line holds completely.
    fn nodes_of_line(&self, first: usize, end: usize) -> Vec<usize> {
        let events = self.events();
        let low = events.partition_point(|event| event.end_token as usize <= first);
        // The line end belongs to the statement.
        let high = events.partition_point(|event| event.end_token as usize <= end + 1);
        let mut nodes = Vec::new();
        let mut at = high;
        while at > low {
            let event = events[at - 1];
            let start = event.first_token as usize;
            // A block that starts with the line is not on the line of its head.
            let block = event.kind == K::Block && start == first;
            if start >= first && event.end_token > event.first_token && !block {
                nodes.push(at - 1);
                at = event.first_event as usize;
            } else {
                at -= 1;
            }
        }
        nodes.reverse();
        nodes
    }

    /// Where the suites start that stand on the line of their head.
    fn suites_of_line(&self, first: usize, end: usize) -> Vec<usize> {
        let events = self.events();
        let low = events.partition_point(|event| event.end_token as usize <= first);
        let high = events.partition_point(|event| event.end_token as usize <= end + 1);
        let suites = events[low..high].iter().filter_map(|event| {
            let start = event.first_token as usize;
            match event.kind {
                K::Block if start > first => Some(start),
                // Their first token is the colon.
                K::HtmlBlock | K::HtmlChildren if start > first => Some(start + 1),
                _ => None,
            }
        });
        suites.collect()
    }

    // Tokens.

    /// Prints a token, with the comments before it.
    fn token(&mut self, token: usize, indent: usize) {
        let commented = token
            .checked_sub(1)
            .filter(|_| token > self.line.first)
            .is_some_and(|before| self.comments(before, token, indent));
        if commented {
            self.newline(indent);
        }
        if self.source.printed(token) {
            self.source.one(&mut self.out, self.before, token);
            self.before = Some(token);
            if self.source.kind(token) == K::StringStart
                && self.source.token_text(token).contains('\n')
                || self.source.kind(token) == K::String
            {
                self.find_line_start();
            }
        }
    }

    /// A string may hold line ends.
    fn find_line_start(&mut self) {
        if let Some(at) = self.out[self.line_start..].rfind('\n') {
            self.line_start += at + 1;
        }
    }

    fn flat(&mut self, first: usize, end: usize) {
        self.before = self.source.flat(&mut self.out, self.before, first, end);
        self.find_line_start();
    }

    /// Prints the comments between two tokens: the first behind the last
    /// token, if it stood there, the others on lines of their own. Whether
    /// there was one.
    fn comments(&mut self, before: usize, token: usize, indent: usize) -> bool {
        let source = self.source;
        let from = self.end_of_token_before(before);
        let mut own_line = false;
        let mut found = false;
        for raw in from..source.raw(token) {
            match source.syntax.tokens.kind(raw) {
                K::LineEnd => own_line = true,
                K::Comment | K::Doc if raw >= self.commented_to => {
                    self.commented_to = raw + 1;
                    let text = comment(source.raw_text(raw));
                    if own_line || self.after_comment {
                        if self.out[self.line_start..].trim().is_empty() {
                            self.out.truncate(self.line_start);
                            self.out.extend(std::iter::repeat_n(' ', indent));
                        } else {
                            self.newline(indent);
                        }
                    } else {
                        self.out.push_str("  ");
                    }
                    self.out.push_str(&text);
                    self.before = None;
                    self.after_comment = true;
                    found = true;
                }
                _ => {}
            }
        }
        found
    }

    /// The raw token behind the token before, which may be inside of a string.
    fn end_of_token_before(&self, before: usize) -> usize {
        self.source.raw(before) + 1
    }

    // Nodes.

    fn pieces(&self, node: usize) -> Vec<Piece> {
        let events = self.events();
        let event = &events[node];
        let mut children: Vec<usize> = children_reversed(events, node).collect();
        children.reverse();
        let mut pieces = Vec::new();
        let mut token = event.first_token as usize;
        let end = (event.end_token as usize).min(self.line.end);
        for child in children {
            let inner = &events[child];
            if inner.end_token <= inner.first_token {
                continue;
            }
            while token < inner.first_token as usize {
                pieces.push(Piece::Token(token));
                token = self.source.next(token);
            }
            pieces.push(Piece::Node(child));
            token = (inner.end_token as usize).max(token);
        }
        while token < end {
            pieces.push(Piece::Token(token));
            token = self.source.next(token);
        }
        pieces
    }

    /// Prints a node; `tail` columns follow on its last line. Lines after the
    /// first are indented from `indent`.
    fn node(&mut self, node: usize, indent: usize, tail: usize) {
        let event = self.events()[node];
        let first = event.first_token as usize;
        let end = (event.end_token as usize).min(self.line.end);
        self.leading_comments(first, indent + 2);
        if self.fits(first, end, tail) {
            return self.flat(first, end);
        }
        match event.kind {
            // What a string says is never changed.
            K::InterpExpr => self.flat(first, end),
            K::CallExpr | K::MemberExpr | K::BangExpr | K::IndexExpr => {
                self.chain(node, indent, tail);
            }
            K::BinaryExpr | K::CoalesceExpr => self.operators(node, indent, tail),
            K::LambdaExpr => self.lambda(node, indent, tail),
            K::Block | K::HtmlBlock | K::HtmlChildren => self.inline_block(node, indent, tail),
            _ => {
                let pieces = self.pieces(node);
                self.sequence(&pieces, end, indent, tail);
            }
        }
    }

    /// Comments before the first token of a node.
    fn leading_comments(&mut self, first: usize, indent: usize) {
        if first > self.line.first && self.comments(first - 1, first, indent) {
            self.newline(indent);
        }
    }

    /// Prints pieces one after the other; brackets among them break.
    fn sequence(&mut self, pieces: &[Piece], end: usize, indent: usize, tail: usize) {
        let mut at = 0;
        while at < pieces.len() {
            match pieces[at] {
                Piece::Token(token) if self.is_breakable(token) => {
                    let close = self.source.roles.partner(token);
                    let length = pieces[at..]
                        .iter()
                        .position(|piece| matches!(piece, Piece::Token(one) if *one == close));
                    let Some(length) = length else {
                        self.token(token, indent + 2);
                        at += 1;
                        continue;
                    };
                    let inner = &pieces[at + 1..at + length];
                    let tail = self.rest(close + 1, end, tail);
                    self.bracket(token, inner, indent, tail);
                    at += length + 1;
                }
                Piece::Token(token) => {
                    self.token(token, indent + 2);
                    at += 1;
                }
                Piece::Node(node) => {
                    let after = self.events()[node].end_token as usize;
                    let tail = self.rest(after, end, tail);
                    self.node(node, indent, tail);
                    at += 1;
                }
            }
        }
    }

    fn lambda(&mut self, node: usize, indent: usize, tail: usize) {
        let end = (self.events()[node].end_token as usize).min(self.line.end);
        let pieces = self.pieces(node);
        let Some((Piece::Node(body), head)) = pieces.split_last().map(|(last, head)| (*last, head))
        else {
            return self.sequence(&pieces, end, indent, tail);
        };
        let start = self.events()[body].first_token as usize;
        self.sequence(head, start, indent, 0);
        let event = self.events()[body];
        let open = (start..event.end_token as usize).find(|token| self.is_breakable(*token));
        let stays = self.fits(start, event.end_token as usize, tail)
            || open.is_some_and(|open| self.fits(start, open + 1, 0));
        if stays {
            return self.node(body, indent, tail);
        }
        self.chain_line(start, indent + 2);
        self.node(body, indent + 2, tail);
    }

    /// The block of a suite that stands on the line of its head: it gets lines
    /// of its own.
    fn inline_block(&mut self, node: usize, indent: usize, tail: usize) {
        let end = (self.events()[node].end_token as usize).min(self.line.end);
        let mut pieces = self.pieces(node);
        // The colon belongs to blocks of children.
        if let Some(Piece::Token(colon)) = pieces.first().copied()
            && self.source.kind(colon) == K::Colon
        {
            self.token(colon, indent + 2);
            pieces.remove(0);
        }
        let first = pieces.first().map(|piece| match piece {
            Piece::Token(token) => *token,
            Piece::Node(inner) => self.events()[*inner].first_token as usize,
        });
        self.chain_line(first.unwrap_or(end), indent + 2);
        self.line_indent = indent + 2;
        self.sequence(&pieces, end, indent + 2, tail);
    }
}

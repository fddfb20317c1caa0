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

use super::lines::comment;
use super::roles::{Role, children_reversed};
use super::spacing::{Source, columns};
use crate::ast::BinaryOp;
use crate::kind::SyntaxKind as K;
use crate::parse::{Event, binary_op};

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

/// Widths of the tokens of one logical line.
#[derive(Default)]
struct LineWidths {
    first: usize,
    end: usize,
    /// Columns before each token, its space included, when all stand on one
    /// line.
    columns: Vec<usize>,
    /// The space before each token.
    spaces: Vec<usize>,
    /// Gaps before each token that must stay broken.
    forced: Vec<u32>,
    /// Tokens before each one that hold a line end.
    multiline: Vec<u32>,
    /// Where suites start that get lines of their own.
    suites: Vec<usize>,
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

    // Widths.

    fn measure(&mut self, first: usize, end: usize) {
        let count = end - first;
        let mut line = LineWidths {
            first,
            end,
            columns: vec![0; count + 1],
            spaces: vec![0; count + 1],
            forced: vec![0; count + 1],
            multiline: vec![0; count + 1],
            suites: self.suites_of_line(first, end),
        };
        let (mut token, mut before, mut last) = (first, None, None);
        let (mut column, mut forced, mut multiline) = (0, 0, 0);
        while token < end {
            let at = token - first;
            if let Some(last) = last {
                forced += u32::from(self.source.gap_is_forced(last, token));
            }
            line.columns[at] = column;
            line.forced[at] = forced;
            line.multiline[at] = multiline;
            let next = self.source.next(token);
            if self.source.printed(token) {
                let mut text = String::new();
                self.source.one(&mut text, before, token);
                let bare = self.source.token_text(token);
                line.spaces[at] = columns(&text).saturating_sub(columns(bare));
                column += columns(&text);
                multiline += u32::from(text.contains('\n'));
                before = Some(token);
            }
            for inner in token + 1..next {
                let at = inner - first;
                line.columns[at] = column;
                line.forced[at] = forced;
                line.multiline[at] = multiline;
            }
            last = Some(token);
            token = next;
        }
        line.columns[count] = column;
        line.forced[count] = forced;
        line.multiline[count] = multiline;
        self.line = line;
    }

    fn at(&self, token: usize) -> usize {
        token.clamp(self.line.first, self.line.end) - self.line.first
    }

    /// The columns of tokens on one line, without a space before them.
    fn width(&self, first: usize, end: usize) -> usize {
        if end <= first {
            return 0;
        }
        let (from, to) = (self.at(first), self.at(end));
        let whole = self.line.columns[to] - self.line.columns[from];
        whole.saturating_sub(self.line.spaces[from])
    }

    /// Whether a line break inside of these tokens must stay.
    fn forced(&self, first: usize, end: usize) -> bool {
        if end <= first + 1 {
            return false;
        }
        let (from, to) = (self.at(first), self.at(end - 1));
        self.line.forced[to] > self.line.forced[from]
    }

    fn is_multiline(&self, first: usize, end: usize) -> bool {
        self.line.multiline[self.at(end)] > self.line.multiline[self.at(first)]
    }

    /// Whether tokens may be printed on one line from here, with `tail`
    /// columns behind them.
    fn fits(&self, first: usize, end: usize, tail: usize) -> bool {
        if self.forced(first, end) {
            return false;
        }
        let start = self.column_of(first);
        if !self.is_multiline(first, end) {
            return start + self.width(first, end) + tail <= self.source.width;
        }
        // The lines inside of a string cannot be helped.
        let mut text = String::new();
        self.source.flat(&mut text, None, first, end);
        let head = text.split('\n').next().unwrap_or("");
        let last = text.rsplit('\n').next().unwrap_or("");
        start + columns(head) <= self.source.width && columns(last) + tail <= self.source.width
    }

    /// The columns of what stays behind a node on its line: the tokens from
    /// `from` to the next bracket that can be broken, to the next suite, or to
    /// `end` and then `tail` more.
    fn rest(&self, from: usize, end: usize, tail: usize) -> usize {
        let mut token = from;
        while token < end {
            if self.line.suites.contains(&token) {
                return self.width_with_space(from, token);
            }
            if self.is_breakable(token) {
                return self.width_with_space(from, token + 1);
            }
            token = self.source.next(token);
        }
        self.width_with_space(from, end) + tail
    }

    fn width_with_space(&self, first: usize, end: usize) -> usize {
        if end <= first {
            return 0;
        }
        self.line.columns[self.at(end)] - self.line.columns[self.at(first)]
    }

    /// An opener that has something inside, a comment at least.
    fn is_breakable(&self, token: usize) -> bool {
        let close = self.source.roles.partner(token);
        matches!(self.source.kind(token), K::LParen | K::LBracket | K::LBrace)
            && (close > token + 1 || self.forced(token, close + 1))
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

    /// A bracket with its elements: on one line when it fits, else one per
    /// line.
    fn bracket(&mut self, open: usize, inner: &[Piece], indent: usize, tail: usize) {
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

    // Chains.

    /// Calls, members, indices and `?!` on one value.
    fn chain(&mut self, node: usize, indent: usize, tail: usize) {
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
    fn chain_line(&mut self, token: usize, indent: usize) {
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
    fn column_of(&self, token: usize) -> usize {
        let space = match self.before {
            Some(before) if self.source.spaced(before, token) => 1,
            _ => 0,
        };
        self.column() + space
    }

    // Operators.

    /// A run of binary operators of one level.
    fn operators(&mut self, node: usize, indent: usize, tail: usize) {
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

//! Following a request path through the tree.

use super::leaf::NONE;
use super::tree::{Node, Retry, Tree};
use super::word::{self, Stop};
use crate::matched::Spans;
use crate::path;

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// A leaf was accepted.
    Accepted,
    /// No leaf was accepted.
    Exhausted,
    /// The path has an escape, a NUL or a dot segment where a value would have
    /// been captured.
    Special,
}

enum Capture {
    Value(usize),
    Nothing,
    Special,
}

impl Tree {
    /// Offers the leaves that match `path` to `accept`, most specific first,
    /// until it takes one. The spans are those of the accepted leaf.
    #[inline(always)]
    pub(super) fn walk(
        &self,
        path: &[u8],
        spans: &mut Spans,
        mut accept: impl FnMut(u32) -> bool,
    ) -> Walk {
        if self.nodes.is_empty() {
            return Walk::Exhausted;
        }
        let mut id = 0;
        let mut at = 0;
        loop {
            let node = &self.nodes[id];
            let mut retry = node.retry;
            if self.text_matches(node, path, at) {
                at += usize::from(node.text_len);
                let Some(byte) = path.get(at) else {
                    if node.leaf != NONE && accept(node.leaf) {
                        return Walk::Accepted;
                    }
                    match self.resume(retry, path, spans, &mut accept) {
                        Resumed::At(next, position) => (id, at) = (next, position),
                        Resumed::Ended(walk) => return walk,
                    }
                    continue;
                };
                if let Some(child) = self.child(node, *byte) {
                    id = child;
                    at += 1;
                    continue;
                }
                if node.param != NONE {
                    match capture_segment(path, at) {
                        Capture::Value(end) => {
                            record(spans, node, at, end);
                            id = node.param as usize;
                            at = end;
                            continue;
                        }
                        Capture::Special => return Walk::Special,
                        Capture::Nothing => {}
                    }
                }
                if node.wild != NONE {
                    match capture_tail(path, at) {
                        Capture::Value(end) => {
                            record(spans, node, at, end);
                            if accept(node.wild) {
                                return Walk::Accepted;
                            }
                        }
                        Capture::Special => return Walk::Special,
                        Capture::Nothing => {}
                    }
                }
            }
            retry = node.retry;
            match self.resume(retry, path, spans, &mut accept) {
                Resumed::At(next, position) => (id, at) = (next, position),
                Resumed::Ended(walk) => return walk,
            }
        }
    }

    #[inline(always)]
    fn text_matches(&self, node: &Node, path: &[u8], at: usize) -> bool {
        // Zeros past the end of the path equal no text, so the length needs no
        // look of its own.
        (word::load(path, at) ^ node.head) & node.mask == 0
            && (node.text_len <= 8 || self.long_text_matches(node, &path[at..]))
    }

    /// Takes up earlier choices until one leads to a node.
    fn resume(
        &self,
        mut retry: Retry,
        path: &[u8],
        spans: &mut Spans,
        accept: &mut impl FnMut(u32) -> bool,
    ) -> Resumed {
        while retry != Retry::NONE {
            let node = &self.nodes[retry.node()];
            let at = position_after(node, spans);
            if !retry.is_wild() {
                match capture_segment(path, at) {
                    Capture::Value(end) => {
                        record(spans, node, at, end);
                        return Resumed::At(node.param as usize, end);
                    }
                    Capture::Special => return Resumed::Ended(Walk::Special),
                    Capture::Nothing => {}
                }
            }
            if node.wild != NONE {
                match capture_tail(path, at) {
                    Capture::Value(end) => {
                        record(spans, node, at, end);
                        if accept(node.wild) {
                            return Resumed::Ended(Walk::Accepted);
                        }
                    }
                    Capture::Special => return Resumed::Ended(Walk::Special),
                    Capture::Nothing => {}
                }
            }
            retry = node.retry;
        }
        Resumed::Ended(Walk::Exhausted)
    }
}

enum Resumed {
    At(usize, usize),
    Ended(Walk),
}

/// Where the text of `node` ended when the request passed it: the captures
/// before a choice outlive whatever was tried after it.
fn position_after(node: &Node, spans: &Spans) -> usize {
    let captured = match usize::from(node.captures).checked_sub(1) {
        Some(last) => usize::from(spans[last].1),
        None => 0,
    };
    captured + usize::from(node.since_capture)
}

#[inline(always)]
fn record(spans: &mut Spans, node: &Node, start: usize, end: usize) {
    // Both fit: longer paths are refused before they are matched.
    let (start, end) = (start as u16, end as u16);
    if let Some(span) = spans.get_mut(usize::from(node.captures)) {
        *span = (start, end);
    }
}

#[inline(always)]
fn capture_segment(path: &[u8], at: usize) -> Capture {
    let (end, stop) = word::segment_end(path, at);
    if stop == Stop::Special {
        return Capture::Special;
    }
    if end == at {
        return Capture::Nothing;
    }
    if path[at] == b'.' && path::is_dot_segment(&path[at..end]) {
        return Capture::Special;
    }
    Capture::Value(end)
}

/// One or more segments up to the end of the path.
#[inline(always)]
fn capture_tail(path: &[u8], mut at: usize) -> Capture {
    loop {
        match capture_segment(path, at) {
            Capture::Value(end) if end == path.len() => return Capture::Value(end),
            Capture::Value(end) => at = end + 1,
            other => return other,
        }
    }
}

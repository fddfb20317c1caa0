//! Following a request path through the tree.

use plumego_contract::ParamEnds;

use super::leaf::NONE;
use super::tree::{Node, Retry, Tree};
use super::word::{self, Stop};
use crate::path;

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This leaf matches the path, with values that end here. `retry` leads to
    /// the next less specific one.
    Leaf {
        leaf: u32,
        retry: Retry,
        ends: ParamEnds,
    },
    /// No further leaf matches.
    Exhausted,
    /// The path has an escape, a NUL or a dot segment where a value would have
    /// been captured.
    Special,
}

/// How far a walk came without looking back.
pub(super) enum Descent {
    Leaf { leaf: u32, retry: Retry },
    Failed(Retry),
    Special,
}

enum Capture {
    Value(usize),
    Nothing,
    Special,
}

impl Tree {
    /// Walks down from the root, to the most specific leaf if no choice on the
    /// way has to be taken back.
    #[inline(always)]
    pub(super) fn descend(&self, path: &[u8], ends: &mut ParamEnds) -> Descent {
        if self.nodes.is_empty() {
            return Descent::Failed(Retry::NONE);
        }
        self.descend_from(0, 0, path, ends)
    }

    /// The most specific leaf that matches `path`, from an earlier choice on.
    #[inline(never)]
    pub(super) fn next(&self, mut retry: Retry, path: &[u8], mut ends: ParamEnds) -> Step {
        while retry != Retry::NONE {
            let descent = match retry {
                Retry::START => self.descend(path, &mut ends),
                choice => self.take_back(choice, path, &mut ends),
            };
            match descent {
                Descent::Leaf { leaf, retry } => return Step::Leaf { leaf, retry, ends },
                Descent::Failed(next) => retry = next,
                Descent::Special => return Step::Special,
            }
        }
        Step::Exhausted
    }

    fn take_back(&self, choice: Retry, path: &[u8], ends: &mut ParamEnds) -> Descent {
        let node = &self.nodes[choice.node()];
        let at = position_after(node, ends);
        if choice.is_wild() {
            take_wild(node, path, at, ends)
        } else {
            self.take_param(node, path, at, ends)
        }
    }

    fn take_param(&self, node: &Node, path: &[u8], at: usize, ends: &mut ParamEnds) -> Descent {
        match capture_segment(path, at) {
            Capture::Value(end) => {
                ends.set(node.captures.into(), end);
                self.descend_from(node.param as usize, end, path, ends)
            }
            // A wildcard would capture nothing either.
            Capture::Nothing => Descent::Failed(node.retry),
            Capture::Special => Descent::Special,
        }
    }

    #[inline(always)]
    fn descend_from(
        &self,
        mut id: usize,
        mut at: usize,
        path: &[u8],
        ends: &mut ParamEnds,
    ) -> Descent {
        loop {
            let node = &self.nodes[id];
            if !self.text_matches(node, path, at) {
                return Descent::Failed(node.retry);
            }
            at += usize::from(node.text_len);
            let Some(byte) = path.get(at) else {
                return match node.leaf {
                    NONE => Descent::Failed(node.retry),
                    leaf => Descent::Leaf {
                        leaf,
                        retry: node.retry,
                    },
                };
            };
            if let Some(child) = self.child(node, *byte) {
                id = child;
                at += 1;
                continue;
            }
            if node.param == NONE {
                return take_wild(node, path, at, ends);
            }
            match capture_segment(path, at) {
                Capture::Value(end) if end == path.len() => {
                    ends.set(node.captures.into(), end);
                    return end_at_param(node, id);
                }
                Capture::Value(end) => {
                    ends.set(node.captures.into(), end);
                    id = node.param as usize;
                    at = end;
                }
                Capture::Nothing => return Descent::Failed(node.retry),
                Capture::Special => return Descent::Special,
            }
        }
    }

    #[inline(always)]
    fn text_matches(&self, node: &Node, path: &[u8], at: usize) -> bool {
        // Zeros past the end of the path equal no text, so the length needs no
        // look of its own.
        (word::load(path, at) ^ node.head) & node.mask == 0
            && (node.text_len <= 8 || self.long_text_matches(node, path, at))
    }
}

/// The path ends with the value of the parameter of `node`.
#[inline(always)]
fn end_at_param(node: &Node, id: usize) -> Descent {
    let retry = node.retry_below_param(id);
    match node.param_leaf {
        NONE => Descent::Failed(retry),
        leaf => Descent::Leaf { leaf, retry },
    }
}

#[inline(always)]
fn take_wild(node: &Node, path: &[u8], at: usize, ends: &mut ParamEnds) -> Descent {
    if node.wild == NONE {
        return Descent::Failed(node.retry);
    }
    match capture_tail(path, at) {
        Capture::Value(end) => {
            ends.set(node.captures.into(), end);
            Descent::Leaf {
                leaf: node.wild,
                retry: node.retry,
            }
        }
        Capture::Nothing => Descent::Failed(node.retry),
        Capture::Special => Descent::Special,
    }
}

/// Where the text of `node` ended when the request passed it: the captures
/// before a choice outlive whatever was tried after it.
fn position_after(node: &Node, ends: &ParamEnds) -> usize {
    let captured = match usize::from(node.captures).checked_sub(1) {
        Some(last) => ends.get(last),
        None => 0,
    };
    captured + usize::from(node.since_capture)
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
fn capture_tail(path: &[u8], at: usize) -> Capture {
    if word::is_plain_tail(path, at) {
        Capture::Value(path.len())
    } else {
        capture_odd_tail(path, at)
    }
}

#[inline(never)]
fn capture_odd_tail(path: &[u8], mut at: usize) -> Capture {
    loop {
        match capture_segment(path, at) {
            Capture::Value(end) if end == path.len() => return Capture::Value(end),
            Capture::Value(end) => at = end + 1,
            other => return other,
        }
    }
}

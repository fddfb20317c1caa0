//! What surrounds the code being checked.

use fuse_syntax::TextRange;
use fuse_syntax::ast::ExprId;

use super::facts::Owner;
use crate::decls::TypeParam;
use crate::ids::Sym;
use crate::typed::LocalId;
use crate::types::Ty;

/// What a body is the body of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum BodyKind {
    /// A function or method.
    Function,
    Component,
    Route,
    App,
    Migration,
    Test,
    /// A default: of a parameter, field or config field.
    #[default]
    Default,
}

/// The body being checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) kind: BodyKind,
    pub(super) owner: Owner,
    /// What messages call it.
    pub(super) name: Option<Sym>,
    /// Where its name or verb stands.
    pub(super) range: TextRange,
    pub(super) result: Ty,
    /// Where its statements stand.
    pub(super) block: TextRange,
    pub(super) type_params: &'a [TypeParam],
    pub(super) self_type: Option<Ty>,
    /// Whether a reported component has its result reported already.
    pub(super) result_reported: bool,
}

impl Default for Body<'_> {
    fn default() -> Self {
        Self {
            kind: BodyKind::Default,
            owner: Owner::App(0),
            name: None,
            range: TextRange::default(),
            result: Ty::UNIT,
            block: TextRange::default(),
            type_params: &[],
            self_type: None,
            result_reported: false,
        }
    }
}

impl Body<'_> {
    pub(super) fn in_test(&self) -> bool {
        self.kind == BodyKind::Test
    }
}

/// Something inside a body that code can be in.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Loop {
        /// Whether a `break` leaves it.
        breaks: bool,
    },
    Spawn(Captures),
    Lambda(Captures),
    Transaction,
}

/// What a lambda or `spawn` block takes from around it.
#[derive(Clone, Debug)]
pub(super) struct Captures {
    pub(super) expr: ExprId,
    /// The number of the first variable inside.
    pub(super) first: u32,
    pub(super) locals: Vec<LocalId>,
}

/// The frames around the code being checked, innermost last.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames(pub(super) Vec<Frame>);

/// Where a `break` or `continue` would go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LoopTarget {
    Loop,
    /// A loop, but outside a transaction.
    OutsideTransaction,
    Nothing,
}

impl Frames {
    pub(super) fn in_transaction(&self) -> bool {
        self.0
            .iter()
            .any(|frame| matches!(frame, Frame::Transaction))
    }

    /// The number of the first variable inside the outermost `spawn` block.
    pub(super) fn spawn_boundary(&self) -> Option<u32> {
        self.0.iter().find_map(|frame| match frame {
            Frame::Spawn(captures) => Some(captures.first),
            _ => None,
        })
    }

    /// The number of the first variable inside the innermost `spawn` block.
    pub(super) fn inner_spawn_boundary(&self) -> Option<u32> {
        self.0.iter().rev().find_map(|frame| match frame {
            Frame::Spawn(captures) => Some(captures.first),
            _ => None,
        })
    }

    /// The number of the first variable inside the innermost lambda or
    /// `spawn` block.
    pub(super) fn capture_boundary(&self) -> Option<u32> {
        self.0.iter().rev().find_map(|frame| match frame {
            Frame::Spawn(captures) | Frame::Lambda(captures) => Some(captures.first),
            _ => None,
        })
    }

    pub(super) fn in_lambda(&self) -> bool {
        self.0.iter().any(|frame| matches!(frame, Frame::Lambda(_)))
    }

    /// Notes that a variable is used here.
    pub(super) fn capture(&mut self, local: LocalId) {
        for frame in self.0.iter_mut().rev() {
            if let Frame::Spawn(captures) | Frame::Lambda(captures) = frame {
                if local.0 >= captures.first {
                    return;
                }
                if !captures.locals.contains(&local) {
                    captures.locals.push(local);
                }
            }
        }
    }

    /// Where a `break` or `continue` goes; marks the loop a `break` leaves.
    pub(super) fn loop_target(&mut self, is_break: bool) -> LoopTarget {
        let mut outside = false;
        for frame in self.0.iter_mut().rev() {
            match frame {
                Frame::Loop { .. } if outside => return LoopTarget::OutsideTransaction,
                Frame::Loop { breaks } => {
                    *breaks |= is_break;
                    return LoopTarget::Loop;
                }
                Frame::Transaction => outside = true,
                Frame::Spawn(_) | Frame::Lambda(_) => break,
            }
        }
        LoopTarget::Nothing
    }
}

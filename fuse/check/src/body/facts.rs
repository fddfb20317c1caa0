//! What bodies tell the checks of the whole program.

use fuse_builtins::{BuiltinId, MemberId};
use fuse_syntax::{Span, TextRange};

use crate::ids::{ConfigId, FnId, RecordId};
use crate::types::Ty;

/// The code that something was found in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Owner {
    Function(FnId),
    /// A field of a config, by its place.
    ConfigField(ConfigId, u32),
    /// A route, by its place in the pool of its module.
    Route(u32),
    App(u32),
    Test(u32),
    Migration(u32),
    /// The defaults of a record.
    Record(RecordId),
}

/// Something a body does itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direct {
    Builtin(BuiltinId),
    Member(MemberId),
    Transaction,
}

/// A call of a generic function.
#[derive(Clone, Debug)]
pub(crate) struct GenericCall {
    /// The function around the call, if it is generic itself.
    pub(crate) owner: Option<FnId>,
    pub(crate) callee: FnId,
    pub(crate) type_args: Box<[Ty]>,
    pub(crate) span: Span,
}

/// What a generic body demands of the types that stand for its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Need {
    /// `==`.
    Equal,
    /// A display form.
    Display,
    /// The member is called on the type, so it must not need a value.
    Associated(FnId),
}

/// Found while checking the bodies of one module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Functions named or called, with where.
    pub(crate) calls: Vec<(Owner, FnId)>,
    /// Config fields read.
    pub(crate) reads: Vec<(Owner, ConfigId, u32)>,
    /// What is done besides computing.
    pub(crate) direct: Vec<(Owner, Direct, TextRange)>,
    pub(crate) generic_calls: Vec<GenericCall>,
    /// What a generic function needs of the parameter at an index.
    pub(crate) needs: Vec<(FnId, u32, Need)>,
    /// Capabilities used, one bit each.
    pub(crate) capabilities: u8,
    /// Calls of `serve`.
    pub(crate) serves: Vec<TextRange>,
    /// Records constructed with at least one field left to its default.
    pub(crate) defaults: Vec<(Owner, RecordId)>,
}

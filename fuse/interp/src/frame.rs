//! One active call.

use fuse_check::canon::{Function, FunctionId, LocalId, Span};
use fuse_runtime::meta::FnId;
use fuse_runtime::{Fault, Value};

use crate::meta;

/// Why evaluation of a node ended without a value.
#[derive(Debug)]
pub(crate) enum Exit {
    /// A fault, which ends the unit of work.
    Fault(Fault),
    /// The function returns this.
    Return(Value),
    /// The innermost loop ends.
    Break,
    /// The innermost loop goes on with its next turn.
    Continue,
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What evaluation of a node ends with.
pub(crate) type Eval<T = Value> = Result<T, Exit>;

/// The variables of a call, and where it stands.
pub(crate) struct Frame {
    pub(crate) id: FunctionId,
    pub(crate) function: &'static Function,
    pub(crate) locals: Vec<Value>,
    /// The expression at which a fault passed through this call, innermost
    /// first to say so.
    pub(crate) failed_at: Option<Span>,
}

impl Frame {
    /// A call of a function with its arguments and then its captures; the
    /// other variables get their values before they are read.
    pub(crate) fn new(
        id: FunctionId,
        function: &'static Function,
        args: &mut [Value],
        captures: impl Iterator<Item = Value>,
    ) -> Self {
        let mut locals = Vec::with_capacity(function.locals.len());
        locals.extend(args.iter_mut().map(Value::take));
        locals.extend(captures);
        locals.resize(function.locals.len(), Value::Unit);
        Self {
            id,
            function,
            locals,
            failed_at: None,
        }
    }

    /// The function, as the runtime names it.
    pub(crate) fn caller(&self) -> FnId {
        meta::fn_id(self.id)
    }

    pub(crate) fn local(&self, local: LocalId) -> &Value {
        &self.locals[local.index()]
    }

    pub(crate) fn set(&mut self, local: LocalId, value: Value) {
        self.locals[local.index()] = value;
    }
}

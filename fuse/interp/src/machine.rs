//! The interpreter as a backend: a program, ready to be called.

use fuse_check::canon::{ExprId, Function, FunctionId, Program, Span, StrId, TypeId};
use fuse_runtime::heap::{Obj, Shared};
use fuse_runtime::meta::{FnId, ProgramMeta, TypeDesc};
use fuse_runtime::{Code, Ctx, Fault, Frame as TraceFrame, Outcome, Value};

use crate::counts::Counts;
use crate::frame::{Eval, Exit, Frame};
use crate::meta;

/// Bytes of stack for the deepest nesting of calls: ten thousand, each of a few
/// nested nodes.
const STACK_BYTES: usize = 1 << 30;

/// The code of a program, as the interpreter runs it. Clones are the same
/// program.
#[derive(Clone, Copy)]
pub struct Interpreter {
    parts: &'static Parts,
}

/// What a program needs while it runs. A process runs few programs and each
/// until the end, so it is never given back.
pub(crate) struct Parts {
    pub(crate) program: Program,
    /// Descriptors, at the index of the canonical type.
    pub(crate) types: Vec<&'static TypeDesc>,
    /// Texts as values, at the index of the canonical text.
    texts: Vec<Shared>,
    /// Assets as values.
    pub(crate) assets: Vec<Shared>,
    meta: &'static ProgramMeta,
    /// How often each node was evaluated, where somebody wants to know.
    pub(crate) counts: Option<Counts>,
}

impl Interpreter {
    /// Prepares a checked program. `app` names the entry block, where there are
    /// several.
    #[must_use]
    pub fn new(program: Program, app: Option<&str>) -> Self {
        Self::prepared(program, app, None)
    }

    /// The same for a program whose coverage is wanted: it counts what it
    /// evaluates, and takes longer for it.
    #[must_use]
    pub fn counting(program: Program, app: Option<&str>) -> Self {
        let counts = Counts::of(&program);
        Self::prepared(program, app, Some(counts))
    }

    fn prepared(program: Program, app: Option<&str>, counts: Option<Counts>) -> Self {
        let (types, meta) = meta::describe(&program, app);
        let texts = program
            .strings
            .all()
            .iter()
            .map(|text| immortal(Value::text(text)))
            .collect();
        let assets = meta::assets(&program).into_iter().map(immortal).collect();
        let parts = Parts {
            program,
            types,
            texts,
            assets,
            meta,
            counts,
        };
        Self {
            parts: Box::leak(Box::new(parts)),
        }
    }

    /// What the runtime knows of the program.
    #[must_use]
    pub fn meta(self) -> &'static ProgramMeta {
        self.parts.meta
    }

    /// The program.
    #[must_use]
    pub fn program(self) -> &'static Program {
        &self.parts.program
    }

    /// How often each node was evaluated so far, if that is counted.
    #[must_use]
    pub fn counts(self) -> Option<&'static Counts> {
        self.parts.counts.as_ref()
    }
}

/// Literals hold no cells, which are all that cannot be shared.
fn immortal(value: Value) -> Shared {
    Shared::immortal(value).expect("literals hold no cells")
}

impl std::fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpreter")
            .field("program", &self.parts.program.meta.name)
            .finish_non_exhaustive()
    }
}

impl Code for Interpreter {
    fn call(&self, ctx: &mut Ctx, function: FnId, args: &mut [Value]) -> Outcome<Value> {
        let function = FunctionId::from_index(function.0 as usize);
        // The block of a task has no parameters; its arguments are captures.
        let params = self.parts.program[function].params;
        let (args, captures) = args.split_at_mut(params as usize);
        let captures = captures.iter_mut().map(Value::take);
        match self.parts.counts {
            None => invoke::<false>(self.parts, ctx, function, args, captures),
            Some(_) => invoke::<true>(self.parts, ctx, function, args, captures),
        }
    }

    fn call_value(&self, ctx: &mut Ctx, value: Obj<'_>, args: &mut [Value]) -> Outcome<Value> {
        match self.parts.counts {
            None => call_object::<false>(self.parts, ctx, value, args),
            Some(_) => call_object::<true>(self.parts, ctx, value, args),
        }
    }

    fn stack_bytes(&self) -> usize {
        STACK_BYTES
    }
}

/// Calls a function value.
pub(crate) fn call_object<const COUNTED: bool>(
    parts: &'static Parts,
    ctx: &mut Ctx,
    value: Obj<'_>,
    args: &mut [Value],
) -> Outcome<Value> {
    let index = usize::try_from(value.func_code()).unwrap_or(usize::MAX);
    if index >= parts.program.functions.len() {
        return Err(Fault::internal("a function value without a function"));
    }
    let function = FunctionId::from_index(index);
    invoke::<COUNTED>(
        parts,
        ctx,
        function,
        args,
        value.func_captures().iter().cloned(),
    )
}

/// Runs a function from its first statement to its return. Whether its nodes
/// are counted is settled when this is compiled, so that a program whose
/// coverage nobody wants does not pay for it.
pub(crate) fn invoke<const COUNTED: bool>(
    parts: &'static Parts,
    ctx: &mut Ctx,
    id: FunctionId,
    args: &mut [Value],
    captures: impl Iterator<Item = Value>,
) -> Outcome<Value> {
    let function = &parts.program[id];
    ctx.enter()?;
    let mut machine = Machine::<COUNTED> {
        parts,
        frame: Frame::new(id, function, args, captures),
        ctx,
    };
    let result = machine.run();
    let failed_at = machine.frame.failed_at;
    ctx.leave();
    result.map_err(|mut fault| {
        fault.push_frame(|| TraceFrame {
            function: parts.program[function.name].to_owned(),
            span: parts.place(function, failed_at.unwrap_or(function.span)),
        });
        fault
    })
}

/// A call under way.
pub(crate) struct Machine<'c, const COUNTED: bool> {
    pub(crate) parts: &'static Parts,
    pub(crate) frame: Frame,
    pub(crate) ctx: &'c mut Ctx,
}

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    fn run(&mut self) -> Outcome<Value> {
        match self.eval(self.frame.function.body) {
            Ok(value) | Err(Exit::Return(value)) => Ok(value),
            Err(Exit::Fault(fault)) => Err(fault),
            Err(Exit::Break | Exit::Continue) => {
                Err(Fault::internal("a loop was left that does not exist"))
            }
        }
    }

    /// Evaluates an expression. A fault without a place gets that of the
    /// innermost expression it passes.
    pub(crate) fn eval(&mut self, id: ExprId) -> Eval {
        if COUNTED && let Some(counts) = &self.parts.counts {
            counts.count_expr(self.frame.id, id);
        }
        let function = self.frame.function;
        let result = self.expr(id, function[id]);
        match result {
            Err(Exit::Fault(fault)) => {
                let span = function.expr_span(id);
                self.frame.failed_at.get_or_insert(span);
                Err(Exit::Fault(fault.at(self.parts.place(function, span))))
            }
            other => other,
        }
    }

    /// The descriptor of the type of an expression.
    pub(crate) fn desc_of(&self, id: ExprId) -> &'static TypeDesc {
        self.parts.desc(self.frame.function.ty(id))
    }

    /// Evaluates a `Bool`.
    pub(crate) fn truth(&mut self, id: ExprId) -> Eval<bool> {
        let value = self.eval(id)?;
        value.as_bool().ok_or_else(|| mismatch("Bool", &value))
    }

    /// Evaluates an `Int`.
    pub(crate) fn int(&mut self, id: ExprId) -> Eval<i64> {
        let value = self.eval(id)?;
        value.as_int().ok_or_else(|| mismatch("Int", &value))
    }

    /// Evaluates a `Float`.
    pub(crate) fn float(&mut self, id: ExprId) -> Eval<f64> {
        let value = self.eval(id)?;
        value.as_float().ok_or_else(|| mismatch("Float", &value))
    }
}

/// A value is not of the type that its expression has: a defect of the checker
/// or of lowering.
#[cold]
pub(crate) fn mismatch(expected: &str, found: &Value) -> Exit {
    let found = found.peek().kind();
    Exit::Fault(Fault::internal(format!(
        "expected {expected}, found {found:?}"
    )))
}

impl Parts {
    /// The descriptor of a type.
    pub(crate) fn desc(&self, ty: TypeId) -> &'static TypeDesc {
        self.types[ty.index()]
    }

    /// A text as a value.
    pub(crate) fn text(&self, text: StrId) -> Value {
        self.texts[text.index()].to_value()
    }

    /// Where something of a function stands.
    pub(crate) fn place(&self, function: &Function, span: Span) -> fuse_runtime::Span {
        let position = self.program[function.file].position(span.start);
        fuse_runtime::Span {
            file: u32::try_from(function.file.index()).unwrap_or(u32::MAX),
            line: position.line,
            column: position.column,
        }
    }
}

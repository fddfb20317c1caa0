//! A program of Rust functions: what the tests of the runtime run.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part")]

use std::sync::Arc;

use fuse_builtins::{BuiltinId, MemberId};
use fuse_runtime::builtin::{Call, call, call_member};
use fuse_runtime::heap::{Obj, Ref};
use fuse_runtime::meta::{FnId, ProgramMeta, TypeDesc, TypeId, well_known};
use fuse_runtime::system::{Captured, Stdio};
use fuse_runtime::telemetry::{Span, SpanRing, SpanSink};
use fuse_runtime::{Code, Ctx, Fault, Interrupt, Outcome, Runtime, Unit, Value, display};

/// A function of the program.
pub type Function = Box<dyn Fn(&mut Ctx, &mut [Value]) -> Outcome<Value> + Send + Sync>;

/// The functions of the program, by number; function values have the number as code.
pub struct Scripted {
    functions: Vec<Function>,
    stack_bytes: usize,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            functions: Vec::new(),
            stack_bytes: 2 * 1024 * 1024,
        }
    }
}

impl Scripted {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(
        &mut self,
        function: impl Fn(&mut Ctx, &mut [Value]) -> Outcome<Value> + Send + Sync + 'static,
    ) -> FnId {
        self.functions.push(Box::new(function));
        FnId(self.functions.len() as u32 - 1)
    }

    /// Says how large the stacks of threads are.
    pub fn with_stack(mut self, bytes: usize) -> Self {
        self.stack_bytes = bytes;
        self
    }

    /// A function value of a function of the program.
    pub fn value(function: FnId) -> Value {
        Value::Ref(Ref::new_func(
            &well_known::FUNC,
            u64::from(function.0),
            Vec::new(),
        ))
    }
}

impl Code for Scripted {
    fn call(&self, ctx: &mut Ctx, function: FnId, args: &mut [Value]) -> Outcome<Value> {
        let function = self.functions.get(function.0 as usize);
        let function = function.ok_or_else(|| Fault::internal("no such function"))?;
        ctx.enter()?;
        let result = function(ctx, args);
        ctx.leave();
        result
    }

    fn call_value(&self, ctx: &mut Ctx, function: Obj<'_>, args: &mut [Value]) -> Outcome<Value> {
        self.call(ctx, FnId(function.func_code() as u32), args)
    }

    fn stack_bytes(&self) -> usize {
        self.stack_bytes
    }
}

/// A program that runs, and what it wrote.
pub struct World {
    pub runtime: Runtime,
    pub output: Captured,
    pub error: Captured,
}

/// What a world is made of.
#[derive(Default)]
pub struct Setup {
    pub meta: ProgramMeta,
    pub code: Scripted,
    pub env: Vec<(String, String)>,
    pub input: String,
    pub directory: Option<std::path::PathBuf>,
    pub spans: Option<Arc<dyn SpanSink>>,
}

impl Setup {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn try_build(self) -> Result<World, String> {
        let (stdio, output, error) = Stdio::captured(&self.input);
        let mut builder = Runtime::builder().stdio(stdio).env(Arc::new(self.env));
        if let Some(directory) = self.directory {
            builder = builder.directory(directory);
        }
        if let Some(sink) = self.spans {
            builder = builder.spans(sink);
        }
        let meta = Box::leak(Box::new(self.meta));
        let runtime = builder.build(meta, Box::new(self.code));
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(World {
            runtime,
            output,
            error,
        })
    }

    pub fn build(self) -> World {
        self.try_build().expect("the program starts")
    }
}

impl World {
    /// A program without anything.
    pub fn empty() -> Self {
        Setup::default().build()
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::new(self.runtime.clone(), Unit::Program, Interrupt::default())
    }

    /// Calls a built-in function.
    pub fn call(
        &self,
        id: BuiltinId,
        result: &'static TypeDesc,
        type_arg: Option<&'static TypeDesc>,
        args: impl IntoIterator<Item = Value>,
    ) -> Outcome<Value> {
        let mut args: Vec<Value> = args.into_iter().collect();
        call(
            id,
            &mut Call {
                ctx: &mut self.ctx(),
                args: &mut args,
                result,
                type_arg,
                caller: None,
            },
        )
    }

    /// Calls a method; the receiver comes first, and is left as the call leaves it.
    pub fn member(
        &self,
        id: MemberId,
        result: &'static TypeDesc,
        args: &mut [Value],
    ) -> Outcome<Value> {
        call_member(
            id,
            &mut Call {
                ctx: &mut self.ctx(),
                args,
                result,
                type_arg: None,
                caller: None,
            },
        )
    }
}

/// The text form of a value, or code and message of a fault.
pub fn show(outcome: Outcome<Value>) -> String {
    match outcome {
        Ok(value) => display::to_string(value.peek()),
        Err(fault) => format!("{}: {}", fault.code(), fault.message()),
    }
}

pub fn text(text: &str) -> Value {
    Value::text(text)
}

pub fn ints(values: &[i64]) -> Value {
    let values = values.iter().map(|value| Value::Int(*value));
    Value::Ref(fuse_runtime::heap::list_of(&well_known::LIST_INT, values))
}

pub fn texts(values: &[&str]) -> Value {
    let values = values.iter().map(|value| Value::text(value));
    Value::Ref(fuse_runtime::heap::list_of(
        &well_known::LIST_STRING,
        values,
    ))
}

/// A type of a finished table.
pub fn ty(types: &'static [&'static TypeDesc], id: TypeId) -> &'static TypeDesc {
    types[id.0 as usize]
}

/// Keeps every span.
#[derive(Default)]
pub struct Spans(std::sync::Mutex<Vec<Span>>);

impl Spans {
    pub fn all(&self) -> Vec<Span> {
        self.0.lock().expect("no panic").clone()
    }
}

impl SpanSink for Spans {
    fn spans_ended(&self, spans: &SpanRing) {
        self.0.lock().expect("no panic").extend(spans.take());
    }
}

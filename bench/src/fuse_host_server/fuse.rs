//! The Fuse host, above an empty function in Rust and above the interpreter.

use std::io;
use std::path::Path;
use std::sync::Arc;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::lower::lower;
use fuse_check::package::PackageGraph;
use fuse_interp::Interpreter;
use fuse_runtime::heap::Obj;
use fuse_runtime::http::Stop;
use fuse_runtime::meta::{FnId, ProgramMeta, Route, RouteClass, Service, Verb, well_known};
use fuse_runtime::{Code, Ctx, Fault, Outcome, Runtime, Span, Value};

const SOURCE: &str = "requires network\n\nservice Api at \"/api\":\n  get \"/ping\" -> Unit:\n    return\n\napp \"bench\":\n  serve(0)\n";

/// A program whose one function does nothing.
struct Empty;

impl Code for Empty {
    fn call(&self, ctx: &mut Ctx, _: FnId, _: &mut [Value]) -> Outcome<Value> {
        ctx.enter()?;
        ctx.leave();
        Ok(Value::Unit)
    }

    fn call_value(&self, _: &mut Ctx, _: Obj<'_>, _: &mut [Value]) -> Outcome<Value> {
        Err(Fault::internal("the program has no function values"))
    }

    fn stack_bytes(&self) -> usize {
        2 * 1024 * 1024
    }
}

pub(crate) fn serve_empty() -> io::Result<()> {
    let route = Route {
        verb: Verb::Get,
        pattern: "/api/ping",
        function: FnId(0),
        params: &[],
        body: None,
        result: &well_known::UNIT,
        class: RouteClass::Inline,
        span: Span {
            file: 0,
            line: 1,
            column: 1,
        },
    };
    let service = Service {
        name: "Api",
        base: "/api",
        doc: "",
        routes: Vec::leak(vec![route]),
    };
    let meta = ProgramMeta {
        services: Vec::leak(vec![service]),
        ..ProgramMeta::default()
    };
    serve(Box::leak(Box::new(meta)), Box::new(Empty))
}

pub(crate) fn serve_interpreted() -> io::Result<()> {
    let interpreter = interpreter().map_err(io::Error::other)?;
    let meta = interpreter.meta();
    // The measurement is about a route that never leaves the worker.
    let inline = |route: &Route| route.class == RouteClass::Inline;
    if !meta
        .services
        .iter()
        .flat_map(|service| service.routes)
        .all(inline)
    {
        return Err(io::Error::other("the route of the program is not inline"));
    }
    serve(meta, Box::new(interpreter))
}

fn interpreter() -> Result<Interpreter, &'static str> {
    let root = Path::new("/bench");
    let entry = root.join("main.fuse");
    let source = MemorySource::new().file(entry.clone(), SOURCE);
    let graph = load(&entry, &PackageGraph::anonymous(root, root), &source);
    let analysis = analyze(&graph, &AnalyzeOptions::default());
    if analysis.has_errors() {
        return Err("the program does not check");
    }
    let program = lower(&graph, &analysis).map_err(|_| "the program cannot be lowered")?;
    Ok(Interpreter::new(program, None))
}

fn serve(meta: &'static ProgramMeta, code: Box<dyn Code>) -> io::Result<()> {
    // The defaults, whatever the environment of the benchmark says; where it
    // listens is told apart from the log.
    let settings = vec![("FUSE_LOG", "warn")];
    let runtime = Runtime::builder()
        .env(Arc::new(settings))
        .build(meta, code)
        .map_err(io::Error::other)?;
    let told = |address| crate::tell(address).expect("somebody reads the address");
    runtime
        .serve_until(0, &Stop::default(), told)
        .map(drop)
        .map_err(|fault| io::Error::other(fault.message().to_owned()))
}

//! From the checked tree to the canonical program.
//!
//! Lowering decides nothing: what every node means is in the tables of
//! [`crate::typed`]. It makes calls direct, defaults explicit, conversions
//! visible and generic functions concrete, in the order of the source, so that
//! equal sources give equal programs.
//!
//! Functions are asked for by what they are made from and get their
//! number then; their bodies follow in that order. What the program declares is
//! asked for first, so numbers follow the source, and copies of generic
//! functions come after.

mod body;
mod config_order;
mod items;
mod source_text;
mod symbols;
mod types;

use std::collections::VecDeque;

use fuse_syntax::{Code, Diagnostic, ast};
use rustc_hash::FxHashMap;

use crate::analyze::Analysis;
use crate::canon::{self, Function, FunctionId, FunctionKind, Program, Span, StrId, TypeId};
use crate::decls::{Declarations, FunctionKind as Declared};
use crate::ids::{ConfigId, EnumId, FnId, RecordId, ServiceId, Sym};
use crate::load::{AssetId, ModuleGraph, ModuleId};
use crate::typed::TypedModule;
use crate::types::{Ty, TypeStore};
use symbols::SymbolNames;

/// How many copies of generic functions may ask for each other in a row.
const INSTANCE_DEPTH_MAX: u32 = 64;

/// How many parts a type may have before its copies are taken not to end.
const TYPE_SIZE_MAX: u64 = 4096;

/// Makes the canonical program of a checked one.
///
/// # Errors
///
/// What is wrong only once type parameters are known: instantiation that does
/// not end, equality of what cannot be compared, and methods called on a type
/// that need a value; and [`Code::INTERNAL`] where lowering itself went wrong. A
/// program that has an error already gives no new ones
/// and no program.
pub fn lower(graph: &ModuleGraph, analysis: &Analysis) -> Result<Program, Vec<Diagnostic>> {
    if analysis.has_errors() {
        return Err(Vec::new());
    }
    let mut lower = Lower::new(graph, analysis);
    lower.program();
    if !lower.diagnostics.is_empty() {
        lower
            .diagnostics
            .sort_by_key(|d| (d.span.file, d.span.start, d.span.end));
        lower.diagnostics.dedup();
        return Err(lower.diagnostics);
    }
    let program = lower.program;
    // Looking at every node again would be a good part of a check, and finds
    // nothing that tests of debug builds have not found.
    let violations = match cfg!(debug_assertions) {
        true => canon::validate(&program),
        false => Vec::new(),
    };
    match violations.first() {
        None => Ok(program),
        Some(violation) => Err(vec![unsound(graph, &program, violation)]),
    }
}

/// A defect of lowering, at the code that it made something wrong of.
fn unsound(graph: &ModuleGraph, program: &Program, violation: &canon::Violation) -> Diagnostic {
    let functions = &mut program.functions.iter();
    let function = functions.find(|function| function.symbol == violation.function);
    let module = function.and_then(|function| graph.modules.get(function.module.index()));
    let span = module.map_or_else(fuse_syntax::Span::default, |module| {
        fuse_syntax::Span::new(module.file, violation.span.start, violation.span.end)
    });
    let message = format!("internal error; please report: {}", violation.message);
    Diagnostic::new(Code::INTERNAL, span, message).hint(
        "the compiler understood this wrongly; written another way it may work until that is mended",
    )
}

/// What a function is made from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Item {
    /// A function, method or component.
    Function(FnId),
    /// The default of a parameter.
    ParamDefault(FnId, u32),
    /// The default of a field.
    FieldDefault(RecordId, u32),
    /// The default of a config field.
    ConfigDefault(ConfigId, u32),
    /// A variant as a function.
    Variant(EnumId, u32),
    /// A route.
    Route(ServiceId, u32),
    /// An app, by its place in its module.
    App(ModuleId, u32),
    /// A migration, likewise.
    Migration(ModuleId, u32),
    /// A test, likewise.
    Test(ModuleId, u32),
}

/// What a function is made from, with what its type parameters stand for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    item: Item,
    args: Box<[TypeId]>,
}

/// A function whose body is still to be made.
#[derive(Debug)]
struct Job {
    key: Key,
    id: FunctionId,
    /// How many generic functions asked for each other before this one.
    depth: u32,
    /// The call that asked for this copy first.
    asked: Option<fuse_syntax::Span>,
}

/// Where new functions are asked for from.
#[derive(Clone, Copy, Debug, Default)]
struct Origin {
    /// The depth of the function around.
    depth: u32,
    /// The outermost call that led here, in code that is not generic.
    call: Option<fuse_syntax::Span>,
}

pub(crate) struct Lower<'a> {
    graph: &'a ModuleGraph,
    decls: &'a Declarations,
    store: &'a TypeStore,
    typed: Vec<&'a TypedModule>,
    names: SymbolNames,
    program: Program,
    instances: FxHashMap<Key, FunctionId>,
    queue: VecDeque<Job>,
    records: FxHashMap<RecordId, canon::RecordId>,
    enums: FxHashMap<EnumId, canon::EnumId>,
    /// From the type of a record or enum to what declares it.
    nominal: FxHashMap<TypeId, Ty>,
    configs: FxHashMap<ConfigId, canon::ConfigId>,
    assets: FxHashMap<AssetId, canon::AssetId>,
    /// The `?!` of each module that was asked about, by where they start.
    bangs: FxHashMap<ModuleId, Vec<(u32, ast::ExprId)>>,
    /// Types without parameters that were seen before.
    known_types: FxHashMap<Ty, TypeId>,
    /// Whether the type that is being made depends on where it stands.
    env_used: bool,
    /// How many parts each type of the program has.
    sizes: Vec<u64>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Lower<'a> {
    fn new(graph: &'a ModuleGraph, analysis: &'a Analysis) -> Self {
        let typed = graph
            .modules
            .iter()
            .map(|module| analysis.typed(module.id))
            .collect();
        Self {
            graph,
            decls: analysis.declarations(),
            store: analysis.types(),
            typed,
            names: SymbolNames::new(graph),
            program: Program::default(),
            instances: FxHashMap::default(),
            queue: VecDeque::new(),
            records: FxHashMap::default(),
            enums: FxHashMap::default(),
            nominal: FxHashMap::default(),
            configs: FxHashMap::default(),
            assets: FxHashMap::default(),
            bangs: FxHashMap::default(),
            known_types: FxHashMap::default(),
            env_used: false,
            sizes: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn program(&mut self) {
        self.files();
        self.declarations();
        while let Some(job) = self.queue.pop_front() {
            self.job(job);
        }
        self.program.config_order = config_order::config_order(&self.program);
    }

    /// The syntax tree of a module.
    fn ast(&self, module: ModuleId) -> &'a ast::Module {
        &self.graph.module(module).parsed.module
    }

    /// The `?!` inside a range of a module, in the order they start. Every app,
    /// migration and test asks, so a module is searched once.
    fn bangs_in(
        &mut self,
        module: ModuleId,
        range: fuse_syntax::TextRange,
    ) -> Vec<(u32, ast::ExprId)> {
        let ast = self.ast(module);
        let all = self.bangs.entry(module).or_insert_with(|| {
            let bangs = ast.exprs.iter();
            let bangs = bangs.filter(|(_, expr)| matches!(expr, ast::Expr::Bang { .. }));
            let mut all: Vec<_> = bangs.map(|(id, _)| (ast.range(id).start, id)).collect();
            all.sort_unstable();
            all
        });
        let from = all.partition_point(|(start, _)| *start < range.start);
        let to = all.partition_point(|(start, _)| *start < range.end);
        all[from..to].to_vec()
    }

    fn text(&self, sym: Sym) -> &'a str {
        self.store.symbols.text(sym)
    }

    fn intern(&mut self, text: &str) -> StrId {
        self.program.strings.intern(text)
    }

    fn sym(&mut self, sym: Sym) -> StrId {
        let text = self.text(sym);
        self.intern(text)
    }

    /// The number of a function, asking for it if nobody has.
    fn function(&mut self, item: Item, args: &[TypeId], origin: Origin) -> FunctionId {
        let key = Key {
            item,
            args: args.into(),
        };
        if let Some(id) = self.instances.get(&key) {
            return *id;
        }
        let id = FunctionId::from_index(self.program.functions.len());
        let depth = if args.is_empty() { 0 } else { origin.depth + 1 };
        let large = args.iter().any(|arg| self.size(*arg) > TYPE_SIZE_MAX);
        if depth > INSTANCE_DEPTH_MAX || large {
            self.endless(item, origin);
            // Nothing runs a program that has an error, so any function does.
            return FunctionId::from_index(0);
        }
        let function = self.placeholder(&key);
        self.program.functions.push(function);
        self.instances.insert(key.clone(), id);
        self.queue.push_back(Job {
            key,
            id,
            depth,
            asked: origin.call,
        });
        id
    }

    fn endless(&mut self, item: Item, origin: Origin) {
        let (Item::Function(id) | Item::ParamDefault(id, _)) = item else {
            return;
        };
        let name = self.text(self.decls.function(id).name);
        let message = format!("instantiation of `{name}` does not terminate");
        self.report(Code::GENERIC_RECURSION, origin, message);
    }

    /// Reports what is wrong with an instance at the call that asked for it.
    fn report(&mut self, code: Code, origin: Origin, message: String) {
        if let Some(span) = origin.call {
            self.diagnostics.push(Diagnostic::new(code, span, message));
        }
    }

    /// A function that has all but its body.
    fn placeholder(&mut self, key: &Key) -> Function {
        let symbol = self.symbol(key);
        let (module, kind, name) = self.head(key.item);
        let name = self.intern(&name);
        let file = self.module_file(module);
        Function::new(symbol, name, kind, self.names.module(module), file)
    }

    /// Module, kind and name in the source.
    fn head(&self, item: Item) -> (ModuleId, FunctionKind, String) {
        match item {
            Item::Function(id) => {
                let function = self.decls.function(id);
                let kind = match function.kind {
                    Declared::Function | Declared::Member(_) => FunctionKind::Function,
                    Declared::Component => FunctionKind::Component,
                    Declared::Method(_) => FunctionKind::Method,
                };
                (id.module, kind, self.text(function.name).to_owned())
            }
            Item::ParamDefault(id, index) => {
                let param = &self.decls.function(id).params[index as usize];
                (
                    id.module,
                    FunctionKind::ParamDefault,
                    self.text(param.name).to_owned(),
                )
            }
            Item::FieldDefault(id, index) => {
                let field = &self.decls.record(id).fields[index as usize];
                let module = field.origin.module.unwrap_or(ModuleId(0));
                (
                    module,
                    FunctionKind::FieldDefault,
                    self.text(field.name).to_owned(),
                )
            }
            Item::ConfigDefault(id, index) => {
                let field = &self.decls.config(id).fields[index as usize];
                (
                    id.module,
                    FunctionKind::ConfigDefault,
                    self.text(field.name).to_owned(),
                )
            }
            Item::Variant(id, index) => {
                let variant = &self.decls.enumeration(id).variants[index as usize];
                (
                    id.module,
                    FunctionKind::Variant,
                    self.text(variant.name).to_owned(),
                )
            }
            Item::Route(id, index) => {
                let route = &self.decls.service(id).routes[index as usize];
                let name = format!("{} {}", route.verb.text(), self.pattern_of(&route.path));
                (id.module, FunctionKind::Route, name)
            }
            Item::App(module, index) => {
                let app = &self.decls.module(module).apps[index as usize];
                (module, FunctionKind::App, app.name.to_string())
            }
            Item::Migration(module, index) => {
                let migration = &self.decls.module(module).migrations[index as usize];
                (module, FunctionKind::Migration, migration.id.to_string())
            }
            Item::Test(module, index) => {
                let test = &self.decls.module(module).tests[index as usize];
                (module, FunctionKind::Test, test.name.to_string())
            }
        }
    }
}

/// A range of the source inside the file of its function.
fn span(range: fuse_syntax::TextRange) -> Span {
    Span::new(range.start, range.end)
}

//! The checker: from a module graph to types, meaning and diagnostics.
//!
//! ```
//! use fuse_check::analyze::{AnalyzeOptions, analyze};
//! use fuse_check::load::{MemorySource, load};
//! use fuse_check::package::PackageGraph;
//!
//! let text = "fn twice(n: Int) -> Int:\n  return n + n\n\napp \"a\":\n  print(twice(\"2\"))\n";
//! let source = MemorySource::new().file("/a/main.fuse", text);
//! let packages = PackageGraph::anonymous("/a".as_ref(), "/a".as_ref());
//! let graph = load("/a/main.fuse".as_ref(), &packages, &source);
//! let analysis = analyze(&graph, &AnalyzeOptions::default());
//! let [mistake] = analysis.diagnostics() else { unreachable!() };
//! assert_eq!(mistake.code.as_str(), "FUSE_TYPE_MISMATCH");
//! assert_eq!(mistake.message, "expected `Int`, found `String`");
//! ```

mod report;
mod reuse;
mod symbols;

use std::sync::Arc;

use fuse_syntax::Diagnostic;

use crate::body::{CheckedModule, Shared, check_module};
use crate::decls::Declarations;
use crate::decls::build::{Built, declarations};
use crate::load::{ContentHash, ModuleGraph, ModuleId};
use crate::prelude::Prelude;
use crate::relate::Relations;
use crate::typed::TypedModule;
use crate::types::{Ty, TypeDisplay, TypeStore};
use crate::whole::Whole;
use reuse::Reuse;
pub use symbols::{Symbol, SymbolRef};

/// How to check.
#[derive(Clone, Debug, Default)]
pub struct AnalyzeOptions {
    /// Whether the rules of strict architecture hold.
    pub strict_architecture: bool,
    /// How many errors are reported; nothing is 100, zero is no limit.
    pub max_errors: Option<u32>,
}

/// What checking a program gave.
#[derive(Clone, Debug)]
pub struct Analysis {
    decls: Arc<Declarations>,
    types: Arc<TypeStore>,
    checked: Vec<Arc<CheckedModule>>,
    signatures: Vec<ContentHash>,
    diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Everything found, syntax and load errors included, in the order of path,
    /// line, column and code. Severities are those of the codes, and warnings
    /// that are allowed by default are among them: the levels of a manifest are
    /// applied with [`LintLevels`](fuse_syntax::LintLevels).
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether anything reported is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What the modules declare.
    #[must_use]
    pub fn declarations(&self) -> &Declarations {
        &self.decls
    }

    /// The types that everything here is written in.
    #[must_use]
    pub fn types(&self) -> &TypeStore {
        &self.types
    }

    /// What is known about the nodes of a module.
    #[must_use]
    pub fn typed(&self, module: ModuleId) -> &TypedModule {
        &self.checked[module.index()].typed
    }

    /// A hash of what other modules can see of a module. While it stays the
    /// same, no edit of the module makes them wrong.
    #[must_use]
    pub fn signature_hash(&self, module: ModuleId) -> ContentHash {
        self.signatures[module.index()]
    }

    /// A type as messages show it.
    #[must_use]
    pub fn display(&self, ty: Ty) -> TypeDisplay<'_> {
        self.decls.display(&self.types, ty)
    }
}

/// Checks a program.
#[must_use]
pub fn analyze(graph: &ModuleGraph, options: &AnalyzeOptions) -> Analysis {
    Session::new().analyze(graph, options)
}

/// Checks programs one after another and keeps what an edit leaves right: a
/// module is looked at again only when its text changed, or something it can
/// see of others.
#[derive(Debug)]
pub struct Session {
    types: Arc<TypeStore>,
    prelude: Prelude,
    reuse: Reuse,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session that has checked nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut types = TypeStore::new();
        let prelude = Prelude::new(&mut types.symbols);
        Self {
            types: Arc::new(types),
            prelude,
            reuse: Reuse::default(),
        }
    }

    /// How many modules the last analysis took over from one before.
    #[must_use]
    pub fn reused(&self) -> usize {
        self.reuse.hits
    }

    /// Checks a program.
    pub fn analyze(&mut self, graph: &ModuleGraph, options: &AnalyzeOptions) -> Analysis {
        let types = Arc::make_mut(&mut self.types);
        let mut relations = Relations::default();
        let Built {
            decls,
            sink,
            uses,
            predicates,
        } = declarations(graph, &self.prelude, types);
        let keys = self.reuse.start(graph);
        let mut checked: Vec<Arc<CheckedModule>> = Vec::with_capacity(graph.modules.len());
        for module in &graph.modules {
            let known = self.reuse.take(keys.modules[module.id.index()]);
            checked.push(known.unwrap_or_else(|| {
                let shared = Shared {
                    graph,
                    decls: &decls,
                    prelude: &self.prelude,
                    types,
                    relations: &mut relations,
                };
                Arc::new(check_module(shared, module))
            }));
        }
        self.reuse.finish(&keys.modules, &checked);
        let whole = Whole {
            graph,
            decls: &decls,
            types,
            relations: &mut relations,
            checked: &checked,
            uses: &uses,
            predicates: &predicates,
            strict: options.strict_architecture,
            sink: crate::sink::Sink::default(),
        };
        let program = whole.run();
        let found = graph
            .all_diagnostics()
            .chain(&sink.diagnostics)
            .chain(checked.iter().flat_map(|module| &module.sink.diagnostics))
            .chain(&program.diagnostics);
        let diagnostics = report::finish(graph, found, options);
        Analysis {
            decls: Arc::new(decls),
            types: Arc::clone(&self.types),
            checked,
            signatures: keys.signatures,
            diagnostics,
        }
    }
}

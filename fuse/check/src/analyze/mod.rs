//! The checker: from a module graph to types, meaning and diagnostics.

mod report;

use std::sync::Arc;

use fuse_syntax::Diagnostic;

use crate::decls::Declarations;
use crate::decls::build::{Built, declarations};
use crate::load::{ModuleGraph, ModuleId};
use crate::typed::TypedModule;
use crate::types::{Ty, TypeDisplay, TypeStore};

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
    typed: Vec<Arc<TypedModule>>,
    diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Everything reported, syntax and load errors included, in the order of
    /// path, line, column and code.
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
        &self.typed[module.index()]
    }

    /// A type as messages show it.
    #[must_use]
    pub fn display(&self, ty: Ty) -> TypeDisplay<'_> {
        self.decls.display(&self.types, ty)
    }
}

/// Checks a program.
#[must_use]
pub fn analyze(graph: &ModuleGraph, _options: &AnalyzeOptions) -> Analysis {
    let mut types = TypeStore::new();
    let Built { decls, sink, .. } = declarations(graph, &mut types);
    let found = graph.all_diagnostics().cloned().chain(sink.diagnostics);
    let diagnostics = report::finish(&graph.files, found.collect());
    let typed = graph.modules.iter().map(|_| Arc::default()).collect();
    Analysis {
        decls: Arc::new(decls),
        types: Arc::new(types),
        typed,
        diagnostics,
    }
}

//! Who depends on whom, from what the manifests declare.
//!
//! Declared dependencies are read rather than the resolved graph: an edge
//! behind a feature or for another target is an edge all the same.

use std::collections::BTreeMap;
use std::path::Path;

use crate::metadata::DependencyKind;
use crate::pattern::ModuleId;
use crate::violation::Location;
use crate::workspace::{Package, Workspace};

/// What an edge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The product needs it.
    Normal,
    /// Tests, benches and examples need it.
    Dev,
    /// The build script needs it.
    Build,
}

impl EdgeKind {
    /// The table of `Cargo.toml` that declares such edges.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Self::Normal => "dependencies",
            Self::Dev => "dev-dependencies",
            Self::Build => "build-dependencies",
        }
    }
}

/// A dependency between two modules of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Who depends.
    pub from: ModuleId,
    /// On whom.
    pub to: ModuleId,
    /// What for.
    pub kind: EdgeKind,
    /// Whether a feature switches it on.
    pub optional: bool,
    /// Where it is declared.
    pub location: Location,
}

/// A dependency on a crate from outside of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalEdge {
    /// Who depends.
    pub from: ModuleId,
    /// Name of the package.
    pub krate: String,
    /// What for.
    pub kind: EdgeKind,
    /// Where it is declared.
    pub location: Location,
}

/// The declared dependencies of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Edges inside, by declaring package.
    pub edges: Vec<Edge>,
    /// Edges to the outside.
    pub external: Vec<ExternalEdge>,
}

impl Graph {
    /// The graph of `workspace`.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        let members: BTreeMap<&Path, &ModuleId> = workspace
            .packages
            .values()
            .filter_map(|package| Some((package.cargo.manifest_path.parent()?, &package.id)))
            .collect();
        let mut graph = Self::default();
        for package in workspace.packages.values() {
            graph.add(package, &members);
        }
        graph
    }

    fn add(&mut self, package: &Package, members: &BTreeMap<&Path, &ModuleId>) {
        for dependency in &package.cargo.dependencies {
            let kind = match dependency.kind {
                None => EdgeKind::Normal,
                Some(DependencyKind::Dev) => EdgeKind::Dev,
                Some(DependencyKind::Build) => EdgeKind::Build,
            };
            let key = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let location = package.dependency_location(kind.section(), key);
            let inside = dependency
                .path
                .as_deref()
                .and_then(|path| members.get(path));
            match inside {
                // A package may name itself to switch on features for its tests.
                Some(to) if **to == package.id => {}
                Some(to) => self.edges.push(Edge {
                    from: package.id.clone(),
                    to: (*to).clone(),
                    kind,
                    optional: dependency.optional,
                    location,
                }),
                None => self.external.push(ExternalEdge {
                    from: package.id.clone(),
                    krate: dependency.name.clone(),
                    kind,
                    location,
                }),
            }
        }
    }
}

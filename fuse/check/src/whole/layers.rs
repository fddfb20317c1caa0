//! Strict architecture: layers import each other in one direction.

use std::collections::BTreeMap;

use fuse_syntax::ast::ImportSpec;
use fuse_syntax::{Code, Diagnostic, Span};

use super::Whole;
use crate::load::{ImportTarget, LoadedModule, ResolvedImport};
use crate::package::PackageId;

/// Imports between layers of one package, by name, with the first import that
/// makes each.
type Layers = BTreeMap<String, BTreeMap<String, Span>>;

impl Whole<'_> {
    /// Reports one cycle per package.
    pub(super) fn layer_cycles(&mut self) {
        let mut packages: BTreeMap<PackageId, Layers> = BTreeMap::new();
        for module in &self.graph.modules {
            let from = layer(&module.relative);
            let layers = packages.entry(module.package).or_default();
            for import in &module.imports {
                let ImportTarget::Module(target) = import.target else {
                    continue;
                };
                let target = self.graph.module(target);
                let to = layer(&target.relative);
                if target.package != module.package || to == from {
                    continue;
                }
                let edges = layers.entry(from.clone()).or_default();
                edges
                    .entry(to)
                    .or_insert_with(|| import_span(module, import));
            }
        }
        for layers in packages.values() {
            if let Some((chain, span)) = cycle(layers) {
                let message = format!("layer import cycle: {}", chain.join(" -> "));
                self.report(
                    Diagnostic::new(Code::ARCH_LAYER_CYCLE, span, message)
                        .hint("move what both layers need into a layer below them"),
                );
            }
        }
    }
}

/// The layer of a module: the first part of its path below the last `src`, or
/// the stem of its file.
fn layer(relative: &str) -> String {
    let parts: Vec<&str> = relative.split('/').collect();
    let below = parts
        .iter()
        .rposition(|part| *part == "src")
        .map_or(0, |at| at + 1);
    let in_source = below > 0;
    let part = match &parts[below..] {
        [first, _, ..] if in_source => first,
        rest => rest.last().copied().unwrap_or(relative),
    };
    part.strip_suffix(".fuse").unwrap_or(part).to_owned()
}

/// Where the path of an import stands.
fn import_span(module: &LoadedModule, import: &ResolvedImport) -> Span {
    let ast = &module.parsed.module;
    let range = match ast[import.import].spec {
        ImportSpec::Sibling { name } => ast.name_range(name),
        ImportSpec::From { path, .. }
        | ImportSpec::Alias { path, .. }
        | ImportSpec::Named { path, .. } => path.range,
    };
    range.in_file(module.file)
}

/// A cycle found depth first over sorted names, with the import that closes
/// it.
fn cycle(layers: &Layers) -> Option<(Vec<String>, Span)> {
    let mut done: Vec<&str> = Vec::new();
    for start in layers.keys() {
        let mut path: Vec<&str> = Vec::new();
        if let Some(found) = visit(layers, start, &mut path, &mut done) {
            return Some(found);
        }
    }
    None
}

fn visit<'a>(
    layers: &'a Layers,
    at: &'a str,
    path: &mut Vec<&'a str>,
    done: &mut Vec<&'a str>,
) -> Option<(Vec<String>, Span)> {
    if done.contains(&at) {
        return None;
    }
    path.push(at);
    for (to, span) in layers.get(at).into_iter().flatten() {
        if let Some(start) = path.iter().position(|open| open == to) {
            let mut chain: Vec<String> = path[start..]
                .iter()
                .map(|name| (*name).to_owned())
                .collect();
            chain.push(to.clone());
            return Some((chain, *span));
        }
        if let Some(found) = visit(layers, to, path, done) {
            return Some(found);
        }
    }
    path.pop();
    done.push(at);
    None
}

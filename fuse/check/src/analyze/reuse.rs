//! What an analysis may take over from the one before.
//!
//! Checking a module depends on its text, on what it can see of the modules it
//! reaches by imports, and on the `impl` blocks of all modules. All of that is
//! text outside of bodies, so a hash of that text, with the numbers that
//! modules and files have, is the key of a result.

use std::collections::HashMap;
use std::sync::Arc;

use fuse_syntax::TextRange;
use fuse_syntax::ast::{self, Item};

use crate::body::CheckedModule;
use crate::load::{ContentHash, ImportTarget, LoadedModule, ModuleGraph};

/// Results by the key of everything they depend on.
#[derive(Debug, Default)]
pub(super) struct Reuse {
    known: HashMap<ContentHash, Arc<CheckedModule>>,
    pub(super) hits: usize,
}

/// The keys of one analysis.
pub(super) struct Keys {
    /// What others see of each module.
    pub(super) signatures: Vec<ContentHash>,
    /// What the result of each module depends on.
    pub(super) modules: Vec<ContentHash>,
}

impl Reuse {
    pub(super) fn start(&mut self, graph: &ModuleGraph) -> Keys {
        self.hits = 0;
        let signatures: Vec<ContentHash> = graph.modules.iter().map(signature).collect();
        let everywhere = everywhere(graph);
        let modules = graph
            .modules
            .iter()
            .map(|module| {
                let mut hasher = blake3::Hasher::new();
                hasher.update(&module.hash);
                hasher.update(&module.id.0.to_le_bytes());
                hasher.update(&module.file.0.to_le_bytes());
                hasher.update(&module.package.0.to_le_bytes());
                hasher.update(&everywhere);
                for reached in reached(graph, module) {
                    hasher.update(&reached.to_le_bytes());
                    let other = &graph.modules[reached as usize];
                    hasher.update(&other.package.0.to_le_bytes());
                    hasher.update(&signatures[reached as usize]);
                }
                for import in &module.imports {
                    target(&mut hasher, graph, import.target);
                }
                *hasher.finalize().as_bytes()
            })
            .collect();
        Keys {
            signatures,
            modules,
        }
    }

    pub(super) fn take(&mut self, key: ContentHash) -> Option<Arc<CheckedModule>> {
        let known = self.known.get(&key).cloned();
        self.hits += usize::from(known.is_some());
        known
    }

    /// Keeps the results of this analysis and drops all others.
    pub(super) fn finish(&mut self, keys: &[ContentHash], checked: &[Arc<CheckedModule>]) {
        self.known = keys.iter().copied().zip(checked.iter().cloned()).collect();
    }
}

fn target(hasher: &mut blake3::Hasher, graph: &ModuleGraph, target: ImportTarget) {
    match target {
        ImportTarget::Module(module) => hasher.update(b"m").update(&module.0.to_le_bytes()),
        ImportTarget::Asset(asset) => {
            let kind = match graph.asset(asset).content {
                crate::load::AssetContent::Text(_) => b"t",
                crate::load::AssetContent::Json(_) => b"j",
                crate::load::AssetContent::Invalid => b"i",
            };
            hasher.update(kind).update(&asset.0.to_le_bytes())
        }
        ImportTarget::StdError => hasher.update(b"s"),
        ImportTarget::Unresolved => hasher.update(b"u"),
    };
}

/// The numbers of all modules that one reaches by imports, ascending.
fn reached(graph: &ModuleGraph, module: &LoadedModule) -> Vec<u32> {
    let mut seen = vec![false; graph.modules.len()];
    let mut open = vec![module.id];
    while let Some(at) = open.pop() {
        for import in &graph.module(at).imports {
            if let ImportTarget::Module(to) = import.target
                && !std::mem::replace(&mut seen[to.index()], true)
            {
                open.push(to);
            }
        }
    }
    (0u32..)
        .zip(seen)
        .filter(|(_, seen)| *seen)
        .map(|(number, _)| number)
        .collect()
}

/// The text of a module without its bodies. Of a method, whether it mentions
/// `self` shows as well: that decides how it may be called.
fn signature(module: &LoadedModule) -> ContentHash {
    let ast = &module.parsed.module;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(ast.damaged)]);
    let text = module.text.as_bytes();
    let mut at = 0usize;
    for body in bodies(ast) {
        let range = ast.range(body).as_usize();
        if range.start < at || range.end > text.len() {
            continue;
        }
        hasher.update(&text[at..range.start]);
        let mentions = text[range.clone()].windows(4).any(|word| word == b"self");
        hasher.update(&[0, u8::from(mentions)]);
        at = range.end;
    }
    hasher.update(&text[at..]);
    *hasher.finalize().as_bytes()
}

/// The bodies of a module in source order.
fn bodies(ast: &ast::Module) -> Vec<ast::BlockId> {
    let mut bodies = Vec::new();
    for item in &ast.items {
        match *item {
            Item::Fn(id) => bodies.push(ast[id].body),
            Item::Component(id) => bodies.push(ast[id].body),
            Item::App(id) => bodies.push(ast[id].body),
            Item::Migration(id) => bodies.push(ast[id].body),
            Item::Test(id) => bodies.push(ast[id].body),
            Item::Impl(id) => bodies.extend(ast[ast[id].methods].iter().map(|&m| ast[m].body)),
            Item::Service(id) => {
                bodies.extend(ast[ast[id].routes].iter().map(|route| route.block));
            }
            _ => {}
        }
    }
    bodies.sort_by_key(|&body| ast.range(body).start);
    bodies
}

/// What holds in every module, imported or not: `impl` blocks, and additions
/// to the types of `std.Error`.
fn everywhere(graph: &ModuleGraph) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    for module in &graph.modules {
        let ast = &module.parsed.module;
        for item in &ast.items {
            let range = match *item {
                Item::Impl(id) => ast[id].range,
                Item::Type(id) if ast[ast[id].name.segments].len() > 1 => ast[id].range,
                _ => continue,
            };
            hasher.update(&module.id.0.to_le_bytes());
            hasher.update(&heads(module, range));
        }
    }
    *hasher.finalize().as_bytes()
}

/// The text of a declaration without the bodies in it.
fn heads(module: &LoadedModule, range: TextRange) -> Vec<u8> {
    let ast = &module.parsed.module;
    let text = module.text.as_bytes();
    let mut out = Vec::new();
    let mut at = range.start as usize;
    let end = (range.end as usize).min(text.len());
    for body in bodies(ast) {
        let body = ast.range(body).as_usize();
        if body.start < at || body.end > end {
            continue;
        }
        out.extend_from_slice(&text[at..body.start]);
        out.push(u8::from(
            text[body.clone()].windows(4).any(|word| word == b"self"),
        ));
        at = body.end;
    }
    out.extend_from_slice(&text[at.min(end)..end]);
    out
}

//! The names that imports bind: each once, and each there in its target.

use std::collections::HashMap;

use fuse_syntax::ast::{self, Id, Import, ImportSpec, Item, Name};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::graph::{ImportTarget, LoadedModule, ModuleGraph};
use super::std_error::{STD_ERROR, STD_ERROR_TYPES};
use crate::package::nearest;

/// Reports names imported twice, and names that their target does not declare.
pub(super) fn check_imported_names(graph: &mut ModuleGraph) {
    let mut diagnostics = Vec::new();
    for module in &graph.modules {
        duplicates(module, &mut diagnostics);
        for resolved in &module.imports {
            let ast = &module.parsed.module;
            if let ImportSpec::Named { names, .. } = ast[resolved.import].spec {
                unknown_names(graph, ast, &ast[names], resolved.target, &mut diagnostics);
            }
        }
    }
    graph.diagnostics.append(&mut diagnostics);
}

/// The local names an import binds.
fn bound(ast: &ast::Module, spec: ImportSpec) -> Vec<Name> {
    let names = match spec {
        ImportSpec::Sibling { name } | ImportSpec::From { name, .. } => vec![name],
        ImportSpec::Alias { alias, .. } => vec![alias],
        ImportSpec::Named { names, .. } => ast[names].to_vec(),
    };
    names
        .into_iter()
        .filter(|name| !name.is_missing())
        .collect()
}

fn duplicates(module: &LoadedModule, diagnostics: &mut Vec<Diagnostic>) {
    let ast = &module.parsed.module;
    let mut first: HashMap<&str, Name> = HashMap::new();
    for resolved in &module.imports {
        for name in bound(ast, ast[resolved.import].spec) {
            let text = ast.text(name);
            match first.get(text) {
                None => {
                    first.insert(text, name);
                }
                Some(earlier) => diagnostics.push(
                    Diagnostic::new(
                        Code::IMPORT_DUPLICATE,
                        ast.name_span(name),
                        format!("duplicate import `{text}`"),
                    )
                    .related(
                        ast.name_span(*earlier),
                        format!("`{text}` is first imported here"),
                    )
                    .hint("give one of them another name, as `import Name as Other from ...`")
                    .fix(removal(module, resolved.import, name)),
                ),
            }
        }
    }
}

fn unknown_names(
    graph: &ModuleGraph,
    ast: &ast::Module,
    names: &[Name],
    target: ImportTarget,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (exports, shown) = match target {
        ImportTarget::Module(id) => {
            let target = graph.module(id);
            // A declaration that could not be read may have been the one meant.
            if target.parsed.module.damaged {
                return;
            }
            (exports(&target.parsed.module), target.name())
        }
        ImportTarget::StdError => (STD_ERROR_TYPES.to_vec(), STD_ERROR),
        ImportTarget::Asset(_) | ImportTarget::Unresolved => return,
    };
    for name in names.iter().filter(|name| !name.is_missing()) {
        let text = ast.text(*name);
        if exports.contains(&text) {
            continue;
        }
        let message = format!("`{shown}` has no export `{text}`");
        let mut diagnostic = Diagnostic::new(Code::IMPORT_UNKNOWN, ast.name_span(*name), message);
        diagnostic.hint = match nearest(text, exports.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if exports.is_empty() => {
                Some("it declares nothing that can be imported".to_owned())
            }
            None => Some(format!("it exports {}", listed(&exports))),
        };
        diagnostics.push(diagnostic);
    }
}

/// Some names in back-quotes, and how many more there are.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{rest}", shown.join(", "))
}

/// The edit that takes a name out of an import, or the whole import with it.
fn removal(module: &LoadedModule, import: Id<Import>, name: Name) -> Fix {
    let ast = &module.parsed.module;
    let text = &*module.text;
    let at = ast.name_range(name);
    let range = match ast[import].spec {
        ImportSpec::Named { names, .. } if names.len() > 1 => {
            let first = ast[names].first() == Some(&name);
            if first {
                let next = ast[names][1].start;
                TextRange::new(at.start, next)
            } else {
                let before = text[..at.start as usize]
                    .trim_end()
                    .trim_end_matches(',')
                    .len();
                // A file holds at most 16 MiB.
                TextRange::new(u32::try_from(before).unwrap_or(at.start), at.end)
            }
        }
        _ => {
            let range = ast.range(import);
            let rest = &text[range.end as usize..];
            let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            TextRange::new(
                range.start,
                range.end + u32::try_from(line_end).unwrap_or(0),
            )
        }
    };
    Fix::replace("remove the second import", range.in_file(module.file), "").unsafe_to_apply()
}

/// The names that a module declares and others can import, in source order.
#[must_use]
pub fn exports(ast: &ast::Module) -> Vec<&str> {
    let name = |item: &Item| match *item {
        Item::Type(id) => match &ast[ast[id].name.segments] {
            [only] => Some(*only),
            _ => None,
        },
        Item::Enum(id) => Some(ast[id].name),
        Item::Interface(id) => Some(ast[id].name),
        Item::Fn(id) => Some(ast[id].sig.name),
        Item::Component(id) => Some(ast[id].sig.name),
        Item::Service(id) => Some(ast[id].name),
        Item::Config(id) => Some(ast[id].name),
        Item::Import(_)
        | Item::Impl(_)
        | Item::App(_)
        | Item::Migration(_)
        | Item::Test(_)
        | Item::Error(_) => None,
    };
    let names = ast
        .items
        .iter()
        .filter_map(name)
        .filter(|name| !name.is_missing());
    names.map(|name| ast.text(name)).collect()
}

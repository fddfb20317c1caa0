//! Strict architecture: capabilities that are used, and error domains with one
//! owner.

use fuse_syntax::ast::{Item, List, Path, TypeExpr, TypeExprId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::Whole;
use crate::body::bit;
use crate::decls::Uses;
use crate::decls::resolve::TypeResolver;
use crate::load::{LoadedModule, ModuleId};
use crate::sink::Sink;
use crate::types::TyKind;
use crate::words::listed;

impl Whole<'_> {
    pub(super) fn architecture(&mut self) {
        for module in &self.graph.modules {
            self.unused_capabilities(module);
            self.error_domains(module);
        }
        self.layer_cycles();
    }

    fn unused_capabilities(&mut self, module: &LoadedModule) {
        let used = self.checked[module.id.index()].facts.capabilities;
        let declared = &self.decls.module(module.id).capabilities;
        let mut unused: Vec<(&str, TextRange)> = declared
            .iter()
            .filter(|(capability, _)| used & bit(*capability) == 0)
            .map(|(capability, range)| (capability.name(), *range))
            .collect();
        if unused.is_empty() || self.decls.module(module.id).damage.any() {
            return;
        }
        unused.sort_by_key(|(_, range)| range.start);
        let first = unused[0].1;
        let requires = &module.parsed.module.requires;
        let gone = |index: usize| {
            let name = module.parsed.module.text(requires[index].name);
            unused.iter().any(|(unused, _)| *unused == name)
        };
        let edits = crate::edits::requires_without(module, gone);
        let mut names: Vec<&str> = unused.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let message = format!("unused capabilities: {}", listed(names.into_iter()));
        let edits = edits
            .into_iter()
            .map(|(range, text)| (range.in_file(module.file), text))
            .collect();
        let fix = Fix {
            title: "remove what is not used".to_owned(),
            edits,
            safe: true,
        };
        let span = first.in_file(module.file);
        self.report(Diagnostic::new(Code::ARCH_CAPABILITY_UNUSED, span, message).fix(fix));
    }

    /// The signatures of a module name error domains of one owner.
    fn error_domains(&mut self, module: &LoadedModule) {
        let domains = self.named_domains(module);
        let Some(&(first, _)) = domains.first() else {
            return;
        };
        let Some(&(_, range)) = domains.iter().find(|(owner, _)| *owner != first) else {
            return;
        };
        let mut owners: Vec<String> = domains
            .iter()
            .map(|(owner, _)| self.owner_name(*owner))
            .collect();
        owners.sort_unstable();
        owners.dedup();
        let message = format!(
            "signatures mix error domains of {}",
            listed(owners.iter().map(String::as_str))
        );
        let span = range.in_file(module.file);
        self.report(
            Diagnostic::new(Code::ARCH_ERROR_DOMAIN, span, message)
                .hint("turn errors of other modules into this module's own"),
        );
    }

    fn owner_name(&self, owner: ModuleId) -> String {
        match self.graph.modules.get(owner.index()) {
            Some(module) => {
                let name = module.name();
                name.rsplit('/').next().unwrap_or(name).to_owned()
            }
            None => "std.Error".to_owned(),
        }
    }

    /// The domains in results of functions and routes, in source order, with
    /// the module that owns each.
    fn named_domains(&mut self, module: &LoadedModule) -> Vec<(ModuleId, TextRange)> {
        let ast = &module.parsed.module;
        let mut results: Vec<TypeExprId> = Vec::new();
        for item in &ast.items {
            match *item {
                Item::Fn(id) => results.extend(ast[id].sig.ret),
                Item::Impl(id) => {
                    let methods = ast[ast[id].methods].iter();
                    results.extend(methods.filter_map(|&method| ast[method].sig.ret));
                }
                Item::Service(id) => {
                    results.extend(ast[ast[id].routes].iter().map(|route| route.ret));
                }
                _ => {}
            }
        }
        let mut paths: Vec<Path> = Vec::new();
        for result in results {
            domains_in(ast, result, &mut paths);
        }
        paths
            .into_iter()
            .filter_map(|path| self.domain_owner(module, path))
            .collect()
    }

    fn domain_owner(&mut self, module: &LoadedModule, path: Path) -> Option<(ModuleId, TextRange)> {
        let ast = &module.parsed.module;
        let mut resolver = TypeResolver {
            ast,
            module: module.id,
            decls: self.decls,
            types: self.types,
            sink: &mut Sink::default(),
            uses: &mut Uses::new(ast.names.len()),
            predicates: &mut Vec::new(),
            params: &[],
            self_type: None,
            in_test: false,
        };
        let ty = resolver.resolve_path(path);
        let owner = match self.types.kind(ty) {
            TyKind::Record(id) => id.module,
            TyKind::Enum(id) => id.module,
            _ => return None,
        };
        Some((owner, ast.path_range(path)))
    }
}

/// The error domains written in a type.
fn domains_in(ast: &fuse_syntax::ast::Module, ty: TypeExprId, out: &mut Vec<Path>) {
    let all = |list: List<TypeExprId>, out: &mut Vec<Path>| {
        for &ty in &ast[list] {
            domains_in(ast, ty, out);
        }
    };
    match ast[ty] {
        TypeExpr::Result { ok, domains } => {
            domains_in(ast, ok, out);
            out.extend_from_slice(&ast[domains]);
        }
        TypeExpr::Apply { base, args } => {
            if ast.path_text(base) == "Result"
                && let [ok, error] = ast[args]
                && let TypeExpr::Path(path) = ast[error]
            {
                domains_in(ast, ok, out);
                out.push(path);
            } else {
                all(args, out);
            }
        }
        TypeExpr::Option(inner) => domains_in(ast, inner, out),
        TypeExpr::Fn { params, ret } => {
            all(params, out);
            if let Some(ret) = ret {
                domains_in(ast, ret, out);
            }
        }
        TypeExpr::Refined { base, .. } => domains_in(ast, base, out),
        TypeExpr::Path(_) | TypeExpr::Error => {}
    }
}

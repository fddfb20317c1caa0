//! Interfaces, `where` bounds and `impl` blocks.

use fuse_syntax::ast::{self, Path};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::build::{Builder, mentioned_in, mentions, number};
use super::model::{Entry, Function, FunctionKind, TypeParam};
use crate::ids::{FnId, ImplId, InterfaceId};
use crate::load::LoadedModule;
use crate::package::nearest;
use crate::types::{Ty, TyKind};
use crate::words::listed;

impl Builder<'_> {
    /// The interface a path names, if any.
    fn interface(&mut self, module: &LoadedModule, path: Path) -> Result<InterfaceId, bool> {
        let ast = &module.parsed.module;
        let scope = &self.decls.module(module.id).scope;
        let sym = |name: ast::Name| self.decls.module(module.id).sym(name.symbol);
        let entry = match ast[path.segments] {
            [only] => scope.get(&sym(only)).map(|named| (only, named.entry)),
            [alias, name] => match scope.get(&sym(alias)).map(|named| named.entry) {
                Some(Entry::Module(target)) => {
                    let exports = &self.decls.module(target).exports;
                    exports.get(&sym(name)).map(|entry| (alias, *entry))
                }
                Some(Entry::Damaged) => Some((alias, Entry::Damaged)),
                _ => None,
            },
            _ => None,
        };
        match entry {
            Some((name, Entry::Interface(id))) => {
                self.uses[module.id.index()].mark(name.symbol);
                Ok(id)
            }
            Some((_, Entry::Damaged)) => Err(true),
            _ => Err(self.decls.module(module.id).damage.hides_declarations()
                || ast.path_text(path).is_empty()),
        }
    }

    fn interface_hint(&self, module: &LoadedModule, path: Path) -> String {
        let text = module.parsed.module.path_text(path);
        let scope = &self.decls.module(module.id).scope;
        let interfaces = scope
            .iter()
            .filter(|(_, named)| matches!(named.entry, Entry::Interface(_)))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        match nearest(&text, interfaces) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it with `interface`, or import it".to_owned(),
        }
    }

    /// Bounds of the `where` clause, into the type parameters.
    pub(super) fn bounds(
        &mut self,
        module: &LoadedModule,
        sig: &ast::Signature,
        params: &mut [TypeParam],
    ) {
        let ast = &module.parsed.module;
        let mut bounded: Vec<(u32, TextRange)> = Vec::new();
        for bound in &ast[sig.bounds] {
            let interface = match self.interface(module, bound.interface) {
                Ok(interface) => Some(interface),
                Err(known) => {
                    if !known {
                        self.unknown_bound(module, bound.interface);
                    }
                    None
                }
            };
            let sym = self.decls.module(module.id).sym(bound.param.symbol);
            let Some(at) = params.iter().position(|param| param.name == sym) else {
                if !bound.param.is_missing() {
                    self.unknown_type_param(module, bound.param);
                }
                continue;
            };
            if let Some((_, first)) = bounded.iter().find(|(param, _)| *param == number(at)) {
                let text = ast.text(bound.param);
                let message = format!("`{text}` already has a bound");
                let first = first.in_file(module.file);
                self.sink.push(
                    Diagnostic::new(
                        Code::WHERE_MULTI_CONSTRAINT,
                        bound.range.in_file(module.file),
                        message,
                    )
                    .related(first, "the first bound".to_owned()),
                );
                continue;
            }
            bounded.push((number(at), bound.range));
            params[at].bound = interface;
        }
    }

    fn unknown_bound(&mut self, module: &LoadedModule, path: Path) {
        let ast = &module.parsed.module;
        let message = format!("unknown interface `{}`", ast.path_text(path));
        let hint = self.interface_hint(module, path);
        let span = ast.path_span(path);
        self.sink
            .push(Diagnostic::new(Code::WHERE_UNKNOWN_INTERFACE, span, message).hint(hint));
    }

    fn unknown_type_param(&mut self, module: &LoadedModule, name: ast::Name) {
        let ast = &module.parsed.module;
        let message = format!("unknown type parameter `{}`", ast.text(name));
        let span = ast.name_span(name);
        self.sink.push(Diagnostic::new(
            Code::WHERE_UNKNOWN_TYPE_PARAM,
            span,
            message,
        ));
    }

    /// Interface and target of each `impl`, and that the pair is new and the
    /// package's own.
    pub(super) fn impl_heads(&mut self, module: &LoadedModule) {
        for index in 0..self.decls.module(module.id).impls.len() {
            let id = ImplId::new(module.id, number(index));
            let decl = self.decls.implementation(id).decl;
            let ast = &module.parsed.module;
            let (interface_path, target_path) = (ast[decl].interface, ast[decl].target);
            let interface = match self.interface(module, interface_path) {
                Ok(interface) => Some(interface),
                Err(known) => {
                    if !known {
                        self.unknown_interface(module, interface_path);
                    }
                    None
                }
            };
            let target = self.target(module, target_path);
            let implementation = &mut self.decls.modules[module.id.index()].impls[index];
            implementation.interface = interface;
            implementation.target = target;
            if let Some(interface) = interface
                && !target.is_invalid()
            {
                self.coherence(module, id, interface, target);
            }
        }
    }

    fn unknown_interface(&mut self, module: &LoadedModule, path: Path) {
        let ast = &module.parsed.module;
        let message = format!("unknown interface `{}`", ast.path_text(path));
        let hint = self.interface_hint(module, path);
        let span = ast.path_span(path);
        self.sink
            .push(Diagnostic::new(Code::INTERFACE_UNKNOWN, span, message).hint(hint));
    }

    fn target(&mut self, module: &LoadedModule, path: Path) -> Ty {
        let ast = &module.parsed.module;
        let text = ast.path_text(path);
        let generic = super::resolve::builtin_type(&text).is_some();
        if !generic {
            let ty = self.resolver(module, &[], None).resolve_path(path);
            let nominal = match self.types.kind(ty) {
                TyKind::Record(id) => !id.is_builtin(),
                TyKind::Enum(_) | TyKind::Invalid => true,
                _ => false,
            };
            if nominal {
                return ty;
            }
        }
        let message = format!("cannot implement an interface for `{text}`");
        self.sink.push(Diagnostic::new(
            Code::IMPL_TARGET,
            ast.path_span(path),
            message,
        ));
        Ty::INVALID
    }

    fn coherence(&mut self, module: &LoadedModule, id: ImplId, interface: InterfaceId, target: Ty) {
        let owner = match self.types.kind(target) {
            TyKind::Record(id) => id.module,
            TyKind::Enum(id) => id.module,
            _ => return,
        };
        let range = self.decls.implementation(id).range.in_file(module.file);
        let name = self
            .types
            .symbols
            .text(self.decls.interface(interface).name)
            .to_owned();
        let shown = self.decls.display(self.types, target).to_string();
        let mine = [interface.module, owner]
            .iter()
            .any(|&owner| self.decls.module(owner).package == module.package);
        if !mine {
            let message = format!("package owns neither `{name}` nor `{shown}`");
            self.sink.push(
                Diagnostic::new(Code::IMPL_ORPHAN, range, message)
                    .hint("implement it where the interface or the type is declared"),
            );
        }
        if let Some(&first) = self.decls.impls.get(&(interface, target)) {
            let file = self.graph.module(first.module).file;
            let place = self.decls.implementation(first).range.in_file(file);
            let message = format!("duplicate impl of `{name}` for `{shown}`");
            self.sink.push(
                Diagnostic::new(Code::IMPL_DUPLICATE, range, message)
                    .related(place, "the first impl".to_owned()),
            );
            return;
        }
        self.decls.impls.insert((interface, target), id);
    }

    /// Whether each `impl` supplies what its interface asks for, once all
    /// signatures are known.
    pub(super) fn impl_members(&mut self, module: &LoadedModule) {
        let selfs = match self.decls.module(module.id).impls.is_empty() {
            true => Vec::new(),
            false => mentions(&module.parsed.module, "self"),
        };
        for index in 0..self.decls.module(module.id).impls.len() {
            let id = ImplId::new(module.id, number(index));
            self.unique_methods(module, id);
            self.receivers(module, id, &selfs);
            self.register(id);
            if let Some(interface) = self.decls.implementation(id).interface {
                self.members(module, id, interface);
            }
        }
    }

    fn unique_methods(&mut self, module: &LoadedModule, id: ImplId) {
        let methods = self.decls.implementation(id).methods.clone();
        for (at, &method) in methods.iter().enumerate() {
            let Function {
                name, range, sig, ..
            } = *self.decls.function(method);
            let same = |other: &&FnId| self.decls.function(**other).name == name;
            if sig.name.is_missing() || range.is_empty() {
                continue;
            }
            if let Some(&first) = methods[..at].iter().find(same) {
                let first = self.decls.function(first).range;
                self.duplicate_symbol(module, sig.name, first);
            }
        }
    }

    /// In an interface without explicit `self`, the body decides.
    fn receivers(&mut self, module: &LoadedModule, id: ImplId, selfs: &[u32]) {
        let implementation = self.decls.implementation(id);
        let explicit = implementation
            .interface
            .is_some_and(|interface| self.decls.interface(interface).explicit_self);
        if explicit {
            return;
        }
        let ast = &module.parsed.module;
        for method in implementation.methods.clone() {
            let function =
                &mut self.decls.modules[method.module.index()].functions[method.index as usize];
            let body = function.body.map(|body| ast.range(body));
            let mentioned = body.is_some_and(|body| mentioned_in(selfs, body));
            function.instance = mentioned || function.explicit_self;
        }
    }

    fn register(&mut self, id: ImplId) {
        let implementation = self.decls.implementation(id);
        let target = implementation.target;
        let winner = implementation
            .interface
            .is_none_or(|interface| self.decls.impls.get(&(interface, target)) == Some(&id));
        if target.is_invalid() || !winner {
            return;
        }
        for method in implementation.methods.clone() {
            let name = self.decls.function(method).name;
            let known = self.decls.methods.entry((target, name)).or_default();
            // A second one in the same block was reported.
            let twice = known.iter().any(|known| {
                let functions = &self.decls.modules[known.module.index()].functions;
                functions[known.index as usize].kind == FunctionKind::Method(id)
            });
            if !twice {
                known.push(method);
            }
        }
    }

    fn members(&mut self, module: &LoadedModule, id: ImplId, interface: InterfaceId) {
        let members = self.decls.interface(interface).members.clone();
        let methods = self.decls.implementation(id).methods.clone();
        let decl = self.decls.implementation(id).decl;
        let mut missing = Vec::new();
        for &member in &members {
            let name = self.decls.function(member).name;
            let method = methods
                .iter()
                .find(|&&method| self.decls.function(method).name == name);
            match method {
                Some(&method) => self.same_signature(module, id, interface, member, method),
                None => missing.push(member),
            }
        }
        if !missing.is_empty()
            && !self
                .decls
                .module(module.id)
                .damage
                .within(module.parsed.module[decl].range)
        {
            self.incomplete(module, id, interface, &missing);
        }
        for method in methods {
            let Function { name, range, .. } = *self.decls.function(method);
            let known = members
                .iter()
                .any(|&member| self.decls.function(member).name == name);
            if !known && !range.is_empty() && !self.decls.module(interface.module).damage.any() {
                let text = self.types.symbols.text(name);
                let of = self
                    .types
                    .symbols
                    .text(self.decls.interface(interface).name);
                let message = format!("`{of}` has no member `{text}`");
                let span = range.in_file(module.file);
                self.sink
                    .push(Diagnostic::new(Code::IMPL_EXTRA_MEMBER, span, message));
            }
        }
    }

    fn incomplete(
        &mut self,
        module: &LoadedModule,
        id: ImplId,
        interface: InterfaceId,
        missing: &[FnId],
    ) {
        let implementation = self.decls.implementation(id);
        let range = implementation.range.in_file(module.file);
        let target = implementation.target;
        let name = self
            .types
            .symbols
            .text(self.decls.interface(interface).name)
            .to_owned();
        let names = missing
            .iter()
            .map(|&id| self.types.symbols.text(self.decls.function(id).name));
        let message = format!(
            "impl of `{name}` for `{}` lacks {}",
            self.decls.display(self.types, target),
            listed(names)
        );
        let fix = self.stubs(module, id, target, missing);
        self.sink
            .push(Diagnostic::new(Code::IMPL_INCOMPLETE, range, message).fix(fix));
    }

    /// The missing methods, at the end of the block.
    fn stubs(&mut self, module: &LoadedModule, id: ImplId, target: Ty, missing: &[FnId]) -> Fix {
        let ast = &module.parsed.module;
        let decl = &ast[self.decls.implementation(id).decl];
        let indent = match ast[decl.methods].first() {
            Some(&method) => crate::edits::indent_of(module, ast[method].range.start),
            None => "  ".to_owned(),
        };
        let mut text = String::new();
        for &member in missing {
            let head = self.signature_text(member, target, true);
            let body = self.stub_body(module, id, member);
            text.push_str(&format!("\n{indent}fn {head}:\n{indent}  {body}"));
        }
        let end = crate::edits::end_of_code(module, decl.range);
        let place = TextRange::empty(end).in_file(module.file);
        Fix::replace("add the missing members", place, text).unsafe_to_apply()
    }

    /// A body that has the type of the result, whatever that is: the method
    /// calls itself.
    fn stub_body(&mut self, module: &LoadedModule, id: ImplId, member: FnId) -> String {
        let ast = &module.parsed.module;
        let function = self.decls.function(member);
        let text = |sym| self.types.symbols.text(sym);
        let name = text(function.name);
        let args: Vec<&str> = function
            .params
            .iter()
            .map(|param| text(param.name))
            .collect();
        let params: Vec<&str> = function
            .type_params
            .iter()
            .map(|param| text(param.name))
            .collect();
        let type_args = if params.is_empty() {
            String::new()
        } else {
            format!("<{}>", params.join(", "))
        };
        let target = ast.path_text(ast[self.decls.implementation(id).decl].target);
        let receiver = if function.explicit_self {
            "self"
        } else {
            &target
        };
        format!("return {receiver}.{name}{type_args}({})", args.join(", "))
    }
}

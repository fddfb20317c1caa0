//! Comparing and writing signatures of interface members and methods.

use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::build::Builder;
use super::model::Function;
use crate::ids::{FnId, ImplId, InterfaceId};
use crate::load::LoadedModule;
use crate::types::{Ty, TyKind};

impl Builder<'_> {
    /// Reports a method whose signature is not that of the member.
    pub(super) fn same_signature(
        &mut self,
        module: &LoadedModule,
        id: ImplId,
        interface: InterfaceId,
        member: FnId,
        method: FnId,
    ) {
        let target = self.decls.implementation(id).target;
        if target.is_invalid() || self.equal_signatures(interface, member, method, target) {
            return;
        }
        let expected = self.signature_text(member, target, false);
        let found = self.signature_text(method, target, false);
        let Function { name, range, .. } = *self.decls.function(method);
        let text = self.types.symbols.text(name).to_owned();
        let of = self
            .types
            .symbols
            .text(self.decls.interface(interface).name)
            .to_owned();
        let file = self.graph.module(member.module).file;
        let place = self.decls.function(member).range.in_file(file);
        let message =
            format!("`{text}` does not match `{of}`: expected `{expected}`, found `{found}`");
        let head = self.signature_text(member, target, true);
        let sig = self.decls.function(method).sig;
        let whole = TextRange::new(range.start, sig.range.end).in_file(module.file);
        self.sink.push(
            Diagnostic::new(
                Code::IMPL_SIGNATURE_MISMATCH,
                range.in_file(module.file),
                message,
            )
            .related(place, format!("`{text}` is declared here"))
            .fix(
                Fix::replace("take the signature of the interface", whole, head).unsafe_to_apply(),
            ),
        );
    }

    /// Whether the signatures are equal with `Self` as the target and type
    /// parameters by position. What was reported already is equal to
    /// everything.
    fn equal_signatures(
        &mut self,
        interface: InterfaceId,
        member: FnId,
        method: FnId,
        target: Ty,
    ) -> bool {
        let explicit = self.decls.interface(interface).explicit_self;
        let (want, have) = (self.decls.function(member), self.decls.function(method));
        let receivers =
            want.explicit_self == have.explicit_self || (!explicit && !have.explicit_self);
        let params: Vec<(Ty, Ty)> = want
            .params
            .iter()
            .zip(&have.params)
            .map(|(want, have)| (want.ty, have.ty))
            .chain([(want.result, have.result)])
            .collect();
        let shape = receivers
            && want.type_params.len() == have.type_params.len()
            && want.params.len() == have.params.len()
            && want
                .type_params
                .iter()
                .zip(&have.type_params)
                .all(|(a, b)| a.bound == b.bound)
            && want
                .params
                .iter()
                .zip(&have.params)
                .all(|(a, b)| a.name == b.name && a.default.is_some() == b.default.is_some());
        let arguments: Vec<Ty> = have.type_params.iter().map(|param| param.ty).collect();
        shape
            && params.into_iter().all(|(want, have)| {
                let want = self.types.with_self(want, target);
                let want = self.types.instantiate(want, member, &arguments);
                self.equal_types(want, have)
            })
    }

    /// Equal types; the order of error domains does not count.
    fn equal_types(&self, a: Ty, b: Ty) -> bool {
        if a == b || a.is_invalid() || b.is_invalid() {
            return true;
        }
        match (self.types.kind(a), self.types.kind(b)) {
            (TyKind::Result(a, fs), TyKind::Result(b, es)) => {
                let (fs, es) = (self.types.members(fs), self.types.members(es));
                self.equal_types(a, b)
                    && fs.len() == es.len()
                    && fs.iter().all(|domain| es.contains(domain))
            }
            _ => false,
        }
    }

    /// A signature as source text, with `Self` as the target. `whole` adds
    /// the `where` clause and the defaults.
    pub(super) fn signature_text(&mut self, id: FnId, target: Ty, whole: bool) -> String {
        let function = self.decls.function(id).clone();
        let ast = &self.graph.module(id.module).parsed.module;
        let file = self.graph.files.get(ast.file);
        let mut text = self.types.symbols.text(function.name).to_owned();
        if !function.type_params.is_empty() {
            let names = function.type_params.iter();
            let names: Vec<&str> = names
                .map(|param| self.types.symbols.text(param.name))
                .collect();
            text.push_str(&format!("<{}>", names.join(", ")));
        }
        let mut params: Vec<String> = Vec::new();
        if function.explicit_self {
            params.push("self".to_owned());
        }
        for param in &function.params {
            let ty = self.types.with_self(param.ty, target);
            let mut shown = format!(
                "{}: {}",
                self.types.symbols.text(param.name),
                self.decls.display(self.types, ty)
            );
            if let Some(default) = param.default {
                let source = file.and_then(|file| file.text().get(ast.range(default).as_usize()));
                let value = source.filter(|_| whole).unwrap_or("...");
                shown.push_str(&format!(" = {value}"));
            }
            params.push(shown);
        }
        text.push_str(&format!("({})", params.join(", ")));
        let result = self.types.with_self(function.result, target);
        if result != Ty::UNIT {
            text.push_str(&format!(" -> {}", self.decls.display(self.types, result)));
        }
        if whole {
            text.push_str(&self.where_text(&function));
        }
        text
    }

    fn where_text(&self, function: &Function) -> String {
        let bounds = function.type_params.iter().filter_map(|param| {
            let interface = self.decls.interface(param.bound?);
            let text = |sym| self.types.symbols.text(sym);
            Some(format!("{}: {}", text(param.name), text(interface.name)))
        });
        let bounds: Vec<String> = bounds.collect();
        if bounds.is_empty() {
            String::new()
        } else {
            format!(" where {}", bounds.join(", "))
        }
    }
}

//! Declarations.

use super::{Sink, Walk};
use crate::ast::{
    BlockId, ConfigDecl, Doc, EnumDecl, ExprId, FnDecl, ImportSpec, Item, List, Name, Param,
    RouteSegment, ServiceDecl, Signature, StrLit, TypeDecl, TypeExprId,
};

impl<S: Sink> Walk<'_, S> {
    pub(super) fn item(&mut self, item: Item) {
        let module = self.module;
        match item {
            Item::Import(id) => self.import(module[id].spec),
            Item::Type(id) => self.type_decl(&module[id]),
            Item::Enum(id) => self.enum_decl(&module[id]),
            Item::Interface(id) => {
                let decl = &module[id];
                self.sink.open("interface");
                self.doc(decl.doc);
                self.name(decl.name);
                for member in &module[decl.members] {
                    self.sink.open("member");
                    self.doc(member.doc);
                    self.signature(&member.sig);
                    self.sink.close();
                }
                self.sink.close();
            }
            Item::Impl(id) => {
                let decl = &module[id];
                self.sink.open("impl");
                self.doc(decl.doc);
                self.path(decl.interface);
                self.path(decl.target);
                for method in &module[decl.methods] {
                    self.function(&module[*method]);
                }
                self.sink.close();
            }
            Item::Fn(id) => self.function(&module[id]),
            Item::Component(id) => {
                let decl = &module[id];
                self.callable("component", decl.doc, &decl.sig, decl.body);
            }
            Item::Service(id) => self.service(&module[id]),
            Item::Config(id) => self.config(&module[id]),
            Item::App(id) => {
                let decl = &module[id];
                self.named_block("app", decl.doc, decl.name, decl.body);
            }
            Item::Migration(id) => {
                let decl = &module[id];
                self.named_block("migration", decl.doc, decl.id, decl.body);
            }
            Item::Test(id) => {
                let decl = &module[id];
                self.named_block("test", decl.doc, decl.name, decl.body);
            }
            Item::Error(_) => {
                self.sink.open("error");
                self.sink.close();
            }
        }
    }

    fn import(&mut self, spec: ImportSpec) {
        self.sink.open("import");
        let path = match spec {
            ImportSpec::Sibling { name } => {
                self.name(name);
                None
            }
            ImportSpec::From { name, path } => {
                self.name(name);
                Some(path)
            }
            ImportSpec::Alias { name, alias, path } => {
                self.name(name);
                self.sink.open("as");
                self.name(alias);
                self.sink.close();
                Some(path)
            }
            ImportSpec::Named { names, path } => {
                self.import_names(names);
                Some(path)
            }
        };
        if let Some(path) = path {
            let text = self.module.string(path.text);
            if path.quoted {
                self.sink.text(text);
            } else {
                self.sink.atom(text);
            }
        }
        self.sink.close();
    }

    /// The order of names is kept only when it is shown.
    fn import_names(&mut self, names: List<Name>) {
        let mut texts: Vec<&str> = self.module[names]
            .iter()
            .map(|name| self.module.text(*name))
            .collect();
        if !self.faithful {
            texts.sort_unstable();
        }
        self.sink.open("names");
        for text in texts {
            self.sink.atom(text);
        }
        self.sink.close();
    }

    fn type_decl(&mut self, decl: &TypeDecl) {
        self.sink.open("type");
        self.doc(decl.doc);
        self.path(decl.name);
        if let Some(derive) = decl.derive {
            self.sink.open("derive");
            self.path(derive.base);
            self.names("without", derive.without);
            self.sink.close();
        }
        for field in &self.module[decl.fields] {
            self.field(field.doc, field.name, field.ty, field.default);
        }
        self.sink.close();
    }

    fn field(&mut self, doc: Option<Doc>, name: Name, ty: TypeExprId, default: Option<ExprId>) {
        self.sink.open("field");
        self.doc(doc);
        self.name(name);
        self.ty(ty);
        if let Some(default) = default {
            self.expr(default);
        }
        self.sink.close();
    }

    fn enum_decl(&mut self, decl: &EnumDecl) {
        self.sink.open("enum");
        self.doc(decl.doc);
        self.name(decl.name);
        for variant in &self.module[decl.variants] {
            self.sink.open("variant");
            self.doc(variant.doc);
            self.name(variant.name);
            for payload in &self.module[variant.payload] {
                self.sink.open("payload");
                if let Some(name) = payload.name {
                    self.name(name);
                }
                self.ty(payload.ty);
                self.sink.close();
            }
            self.sink.close();
        }
        self.sink.close();
    }

    fn function(&mut self, decl: &FnDecl) {
        self.callable("fn", decl.doc, &decl.sig, decl.body);
    }

    fn callable(&mut self, tag: &'static str, doc: Option<Doc>, sig: &Signature, body: BlockId) {
        self.sink.open(tag);
        self.doc(doc);
        self.signature(sig);
        self.block(body);
        self.sink.close();
    }

    fn signature(&mut self, sig: &Signature) {
        self.name(sig.name);
        self.names("type-params", sig.type_params);
        self.sink.open("params");
        if sig.receiver.is_some() {
            self.sink.atom("self");
        }
        for param in &self.module[sig.params] {
            self.param(param);
        }
        self.sink.close();
        if let Some(ret) = sig.ret {
            self.ty(ret);
        }
        for bound in &self.module[sig.bounds] {
            self.sink.open("where");
            self.name(bound.param);
            self.path(bound.interface);
            self.sink.close();
        }
    }

    fn param(&mut self, param: &Param) {
        self.sink.open("param");
        self.name(param.name);
        self.ty(param.ty);
        if let Some(default) = param.default {
            self.expr(default);
        }
        self.sink.close();
    }

    fn service(&mut self, decl: &ServiceDecl) {
        self.sink.open("service");
        self.doc(decl.doc);
        self.name(decl.name);
        self.string(decl.base);
        for route in &self.module[decl.routes] {
            self.sink.open(route.verb.text());
            self.doc(route.doc);
            self.sink.text(self.module.string(route.path.text));
            for segment in &self.module[route.path.segments] {
                self.segment(*segment);
            }
            if let Some(body) = route.body {
                self.sink.open("body");
                self.ty(body.ty);
                self.sink.close();
            }
            self.ty(route.ret);
            self.block(route.block);
            self.sink.close();
        }
        self.sink.close();
    }

    fn segment(&mut self, segment: RouteSegment) {
        match segment {
            RouteSegment::Literal(text) => self.sink.text(self.module.string(text)),
            RouteSegment::Malformed(text) => {
                self.sink.open("malformed");
                self.sink.text(self.module.string(text));
                self.sink.close();
            }
            RouteSegment::Param { name, ty, wildcard } => {
                self.sink.open(if wildcard { "rest" } else { "param" });
                self.name(name);
                self.ty(ty);
                self.sink.close();
            }
        }
    }

    fn config(&mut self, decl: &ConfigDecl) {
        self.sink.open("config");
        self.doc(decl.doc);
        self.name(decl.name);
        for field in &self.module[decl.fields] {
            self.field(field.doc, field.name, field.ty, Some(field.default));
        }
        self.sink.close();
    }

    fn named_block(&mut self, tag: &'static str, doc: Option<Doc>, name: StrLit, body: BlockId) {
        self.sink.open(tag);
        self.doc(doc);
        self.string(name);
        self.block(body);
        self.sink.close();
    }
}

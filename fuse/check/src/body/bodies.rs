//! The bodies of a module, one after another.

use fuse_syntax::TextRange;
use fuse_syntax::ast::BlockId;

use super::Checker;
use super::facts::Owner;
use super::frames::{Body, BodyKind};
use crate::decls::{FunctionKind, Segment};
use crate::ids::{ConfigId, FnId, RecordId};
use crate::relate::Slot;
use crate::typed::{LocalKind, ParamOwner};
use crate::types::Ty;

impl<'a> Checker<'a> {
    /// Checks everything in the module that has a value.
    pub(super) fn bodies(&mut self) {
        for index in 0..self.own.functions.len() {
            self.function(index);
        }
        for index in 0..self.own.records.len() {
            self.record_defaults(index);
        }
        self.extension_defaults();
        for index in 0..self.own.configs.len() {
            self.config_defaults(index);
        }
        for service in &self.own.services {
            for route in &service.routes {
                self.route(route);
            }
        }
        for (app, index) in self.own.apps.iter().zip(0..) {
            self.entry(BodyKind::App, Owner::App(index), app.body);
        }
        for (migration, index) in self.own.migrations.iter().zip(0..) {
            self.entry(BodyKind::Migration, Owner::Migration(index), migration.body);
        }
        for (test, index) in self.own.tests.iter().zip(0..) {
            self.entry(BodyKind::Test, Owner::Test(index), test.body);
        }
    }

    fn function(&mut self, index: usize) {
        let function = &self.own.functions[index];
        let id = FnId::new(self.module, crate::edits::offset(index));
        let kind = match function.kind {
            FunctionKind::Component => BodyKind::Component,
            _ => BodyKind::Function,
        };
        let self_type = match function.kind {
            FunctionKind::Method(of) => Some(self.decls.implementation(of).target),
            FunctionKind::Member(_) => Some(Ty::SELF),
            FunctionKind::Function | FunctionKind::Component => None,
        };
        self.body = Body {
            kind,
            owner: Owner::Function(id),
            name: Some(function.name),
            range: function.range,
            result: function.result,
            block: TextRange::default(),
            type_params: &function.type_params,
            self_type,
            result_reported: false,
        };
        let first = self.out.next_local();
        self.open_scope();
        self.parameters(index, kind);
        if let Some(block) = function.body {
            self.implicit_locals(index);
            self.body_block(block);
        }
        self.close_scope();
        self.end_of_body(first);
    }

    /// Binds the parameters; each default sees the ones before it.
    fn parameters(&mut self, index: usize, kind: BodyKind) {
        let function = &self.own.functions[index];
        let ast = self.ast;
        let pool = function.sig.params.indices();
        for ((param, declared), at) in ast[function.sig.params]
            .iter()
            .zip(&function.params)
            .zip(pool)
        {
            if let Some(default) = declared.default {
                self.body.kind = BodyKind::Default;
                self.check(default, declared.ty, Slot::Plain);
                self.body.kind = kind;
            }
            // A parameter bound twice was reported with the signature.
            if param.name.is_missing() {
                continue;
            }
            let local = self.declare_symbol(
                param.name.symbol,
                declared.range,
                declared.ty,
                LocalKind::Param,
            );
            self.out
                .set_param(ParamOwner::Param(crate::edits::offset(at)), local);
        }
    }

    /// `self`, `attrs` and `children`.
    fn implicit_locals(&mut self, index: usize) {
        let function = &self.own.functions[index];
        let number = crate::edits::offset(index);
        match function.kind {
            FunctionKind::Method(of) => {
                let implementation = self.decls.implementation(of);
                let explicit = implementation
                    .interface
                    .is_some_and(|interface| self.decls.interface(interface).explicit_self);
                if explicit && !function.explicit_self {
                    return;
                }
                let range = function.sig.receiver.unwrap_or(function.range);
                self.implicit(
                    "self",
                    range,
                    implementation.target,
                    LocalKind::Receiver,
                    ParamOwner::Receiver(number),
                );
            }
            FunctionKind::Component => {
                let range = function.range;
                self.implicit(
                    "attrs",
                    range,
                    Ty::ATTRIBUTES,
                    LocalKind::Attributes,
                    ParamOwner::Attributes(number),
                );
                self.implicit(
                    "children",
                    range,
                    Ty::CHILDREN,
                    LocalKind::Children,
                    ParamOwner::Children(number),
                );
            }
            FunctionKind::Function | FunctionKind::Member(_) => {}
        }
    }

    fn implicit(
        &mut self,
        name: &str,
        range: TextRange,
        ty: Ty,
        kind: LocalKind,
        owner: ParamOwner,
    ) {
        // A name that the module never writes needs no variable.
        let Some(symbol) = self.ast.names.lookup(name) else {
            return;
        };
        let local = self.declare_symbol(symbol, range, ty, kind);
        self.out.set_param(owner, local);
    }

    fn default_body(&mut self, owner: Owner) {
        self.body = Body {
            kind: BodyKind::Default,
            owner,
            ..Body::default()
        };
    }

    fn record_defaults(&mut self, index: usize) {
        let record = &self.own.records[index];
        let Some(decl) = record.decl else { return };
        let fields = self.ast[decl].fields;
        let id = RecordId::new(self.module, crate::edits::offset(index));
        self.default_body(Owner::Record(id));
        let first = self.out.next_local();
        self.open_scope();
        for (field, at) in self.ast[fields].iter().zip(fields.indices()) {
            let sym = self.sym(field.name.symbol);
            let declared = record.fields.iter().find(|declared| {
                declared.name == sym && declared.origin.range.start == field.name.start
            });
            let ty = declared.map_or(Ty::INVALID, |declared| declared.ty);
            if let Some(default) = field.default {
                self.check(default, ty, Slot::Checked);
            }
            if declared.is_some() {
                self.field_local(field.name, ty, ParamOwner::Field(crate::edits::offset(at)));
            }
        }
        self.close_scope();
        self.end_of_body(first);
    }

    fn field_local(&mut self, name: fuse_syntax::ast::Name, ty: Ty, owner: ParamOwner) {
        let range = self.ast.name_range(name);
        let local = self.declare_symbol(name.symbol, range, ty, LocalKind::Field);
        self.out.set_param(owner, local);
    }

    /// Defaults of fields that are added to types of `std.Error`.
    fn extension_defaults(&mut self) {
        for &decl in &self.own.extensions {
            let path = self.ast.path_text(self.ast[decl].name);
            let Some(builtin) = fuse_builtins::find_record(&path) else {
                continue;
            };
            let id = RecordId::builtin(builtin.id);
            self.default_body(Owner::Record(id));
            for field in &self.ast[self.ast[decl].fields] {
                let Some(default) = field.default else {
                    continue;
                };
                let sym = self.sym(field.name.symbol);
                let record = self.decls.record(id);
                let ty = record
                    .field(sym)
                    .map_or(Ty::INVALID, |at| record.fields[at as usize].ty);
                self.check(default, ty, Slot::Checked);
            }
        }
    }

    fn config_defaults(&mut self, index: usize) {
        let config = &self.own.configs[index];
        let fields = self.ast[config.decl].fields;
        let id = ConfigId::new(self.module, crate::edits::offset(index));
        let first = self.out.next_local();
        self.open_scope();
        for (field, at) in self.ast[fields].iter().zip(fields.indices()) {
            let declared = (0..)
                .zip(&config.fields)
                .find(|(_, declared)| declared.range.start == field.name.start);
            let ty = declared.map_or(Ty::INVALID, |(_, declared)| declared.ty);
            let place = declared.map_or(0, |(place, _)| place);
            self.default_body(Owner::ConfigField(id, place));
            self.check(field.default, ty, Slot::Checked);
            if declared.is_some() {
                let owner = ParamOwner::ConfigField(crate::edits::offset(at));
                self.field_local(field.name, ty, owner);
            }
        }
        self.close_scope();
        self.end_of_body(first);
    }

    fn route(&mut self, route: &'a crate::decls::Route) {
        self.body = Body {
            kind: BodyKind::Route,
            owner: Owner::Route(route.index),
            name: None,
            range: route.verb_range,
            result: route.result,
            block: TextRange::default(),
            type_params: &[],
            self_type: None,
            result_reported: false,
        };
        let first = self.out.next_local();
        self.open_scope();
        for segment in &route.path {
            let (Segment::Param(param) | Segment::Wildcard(param)) = segment else {
                continue;
            };
            let text = self.text(param.name).to_owned();
            let Some(symbol) = self.ast.names.lookup(&text) else {
                continue;
            };
            let local = self.declare_symbol(symbol, param.range, param.ty, LocalKind::RouteParam);
            self.out
                .set_param(ParamOwner::Segment(param.segment), local);
        }
        if let Some(body) = route.body
            && let Some(symbol) = self.ast.names.lookup("body")
        {
            let local = self.declare_symbol(symbol, route.verb_range, body, LocalKind::RouteBody);
            self.out
                .set_param(ParamOwner::RouteBody(route.index), local);
        }
        self.body_block(route.block);
        self.close_scope();
        self.end_of_body(first);
    }

    /// An `app`, `migration` or `test`.
    fn entry(&mut self, kind: BodyKind, owner: Owner, block: BlockId) {
        self.body = Body {
            kind,
            owner,
            ..Body::default()
        };
        let first = self.out.next_local();
        self.open_scope();
        self.body_block(block);
        self.close_scope();
        self.end_of_body(first);
    }
}

//! The text form of a program: equal programs, equal bytes.

use std::fmt::Write as _;

use super::{
    function::{Function, FunctionKind},
    ids::{LocalId, StrId, TypeId},
    program::{FieldDefault, Program},
    source::Span,
};
use body::Body;

mod body;
mod words;

/// What the text form shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DumpOptions {
    /// Where every function, statement and expression stands, as byte offsets.
    /// Without them two sources that differ in layout alone have equal dumps.
    pub spans: bool,
}

/// Writes a program as text.
///
/// The text is for reading and comparing; nothing reads it back.
#[must_use]
pub fn dump(program: &Program, options: DumpOptions) -> String {
    let mut writer = Writer {
        program,
        options,
        out: String::new(),
        depth: 0,
    };
    writer.declarations();
    writer.entries();
    for function in &program.functions {
        writer.function(function);
    }
    writer.out
}

struct Writer<'a> {
    program: &'a Program,
    options: DumpOptions,
    out: String,
    depth: usize,
}

/// Formats into the output; writing to a `String` cannot fail.
macro_rules! put {
    ($self:ident, $($arg:tt)*) => {
        let _ = write!($self.out, $($arg)*);
    };
}

impl Writer<'_> {
    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    fn indented(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    fn text(&mut self, id: StrId) {
        put!(self, "{:?}", &self.program[id]);
    }

    fn ty(&mut self, ty: TypeId) {
        put!(self, "{}", self.program.type_symbol(ty));
    }

    fn span(&mut self, span: Span) {
        if self.options.spans {
            put!(self, " @{}..{}", span.start, span.end);
        }
    }

    fn doc(&mut self, doc: Option<StrId>) {
        if let Some(doc) = doc {
            self.out.push_str(" doc ");
            self.text(doc);
        }
    }

    fn declarations(&mut self) {
        let program = self.program;
        put!(
            self,
            "program {:?} {:?}\n",
            program.meta.name,
            program.meta.version
        );
        for module in &program.modules {
            let package = &program[module.package].name;
            put!(self, "module {:?} {:?}", package, module.path);
            for capability in &module.capabilities {
                put!(self, " {capability}");
            }
            self.out.push('\n');
        }
        self.records();
        self.enums();
        self.configs();
        for asset in &program.assets {
            put!(self, "\nasset {:?} {:?} ", asset.path, asset.kind);
            self.text(asset.text);
            self.out.push('\n');
        }
    }

    fn records(&mut self) {
        let program = self.program;
        for record in &program.records {
            put!(self, "\nrecord {} ", record.symbol);
            self.text(record.name);
            self.span(record.span);
            self.doc(record.doc);
            self.indented(|w| {
                for field in &record.fields {
                    w.line();
                    put!(w, "{}: ", &program[field.name]);
                    w.ty(field.ty);
                    match field.default {
                        FieldDefault::Required => {}
                        FieldDefault::Null => w.out.push_str(" = null"),
                        FieldDefault::Call { function, checked } => {
                            put!(w, " = {}", program[function].symbol);
                            w.out.push_str(if checked { " checked" } else { "" });
                        }
                    }
                    w.doc(field.doc);
                }
            });
            self.out.push('\n');
        }
    }

    fn enums(&mut self) {
        let program = self.program;
        for enumeration in &program.enums {
            put!(self, "\nenum {} ", enumeration.symbol);
            self.text(enumeration.name);
            self.span(enumeration.span);
            self.doc(enumeration.doc);
            self.indented(|w| {
                for variant in &enumeration.variants {
                    w.line();
                    w.out.push_str(&program[variant.name]);
                    for (index, ty) in variant.payload.iter().enumerate() {
                        w.out.push_str(if index == 0 { "(" } else { ", " });
                        if let Some(name) = variant.names.get(index) {
                            put!(w, "{}: ", &program[*name]);
                        }
                        w.ty(*ty);
                    }
                    if !variant.payload.is_empty() {
                        w.out.push(')');
                    }
                    w.doc(variant.doc);
                }
            });
            self.out.push('\n');
        }
    }

    fn configs(&mut self) {
        let program = self.program;
        for config in &program.configs {
            put!(self, "\nconfig {}", &program[config.name]);
            self.span(config.span);
            self.doc(config.doc);
            self.indented(|w| {
                for field in &config.fields {
                    w.line();
                    put!(w, "{} {}: ", &program[field.name], field.env);
                    w.ty(field.ty);
                    put!(w, " = {}", program[field.default].symbol);
                    w.out.push_str(if field.checked { " checked" } else { "" });
                    w.doc(field.doc);
                }
            });
            self.out.push('\n');
        }
        if !program.config_order.is_empty() {
            self.out.push_str("\nconfig order");
            for (config, field) in &program.config_order {
                let config = &program[*config];
                let field = &config.fields[*field as usize];
                put!(self, " {}.{}", &program[config.name], &program[field.name]);
            }
            self.out.push('\n');
        }
    }

    fn entries(&mut self) {
        let program = self.program;
        self.services();
        for app in &program.apps {
            self.entry("app", app.name, &program[app.function].symbol, app.doc);
        }
        if let Some(main) = &program.main {
            put!(self, "\nmain {}", program[main.function].symbol);
            self.doc(main.doc);
            self.indented(|w| {
                for param in &main.params {
                    w.line();
                    put!(w, "{}: ", &program[param.name]);
                    w.ty(param.ty);
                    if let Some(default) = param.default {
                        put!(w, " = {}", program[default].symbol);
                    }
                }
            });
            self.out.push('\n');
        }
        for migration in &program.migrations {
            self.entry(
                "migration",
                migration.name,
                &program[migration.function].symbol,
                None,
            );
            put!(self, "  source {:?}\n", &program[migration.source]);
        }
        for test in &program.tests {
            self.entry("test", test.name, &program[test.function].symbol, None);
        }
    }

    fn entry(&mut self, word: &str, name: StrId, symbol: &str, doc: Option<StrId>) {
        put!(self, "\n{word} {:?} {symbol}", &self.program[name]);
        self.doc(doc);
        self.out.push('\n');
    }

    fn services(&mut self) {
        let program = self.program;
        for service in &program.services {
            put!(
                self,
                "\nservice {} {:?}",
                &program[service.name],
                &program[service.base]
            );
            self.span(service.span);
            self.doc(service.doc);
            self.indented(|w| {
                for route in &service.routes {
                    w.line();
                    put!(w, "{} {:?}", route.verb.word(), route.pattern);
                    for param in &route.params {
                        let star = if param.wildcard { "*" } else { "" };
                        put!(w, " {{{star}{}: ", &program[param.name]);
                        w.ty(param.ty);
                        w.out.push('}');
                    }
                    if let Some(body) = route.body {
                        w.out.push_str(" body ");
                        w.ty(body);
                    }
                    w.out.push_str(" -> ");
                    w.ty(route.result);
                    put!(w, " {}", program[route.function].symbol);
                    w.span(route.span);
                    w.doc(route.doc);
                }
            });
            self.out.push('\n');
        }
    }

    fn function(&mut self, function: &Function) {
        put!(
            self,
            "\nfn {} {:?} {}(",
            function.symbol,
            &self.program[function.name],
            kind(function.kind)
        );
        self.variables(function, 0, function.params as usize);
        self.out.push(')');
        if function.captures > 0 {
            self.out.push('[');
            let first = function.params as usize;
            self.variables(function, first, first + function.captures as usize);
            self.out.push(']');
        }
        self.out.push_str(" -> ");
        self.ty(function.result);
        self.span(function.span);
        self.indented(|w| {
            w.line();
            Body {
                writer: w,
                function,
            }
            .expr(function.body);
        });
        self.out.push('\n');
    }

    fn variables(&mut self, function: &Function, from: usize, to: usize) {
        for index in from..to {
            if index > from {
                self.out.push_str(", ");
            }
            let local = LocalId::from_index(index);
            self.variable(function, local);
            self.out.push_str(": ");
            self.ty(function[local].ty);
        }
    }

    fn variable(&mut self, function: &Function, local: LocalId) {
        let name = &self.program[function[local].name];
        put!(self, "{name}%{}", local.index());
    }
}

fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Function => "function",
        FunctionKind::Method => "method",
        FunctionKind::Component => "component",
        FunctionKind::Lambda => "lambda",
        FunctionKind::Spawn => "spawn",
        FunctionKind::ParamDefault => "param-default",
        FunctionKind::FieldDefault => "field-default",
        FunctionKind::ConfigDefault => "config-default",
        FunctionKind::Variant => "variant",
        FunctionKind::Route => "route",
        FunctionKind::App => "app",
        FunctionKind::Migration => "migration",
        FunctionKind::Test => "test",
    }
}

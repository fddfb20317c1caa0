//! The text form of the body of a function.

use std::fmt::Write as _;

use super::{
    super::{
        expr::{AttributeKind, Attributes, Expr, Exprs, Indices, JoinMode, Pattern, Stmts},
        function::Function,
        ids::{ExprId, LocalId, PatternId, PlaceId, StmtId, TypeId},
        stmt::{PlaceStep, Source, Spread, Stmt},
    },
    Writer,
    words::{binary, compared, indexed, range, relation, unary},
};

pub(super) struct Body<'w, 'a> {
    pub(super) writer: &'w mut Writer<'a>,
    pub(super) function: &'w Function,
}

/// Formats into the output of the writer.
macro_rules! emit {
    ($self:ident, $($arg:tt)*) => {
        let _ = write!($self.writer.out, $($arg)*);
    };
}

impl Body<'_, '_> {
    fn local(&mut self, local: LocalId) {
        self.writer.variable(self.function, local);
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.writer.out.push('{');
        self.writer.depth += 1;
        write(self);
        self.writer.depth -= 1;
        self.writer.line();
        self.writer.out.push('}');
    }

    fn stmts(&mut self, stmts: Stmts) {
        for stmt in &self.function[stmts] {
            self.writer.line();
            self.stmt(*stmt);
        }
    }

    fn stmt(&mut self, id: StmtId) {
        match self.function[id] {
            Stmt::Let { local, value } => {
                let variable = self.function[local];
                self.writer
                    .out
                    .push_str(if variable.mutable { "var " } else { "let " });
                self.local(local);
                self.writer.out.push_str(": ");
                self.writer.ty(variable.ty);
                self.writer.out.push_str(" = ");
                self.expr(value);
            }
            Stmt::Assign { place, value } => {
                self.place(place);
                self.writer.out.push_str(" = ");
                self.expr(value);
            }
            Stmt::Expr(value) => {
                self.writer.out.push_str("do ");
                self.expr(value);
            }
            Stmt::While { condition, body } => {
                self.writer.out.push_str("while ");
                self.expr(condition);
                self.writer.out.push(' ');
                self.braces(|b| b.stmts(body));
            }
            Stmt::For {
                source,
                index,
                item,
                body,
            } => {
                self.writer.out.push_str("for ");
                if let Some(index) = index {
                    self.local(index);
                    self.writer.out.push_str(", ");
                }
                self.local(item);
                self.writer.out.push_str(": ");
                self.writer.ty(self.function[item].ty);
                self.writer.out.push_str(" in ");
                self.source(source);
                self.writer.out.push(' ');
                self.braces(|b| b.stmts(body));
            }
            Stmt::Append {
                list,
                value,
                spread,
            } => {
                self.local(list);
                self.writer.out.push_str(match spread {
                    Spread::Node => " <- node ",
                    Spread::Nodes => " <- nodes ",
                    Spread::Texts => " <- texts ",
                });
                self.expr(value);
            }
            Stmt::Break => self.writer.out.push_str("break"),
            Stmt::Continue => self.writer.out.push_str("continue"),
            Stmt::Return(value) => {
                self.writer.out.push_str("return ");
                self.expr(value);
            }
        }
        self.writer.span(self.function.stmt_span(id));
    }

    fn source(&mut self, source: Source) {
        match source {
            Source::Ints { from, to } => self.operation("ints", &[from, to]),
            Source::IntsHalfOpen { from, to } => self.operation("ints-half-open", &[from, to]),
            Source::Floats { from, to } => self.operation("floats", &[from, to]),
            Source::List(list) => self.operation("list", &[list]),
            Source::Map(map) => self.operation("map", &[map]),
            Source::Value(value) => self.operation("value", &[value]),
        }
    }

    fn place(&mut self, id: PlaceId) {
        let place = self.function[id];
        self.writer.out.push_str(if place.cell { "*" } else { "" });
        self.local(place.local);
        for step in &self.function[place.steps] {
            match *step {
                PlaceStep::Field(field) => {
                    emit!(self, ".{field}");
                }
                PlaceStep::UnionField(name) => {
                    emit!(self, ".union {:?}", &self.writer.program[name]);
                }
                PlaceStep::Element(index) => self.step("element", index),
                PlaceStep::Key(key) => self.step("key", key),
                PlaceStep::Present => self.writer.out.push_str(".present"),
                PlaceStep::ValueField(name) => {
                    emit!(self, ".value {:?}", &self.writer.program[name]);
                }
                PlaceStep::ValueIndex(index) => self.step("value-index", index),
            }
        }
        self.writer.span(self.function.place_span(id));
    }

    fn step(&mut self, name: &str, expr: ExprId) {
        emit!(self, ".{name}[");
        self.expr(expr);
        self.writer.out.push(']');
    }

    /// `(name operand operand)`.
    fn operation(&mut self, name: &str, operands: &[ExprId]) {
        emit!(self, "({name}");
        for operand in operands {
            self.writer.out.push(' ');
            self.expr(*operand);
        }
        self.writer.out.push(')');
    }

    fn operands(&mut self, name: &str, operands: Exprs) {
        let function = self.function;
        self.operation(name, &function[operands]);
    }

    /// The type, where it does not follow from the operands.
    fn typed(&mut self, id: ExprId) {
        self.writer.out.push(':');
        self.writer.ty(self.function.ty(id));
    }

    pub(super) fn expr(&mut self, id: ExprId) {
        self.node(id);
        self.writer.span(self.function.expr_span(id));
    }

    fn node(&mut self, id: ExprId) {
        let function = self.function;
        let program = self.writer.program;
        match function[id] {
            Expr::Unit => self.writer.out.push_str("()"),
            Expr::Bool(value) => {
                emit!(self, "{value}");
            }
            Expr::Int(value) => {
                emit!(self, "{value}");
            }
            Expr::Float(value) => {
                emit!(self, "{value:?}f");
            }
            Expr::Str(text) => self.writer.text(text),
            Expr::Null => {
                self.writer.out.push_str("null");
                self.typed(id);
            }
            Expr::Asset(asset) => {
                emit!(self, "(asset {:?})", program[asset].path);
            }
            Expr::Local(local) => self.local(local),
            Expr::Config(config, field) => {
                let config = &program[config];
                let field = &config.fields[field as usize];
                emit!(
                    self,
                    "(config {}.{})",
                    &program[config.name],
                    &program[field.name]
                );
            }
            Expr::List(items) => {
                self.operands("list", items);
                self.typed(id);
            }
            Expr::Map(entries) => {
                self.operands("map", entries);
                self.typed(id);
            }
            Expr::Record {
                record,
                fields,
                checked,
                fallible,
            } => {
                self.operands(&format!("record {}", program[record].symbol), fields);
                self.checks(checked, fallible);
            }
            Expr::Variant {
                enumeration,
                variant,
                payload,
                checked,
                fallible,
            } => {
                let enumeration = &program[enumeration];
                let name = &program[enumeration.variants[variant as usize].name];
                self.operands(&format!("variant {}.{name}", enumeration.symbol), payload);
                self.checks(checked, fallible);
            }
            Expr::Field { base, field } => {
                self.operation(&format!("field {field}"), &[base]);
            }
            Expr::UnionField { base, name } => {
                self.operation(&format!("union-field {:?}", &program[name]), &[base]);
            }
            Expr::Some(value) => self.operation("some", &[value]),
            Expr::Ok(value) => {
                self.operation("ok", &[value]);
                self.typed(id);
            }
            Expr::Err(value) => {
                self.operation("err", &[value]);
                self.typed(id);
            }
            Expr::ToUnion(value) => {
                self.operation("to-union", &[value]);
                self.typed(id);
            }
            Expr::IsNull(value) => self.operation("is-null", &[value]),
            Expr::Unwrap(value) => self.operation("unwrap", &[value]),
            Expr::IsErr(value) => self.operation("is-err", &[value]),
            Expr::UnwrapOk(value) => self.operation("unwrap-ok", &[value]),
            Expr::UnwrapErr(value) => self.operation("unwrap-err", &[value]),
            Expr::Unary { op, operand } => self.operation(unary(op), &[operand]),
            Expr::Binary { op, left, right } => self.operation(binary(op), &[left, right]),
            Expr::Compare {
                op,
                kind,
                left,
                right,
            } => {
                self.operation(
                    &format!("{}.{}", relation(op), compared(kind)),
                    &[left, right],
                );
            }
            Expr::Equal {
                left,
                right,
                negated,
            } => {
                self.operation(if negated { "differ" } else { "equal" }, &[left, right]);
            }
            Expr::Concat(parts) => self.operands("concat", parts),
            Expr::Display(value) => self.operation("display", &[value]),
            Expr::Index { kind, base, index } => self.operation(indexed(kind), &[base, index]),
            Expr::Range { kind, from, to } => self.operation(range(kind), &[from, to]),
            Expr::ValueField { base, name } => {
                self.operation(&format!("value-field {:?}", &program[name]), &[base]);
            }
            Expr::IntToFloat(value) => self.operation("int-to-float", &[value]),
            Expr::ToValue(value) => self.operation("to-value", &[value]),
            Expr::FromValue(value) => {
                self.operation("from-value", &[value]);
                self.typed(id);
            }
            Expr::Validate { value, path } => {
                self.operation(&format!("validate {:?}", &program[path]), &[value]);
                self.typed(id);
            }
            Expr::ConvertList { list, item, body } => {
                self.convert("convert-list", list, item, body);
            }
            Expr::ConvertMap { map, item, body } => self.convert("convert-map", map, item, body),
            Expr::NewBox(value) => self.operation("new-box", &[value]),
            Expr::ReadBox(cell) => self.operation("read-box", &[cell]),
            Expr::Call { function, args } => {
                self.operands(&format!("call {}", program[function].symbol), args);
            }
            Expr::CallValue { callee, args } => {
                self.writer.out.push_str("(call-value ");
                self.expr(callee);
                self.rest(args);
            }
            Expr::CallBuiltin {
                builtin,
                type_arg,
                args,
            } => {
                emit!(self, "(builtin {}", builtin.row().symbol);
                self.type_arg(type_arg);
                self.rest(args);
            }
            Expr::CallMember {
                member,
                type_arg,
                receiver,
                args,
            } => {
                emit!(self, "(member {}", member.row().symbol);
                self.type_arg(type_arg);
                self.writer.out.push(' ');
                self.expr(receiver);
                self.rest(args);
            }
            Expr::CallPlaceMember {
                member,
                place,
                args,
            } => {
                emit!(self, "(change {} ", member.row().symbol);
                self.place(place);
                self.rest(args);
            }
            Expr::Closure { function, captures } => {
                self.operands(&format!("closure {}", program[function].symbol), captures);
            }
            Expr::Spawn { function, captures } => {
                self.operands(&format!("spawn {}", program[function].symbol), captures);
            }
            Expr::Await(task) => self.operation("await", &[task]),
            Expr::Join { task, mode } => {
                self.writer.out.push_str(match mode {
                    JoinMode::Drop => "(join-drop ",
                    JoinMode::Faults => "(join-faults ",
                    JoinMode::Raises => "(join-raises ",
                });
                self.local(task);
                self.writer.out.push(')');
            }
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                self.writer.out.push_str("if ");
                self.expr(condition);
                self.writer.out.push(' ');
                self.branch(then);
                self.writer.out.push_str(" else ");
                self.branch(otherwise);
            }
            Expr::Match { subject, arms } => {
                self.writer.out.push_str("match ");
                self.expr(subject);
                self.writer.out.push(' ');
                self.braces(|b| {
                    for arm in &function[arms] {
                        b.writer.line();
                        b.pattern(arm.pattern);
                        b.writer.out.push_str(" => ");
                        b.expr(arm.body);
                    }
                });
            }
            Expr::Block { stmts, value } => self.block(stmts, value),
            Expr::Transaction(body) => {
                self.writer.out.push_str("transaction ");
                self.branch(body);
            }
            Expr::Element {
                tag,
                void,
                attributes,
                children,
            } => {
                let void = if void { "void " } else { "" };
                emit!(self, "(element {void}{}", &program[tag]);
                self.attributes(attributes);
                self.writer.out.push(' ');
                self.expr(children);
                self.writer.out.push(')');
            }
            Expr::Attributes(attributes) => {
                self.writer.out.push_str("(attributes");
                self.attributes(attributes);
                self.writer.out.push(')');
            }
            Expr::Unreachable => self.writer.out.push_str("unreachable"),
        }
    }

    /// More operands of an operation whose name is written already.
    fn rest(&mut self, operands: Exprs) {
        let function = self.function;
        for operand in &function[operands] {
            self.writer.out.push(' ');
            self.expr(*operand);
        }
        self.writer.out.push(')');
    }

    fn type_arg(&mut self, ty: Option<TypeId>) {
        if let Some(ty) = ty {
            self.writer.out.push('<');
            self.writer.ty(ty);
            self.writer.out.push('>');
        }
    }

    fn checks(&mut self, checked: Indices, fallible: bool) {
        let function = self.function;
        for index in &function[checked] {
            emit!(self, " checked {index}");
        }
        self.writer
            .out
            .push_str(if fallible { " fallible" } else { "" });
    }

    fn convert(&mut self, name: &str, from: ExprId, item: LocalId, body: ExprId) {
        emit!(self, "({name} ");
        self.expr(from);
        self.writer.out.push(' ');
        self.local(item);
        self.writer.out.push_str(": ");
        self.writer.ty(self.function[item].ty);
        self.writer.out.push_str(" => ");
        self.expr(body);
        self.writer.out.push(')');
    }

    fn block(&mut self, stmts: Stmts, value: ExprId) {
        self.braces(|b| {
            b.stmts(stmts);
            b.writer.line();
            b.expr(value);
        });
    }

    /// A branch always has braces.
    fn branch(&mut self, id: ExprId) {
        match self.function[id] {
            Expr::Block { stmts, value } => self.block(stmts, value),
            _ => self.braces(|b| {
                b.writer.line();
                b.expr(id);
            }),
        }
    }

    fn attributes(&mut self, attributes: Attributes) {
        if let Some(base) = attributes.base {
            self.writer.out.push_str(" base ");
            self.expr(base);
        }
        let function = self.function;
        for attribute in &function[attributes.named] {
            let name = &self.writer.program[attribute.name];
            let kind = match attribute.kind {
                AttributeKind::Text => "text",
                AttributeKind::Flag => "flag",
            };
            emit!(self, " {name:?}={kind} ");
            self.expr(attribute.value);
        }
    }

    fn pattern(&mut self, id: PatternId) {
        let program = self.writer.program;
        let function = self.function;
        match function[id] {
            Pattern::Any => self.writer.out.push('_'),
            Pattern::Bind(local) => {
                self.local(local);
                self.writer.out.push_str(": ");
                self.writer.ty(function[local].ty);
            }
            Pattern::Int(value) => {
                emit!(self, "{value}");
            }
            Pattern::Float(value) => {
                emit!(self, "{value:?}f");
            }
            Pattern::Bool(value) => {
                emit!(self, "{value}");
            }
            Pattern::Str(text) => self.writer.text(text),
            Pattern::Null => self.writer.out.push_str("null"),
            Pattern::Some(inner) => self.patterns("some", &[inner]),
            Pattern::Ok(inner) => self.patterns("ok", &[inner]),
            Pattern::Err(inner) => self.patterns("err", &[inner]),
            Pattern::Variant {
                enumeration,
                variant,
                payload,
            } => {
                let enumeration = &program[enumeration];
                let name = &program[enumeration.variants[variant as usize].name];
                let name = format!("variant {}.{name}", enumeration.symbol);
                self.patterns(&name, &function[payload]);
            }
            Pattern::Record { record, fields } => {
                let name = format!("record {}", program[record].symbol);
                self.patterns(&name, &function[fields]);
            }
            Pattern::Member { member, pattern } => {
                let name = format!("member {}", program.type_symbol(member));
                self.patterns(&name, &[pattern]);
            }
        }
        self.writer.span(function.pattern_span(id));
    }

    fn patterns(&mut self, name: &str, patterns: &[PatternId]) {
        emit!(self, "({name}");
        for pattern in patterns {
            self.writer.out.push(' ');
            self.pattern(*pattern);
        }
        self.writer.out.push(')');
    }
}

//! Elements, attributes and children.

use fuse_builtins::BuiltinId;
use fuse_syntax::ast;

use super::Body;
use crate::canon::{
    Attribute, AttributeKind, Attributes, Expr, ExprId, LocalId, Span, Spread, Stmt, Type, TypeId,
};
use crate::lower::span as source_span;
use crate::typed::{AttrValue, Children, Element};

impl Body<'_, '_> {
    /// `tag(...)`.
    pub(super) fn tag(&mut self, name: &str, element: u32, span: Span) -> ExprId {
        let void = fuse_builtins::is_void_tag(name);
        let tag = self.intern(name);
        let attributes = self.attributes(element);
        let children = self.children_of(element, span);
        self.e(
            Expr::Element {
                tag,
                void,
                attributes,
                children,
            },
            TypeId::HTML,
            span,
        )
    }

    fn element(&self, element: u32) -> Element {
        *self.typed.element(element)
    }

    fn attributes(&mut self, element: u32) -> Attributes {
        let element = self.element(element);
        let base = element.base.map(|base| {
            let at = self.span(base);
            let base = self.expr(base);
            self.adjust(base, TypeId::ATTRIBUTES, at)
        });
        let mut named = Vec::new();
        for attribute in self.typed.attributes(&element) {
            let name = self.lower.sym(attribute.name);
            let value = self.expr(attribute.value);
            let value = self.plain_attribute(value, self.span(attribute.value));
            let kind = match attribute.kind {
                AttrValue::Flag => AttributeKind::Flag,
                AttrValue::Text | AttrValue::Number => AttributeKind::Text,
            };
            named.push(Attribute { name, value, kind });
        }
        let named = self.f.run(&named);
        Attributes { base, named }
    }

    /// The content of a cell, if the value is one; `null` alone is an absent
    /// text.
    fn plain_attribute(&mut self, value: ExprId, span: Span) -> ExprId {
        match *self.shape(self.f.ty(value)) {
            Type::Box(content) => self.e(Expr::ReadBox(value), content, span),
            Type::Value => {
                let text = self.types().option(TypeId::STRING);
                self.adjust(value, text, span)
            }
            _ => value,
        }
    }

    /// The attributes of a component, as the map it takes.
    pub(super) fn attributes_map(&mut self, element: u32, span: Span) -> ExprId {
        let attributes = self.attributes(element);
        match attributes.base {
            None if attributes.named.is_empty() => {
                let none = self.f.run(&[]);
                self.e(Expr::Map(none), TypeId::ATTRIBUTES, span)
            }
            Some(base) if attributes.named.is_empty() => base,
            _ => self.e(Expr::Attributes(attributes), TypeId::ATTRIBUTES, span),
        }
    }

    /// Where the attributes of an element begin; after everything else when it
    /// has none.
    pub(super) fn attributes_at(&self, element: u32) -> u32 {
        let element = self.element(element);
        let named = self.typed.attributes(&element);
        let first = named.iter().map(|attribute| attribute.range.start);
        let base = element.base.map(|base| self.ast.range(base).start);
        first.chain(base).min().unwrap_or(u32::MAX)
    }

    pub(super) fn children_at(&self, element: u32) -> u32 {
        match self.element(element).children {
            Children::None => u32::MAX,
            Children::List(list) => self.ast.range(list).start,
            Children::Block(block) => self.ast.range(block).start,
        }
    }

    /// The children of an element, as a list.
    pub(super) fn children_of(&mut self, element: u32, span: Span) -> ExprId {
        match self.element(element).children {
            Children::None => self.no_children(span),
            Children::List(list) => {
                let at = self.span(list);
                let list = self.expr(list);
                self.adjust(list, TypeId::CHILDREN, at)
            }
            Children::Block(block) => self.children(block, span),
        }
    }

    fn no_children(&mut self, span: Span) -> ExprId {
        let none = self.f.run(&[]);
        self.e(Expr::List(none), TypeId::CHILDREN, span)
    }

    /// The children of a block. Where each is exactly one node they are a list;
    /// otherwise the list is built step by step.
    pub(super) fn children(&mut self, block: ast::HtmlBlockId, span: Span) -> ExprId {
        let children = self.ast[block].children;
        let written = &self.ast[children];
        if written.iter().all(|child| self.is_one_node(*child)) {
            let mut nodes = Vec::new();
            for child in written {
                if let ast::HtmlChild::Expr(expr) = *child {
                    let at = self.span(expr);
                    let value = self.expr(expr);
                    nodes.push(self.node(value, at));
                }
            }
            let nodes = self.f.run(&nodes);
            return self.e(Expr::List(nodes), TypeId::CHILDREN, span);
        }
        self.with_block(span, |body| {
            let none = body.no_children(span);
            let list = body.temp(none, span);
            body.add_all(children, list);
            body.read(list, span)
        })
    }

    fn is_one_node(&mut self, child: ast::HtmlChild) -> bool {
        let ast::HtmlChild::Expr(expr) = child else {
            return false;
        };
        let ty = self.lowered_type(expr);
        let ty = match *self.shape(ty) {
            Type::Box(content) => content,
            _ => ty,
        };
        matches!(
            self.base_shape(ty),
            Type::Html | Type::String | Type::Int | Type::Float | Type::Never
        )
    }

    /// A value as one node.
    fn node(&mut self, value: ExprId, span: Span) -> ExprId {
        let value = match *self.shape(self.f.ty(value)) {
            Type::Box(content) => self.e(Expr::ReadBox(value), content, span),
            _ => value,
        };
        let text = match self.base_shape(self.f.ty(value)) {
            Type::String => value,
            Type::Int | Type::Float => self.e(Expr::Display(value), TypeId::STRING, span),
            _ => return value,
        };
        let args = self.f.run(&[text]);
        let call = Expr::CallBuiltin {
            builtin: BuiltinId::HtmlText,
            type_arg: None,
            args,
        };
        self.e(call, TypeId::HTML, span)
    }

    fn add_all(&mut self, children: ast::List<ast::HtmlChild>, list: LocalId) {
        for child in &self.ast[children] {
            if self.passed() {
                return;
            }
            match *child {
                ast::HtmlChild::Expr(expr) => {
                    let at = self.span(expr);
                    let value = self.expr(expr);
                    self.add(value, list, at);
                }
                ast::HtmlChild::If {
                    arms,
                    otherwise,
                    range,
                } => {
                    let value = self.add_if(arms, otherwise, list, source_span(range));
                    self.push_value(value, source_span(range));
                }
                ast::HtmlChild::For {
                    pat,
                    second,
                    iter,
                    body,
                    range,
                } => {
                    self.for_stmt(pat, second, iter, source_span(range), |inner| {
                        inner.add_all(body, list);
                    });
                }
                ast::HtmlChild::Error(_) => {}
            }
        }
    }

    fn add_if(
        &mut self,
        arms: ast::List<ast::HtmlArm>,
        otherwise: Option<ast::List<ast::HtmlChild>>,
        list: LocalId,
        span: Span,
    ) -> ExprId {
        let mut made = Vec::new();
        for arm in &self.ast[arms] {
            let condition = self.condition(arm.cond);
            let then = self.branch_children(arm.children, list, span);
            made.push((condition, then));
            self.conditional += 1;
        }
        let mut value = match otherwise {
            Some(children) => self.branch_children(children, list, span),
            None => self.unit(span),
        };
        for (condition, then) in made.into_iter().rev() {
            self.conditional -= 1;
            value = self.if_else(condition, then, value, span);
        }
        value
    }

    fn branch_children(
        &mut self,
        children: ast::List<ast::HtmlChild>,
        list: LocalId,
        span: Span,
    ) -> ExprId {
        self.with_block(span, |body| {
            body.maybe(|body| body.add_all(children, list));
            body.unit(span)
        })
    }

    /// Adds what a value contributes.
    fn add(&mut self, value: ExprId, list: LocalId, span: Span) {
        let ty = self.f.ty(value);
        let spread = match self.base_shape(ty).clone() {
            Type::Option(_) => {
                self.add_present(value, list, span);
                return;
            }
            Type::Box(content) => {
                let value = self.e(Expr::ReadBox(value), content, span);
                self.add(value, list, span);
                return;
            }
            Type::List(item) if self.base_shape(item) == &Type::Html => Spread::Nodes,
            Type::List(_) => Spread::Texts,
            _ => Spread::Node,
        };
        let value = match spread {
            Spread::Node => self.node(value, span),
            Spread::Nodes | Spread::Texts => value,
        };
        self.push(
            Stmt::Append {
                list,
                value,
                spread,
            },
            span,
        );
    }

    /// Null contributes nothing.
    fn add_present(&mut self, value: ExprId, list: LocalId, span: Span) {
        let all = self.with_block(span, |body| {
            let test = body.temp(value, span);
            let read = body.read(test, span);
            let condition = body.e(Expr::IsNull(read), TypeId::BOOL, span);
            let nothing = body.unit(span);
            let some = body.with_block(span, |body| {
                let some = body.unwrap(test, span);
                body.add(some, list, span);
                body.unit(span)
            });
            body.if_else(condition, nothing, some, span)
        });
        self.push_value(all, span);
    }
}

//! Tags, components, and the children of HTML blocks.

use fuse_syntax::ast::{Arg, Call, Expr, ExprId, HtmlBlockId, HtmlChild, List, Name, Symbol};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use smallvec::SmallVec;

use super::args::Formal;
use super::{Checker, Want};
use crate::ids::FnId;
use crate::relate::Slot;
use crate::typed::{ArgSource, AttrValue, Attribute, Callee, ChildKind, Children};
use crate::types::{Ty, TyKind, TypeStore};

/// The arguments of a tag or component that are not declared parameters.
#[derive(Default)]
struct Parts {
    base: Option<ExprId>,
    children: Option<ExprId>,
    attributes: Vec<Attribute>,
    ok: bool,
}

impl Checker<'_> {
    pub(super) fn tag_call(&mut self, id: ExprId, call: &Call, symbol: Symbol, void: bool) -> Ty {
        let tag = self.ast.names.text(symbol).to_owned();
        if !call.type_args.is_empty() {
            self.not_generic(call, &format!("`{tag}`"));
        }
        let mut parts = Parts {
            ok: true,
            ..Parts::default()
        };
        let mut named = false;
        let mut positional: SmallVec<[&Arg; 4]> = SmallVec::new();
        for arg in &self.ast[call.args] {
            match arg.name {
                Some(name) => {
                    named = true;
                    self.comma_before(arg);
                    self.attribute(arg, name, &mut parts);
                }
                None if named => {
                    self.positional_after_named(arg);
                    parts.ok = false;
                }
                None => positional.push(arg),
            }
        }
        self.positional_parts(id, call, &positional, &mut parts);
        if void {
            self.void_children(call, &tag, parts.children);
        }
        let children = self.children_of(call, &parts);
        if parts.ok {
            let element = self.out.add_element(parts.base, parts.attributes, children);
            self.out.add_call(id, Callee::Tag(symbol, element), [], &[]);
        }
        Ty::HTML
    }

    fn positional_after_named(&mut self, arg: &Arg) {
        let span = self.at(arg.range);
        self.report(
            Diagnostic::new(
                Code::ARG_ORDER,
                span,
                "positional argument after named argument",
            )
            .hint("the map of attributes and the list of children come first"),
        );
        self.anything(arg.value);
    }

    /// The map of attributes and the list of children.
    fn positional_parts(
        &mut self,
        id: ExprId,
        call: &Call,
        positional: &[&Arg],
        parts: &mut Parts,
    ) {
        if positional.len() == 2 && call.block.is_some() {
            let span = self.span(id);
            self.error(
                Code::HTML_BLOCK_ARGS,
                span,
                "HTML block call takes one attribute argument",
            );
            parts.ok = false;
        }
        if positional.len() > 2 {
            let most = if call.block.is_some() { 1 } else { 2 };
            let message = format!(
                "expected at most {most} positional arguments, got {}",
                positional.len()
            );
            let start = positional[most - 1].range.end;
            let end = positional[positional.len() - 1].range.end;
            let place = self.at(TextRange::new(start, end));
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::WRONG_ARITY, span, message)
                    .fix(Fix::replace("remove the surplus", place, "").unsafe_to_apply()),
            );
            parts.ok = false;
        }
        for (at, arg) in positional.iter().enumerate() {
            match at {
                0 => {
                    parts.base = Some(arg.value);
                    self.attribute_map(arg, parts);
                }
                1 => {
                    parts.children = Some(arg.value);
                    self.check(arg.value, Ty::CHILDREN, Slot::Plain);
                }
                _ => {
                    self.anything(arg.value);
                }
            }
        }
    }

    /// Attributes as a map: computed, not a literal.
    fn attribute_map(&mut self, arg: &Arg, parts: &mut Parts) {
        let inner = self.ast.unparenthesized(arg.value);
        let Expr::Map(entries) = self.ast[inner] else {
            self.check(arg.value, Ty::ATTRIBUTES, Slot::Plain);
            return;
        };
        parts.ok = false;
        let mut named: Option<Vec<String>> = Some(Vec::new());
        for entry in &self.ast[entries] {
            self.anything(entry.key);
            self.anything(entry.value);
            let key = self.ast.as_string(entry.key).and_then(attribute_word);
            let value = self.source(entry.value).to_owned();
            named = named.zip(key).map(|(mut named, key)| {
                named.push(format!("{key}={value}"));
                named
            });
        }
        let span = self.span(inner);
        let mut diagnostic = Diagnostic::new(
            Code::HTML_ATTR_MAP,
            span,
            "use named attributes instead of a map literal",
        );
        if let Some(named) = named {
            let place = self.at(self.ast.range(arg.value));
            diagnostic =
                diagnostic.fix(Fix::replace("name the attributes", place, named.join(" ")));
        }
        self.report(diagnostic);
    }

    /// Commas do not stand between attributes.
    fn comma_before(&mut self, arg: &Arg) {
        let Some(comma) = arg.comma_before else {
            return;
        };
        let span = self.at(comma);
        self.report(
            Diagnostic::new(
                Code::HTML_ATTR_COMMA,
                span,
                "commas are not used between HTML attributes",
            )
            .fix(Fix::replace("remove the comma", span, "")),
        );
    }

    fn attribute(&mut self, arg: &Arg, name: Name, parts: &mut Parts) {
        let rendered = self.ast.text(name).replace('_', "-");
        let span = self.at(arg.range);
        let mark = self.sink.mark();
        let ty = self.value(arg.value, Want::NOTHING);
        let known = attr_value(self.types, ty);
        if known.is_none() && !self.sink.reported_since(mark) {
            let message = format!(
                "attribute `{rendered}` must be text, found `{}`",
                self.shown(ty)
            );
            self.report(
                Diagnostic::new(Code::HTML_ATTR_TYPE, span, message)
                    .hint("interpolate it into a string: `\"${value}\"`"),
            );
        }
        if !fuse_builtins::is_attribute_name(&rendered) {
            let message = format!("invalid attribute name `{rendered}`");
            self.error(Code::HTML_ATTR_NAME, span, message);
            parts.ok = false;
            return;
        }
        if let Some(aria) = rendered.strip_prefix("aria-") {
            self.aria(arg, name, aria);
        }
        let sym = self.types.symbols.intern(&rendered);
        if parts
            .attributes
            .iter()
            .any(|attribute| attribute.name == sym)
        {
            let message = format!("attribute `{rendered}` given twice");
            self.error(Code::HTML_ATTR_DUPLICATE, span, message);
            parts.ok = false;
            return;
        }
        let (kind, optional) = known.unwrap_or((AttrValue::Text, false));
        parts.attributes.push(Attribute {
            name: sym,
            range: arg.range,
            value: arg.value,
            kind,
            optional,
        });
    }

    fn aria(&mut self, arg: &Arg, name: Name, aria: &str) {
        let span = self.at(arg.range);
        let place = self.ast.name_span(name);
        if aria == "role" {
            self.report(
                Diagnostic::new(Code::HTML_ARIA, span, "unknown attribute `aria-role`")
                    .hint("the attribute is called `role`")
                    .fix(Fix::replace("write `role`", place, "role")),
            );
            return;
        }
        if !fuse_builtins::is_aria_name(aria) {
            let near = crate::package::nearest(aria, fuse_builtins::ARIA_NAMES.iter().copied());
            let message = format!("unknown attribute `aria-{aria}`");
            let mut diagnostic = Diagnostic::new(Code::HTML_ARIA, span, message);
            diagnostic = match near {
                Some(near) => diagnostic.hint(format!("did you mean `aria-{near}`?")).fix(
                    Fix::replace(
                        format!("write `aria_{near}`"),
                        place,
                        format!("aria_{near}"),
                    )
                    .unsafe_to_apply(),
                ),
                None => diagnostic.hint("the names are those of WAI-ARIA 1.3"),
            };
            self.report(diagnostic);
            return;
        }
        if fuse_builtins::ARIA_DEPRECATED.contains(&aria) {
            let message = format!("`aria-{aria}` is deprecated");
            self.report(
                Diagnostic::new(Code::HTML_ARIA, span, message)
                    .severity(fuse_syntax::Severity::Warning)
                    .hint("browsers and assistive technology no longer rely on it"),
            );
        }
        self.aria_literal(arg, aria);
    }

    fn aria_literal(&mut self, arg: &Arg, aria: &str) {
        let inner = self.ast.unparenthesized(arg.value);
        let text = match self.ast[inner] {
            Expr::Str(text) => self.ast.string(text).to_owned(),
            Expr::Int(n) => n.to_string(),
            _ => return,
        };
        let (fits, allowed, first) = match fuse_builtins::aria_values(aria) {
            fuse_builtins::AriaValues::Any => return,
            fuse_builtins::AriaValues::Words(words) => {
                let listed: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                (
                    words.contains(&text.as_str()),
                    either(&listed),
                    words.first().copied(),
                )
            }
            fuse_builtins::AriaValues::PositiveInteger => {
                let positive = text.parse::<u32>().is_ok_and(|n| n > 0);
                (positive, "a positive integer".to_owned(), Some("1"))
            }
        };
        if fits {
            return;
        }
        let message = format!("`aria-{aria}` must be {allowed}");
        let span = self.at(arg.range);
        let mut diagnostic =
            Diagnostic::new(Code::HTML_ARIA, span, message).hint(format!("found `{text}`"));
        if let Some(first) = first {
            let place = self.span(inner);
            let fix = Fix::replace(format!("write `{first}`"), place, format!("\"{first}\""));
            diagnostic = diagnostic.fix(fix.unsafe_to_apply());
        }
        self.report(diagnostic);
    }

    fn void_children(&mut self, call: &Call, tag: &str, list: Option<ExprId>) {
        let first = match (list, call.block) {
            (Some(list), _) => Some(self.ast.range(list)),
            (None, Some(block)) => {
                let children = &self.ast[self.ast[block].children];
                let range = self.ast.range(call.block.unwrap_or(block));
                Some(
                    children
                        .first()
                        .map_or(range, |child| self.ast.child_range(*child)),
                )
            }
            (None, None) => None,
        };
        if let Some(first) = first {
            let message = format!("`{tag}` cannot have children");
            self.error(Code::HTML_VOID_CHILDREN, self.at(first), message);
        }
    }

    fn children_of(&mut self, call: &Call, parts: &Parts) -> Children {
        match (call.block, parts.children) {
            (Some(block), _) => {
                self.html_children(block);
                Children::Block(block)
            }
            (None, Some(list)) => Children::List(list),
            (None, None) => Children::None,
        }
    }

    pub(super) fn component_call(&mut self, id: ExprId, call: &Call, component: FnId) -> Ty {
        let decl = self.decls.function(component);
        let declared: SmallVec<[Formal; 8]> = decl
            .params
            .iter()
            .map(|param| Formal {
                name: param.name,
                required: param.default.is_none(),
            })
            .collect();
        let mut parts = Parts {
            ok: true,
            ..Parts::default()
        };
        let mut own: SmallVec<[Option<u32>; 8]> = SmallVec::from_elem(None, declared.len());
        let mut positional = 0usize;
        let mut named = false;
        let mut extra: SmallVec<[&Arg; 2]> = SmallVec::new();
        for (arg, number) in self.ast[call.args].iter().zip(0u32..) {
            let Some(name) = arg.name else {
                if named {
                    self.positional_after_named(arg);
                    parts.ok = false;
                } else if positional < declared.len() {
                    own[positional] = Some(number);
                    positional += 1;
                } else {
                    extra.push(arg);
                }
                continue;
            };
            named = true;
            self.comma_before(arg);
            self.component_argument(arg, number, name, &declared, &mut own, &mut parts);
        }
        self.positional_parts(id, call, &extra, &mut parts);
        let type_args = self.component_values(id, call, component, &own);
        self.missing_parameters(id, &declared, &own, &mut parts);
        let children = self.children_of(call, &parts);
        self.facts.calls.push((self.body.owner, component));
        self.call_rules(id, component);
        if let (true, Some(type_args)) = (parts.ok, type_args) {
            let element = self.out.add_element(parts.base, parts.attributes, children);
            let args = &self.ast[call.args];
            let sources = own.iter().map(|arg| match arg {
                Some(arg) => ArgSource::Expr(args[*arg as usize].value),
                None => ArgSource::Default,
            });
            let sources: SmallVec<[ArgSource; 8]> = sources.collect();
            self.out.add_call(
                id,
                Callee::Component(component, element),
                sources,
                &type_args,
            );
        }
        Ty::HTML
    }

    /// A named argument: a declared parameter, `attrs`, `children`, or an
    /// attribute.
    fn component_argument(
        &mut self,
        arg: &Arg,
        number: u32,
        name: Name,
        declared: &[Formal],
        own: &mut [Option<u32>],
        parts: &mut Parts,
    ) {
        let sym = self.sym(name.symbol);
        let Some(at) = declared.iter().position(|formal| formal.name == sym) else {
            if sym == self.prelude.known.attrs && parts.base.is_none() {
                parts.base = Some(arg.value);
                self.attribute_map(arg, parts);
            } else if sym == self.prelude.known.children && parts.children.is_none() {
                parts.children = Some(arg.value);
                self.check(arg.value, Ty::CHILDREN, Slot::Plain);
            } else {
                self.attribute(arg, name, parts);
            }
            return;
        };
        if own[at].is_some() {
            let message = format!("parameter `{}` given twice", self.ast.text(name));
            let span = self.at(arg.range);
            self.report(
                Diagnostic::new(Code::ARG_DUPLICATE, span, message)
                    .hint("remove one of the two arguments"),
            );
            self.anything(arg.value);
            parts.ok = false;
            return;
        }
        own[at] = Some(number);
    }

    fn missing_parameters(
        &mut self,
        id: ExprId,
        declared: &[Formal],
        own: &[Option<u32>],
        parts: &mut Parts,
    ) {
        let missing: Vec<&str> = declared
            .iter()
            .zip(own)
            .filter(|(formal, arg)| formal.required && arg.is_none())
            .map(|(formal, _)| self.text(formal.name))
            .collect();
        if missing.is_empty() || !parts.ok {
            return;
        }
        parts.ok = false;
        let noun = if missing.len() == 1 {
            "argument"
        } else {
            "arguments"
        };
        let message = format!(
            "missing {noun} {}",
            crate::words::listed(missing.into_iter())
        );
        let span = self.span(id);
        self.error(Code::WRONG_ARITY, span, message);
    }

    /// Checks the children of a block.
    pub(super) fn html_children(&mut self, block: HtmlBlockId) {
        self.children(self.ast[block].children);
    }

    fn children(&mut self, children: List<HtmlChild>) {
        let ast = self.ast;
        for child in &ast[children] {
            match *child {
                HtmlChild::Error(_) => {}
                HtmlChild::Expr(value) => self.child(value),
                HtmlChild::If {
                    arms, otherwise, ..
                } => {
                    for arm in &ast[arms] {
                        self.condition(arm.cond);
                        self.children(arm.children);
                    }
                    if let Some(otherwise) = otherwise {
                        self.children(otherwise);
                    }
                }
                HtmlChild::For {
                    pat,
                    second,
                    iter,
                    body,
                    ..
                } => {
                    let elements = self.iterated(iter);
                    self.open_scope();
                    self.loop_patterns(pat, second, elements);
                    self.children(body);
                    self.close_scope();
                }
            }
        }
    }

    fn child(&mut self, value: ExprId) {
        let mark = self.sink.mark();
        let ty = self.value(value, Want::NOTHING);
        if ty.is_invalid() || ty == Ty::NEVER || self.sink.reported_since(mark) {
            return;
        }
        if child_kind(self.types, ty).is_none() {
            let message = format!(
                "HTML child must be `Html` or `String`, found `{}`",
                self.shown(ty)
            );
            let span = self.span(value);
            self.report(
                Diagnostic::new(Code::HTML_CHILD_TYPE, span, message)
                    .hint("interpolate it into a string: `\"${value}\"`"),
            );
        }
    }

    /// A block on what does not give markup.
    pub(super) fn block_return(&mut self, id: ExprId, result: Ty) {
        if result.is_invalid() {
            return;
        }
        let message = format!(
            "HTML block target must return `Html`, found `{}`",
            self.shown(result)
        );
        let span = self.span(id);
        self.error(Code::HTML_BLOCK_RETURN, span, message);
    }
}

/// How an attribute of a type is rendered, and whether null leaves it out.
fn attr_value(types: &TypeStore, ty: Ty) -> Option<(AttrValue, bool)> {
    let kind = |ty: Ty| match types.kind(types.base(ty)) {
        TyKind::String | TyKind::Id | TyKind::Email => Some(AttrValue::Text),
        TyKind::Int | TyKind::Float => Some(AttrValue::Number),
        TyKind::Bool => Some(AttrValue::Flag),
        _ => None,
    };
    match types.kind(types.base(ty)) {
        TyKind::Option(inner) => kind(inner).map(|kind| (kind, true)),
        TyKind::Invalid | TyKind::Never => Some((AttrValue::Text, false)),
        _ => kind(ty).map(|kind| (kind, false)),
    }
}

/// What a child of a type contributes, if anything; null contributes nothing.
#[must_use]
pub fn child_kind(types: &TypeStore, ty: Ty) -> Option<ChildKind> {
    let ty = types.base(ty);
    match types.kind(ty) {
        TyKind::Html => Some(ChildKind::Node),
        TyKind::String | TyKind::Id | TyKind::Email => Some(ChildKind::Text),
        TyKind::Int | TyKind::Float => Some(ChildKind::Number),
        TyKind::List(item) => match types.kind(types.base(item)) {
            TyKind::Html => Some(ChildKind::Nodes),
            TyKind::String | TyKind::Id | TyKind::Email => Some(ChildKind::Texts),
            _ => None,
        },
        TyKind::Option(inner) => match types.kind(types.base(inner)) {
            TyKind::Html => Some(ChildKind::Node),
            TyKind::String | TyKind::Id | TyKind::Email => Some(ChildKind::Text),
            _ => None,
        },
        _ => None,
    }
}

/// `a`, `a or b`, `a, b or c`.
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

/// The name of a named argument that gives this attribute.
fn attribute_word(key: &str) -> Option<String> {
    let mut bytes = key.bytes();
    let start = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (start && rest).then(|| key.replace('-', "_"))
}

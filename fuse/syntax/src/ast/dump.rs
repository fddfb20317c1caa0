//! The AST as text for tests, and as bytes to compare two of them.

use std::fmt::Write as _;

use super::{
    Arg, ArmBody, BlockId, Doc, Expr, ExprId, HtmlChild, If, ImportSpec, InterpPart, Item, List,
    Literal, Match, MatchArm, Module, Name, Param, Path, Pattern, PatternId, RouteSegment,
    Signature, Stmt, StmtId, StrLit, TypeExpr, TypeExprId, UnaryOp,
};

impl Module {
    /// The module as nested lists, one declaration after the other, without
    /// positions.
    ///
    /// ```
    /// use fuse_syntax::{FileId, parse};
    ///
    /// let module = parse(FileId(0), "fn two() -> Int: (1 + 1)\n").module;
    /// assert_eq!(
    ///     module.dump(),
    ///     "(fn two (params) Int (block (expr (paren (+ 1 1)))))\n"
    /// );
    /// ```
    #[must_use]
    pub fn dump(&self) -> String {
        let mut walk = Walk {
            module: self,
            sink: Text::default(),
            faithful: true,
        };
        for require in &self.requires {
            walk.sink.open("requires");
            walk.name(require.name);
            walk.sink.close();
        }
        for item in &self.items {
            walk.item(*item);
        }
        walk.sink.out
    }

    /// An expression as nested lists.
    #[must_use]
    pub fn dump_expr(&self, id: ExprId) -> String {
        let mut walk = Walk {
            module: self,
            sink: Text::default(),
            faithful: true,
        };
        walk.expr(id);
        walk.sink.out
    }

    /// Whether two modules say the same: equal up to positions, parentheses,
    /// commas, the order of imports, and the two ways to write a range of a
    /// refinement.
    #[must_use]
    pub fn same_meaning(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }

    fn meaning(&self) -> Vec<u8> {
        let mut walk = Walk {
            module: self,
            sink: Bytes::default(),
            faithful: false,
        };
        for require in &self.requires {
            walk.name(require.name);
        }
        let mut imports = Vec::new();
        for item in &self.items {
            if let Item::Import(_) = item {
                imports.push(self.import_meaning(*item));
            } else {
                walk.item(*item);
            }
        }
        imports.sort_unstable();
        walk.sink.0.extend(imports.concat());
        walk.sink.0
    }

    fn import_meaning(&self, item: Item) -> Vec<u8> {
        let mut walk = Walk {
            module: self,
            sink: Bytes::default(),
            faithful: false,
        };
        walk.item(item);
        walk.sink.0
    }
}

/// What is made of the tree on the way.
trait Sink {
    fn open(&mut self, tag: &'static str);
    fn close(&mut self);
    /// A name or a number.
    fn atom(&mut self, text: &str);
    fn text(&mut self, text: &str);
    fn int(&mut self, value: i64);
    fn float(&mut self, value: f64);
}

#[derive(Default)]
struct Text {
    out: String,
    depth: usize,
}

impl Text {
    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(['(', '\n']) {
            self.out.push(' ');
        }
    }
}

impl Sink for Text {
    fn open(&mut self, tag: &'static str) {
        self.space();
        self.depth += 1;
        self.out.push('(');
        self.out.push_str(tag);
    }

    fn close(&mut self) {
        self.out.push(')');
        self.depth -= 1;
        if self.depth == 0 {
            self.out.push('\n');
        }
    }

    fn atom(&mut self, text: &str) {
        self.space();
        self.out.push_str(text);
    }

    fn text(&mut self, text: &str) {
        self.space();
        let _ = write!(self.out, "{text:?}");
    }

    fn int(&mut self, value: i64) {
        self.space();
        let _ = write!(self.out, "{value}");
    }

    fn float(&mut self, value: f64) {
        self.space();
        let _ = write!(self.out, "{value:?}");
    }
}

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Sink for Bytes {
    fn open(&mut self, tag: &'static str) {
        self.0.push(b'(');
        self.0.extend_from_slice(tag.as_bytes());
        self.0.push(0);
    }

    fn close(&mut self) {
        self.0.push(b')');
    }

    fn atom(&mut self, text: &str) {
        self.0.push(b'a');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    fn text(&mut self, text: &str) {
        self.0.push(b't');
        self.0.extend_from_slice(&text.len().to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn int(&mut self, value: i64) {
        self.0.push(b'i');
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn float(&mut self, value: f64) {
        self.0.push(b'f');
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

struct Walk<'a, S> {
    module: &'a Module,
    sink: S,
    /// Whether to show parentheses and how ranges were written.
    faithful: bool,
}

impl<S: Sink> Walk<'_, S> {
    fn name(&mut self, name: Name) {
        let module = self.module;
        self.sink.atom(module.text(name));
    }

    fn names(&mut self, tag: &'static str, names: List<Name>) {
        if names.is_empty() {
            return;
        }
        self.sink.open(tag);
        for name in &self.module[names] {
            self.name(*name);
        }
        self.sink.close();
    }

    fn path(&mut self, path: Path) {
        let text = self.module.path_text(path);
        self.sink.atom(&text);
    }

    fn doc(&mut self, doc: Option<Doc>) {
        if let Some(doc) = doc {
            self.sink.open("doc");
            self.sink.text(self.module.string(doc.text));
            self.sink.close();
        }
    }

    fn string(&mut self, literal: StrLit) {
        self.sink.text(self.module.string(literal.text));
    }

    // Declarations.

    fn item(&mut self, item: Item) {
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

    fn type_decl(&mut self, decl: &super::TypeDecl) {
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

    fn enum_decl(&mut self, decl: &super::EnumDecl) {
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

    fn function(&mut self, decl: &super::FnDecl) {
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

    fn service(&mut self, decl: &super::ServiceDecl) {
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

    fn config(&mut self, decl: &super::ConfigDecl) {
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

    // Statements.

    fn block(&mut self, id: BlockId) {
        self.sink.open("block");
        for stmt in &self.module[self.module[id].stmts] {
            self.stmt(*stmt);
        }
        self.sink.close();
    }

    fn stmt(&mut self, id: StmtId) {
        match self.module[id] {
            Stmt::If(node) => return self.if_node(&self.module[node]),
            Stmt::Match(node) => return self.match_node(&self.module[node]),
            _ => {}
        }
        self.sink.open(stmt_tag(self.module[id]));
        match self.module[id] {
            Stmt::Error | Stmt::Break | Stmt::Continue | Stmt::Return(None) => {}
            Stmt::If(_) | Stmt::Match(_) => {}
            Stmt::Let {
                name, ty, value, ..
            } => {
                self.name(name);
                if let Some(ty) = ty {
                    self.ty(ty);
                }
                self.expr(value);
            }
            Stmt::Assign { place, value, .. } => {
                self.expr(place);
                self.expr(value);
            }
            Stmt::For {
                pat,
                second,
                iter,
                body,
            } => {
                self.pattern(pat);
                if let Some(second) = second {
                    self.pattern(second);
                }
                self.expr(iter);
                self.block(body);
            }
            Stmt::While { cond, body } => {
                self.expr(cond);
                self.block(body);
            }
            Stmt::Transaction(body) => self.block(body),
            Stmt::Return(Some(value)) | Stmt::Expr(value) => self.expr(value),
        }
        self.sink.close();
    }

    fn if_node(&mut self, node: &If) {
        self.sink.open("if");
        for arm in &self.module[node.arms] {
            self.sink.open("arm");
            self.expr(arm.cond);
            self.block(arm.body);
            self.sink.close();
        }
        if let Some(otherwise) = node.otherwise {
            self.sink.open("else");
            self.block(otherwise);
            self.sink.close();
        }
        self.sink.close();
    }

    fn match_node(&mut self, node: &Match) {
        self.sink.open("match");
        self.expr(node.subject);
        for arm in &self.module[node.arms] {
            self.arm(arm);
        }
        self.sink.close();
    }

    fn arm(&mut self, arm: &MatchArm) {
        self.sink.open("arm");
        self.pattern(arm.pat);
        match arm.body {
            ArmBody::Value(value) => self.expr(value),
            ArmBody::Block(block) => self.block(block),
        }
        self.sink.close();
    }

    // Expressions.

    fn expr(&mut self, id: ExprId) {
        let module = self.module;
        match module[id] {
            Expr::Int(value) => self.sink.int(value),
            Expr::Float(value) => self.sink.float(value),
            Expr::Bool(value) => self.sink.atom(if value { "true" } else { "false" }),
            Expr::Null => self.sink.atom("null"),
            Expr::Str(text) => self.sink.text(module.string(text)),
            Expr::Name(symbol) => self.sink.atom(module.names.text(symbol)),
            Expr::Paren(inner) if !self.faithful => self.expr(inner),
            Expr::If(node) => self.if_node(&module[node]),
            Expr::Match(node) => self.match_node(&module[node]),
            Expr::Error => {
                self.sink.open("error");
                self.sink.close();
            }
            other => self.compound(other),
        }
    }

    fn compound(&mut self, expr: Expr) {
        let module = self.module;
        self.sink.open(expr_tag(expr));
        match expr {
            Expr::Interp(parts) => {
                for part in &module[parts] {
                    match part {
                        InterpPart::Text(text) => self.sink.text(module.string(*text)),
                        InterpPart::Expr(value) => self.expr(*value),
                    }
                }
            }
            Expr::Unary { operand, .. } => self.expr(operand),
            Expr::Binary { left, right, .. } | Expr::Coalesce { left, right } => {
                self.expr(left);
                self.expr(right);
            }
            Expr::Call(call) => self.call(call),
            Expr::Member { base, name, .. } => {
                self.expr(base);
                self.name(name);
            }
            Expr::Index { base, index, .. } => {
                self.expr(base);
                self.expr(index);
            }
            Expr::Bang { value, error } => {
                self.expr(value);
                if let Some(error) = error {
                    self.expr(error);
                }
            }
            Expr::List(items) => {
                for item in &module[items] {
                    self.expr(*item);
                }
            }
            Expr::Map(entries) => {
                for entry in &module[entries] {
                    self.expr(entry.key);
                    self.expr(entry.value);
                }
            }
            Expr::Lambda(lambda) => self.lambda(&module[lambda]),
            Expr::Spawn(block) | Expr::Transaction(block) => self.block(block),
            Expr::Await(inner) | Expr::Box(inner) | Expr::Paren(inner) => self.expr(inner),
            _ => {}
        }
        self.sink.close();
    }

    fn call(&mut self, id: super::CallId) {
        let module = self.module;
        let call = &module[id];
        self.expr(call.callee);
        if !call.type_args.is_empty() {
            self.sink.open("type-args");
            for ty in &module[call.type_args] {
                self.ty(*ty);
            }
            self.sink.close();
        }
        for arg in &module[call.args] {
            self.arg(arg);
        }
        if let Some(block) = call.block {
            self.sink.open("children");
            self.children(module[block].children);
            self.sink.close();
        }
    }

    fn arg(&mut self, arg: &Arg) {
        let Some(name) = arg.name else {
            return self.expr(arg.value);
        };
        self.sink.open("arg");
        self.name(name);
        self.expr(arg.value);
        self.sink.close();
    }

    fn lambda(&mut self, lambda: &super::Lambda) {
        for param in &self.module[lambda.params] {
            self.sink.open("param");
            self.name(param.name);
            if let Some(ty) = param.ty {
                self.ty(ty);
            }
            self.sink.close();
        }
        if let Some(ret) = lambda.ret {
            self.ty(ret);
        }
        self.expr(lambda.body);
    }

    fn children(&mut self, children: List<HtmlChild>) {
        for child in &self.module[children] {
            self.child(*child);
        }
    }

    fn child(&mut self, child: HtmlChild) {
        match child {
            HtmlChild::Expr(value) => self.expr(value),
            HtmlChild::If {
                arms, otherwise, ..
            } => {
                self.sink.open("html-if");
                for arm in &self.module[arms] {
                    self.sink.open("arm");
                    self.expr(arm.cond);
                    self.children(arm.children);
                    self.sink.close();
                }
                if let Some(otherwise) = otherwise {
                    self.sink.open("else");
                    self.children(otherwise);
                    self.sink.close();
                }
                self.sink.close();
            }
            HtmlChild::For {
                pat,
                second,
                iter,
                body,
                ..
            } => {
                self.sink.open("html-for");
                self.pattern(pat);
                if let Some(second) = second {
                    self.pattern(second);
                }
                self.expr(iter);
                self.children(body);
                self.sink.close();
            }
            HtmlChild::Error(_) => {
                self.sink.open("error");
                self.sink.close();
            }
        }
    }

    // Patterns and types.

    fn pattern(&mut self, id: PatternId) {
        let module = self.module;
        match module[id] {
            Pattern::Error => {
                self.sink.open("error");
                self.sink.close();
            }
            Pattern::Wildcard => self.sink.atom("_"),
            Pattern::Literal(literal) => self.literal(literal),
            Pattern::Path(path) => self.path(path),
            Pattern::Tuple { path, args } => {
                self.sink.open("tuple");
                self.path(path);
                for arg in &module[args] {
                    self.pattern(*arg);
                }
                self.sink.close();
            }
            Pattern::Record { path, fields } => {
                self.sink.open("record");
                self.path(path);
                for field in &module[fields] {
                    self.sink.open("field");
                    self.name(field.name);
                    self.pattern(field.pattern);
                    self.sink.close();
                }
                self.sink.close();
            }
        }
    }

    fn literal(&mut self, literal: Literal) {
        match literal {
            Literal::Int(value) => self.sink.int(value),
            Literal::Float(value) => self.sink.float(value),
            Literal::Bool(value) => self.sink.atom(if value { "true" } else { "false" }),
            Literal::Null => self.sink.atom("null"),
            Literal::Str(text) => self.sink.text(self.module.string(text)),
        }
    }

    fn ty(&mut self, id: TypeExprId) {
        let module = self.module;
        match module[id] {
            TypeExpr::Path(path) => return self.path(path),
            TypeExpr::Error => self.sink.open("error"),
            TypeExpr::Apply { base, args } => {
                self.sink.open("apply");
                self.path(base);
                self.types(args);
            }
            TypeExpr::Refined { base, args } => {
                self.sink.open("refined");
                self.ty(base);
                self.constraints(args);
            }
            TypeExpr::Option(inner) => {
                self.sink.open("?");
                self.ty(inner);
            }
            TypeExpr::Result { ok, domains } => {
                self.sink.open("!");
                self.ty(ok);
                for domain in &module[domains] {
                    self.path(*domain);
                }
            }
            TypeExpr::Fn { params, ret } => {
                self.sink.open("fn-type");
                self.types(params);
                if let Some(ret) = ret {
                    self.sink.open("->");
                    self.ty(ret);
                    self.sink.close();
                }
            }
        }
        self.sink.close();
    }

    fn types(&mut self, types: List<TypeExprId>) {
        for ty in &self.module[types] {
            self.ty(*ty);
        }
    }

    /// `T(1, 80)` means `T(1..80)`.
    fn constraints(&mut self, args: List<ExprId>) {
        let module = self.module;
        match &module[args] {
            [low, high] if !self.faithful && module.is_number(*low) && module.is_number(*high) => {
                self.sink.open("..");
                self.expr(*low);
                self.expr(*high);
                self.sink.close();
            }
            other => {
                for arg in other {
                    self.expr(*arg);
                }
            }
        }
    }
}

impl Module {
    /// A number literal, negated or not.
    #[must_use]
    pub fn is_number(&self, id: ExprId) -> bool {
        match self[id] {
            Expr::Int(_) | Expr::Float(_) => true,
            Expr::Unary {
                op: UnaryOp::Neg,
                operand,
            } => matches!(self[operand], Expr::Int(_) | Expr::Float(_)),
            _ => false,
        }
    }
}

fn stmt_tag(stmt: Stmt) -> &'static str {
    match stmt {
        Stmt::Error => "error",
        Stmt::Let { mutable: false, .. } => "let",
        Stmt::Let { mutable: true, .. } => "var",
        Stmt::Assign { op, .. } => op.text(),
        Stmt::Return(_) => "return",
        Stmt::If(_) => "if",
        Stmt::Match(_) => "match",
        Stmt::For { .. } => "for",
        Stmt::While { .. } => "while",
        Stmt::Transaction(_) => "transaction",
        Stmt::Break => "break",
        Stmt::Continue => "continue",
        Stmt::Expr(_) => "expr",
    }
}

fn expr_tag(expr: Expr) -> &'static str {
    match expr {
        Expr::Interp(_) => "interp",
        Expr::Unary {
            op: UnaryOp::Neg, ..
        } => "neg",
        Expr::Unary {
            op: UnaryOp::Not, ..
        } => "not",
        Expr::Binary { op, .. } => op.text(),
        Expr::Coalesce { .. } => "??",
        Expr::Call(_) => "call",
        Expr::Member {
            optional: false, ..
        } => ".",
        Expr::Member { optional: true, .. } => "?.",
        Expr::Index {
            optional: false, ..
        } => "[]",
        Expr::Index { optional: true, .. } => "?[]",
        Expr::Bang { .. } => "?!",
        Expr::List(_) => "list",
        Expr::Map(_) => "map",
        Expr::Lambda(_) => "lambda",
        Expr::Spawn(_) => "spawn",
        Expr::Await(_) => "await",
        Expr::Box(_) => "box",
        Expr::Transaction(_) => "transaction",
        Expr::Paren(_) => "paren",
        _ => "error",
    }
}

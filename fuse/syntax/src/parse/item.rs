//! Declarations.

use super::{Mark, Parser};
use crate::ast::Verb;
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::kind::{KindSet, SyntaxKind as K};
use crate::lex::contextual_declaration;
use crate::span::TextRange;

/// The names that `type std.Error.X:` may declare.
const STD_ERRORS: [&str; 8] = [
    "Error",
    "ValidationField",
    "Validation",
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "Conflict",
];

/// Where a `requires` line may move to, and whether it still may stand here.
#[derive(Default)]
struct Order {
    declared: bool,
    first: Option<u32>,
}

impl Parser<'_> {
    pub(super) fn module(&mut self) {
        let mark = self.mark();
        let mut order = Order::default();
        loop {
            match self.kind() {
                K::Eof => break,
                K::Newline | K::Dedent => self.bump(),
                K::Indent => {
                    self.unexpected_indentation();
                    self.skip_block();
                }
                _ => {
                    let before = self.pos;
                    self.item(&mut order);
                    if self.recovering {
                        self.recovering = false;
                        self.skip_to_item();
                    }
                    if self.pos == before {
                        self.bump();
                    }
                }
            }
        }
        self.complete(mark, K::Module);
    }

    /// Skips to the next line without indentation that starts a declaration.
    fn skip_to_item(&mut self) {
        let mut open = 0u32;
        let mut line_start = self.pos == 0
            || matches!(
                self.logical.kinds.get(self.pos - 1),
                Some(K::Newline | K::Dedent)
            );
        loop {
            match self.kind() {
                K::Eof => return,
                K::Indent => open += 1,
                K::Dedent => open = open.saturating_sub(1),
                _ if line_start && open == 0 && self.starts_item() => return,
                _ => {}
            }
            line_start = matches!(self.kind(), K::Newline | K::Dedent | K::Indent);
            self.bump();
        }
    }

    fn starts_item(&self) -> bool {
        match self.kind() {
            K::Doc | K::ImportKw | K::TypeKw | K::EnumKw | K::InterfaceKw | K::ImplKw => true,
            K::FnKw => self.nth(1).is_word(),
            K::Ident => {
                let word = self.token_text(self.pos);
                Verb::from_text(word).is_none() && contextual_declaration(word, self.nth(1))
            }
            _ => false,
        }
    }

    fn item(&mut self, order: &mut Order) {
        let mark = self.mark();
        let doc = self.doc();
        if doc && matches!(self.kind(), K::Eof | K::Dedent | K::Indent) {
            return self.undo_doc(mark);
        }
        if self.at_word("requires") {
            return self.requires(mark, doc, order);
        }
        if !order.declared {
            order.declared = true;
            order.first = Some(self.token_range(mark.token as usize).start);
        }
        match self.kind() {
            K::ImportKw => self.import(mark),
            K::TypeKw => self.type_decl(mark),
            K::EnumKw => self.enum_decl(mark),
            K::InterfaceKw => self.interface_decl(mark),
            K::ImplKw => self.impl_decl(mark),
            K::FnKw if self.nth(1) != K::LParen => self.fn_decl(mark),
            K::Ident => self.contextual_item(mark),
            _ => self.top_level(mark),
        }
    }

    fn contextual_item(&mut self, mark: Mark) {
        match self.token_text(self.pos) {
            "component" => self.component_decl(mark),
            "service" => self.service_decl(mark),
            "config" => self.config_decl(mark),
            "app" => self.named_block(mark, K::AppDecl),
            "test" => self.named_block(mark, K::TestDecl),
            "migration" => self.migration_decl(mark),
            _ => self.top_level(mark),
        }
    }

    fn top_level(&mut self, mark: Mark) {
        let statement = matches!(
            self.kind(),
            K::LetKw
                | K::VarKw
                | K::ReturnKw
                | K::IfKw
                | K::MatchKw
                | K::ForKw
                | K::WhileKw
                | K::TransactionKw
                | K::SpawnKw
                | K::AwaitKw
        ) || self.at(K::Ident)
            && matches!(
                self.nth(1),
                K::LParen | K::Dot | K::Assign | K::PlusAssign | K::MinusAssign | K::LBracket
            );
        let hint = if statement {
            "a statement stands in an `app` or a `fn`"
        } else {
            "a declaration starts with a word such as `fn`, `type` or `service`"
        };
        let span = self.span(self.pos);
        let diagnostic =
            Diagnostic::new(Code::PARSE_TOP_LEVEL, span, "expected a declaration").hint(hint);
        self.error(diagnostic);
        self.skip_line();
        self.eat(K::Newline);
        self.recovering = false;
        self.skip_to_item();
        self.complete(mark, K::ErrorItem);
    }

    // Doc comments.

    /// Doc lines before something that may have them.
    fn doc(&mut self) -> bool {
        let mark = self.mark();
        while self.at(K::Doc) {
            self.bump();
            self.eat(K::Newline);
        }
        let found = self.pos > mark.token as usize;
        if found {
            self.complete(mark, K::DocComment);
        }
        found
    }

    /// The doc lines read at `mark` document nothing.
    fn undo_doc(&mut self, mark: Mark) {
        self.events.truncate(mark.event as usize);
        self.pos = mark.token as usize;
        self.dangling_doc();
    }

    /// An element of a block that may be documented.
    fn documented(&mut self, element: impl FnOnce(&mut Self, Mark)) {
        let mark = self.mark();
        if self.doc() && matches!(self.kind(), K::Eof | K::Dedent | K::Indent) {
            return self.undo_doc(mark);
        }
        element(self, mark);
    }

    // Requires and imports.

    fn requires(&mut self, mark: Mark, doc: bool, order: &Order) {
        if doc {
            let first = self.token_range(mark.token as usize);
            let last = self.token_range(self.pos - 1);
            let span = first.to(last).in_file(self.file);
            let next = self.token_range(self.pos);
            let whole = TextRange::new(first.start, next.start).in_file(self.file);
            let message = "`requires` cannot be documented";
            let diagnostic = Diagnostic::new(Code::PARSE_REQUIRES_DOC, span, message)
                .fix(Fix::replace("remove the doc comment", whole, "").unsafe_to_apply());
            self.report(diagnostic);
        }
        let keyword = self.pos;
        self.bump();
        loop {
            if !self.declared_name("a capability") || !self.eat(K::Comma) {
                break;
            }
        }
        if order.declared {
            self.requires_order(keyword, order);
        }
        self.finish_line();
        self.complete(mark, K::Requires);
    }

    fn requires_order(&mut self, keyword: usize, order: &Order) {
        let line = self.token_range(keyword).to(self.token_range(self.pos - 1));
        let mut end = line.end as usize;
        while matches!(self.text.as_bytes().get(end), Some(b' ' | b'\r' | b'\n')) {
            end += 1;
        }
        let text = &self.text[line.as_usize()];
        let top = order.first.unwrap_or(0);
        let removed = TextRange::new(line.start, end as u32).in_file(self.file);
        let fix = Fix {
            title: "move it to the top".to_owned(),
            edits: vec![
                (
                    TextRange::empty(top).in_file(self.file),
                    format!("{text}\n\n"),
                ),
                (removed, String::new()),
            ],
            safe: true,
        };
        let span = self.span(keyword);
        let diagnostic = Diagnostic::new(
            Code::PARSE_REQUIRES_ORDER,
            span,
            "`requires` must come first",
        )
        .fix(fix);
        self.report(diagnostic);
    }

    fn import(&mut self, mark: Mark) {
        self.bump();
        if self.at(K::LBrace) {
            let names = self.mark();
            if self.nth(1) == K::RBrace {
                self.bump();
                self.expected("a name");
                self.recovering = false;
                self.bump();
            } else {
                self.list(K::RBrace, |parser| {
                    parser.declared_name("a name");
                });
            }
            self.complete(names, K::NameList);
            self.from();
        } else if self.declared_name("a name") && !self.at(K::Newline) {
            if self.at_word("as") {
                self.bump();
                self.declared_name("a name");
            }
            self.from();
        }
        self.finish_line();
        self.complete(mark, K::Import);
    }

    fn from(&mut self) {
        if self.recovering {
            return;
        }
        if !self.at_word("from") {
            return self.expected("`from`");
        }
        self.bump();
        if self.at(K::Ident) {
            self.path("a path");
        } else {
            self.plain_string("an import path");
        }
    }

    /// A string without interpolation.
    fn plain_string(&mut self, what: &str) -> bool {
        if self.eat(K::String) {
            return true;
        }
        if self.at(K::StringStart) {
            self.expected_hint(what, "interpolation is not allowed here");
        } else if self.at(K::BadQuote) {
            self.expected(what);
            self.recovering = false;
            self.bump();
            return true;
        } else {
            self.expected(what);
        }
        false
    }

    // Types.

    /// The name of a declaration; a dotted one is reported.
    fn item_name(&mut self, what: &str) {
        let start = self.pos;
        if !self.declared_name(what) || !self.at(K::Dot) {
            return;
        }
        while self.at(K::Dot) && self.nth(1).is_word() {
            self.bump();
            self.bump();
        }
        self.qualified_name(start);
    }

    fn qualified_name(&mut self, start: usize) {
        let span = self
            .token_range(start)
            .to(self.token_range(self.pos - 1))
            .in_file(self.file);
        let message = "declaration name cannot be qualified";
        self.report(Diagnostic::new(Code::DECL_QUALIFIED_NAME, span, message));
    }

    fn type_decl(&mut self, mark: Mark) {
        self.bump();
        let start = self.pos;
        let name = self.mark();
        let found = self.declared_name("a name");
        while found && self.at(K::Dot) && self.nth(1).is_word() {
            self.bump();
            self.bump();
        }
        self.complete(name, K::Path);
        if self.pos > start + 1 && !self.is_std_error(start) {
            self.qualified_name(start);
        }
        if !self.recovering && self.eat(K::Assign) {
            self.derive();
            self.finish_line();
        } else {
            self.members(|parser| parser.documented(Self::field));
        }
        self.complete(mark, K::TypeDecl);
    }

    fn is_std_error(&self, start: usize) -> bool {
        let names: Vec<&str> = (start..self.pos)
            .step_by(2)
            .map(|pos| self.token_text(pos))
            .collect();
        match names[..] {
            ["std", "Error"] => true,
            ["std", "Error", name] => STD_ERRORS.contains(&name),
            _ => false,
        }
    }

    fn derive(&mut self) {
        let mark = self.mark();
        if self.path("a base type") {
            if self.at_word("without") {
                self.bump();
                while self.any_name("a field name") && self.eat(K::Comma) {}
            } else {
                self.expected_hint("`without`", "a derived type is `type A = B without field`");
            }
        }
        self.complete(mark, K::Derive);
    }

    /// `:` and an indented block of members of a declaration.
    fn members(&mut self, element: impl FnMut(&mut Self)) {
        if self.head_colon() {
            self.block_of(element);
        }
    }

    /// Takes the colon after the head of a declaration. After an error in the
    /// head the block is read all the same, when the line has one.
    fn head_colon(&mut self) -> bool {
        if !self.recovering {
            self.expect(K::Colon);
        }
        if self.recovering {
            self.skip_line();
            let colon = self.at(K::Newline)
                && self.nth(1) == K::Indent
                && self.logical.kinds[self.pos - 1] == K::Colon;
            self.recovering = false;
            if !colon {
                self.recovering = true;
                self.finish_line();
            }
            return colon;
        }
        true
    }

    fn field(&mut self, mark: Mark) {
        if self.any_name("a field name") && self.expect(K::Colon) {
            self.ty();
            if !self.recovering && self.eat(K::Assign) {
                self.expr();
            }
        }
        self.finish_line();
        self.complete(mark, K::Field);
    }

    fn enum_decl(&mut self, mark: Mark) {
        self.bump();
        self.item_name("a name");
        self.members(|parser| parser.documented(Self::variant));
        self.complete(mark, K::EnumDecl);
    }

    fn variant(&mut self, mark: Mark) {
        if self.declared_name("a variant") && self.at(K::LParen) {
            if self.nth(1) == K::RParen {
                self.bump();
                self.expected_hint("a type", "a variant without payload has no parentheses");
                self.recovering = false;
                self.bump();
            } else {
                self.payload();
            }
        }
        self.finish_line();
        self.complete(mark, K::Variant);
    }

    fn payload(&mut self) {
        let mut first_named = None;
        self.list(K::RParen, |parser| {
            let mark = parser.mark();
            let named = parser.kind().is_word() && parser.nth(1) == K::Colon;
            if *first_named.get_or_insert(named) != named {
                let hint = "name all of them or none";
                let what = if named { "a type" } else { "a name" };
                parser.expected_hint(what, hint);
            }
            if named && !parser.recovering {
                parser.bump();
                parser.bump();
            }
            if !parser.recovering {
                parser.ty();
            }
            parser.complete(mark, K::Payload);
        });
    }

    // Functions.

    fn fn_decl(&mut self, mark: Mark) {
        self.bump();
        self.signature(true);
        self.body();
        self.complete(mark, K::FnDecl);
    }

    /// The suite of a declaration, also after an error in its head.
    fn body(&mut self) {
        if self.recovering {
            if self.head_colon() {
                self.pos -= 1;
            } else {
                let mark = self.mark();
                return self.complete(mark, K::Block);
            }
        }
        self.suite();
    }

    /// Name, type parameters, parameters, result and bounds.
    fn signature(&mut self, returns: bool) {
        let mark = self.mark();
        self.item_name("a name");
        if !self.recovering && self.at(K::Less) {
            let params = self.mark();
            self.angle_list(|parser| {
                parser.declared_name("a type parameter");
            });
            self.complete(params, K::TypeParams);
        }
        if !self.recovering && (returns || self.at(K::LParen)) {
            if self.at(K::LParen) {
                self.params();
            } else {
                self.expected("`(`");
            }
        }
        if !self.recovering && returns && self.eat(K::Arrow) {
            self.ty();
        }
        if !self.recovering && self.at_word("where") {
            self.bump();
            loop {
                self.bound();
                if self.recovering || !self.eat(K::Comma) {
                    break;
                }
            }
        }
        self.complete(mark, K::Signature);
    }

    fn params(&mut self) {
        self.list(K::RParen, |parser| {
            let mark = parser.mark();
            if parser.at_word("self") && parser.nth(1) != K::Colon {
                parser.bump();
                return parser.complete(mark, K::SelfParam);
            }
            if parser.declared_name("a parameter") && parser.expect_param_type() {
                parser.ty();
                if !parser.recovering && parser.eat(K::Assign) {
                    parser.expr();
                }
            }
            parser.complete(mark, K::Param);
        });
    }

    fn expect_param_type(&mut self) -> bool {
        if self.eat(K::Colon) {
            return true;
        }
        self.expected_hint("`:`", "a parameter is `name: Type`");
        false
    }

    fn bound(&mut self) {
        let mark = self.mark();
        if self.declared_name("a type parameter") && self.expect(K::Colon) {
            self.path("an interface");
        }
        self.complete(mark, K::Bound);
    }

    fn interface_decl(&mut self, mark: Mark) {
        self.bump();
        self.item_name("a name");
        self.members(|parser| {
            parser.documented(|parser, mark| {
                if parser.member_keyword() {
                    parser.signature(true);
                }
                if parser.at(K::Colon) && !parser.recovering {
                    let hint = "members of an interface have no body";
                    parser.expected_hint("end of line", hint);
                }
                parser.finish_line();
                parser.complete(mark, K::Member);
            });
        });
        self.complete(mark, K::InterfaceDecl);
    }

    fn member_keyword(&mut self) -> bool {
        let found = self.eat(K::FnKw);
        if !found {
            self.expected("`fn`");
        }
        found
    }

    fn impl_decl(&mut self, mark: Mark) {
        self.bump();
        self.path("an interface");
        if !self.recovering && self.expect(K::ForKw) {
            self.path("a type");
        }
        self.members(|parser| {
            parser.documented(|parser, mark| {
                if parser.member_keyword() {
                    parser.signature(true);
                    parser.body();
                } else {
                    parser.finish_line();
                }
                parser.recovering = false;
                parser.complete(mark, K::FnDecl);
            });
        });
        self.complete(mark, K::ImplDecl);
    }

    fn component_decl(&mut self, mark: Mark) {
        self.bump();
        self.signature(false);
        if self.at(K::Arrow) && !self.recovering {
            self.expected_hint("`:`", "a component always gives `Html`");
        }
        self.body();
        self.complete(mark, K::ComponentDecl);
    }

    // Services, config, blocks.

    fn service_decl(&mut self, mark: Mark) {
        self.bump();
        self.item_name("a name");
        if !self.recovering {
            if self.at_word("at") {
                self.bump();
                self.plain_string("a path");
            } else {
                self.expected_hint("`at`", "a service is `service Name at \"/path\":`");
            }
        }
        self.members(|parser| parser.documented(Self::route));
        self.complete(mark, K::ServiceDecl);
    }

    fn route(&mut self, mark: Mark) {
        let verb = self.at(K::Ident) && Verb::from_text(self.token_text(self.pos)).is_some();
        if !verb {
            self.expected_hint(
                "a route",
                "a route starts with `get`, `post`, `put`, `patch` or `delete`",
            );
            self.finish_line();
            return self.complete(mark, K::ErrorItem);
        }
        self.bump();
        self.plain_string("a path");
        if !self.recovering && self.at_word("body") {
            let body = self.mark();
            self.bump();
            self.ty();
            self.complete(body, K::RouteBody);
        }
        if !self.recovering {
            if self.eat(K::Arrow) {
                self.ty();
            } else {
                self.expected_hint("`->`", "a route says what it answers, as in `-> String`");
            }
        }
        self.body();
        self.recovering = false;
        self.complete(mark, K::Route);
    }

    fn config_decl(&mut self, mark: Mark) {
        self.bump();
        self.item_name("a name");
        self.members(|parser| {
            parser.documented(|parser, mark| {
                if parser.any_name("a field name") && parser.expect(K::Colon) {
                    parser.ty();
                    if !parser.recovering {
                        if parser.eat(K::Assign) {
                            parser.expr();
                        } else {
                            parser.expected_hint("`=`", "every setting has a default");
                        }
                    }
                }
                parser.finish_line();
                parser.complete(mark, K::ConfigField);
            });
        });
        self.complete(mark, K::ConfigDecl);
    }

    fn named_block(&mut self, mark: Mark, kind: K) {
        self.bump();
        self.plain_string("a name in quotes");
        self.body();
        self.complete(mark, kind);
    }

    fn migration_decl(&mut self, mark: Mark) {
        const PLAIN: KindSet = KindSet::new(&[K::Ident, K::Int, K::String]);
        self.bump();
        if PLAIN.contains(self.kind()) {
            self.bump();
        } else if self.at(K::StringStart) || self.at(K::BadQuote) {
            self.plain_string("a name");
        } else {
            self.declared_name("a name");
        }
        self.body();
        self.complete(mark, K::MigrationDecl);
    }
}

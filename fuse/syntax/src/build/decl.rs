//! Declarations and their parts.

use super::{Builder, wait};
use crate::ast::{
    self, AppDecl, Bound, Capability, ComponentDecl, ConfigDecl, ConfigField, Derive, Doc,
    EnumDecl, Field, FnDecl, Id, ImplDecl, Import, ImportPath, ImportSpec, InterfaceDecl, Item,
    List, Member, MigrationDecl, Name, Param, Path, Payload, Require, Route, RouteBody,
    ServiceDecl, Signature, StrLit, TestDecl, TypeDecl, Variant, Verb,
};
use crate::kind::SyntaxKind as K;
use crate::parse::Event;
use crate::span::TextRange;

impl Builder<'_> {
    /// A node that is no expression, type, pattern or statement.
    pub(super) fn part(&mut self, event: &Event, base: usize) -> u32 {
        match event.kind {
            K::Path => self.path_part(event),
            K::Arg => self.arg(event, base),
            K::TypeArgs => {
                let list = self.ids(base, K::is_type);
                wait(&mut self.type_lists, list)
            }
            K::MapEntry => self.map_entry(event, base),
            K::LambdaParam => self.lambda_param(event, base),
            K::Block => self.block(event, base),
            K::IfArm => self.if_arm(event, base),
            K::MatchArm => self.match_arm(event, base),
            K::HtmlBlock => self.html_block(event, base),
            K::HtmlChildren => self.html_children(base),
            K::HtmlArm => self.html_arm(event, base),
            K::HtmlIf => self.html_if(event, base),
            K::HtmlFor => self.html_for(event, base),
            K::HtmlError => self.html_error(event),
            K::FieldPat => self.field_pattern(event, base),
            K::DocComment => self.doc(event),
            K::NameList | K::TypeParams => {
                let names = self.names(event.first_token as usize, event.end_token as usize);
                wait(&mut self.parts.name_lists, names)
            }
            K::Derive => self.derive(event, base),
            K::Field => self.field(event, base),
            K::Variant => self.variant(event, base),
            K::Payload => self.payload(event, base),
            K::Param => self.param(event, base),
            K::Bound => self.bound(event, base),
            K::Signature => self.signature(event, base),
            K::Member => self.member(event, base),
            K::Route => self.route(event, base),
            K::RouteBody => self.route_body(event, base),
            K::ConfigField => self.config_field(event, base),
            K::FnDecl => self.fn_decl(event, base),
            K::Module => self.items(base),
            _ => self.item(event, base),
        }
    }

    /// The declarations of the module, in order. Functions inside an `impl`
    /// were taken by it.
    fn items(&mut self, base: usize) -> u32 {
        for at in base..self.stack.len() {
            let slot = self.stack[at];
            let value = slot.value as usize;
            let item = match slot.kind {
                K::Import => Item::Import(Id::from_index(value)),
                K::TypeDecl => Item::Type(Id::from_index(value)),
                K::EnumDecl => Item::Enum(Id::from_index(value)),
                K::InterfaceDecl => Item::Interface(Id::from_index(value)),
                K::ImplDecl => Item::Impl(Id::from_index(value)),
                K::FnDecl => Item::Fn(Id::from_index(value)),
                K::ComponentDecl => Item::Component(Id::from_index(value)),
                K::ServiceDecl => Item::Service(Id::from_index(value)),
                K::ConfigDecl => Item::Config(Id::from_index(value)),
                K::AppDecl => Item::App(Id::from_index(value)),
                K::MigrationDecl => Item::Migration(Id::from_index(value)),
                K::TestDecl => Item::Test(Id::from_index(value)),
                K::ErrorItem => {
                    let event = self.events[slot.event as usize];
                    Item::Error(self.range(&event))
                }
                _ => continue,
            };
            self.module.items.push(item);
        }
        0
    }

    fn item(&mut self, event: &Event, base: usize) -> u32 {
        let doc = self.doc_of(base);
        let range = self.range(event);
        let first = self.after_doc(event, base);
        let id = match event.kind {
            K::Requires => return self.requires(first, event.end_token as usize),
            K::Import => {
                let spec = self.import_spec(event, base, first);
                self.module
                    .imports
                    .push(Import { spec, range }, range)
                    .index()
            }
            K::TypeDecl => self.type_decl(event, base, doc, range),
            K::EnumDecl => {
                let decl = EnumDecl {
                    name: self.name(first + 1),
                    variants: self.collect(base, K::Variant, |parts| &mut parts.variants),
                    doc,
                    range,
                };
                self.module.enum_decls.push(decl, range).index()
            }
            K::InterfaceDecl => {
                let decl = InterfaceDecl {
                    name: self.name(first + 1),
                    members: self.collect(base, K::Member, |parts| &mut parts.members),
                    doc,
                    range,
                };
                self.module.interface_decls.push(decl, range).index()
            }
            K::ImplDecl => {
                let decl = ImplDecl {
                    interface: self.path_at(event, base, 0),
                    target: self.path_at(event, base, 1),
                    methods: self.ids(base, |kind| kind == K::FnDecl),
                    doc,
                    range,
                };
                self.drop_paths(base);
                self.module.impl_decls.push(decl, range).index()
            }
            K::ComponentDecl => {
                let decl = ComponentDecl {
                    sig: self.signature_of(event, base),
                    body: self.block_or_empty(event, base),
                    doc,
                    range,
                };
                self.module.component_decls.push(decl, range).index()
            }
            K::ServiceDecl => {
                let decl = ServiceDecl {
                    name: self.name(first + 1),
                    base: self.string_in(first + 2, event.end_token as usize),
                    routes: self.collect(base, K::Route, |parts| &mut parts.routes),
                    doc,
                    range,
                };
                self.module.service_decls.push(decl, range).index()
            }
            K::ConfigDecl => {
                let decl = ConfigDecl {
                    name: self.name(first + 1),
                    fields: self.collect(base, K::ConfigField, |parts| &mut parts.config_fields),
                    doc,
                    range,
                };
                self.module.config_decls.push(decl, range).index()
            }
            _ => return self.named_block(event, base, first, doc, range),
        };
        id as u32
    }

    fn named_block(
        &mut self,
        event: &Event,
        base: usize,
        first: usize,
        doc: Option<Doc>,
        range: TextRange,
    ) -> u32 {
        let id = match event.kind {
            K::AppDecl => {
                let name = self.string_at(first + 1);
                let body = self.block_or_empty(event, base);
                let decl = AppDecl {
                    name,
                    body,
                    doc,
                    range,
                };
                self.module.app_decls.push(decl, range).index()
            }
            K::TestDecl => {
                let name = self.string_at(first + 1);
                let body = self.block_or_empty(event, base);
                let decl = TestDecl {
                    name,
                    body,
                    doc,
                    range,
                };
                self.module.test_decls.push(decl, range).index()
            }
            K::MigrationDecl => {
                let id = self.migration_id(first + 1);
                let body = self.block_or_empty(event, base);
                let decl = MigrationDecl {
                    id,
                    body,
                    doc,
                    range,
                };
                self.module.migration_decls.push(decl, range).index()
            }
            _ => 0,
        };
        id as u32
    }

    fn migration_id(&mut self, token: usize) -> StrLit {
        let kind = self.kind(token);
        if kind != K::Int && !kind.is_word() {
            return self.string_at(token);
        }
        let text = self.token_text(token);
        StrLit {
            text: self.plain_text(text),
            range: self.token_range(token),
        }
    }

    /// The first plain string of the line at `token`.
    fn string_in(&mut self, token: usize, end: usize) -> StrLit {
        let found = (token..end)
            .take_while(|at| self.kind(*at) != K::Newline)
            .find(|at| self.kind(*at) == K::String);
        self.string_at(found.unwrap_or(token))
    }

    // Documentation.

    fn doc(&mut self, event: &Event) -> u32 {
        let (first, end) = (event.first_token as usize, event.end_token as usize);
        let mut lines = 0;
        for token in first..end {
            if self.kind(token) != K::Doc {
                continue;
            }
            let line = self.token_text(token);
            let line = line.strip_prefix("##").unwrap_or(line);
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            let buffer = self.module.texts.buffer();
            if lines > 0 {
                buffer.push('\n');
            }
            buffer.push_str(line);
            lines += 1;
        }
        let doc = Doc {
            text: ast::TextId::from_index(self.module.texts.close()),
            range: self.range(event),
        };
        wait(&mut self.parts.docs, doc)
    }

    fn doc_of(&mut self, base: usize) -> Option<Doc> {
        let slot = self
            .stack
            .get(base)
            .filter(|slot| slot.kind == K::DocComment)?;
        let doc = self.parts.docs[slot.value as usize];
        self.parts.docs.truncate(slot.value as usize);
        Some(doc)
    }

    /// The first token behind the doc comment.
    fn after_doc(&self, event: &Event, base: usize) -> usize {
        let doc = self
            .stack
            .get(base)
            .filter(|slot| slot.kind == K::DocComment);
        let token = doc.map_or(event.first_token, |slot| {
            self.events[slot.event as usize].end_token
        });
        token as usize
    }

    // Requires and imports.

    fn requires(&mut self, first: usize, end: usize) -> u32 {
        for token in first + 1..end {
            if self.kind(token).is_word() {
                let name = self.name(token);
                let capability = Capability::from_text(self.module.text(name));
                self.module.requires.push(Require { name, capability });
            }
        }
        0
    }

    fn import_spec(&mut self, event: &Event, base: usize, first: usize) -> ImportSpec {
        let named = self.slot(base, K::NameList);
        if let Some(slot) = named {
            let names = self.parts.name_lists[slot.value as usize];
            let after = self.events[slot.event as usize].end_token as usize;
            let path = self.import_path(event, base, after);
            return ImportSpec::Named { names, path };
        }
        let name = self.name(first + 1);
        if self.kind(first + 2) == K::Newline {
            return ImportSpec::Sibling { name };
        }
        if self.kind(first + 2) == K::Ident && self.token_text(first + 2) == "as" {
            return ImportSpec::Alias {
                name,
                alias: self.name(first + 3),
                path: self.import_path(event, base, first + 4),
            };
        }
        let path = self.import_path(event, base, first + 2);
        ImportSpec::From { name, path }
    }

    /// The path after `from`, which is at `token`.
    fn import_path(&mut self, event: &Event, base: usize, token: usize) -> ImportPath {
        if let Some(slot) = self.slot(base, K::Path) {
            let path = self.parts.paths[slot.value as usize];
            let text = self.module.path_text(path);
            let event = self.events[slot.event as usize];
            self.drop_paths(base);
            return ImportPath {
                text: self.plain_text(&text),
                quoted: false,
                range: self.range(&event),
            };
        }
        let literal = self.string_in(token, event.end_token as usize);
        ImportPath {
            text: literal.text,
            quoted: true,
            range: literal.range,
        }
    }

    // Types.

    fn path_part(&mut self, event: &Event) -> u32 {
        let names = self.names(event.first_token as usize, event.end_token as usize);
        let path = if names.is_empty() {
            self.missing_path(event)
        } else {
            Path { segments: names }
        };
        wait(&mut self.parts.paths, path)
    }

    fn type_decl(
        &mut self,
        event: &Event,
        base: usize,
        doc: Option<Doc>,
        range: TextRange,
    ) -> usize {
        let derive = self.slot(base, K::Derive).map(|slot| {
            let derive = self.parts.derives[slot.value as usize];
            self.parts.derives.truncate(slot.value as usize);
            derive
        });
        let decl = TypeDecl {
            name: self.path_at(event, base, 0),
            fields: self.collect(base, K::Field, |parts| &mut parts.fields),
            derive,
            doc,
            range,
        };
        self.drop_paths(base);
        self.module.type_decls.push(decl, range).index()
    }

    fn derive(&mut self, event: &Event, base: usize) -> u32 {
        let base_type = self.path_at(event, base, 0);
        // Names after the path and the word `without`.
        let after = self.slot(base, K::Path).map_or(event.first_token, |slot| {
            self.events[slot.event as usize].end_token
        });
        let without = self.names(after as usize + 1, event.end_token as usize);
        self.drop_paths(base);
        let derive = Derive {
            base: base_type,
            without,
        };
        wait(&mut self.parts.derives, derive)
    }

    fn field(&mut self, event: &Event, base: usize) -> u32 {
        let first = self.after_doc(event, base);
        let field = Field {
            name: self.name(first),
            ty: self.type_or_error(event, base, 0),
            default: self.nth_expr(base, 0),
            doc: self.doc_of(base),
            range: self.range(event),
        };
        wait(&mut self.parts.fields, field)
    }

    fn variant(&mut self, event: &Event, base: usize) -> u32 {
        let first = self.after_doc(event, base);
        let variant = Variant {
            name: self.name(first),
            payload: self.collect(base, K::Payload, |parts| &mut parts.payloads),
            doc: self.doc_of(base),
            range: self.range(event),
        };
        wait(&mut self.parts.variants, variant)
    }

    fn payload(&mut self, event: &Event, base: usize) -> u32 {
        let first = event.first_token as usize;
        let named = self.kind(first).is_word() && self.kind(first + 1) == K::Colon;
        let payload = Payload {
            name: named.then(|| self.name(first)),
            ty: self.type_or_error(event, base, 0),
        };
        wait(&mut self.parts.payloads, payload)
    }

    // Functions.

    fn param(&mut self, event: &Event, base: usize) -> u32 {
        let param = Param {
            name: self.name(event.first_token as usize),
            ty: self.type_or_error(event, base, 0),
            default: self.nth_expr(base, 0),
            range: self.range(event),
        };
        wait(&mut self.parts.params, param)
    }

    fn bound(&mut self, event: &Event, base: usize) -> u32 {
        let bound = Bound {
            param: self.name(event.first_token as usize),
            interface: self.path_at(event, base, 0),
            range: self.range(event),
        };
        self.drop_paths(base);
        wait(&mut self.parts.bounds, bound)
    }

    fn signature(&mut self, event: &Event, base: usize) -> u32 {
        let type_params = match self.slot(base, K::TypeParams) {
            Some(slot) => self.parts.name_lists[slot.value as usize],
            None => List::EMPTY,
        };
        let receiver = self.slot(base, K::SelfParam).map(|slot| {
            let event = self.events[slot.event as usize];
            self.range(&event)
        });
        let signature = Signature {
            name: self.name(event.first_token as usize),
            type_params,
            receiver,
            params: self.collect(base, K::Param, |parts| &mut parts.params),
            ret: self.nth_type(base, 0),
            bounds: self.collect(base, K::Bound, |parts| &mut parts.bounds),
            range: self.range(event),
        };
        wait(&mut self.parts.signatures, signature)
    }

    fn signature_of(&mut self, event: &Event, base: usize) -> Signature {
        if let Some(slot) = self.slot(base, K::Signature) {
            let signature = self.parts.signatures[slot.value as usize];
            self.parts.signatures.truncate(slot.value as usize);
            return signature;
        }
        let range = TextRange::empty(self.range(event).start);
        Signature {
            name: Name {
                symbol: ast::Symbol::EMPTY,
                start: range.start,
            },
            type_params: List::EMPTY,
            receiver: None,
            params: List::EMPTY,
            ret: None,
            bounds: List::EMPTY,
            range,
        }
    }

    fn fn_decl(&mut self, event: &Event, base: usize) -> u32 {
        let range = self.range(event);
        let decl = FnDecl {
            sig: self.signature_of(event, base),
            body: self.block_or_empty(event, base),
            doc: self.doc_of(base),
            range,
        };
        self.module.fn_decls.push(decl, range).index() as u32
    }

    fn member(&mut self, event: &Event, base: usize) -> u32 {
        let member = Member {
            sig: self.signature_of(event, base),
            doc: self.doc_of(base),
            range: self.range(event),
        };
        wait(&mut self.parts.members, member)
    }

    // Services and config.

    fn route(&mut self, event: &Event, base: usize) -> u32 {
        let first = self.after_doc(event, base);
        let verb = Verb::from_text(self.token_text(first)).unwrap_or(Verb::Get);
        let body = self.slot(base, K::RouteBody).map(|slot| {
            let body = self.parts.route_bodies[slot.value as usize];
            self.parts.route_bodies.truncate(slot.value as usize);
            body
        });
        let route = Route {
            verb,
            verb_range: self.token_range(first),
            path: self.route_path(first + 1),
            body,
            ret: self.type_or_error(event, base, 0),
            block: self.block_or_empty(event, base),
            doc: self.doc_of(base),
            range: self.range(event),
        };
        wait(&mut self.parts.routes, route)
    }

    fn route_body(&mut self, event: &Event, base: usize) -> u32 {
        let body = RouteBody {
            ty: self.type_or_error(event, base, 0),
            keyword: self.token_range(event.first_token as usize),
        };
        wait(&mut self.parts.route_bodies, body)
    }

    fn config_field(&mut self, event: &Event, base: usize) -> u32 {
        let first = self.after_doc(event, base);
        let field = ConfigField {
            name: self.name(first),
            ty: self.type_or_error(event, base, 0),
            default: self.expr_or_error(event, base, 0),
            doc: self.doc_of(base),
            range: self.range(event),
        };
        wait(&mut self.parts.config_fields, field)
    }
}

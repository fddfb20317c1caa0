//! From finished nodes to the AST, in one pass and without recursion.
//!
//! Nodes come children first. What each becomes waits on a stack until its
//! parent takes it.

mod decl;
mod expr;
mod route;
mod stmt;

use crate::ast::{
    self, Arg, Bound, ConfigField, Element, Expr, ExprId, Field, FieldPattern, HtmlArm, HtmlChild,
    Id, IfArm, LambdaParam, List, MapEntry, MatchArm, Member, Module, Name, Param, Path, Pattern,
    PatternId, Payload, Route, Symbol, TextId, TypeExpr, TypeExprId, Variant,
};
use crate::kind::SyntaxKind as K;
use crate::lex::{Logical, Tokens};
use crate::parse::{Event, Syntax};
use crate::span::TextRange;

/// A node that waits for its parent.
#[derive(Clone, Copy, Debug)]
struct Slot {
    event: u32,
    kind: K,
    /// The number of what was made of it: an id, or an index into the waiting
    /// parts of its kind.
    value: u32,
}

/// Parts that become elements of lists of their parents.
#[derive(Default)]
struct Parts {
    args: Vec<Arg>,
    entries: Vec<MapEntry>,
    lambda_params: Vec<LambdaParam>,
    if_arms: Vec<IfArm>,
    match_arms: Vec<MatchArm>,
    html_arms: Vec<HtmlArm>,
    children: Vec<HtmlChild>,
    child_lists: Vec<List<HtmlChild>>,
    field_patterns: Vec<FieldPattern>,
    name_lists: Vec<List<Name>>,
    paths: Vec<Path>,
    fields: Vec<Field>,
    variants: Vec<Variant>,
    payloads: Vec<Payload>,
    params: Vec<Param>,
    bounds: Vec<Bound>,
    members: Vec<Member>,
    routes: Vec<Route>,
    config_fields: Vec<ConfigField>,
    signatures: Vec<ast::Signature>,
    docs: Vec<ast::Doc>,
    derives: Vec<ast::Derive>,
    route_bodies: Vec<ast::RouteBody>,
}

struct Builder<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    logical: &'a Logical,
    events: &'a [Event],
    module: &'a mut Module,
    stack: Vec<Slot>,
    parts: Parts,
    type_lists: Vec<List<TypeExprId>>,
    /// Added to every offset: where the text starts in its file.
    offset: u32,
    /// What every position is, for text that does not stand in the file as it
    /// was parsed.
    fixed: Option<TextRange>,
}

/// Fills a module with what a file says.
pub(crate) fn module(syntax: &Syntax, text: &str, module: &mut Module) {
    let count = syntax.events.len();
    module.exprs.reserve(count / 2);
    module.stmts.reserve(count / 8);
    module.types.reserve(count / 8);
    module.names.reserve(count / 32);
    Builder::new(syntax, text, module, 0, None).run();
}

/// Puts the expression that a text is into a module.
pub(crate) fn expr(syntax: &Syntax, text: &str, module: &mut Module) -> ExprId {
    let mut builder = Builder::new(syntax, text, module, 0, None);
    builder.run();
    let root = builder.stack.last().copied();
    match root {
        Some(slot) if slot.kind.is_expr() => Id::from_index(slot.value as usize),
        _ => builder.module.exprs.push(Expr::Error, TextRange::default()),
    }
}

/// Puts the type that a text is into a module, with positions moved by
/// `offset` or fixed.
fn ty(
    syntax: &Syntax,
    text: &str,
    module: &mut Module,
    offset: u32,
    fixed: Option<TextRange>,
) -> Option<TypeExprId> {
    let mut builder = Builder::new(syntax, text, module, offset, fixed);
    builder.run();
    let root = builder.stack.last()?;
    root.kind
        .is_type()
        .then(|| Id::from_index(root.value as usize))
}

impl<'a> Builder<'a> {
    fn new(
        syntax: &'a Syntax,
        text: &'a str,
        module: &'a mut Module,
        offset: u32,
        fixed: Option<TextRange>,
    ) -> Self {
        Self {
            text,
            tokens: &syntax.tokens,
            logical: &syntax.logical,
            events: &syntax.events,
            module,
            stack: Vec::new(),
            parts: Parts::default(),
            type_lists: Vec::new(),
            offset,
            fixed,
        }
    }

    fn run(&mut self) {
        for index in 0..self.events.len() {
            let event = self.events[index];
            let mut base = self.stack.len();
            while base > 0 && self.stack[base - 1].event >= event.first_event {
                base -= 1;
            }
            let value = self.build(&event, base);
            self.stack.truncate(base);
            self.stack.push(Slot {
                event: index as u32,
                kind: event.kind,
                value,
            });
        }
    }

    fn build(&mut self, event: &Event, base: usize) -> u32 {
        let kind = event.kind;
        if kind.is_expr() {
            self.expr(event, base)
        } else if kind.is_type() {
            self.ty(event, base)
        } else if kind.is_pattern() {
            self.pattern(event, base)
        } else if kind.is_stmt() {
            self.stmt(event, base)
        } else {
            self.part(event, base)
        }
    }

    // Tokens.

    fn kind(&self, token: usize) -> K {
        self.logical.kinds.get(token).copied().unwrap_or(K::Eof)
    }

    fn raw_range(&self, token: usize) -> TextRange {
        let raw = self.logical.raw.get(token).copied();
        self.tokens
            .range(raw.map_or(self.tokens.len(), |raw| raw as usize))
    }

    /// Where a token stands; an end of line or block behind what it ends.
    fn token_range(&self, token: usize) -> TextRange {
        let range = self.raw_range(token);
        let range = match self.kind(token) {
            K::Newline | K::Dedent => TextRange::empty(range.end),
            _ => range,
        };
        self.moved(range)
    }

    fn moved(&self, range: TextRange) -> TextRange {
        self.fixed.unwrap_or(TextRange::new(
            range.start + self.offset,
            range.end + self.offset,
        ))
    }

    fn token_text(&self, token: usize) -> &'a str {
        let range = self.raw_range(token);
        self.text.get(range.as_usize()).unwrap_or("")
    }

    /// Where a node stands. Line ends at its end add nothing to it.
    fn range(&self, event: &Event) -> TextRange {
        let first = self.raw_range(event.first_token as usize);
        if event.end_token <= event.first_token {
            let start = self.token_range(event.first_token as usize).start;
            return TextRange::empty(start);
        }
        let last = self.raw_range(event.end_token as usize - 1);
        let range = TextRange::new(first.start, last.end.max(first.start));
        self.moved(range)
    }

    /// The name that a token is; the empty one when it is no word.
    fn name(&mut self, token: usize) -> Name {
        let start = self.token_range(token).start;
        if !self.kind(token).is_word() {
            return Name {
                symbol: Symbol::EMPTY,
                start,
            };
        }
        let text = self.token_text(token);
        Name {
            symbol: self.module.names.intern(text),
            start,
        }
    }

    /// The names among tokens, skipping what stands between them.
    fn names(&mut self, first: usize, end: usize) -> List<Name> {
        let start = self.pool_len::<Name>();
        for token in first..end {
            if self.kind(token).is_word() {
                let name = self.name(token);
                self.pool::<Name>().push(name);
            }
        }
        self.list_from(start)
    }

    // Lists.

    fn pool<T: Element>(&mut self) -> &mut Vec<T> {
        T::pool_mut(&mut self.module.pools)
    }

    fn pool_len<T: Element>(&self) -> usize {
        T::pool(self.module).len()
    }

    fn list_from<T: Element>(&self, start: usize) -> List<T> {
        List::of_pool(start, self.pool_len::<T>())
    }

    /// The waiting parts of one kind that are children, as a list.
    fn collect<T: Element + Copy>(
        &mut self,
        base: usize,
        kind: K,
        waiting: impl Fn(&mut Parts) -> &mut Vec<T>,
    ) -> List<T> {
        let pool = T::pool_mut(&mut self.module.pools);
        let start = pool.len();
        let parts = waiting(&mut self.parts);
        let mut first = parts.len();
        for slot in &self.stack[base..] {
            if slot.kind == kind {
                first = first.min(slot.value as usize);
                pool.push(parts[slot.value as usize]);
            }
        }
        // Whatever came after the first of them was taken by then.
        parts.truncate(first);
        let end = pool.len();
        List::of_pool(start, end)
    }

    /// The children of a class, as a list of ids.
    fn ids<T>(&mut self, base: usize, class: impl Fn(K) -> bool) -> List<Id<T>>
    where
        Id<T>: Element,
    {
        let pool = <Id<T> as Element>::pool_mut(&mut self.module.pools);
        let start = pool.len();
        for slot in &self.stack[base..] {
            if class(slot.kind) {
                pool.push(Id::from_index(slot.value as usize));
            }
        }
        let end = pool.len();
        List::of_pool(start, end)
    }

    // Children.

    fn nth_slot(&self, base: usize, nth: usize, class: impl Fn(K) -> bool) -> Option<Slot> {
        self.stack[base..]
            .iter()
            .filter(|slot| class(slot.kind))
            .nth(nth)
            .copied()
    }

    fn slot(&self, base: usize, kind: K) -> Option<Slot> {
        self.nth_slot(base, 0, |one| one == kind)
    }

    fn nth_expr(&self, base: usize, nth: usize) -> Option<ExprId> {
        let slot = self.nth_slot(base, nth, K::is_expr)?;
        Some(Id::from_index(slot.value as usize))
    }

    /// An expression that must be there; what is missing was reported.
    fn expr_or_error(&mut self, event: &Event, base: usize, nth: usize) -> ExprId {
        if let Some(id) = self.nth_expr(base, nth) {
            return id;
        }
        let end = self.range(event).end;
        self.module.exprs.push(Expr::Error, TextRange::empty(end))
    }

    fn nth_type(&self, base: usize, nth: usize) -> Option<TypeExprId> {
        let slot = self.nth_slot(base, nth, K::is_type)?;
        Some(Id::from_index(slot.value as usize))
    }

    fn type_or_error(&mut self, event: &Event, base: usize, nth: usize) -> TypeExprId {
        if let Some(id) = self.nth_type(base, nth) {
            return id;
        }
        let end = self.range(event).end;
        self.module
            .types
            .push(TypeExpr::Error, TextRange::empty(end))
    }

    fn nth_pattern(&self, base: usize, nth: usize) -> Option<PatternId> {
        let slot = self.nth_slot(base, nth, K::is_pattern)?;
        Some(Id::from_index(slot.value as usize))
    }

    fn pattern_or_error(&mut self, event: &Event, base: usize, nth: usize) -> PatternId {
        if let Some(id) = self.nth_pattern(base, nth) {
            return id;
        }
        let start = self.range(event).start;
        self.module
            .patterns
            .push(Pattern::Error, TextRange::empty(start))
    }

    fn block_or_empty(&mut self, event: &Event, base: usize) -> ast::BlockId {
        if let Some(slot) = self.slot(base, K::Block) {
            return Id::from_index(slot.value as usize);
        }
        let end = self.range(event).end;
        let empty = ast::Block { stmts: List::EMPTY };
        self.module.blocks.push(empty, TextRange::empty(end))
    }

    fn path_at(&mut self, event: &Event, base: usize, nth: usize) -> Path {
        match self.nth_slot(base, nth, |kind| kind == K::Path) {
            Some(slot) => self.parts.paths[slot.value as usize],
            None => self.missing_path(event),
        }
    }

    fn missing_path(&mut self, event: &Event) -> Path {
        let start = self.range(event).end;
        let at = self.pool_len::<Name>();
        self.pool().push(Name {
            symbol: Symbol::EMPTY,
            start,
        });
        Path {
            segments: self.list_from(at),
        }
    }

    // Texts.

    fn decoded(&mut self, token: usize) -> TextId {
        let text = self.token_text(token);
        let buffer = self.module.texts.buffer();
        crate::lex::decode_token(text, buffer);
        TextId::from_index(self.module.texts.close())
    }

    fn plain_text(&mut self, text: &str) -> TextId {
        TextId::from_index(self.module.texts.push(text))
    }

    /// The plain string that a token is; the empty one otherwise.
    fn string_at(&mut self, token: usize) -> ast::StrLit {
        let range = self.token_range(token);
        if self.kind(token) == K::String {
            let text = self.decoded(token);
            return ast::StrLit { text, range };
        }
        let text = self.plain_text("");
        ast::StrLit {
            text,
            range: TextRange::empty(range.start),
        }
    }
}

/// A part put aside until its parent takes it.
fn wait<T>(parts: &mut Vec<T>, part: T) -> u32 {
    parts.push(part);
    parts.len() as u32 - 1
}

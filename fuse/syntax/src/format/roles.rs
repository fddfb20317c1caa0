//! What tokens are in the tree, as far as spaces and commas depend on it.

use hashbrown::HashSet;

use crate::kind::SyntaxKind as K;
use crate::parse::{Event, Syntax, binary_op};

/// The role of a token, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Role(u8);

impl Role {
    /// No space before it.
    pub(super) const TIGHT_BEFORE: Self = Self(1);
    /// No space behind it.
    pub(super) const TIGHT_AFTER: Self = Self(2);
    pub(super) const TIGHT: Self = Self(3);
    /// A space on its inner side, though it is a bracket.
    pub(super) const SPACED: Self = Self(4);
    /// A comma that is not printed on one line.
    pub(super) const DROP: Self = Self(8);
    /// A comma that is printed as `..`.
    pub(super) const RANGE: Self = Self(16);
    /// A comma follows that is not there yet.
    pub(super) const COMMA_AFTER: Self = Self(32);
    /// A bracket whose elements get no trailing comma.
    pub(super) const NO_TRAILING: Self = Self(64);
    /// An angle bracket, which is never broken.
    pub(super) const ANGLE: Self = Self(128 | 3);

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The roles of all tokens, and the partners of all brackets.
pub(super) struct Roles {
    roles: Vec<Role>,
    /// For an opener the token that closes it, and for the start of a string
    /// its end.
    partners: Vec<u32>,
}

impl Roles {
    pub(super) fn of(&self, token: usize) -> Role {
        self.roles.get(token).copied().unwrap_or_default()
    }

    pub(super) fn partner(&self, token: usize) -> usize {
        self.partners.get(token).map_or(token, |at| *at as usize)
    }

    fn add(&mut self, token: usize, role: Role) {
        if let Some(own) = self.roles.get_mut(token) {
            own.0 |= role.0;
        }
    }

    /// A bracket that touches what stands before it. A comma before its
    /// closer goes.
    fn bracket(&mut self, kinds: &[K], open: usize) {
        self.add(open, Role::TIGHT_BEFORE);
        self.elements(kinds, open);
    }

    fn elements(&mut self, kinds: &[K], open: usize) {
        let close = self.partner(open);
        if close > open && kinds.get(close - 1) == Some(&K::Comma) {
            self.add(close - 1, Role::DROP);
        }
    }
}

pub(super) fn roles(syntax: &Syntax, text: &str) -> Roles {
    let kinds = &syntax.logical.kinds;
    let mut roles = Roles {
        roles: vec![Role::default(); kinds.len()],
        partners: partners(kinds),
    };
    let components = Components::of(syntax, text);
    for (index, event) in syntax.events.iter().enumerate() {
        node(syntax, text, &mut roles, &components, index, event);
    }
    roles
}

fn partners(kinds: &[K]) -> Vec<u32> {
    let mut partners = vec![0; kinds.len()];
    let mut open = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        match kind {
            K::LParen | K::LBracket | K::LBrace | K::InterpStart | K::StringStart => open.push(at),
            K::RParen | K::RBracket | K::RBrace | K::InterpEnd | K::StringEnd => {
                if let Some(opener) = open.pop() {
                    // A file of 16 MiB has fewer tokens than 2^32.
                    partners[opener] = at as u32;
                }
            }
            _ => {}
        }
    }
    partners
}

/// The children of a node, last to first.
pub(super) fn children_reversed(
    events: &[Event],
    index: usize,
) -> impl Iterator<Item = usize> + '_ {
    let first = events[index].first_event as usize;
    let mut next = index;
    std::iter::from_fn(move || {
        let child = next.checked_sub(1).filter(|child| *child >= first)?;
        next = events[child].first_event as usize;
        Some(child)
    })
}

fn node(
    syntax: &Syntax,
    text: &str,
    roles: &mut Roles,
    components: &Components<'_>,
    index: usize,
    event: &Event,
) {
    let kinds = &syntax.logical.kinds;
    let events = &syntax.events;
    let first = event.first_token as usize;
    let end = event.end_token as usize;
    // Where the first child ends, when there is at most one more.
    let after_first = || {
        let last = index.checked_sub(1)?;
        let before = events[last].first_event as usize;
        let first = if before > event.first_event as usize {
            before - 1
        } else {
            last
        };
        Some(events[first].end_token as usize)
    };
    match event.kind {
        K::UnaryExpr => roles.add(first, Role::TIGHT_AFTER),
        K::LiteralPat if kinds[first] == K::Minus => roles.add(first, Role::TIGHT_AFTER),
        K::BinaryExpr => {
            let Some(operator) = after_first() else {
                return;
            };
            if binary_op(event.detail).is_range() {
                roles.add(operator, Role::TIGHT);
            } else if kinds[operator] == K::Greater && kinds[operator + 1] == K::Assign {
                roles.add(operator + 1, Role::TIGHT_BEFORE);
            }
        }
        K::CoalesceExpr | K::BangExpr => {
            let Some(operator) = after_first() else {
                return;
            };
            roles.add(operator + 1, Role::TIGHT_BEFORE);
        }
        K::AssignStmt => compound_assignment(kinds, roles, events, index),
        K::IndexExpr => {
            let Some(mut open) = after_first() else {
                return;
            };
            if kinds[open] == K::Question {
                roles.add(open, Role::TIGHT_BEFORE);
                open += 1;
            }
            roles.add(open, Role::TIGHT_BEFORE);
            roles.add(open, Role::NO_TRAILING);
        }
        K::ParenExpr | K::ParenType => roles.add(first, Role::NO_TRAILING),
        K::ListExpr | K::MapExpr => roles.elements(kinds, first),
        K::NameList => {
            roles.add(first, Role::SPACED);
            roles.add(end - 1, Role::SPACED);
            roles.elements(kinds, first);
        }
        K::CallExpr => call(syntax, text, roles, components, index),
        K::TypeArgs | K::TypeParams => angles(kinds, roles, first, end - 1),
        K::ApplyType => {
            // The path is the first child.
            let path = children_reversed(events, index).last();
            if let Some(path) = path {
                angles(kinds, roles, events[path].end_token as usize, end - 1);
            }
        }
        K::OptionType => roles.add(end - 1, Role::TIGHT_BEFORE),
        K::ResultType => {
            for child in children_reversed(events, index) {
                let mark = events[child].end_token as usize;
                let role = if kinds.get(mark + 1) == Some(&K::Ident) && mark + 1 < end {
                    Role::TIGHT
                } else {
                    Role::TIGHT_BEFORE
                };
                if mark < end {
                    roles.add(mark, role);
                }
            }
        }
        K::RefinedType => refined(syntax, roles, index),
        K::FnType | K::LambdaExpr => roles.bracket(kinds, first + 1),
        K::Signature | K::Variant => {
            let after = (first..end).find(|at| kinds[*at] == K::LParen);
            if let Some(open) = after {
                roles.bracket(kinds, open);
            }
        }
        K::TuplePat | K::RecordPat => {
            let path = children_reversed(events, index).last();
            if let Some(path) = path {
                roles.bracket(kinds, events[path].end_token as usize);
            }
        }
        K::Arg | K::FieldPat
            if kinds[first].is_word() && kinds.get(first + 1) == Some(&K::Assign) =>
        {
            roles.add(first + 1, Role::TIGHT);
        }
        _ => {}
    }
}

fn compound_assignment(kinds: &[K], roles: &mut Roles, events: &[Event], index: usize) {
    let Some(place) = children_reversed(events, index).last() else {
        return;
    };
    let operator = events[place].end_token as usize;
    if kinds[operator] == K::Question {
        roles.add(operator + 1, Role::TIGHT_BEFORE);
        roles.add(operator + 2, Role::TIGHT_BEFORE);
    }
}

fn angles(kinds: &[K], roles: &mut Roles, open: usize, close: usize) {
    roles.add(open, Role::ANGLE);
    roles.add(close, Role::TIGHT_BEFORE);
    if kinds[close - 1] == K::Comma {
        roles.add(close - 1, Role::DROP);
    }
}

/// `T(1, 80)` becomes `T(1..80)`.
fn refined(syntax: &Syntax, roles: &mut Roles, index: usize) {
    let kinds = &syntax.logical.kinds;
    let events = &syntax.events;
    let children: Vec<usize> = children_reversed(events, index).collect();
    let Some(base) = children.last() else { return };
    roles.bracket(kinds, events[*base].end_token as usize);
    if let [high, low, _] = children[..]
        && is_number(syntax, low)
        && is_number(syntax, high)
    {
        let comma = events[low].end_token as usize;
        roles.add(comma, Role::RANGE);
        roles.add(comma, Role::TIGHT);
    }
}

/// A number literal, negated or not.
fn is_number(syntax: &Syntax, index: usize) -> bool {
    let event = &syntax.events[index];
    let kinds = &syntax.logical.kinds;
    let first = event.first_token as usize;
    match event.kind {
        K::LiteralExpr => matches!(kinds[first], K::Int | K::Float),
        K::UnaryExpr => {
            kinds[first] == K::Minus
                && event.end_token as usize == first + 2
                && matches!(kinds[first + 1], K::Int | K::Float)
        }
        _ => false,
    }
}

/// Names that decide whether a call has attributes or arguments.
struct Components<'a> {
    /// Components of this file.
    declared: HashSet<&'a str>,
    /// Names and aliases that other modules give; what they are is not known
    /// here.
    imported: HashSet<&'a str>,
    /// Functions of this file that have the name of a tag.
    functions: HashSet<&'a str>,
}

impl<'a> Components<'a> {
    fn of(syntax: &Syntax, text: &'a str) -> Self {
        let mut components = Self {
            declared: HashSet::new(),
            imported: HashSet::new(),
            functions: HashSet::new(),
        };
        let kinds = &syntax.logical.kinds;
        let word = |at: usize| token_text(syntax, text, at);
        for event in &syntax.events {
            let (first, end) = (event.first_token as usize, event.end_token as usize);
            match event.kind {
                K::Import => {
                    let words = (first + 1..end)
                        .take_while(|at| kinds[*at] != K::String)
                        .filter(|at| kinds[*at].is_word());
                    components.imported.extend(words.map(word));
                }
                K::Signature => {
                    // The parent follows and says what this is.
                    let keyword = first.checked_sub(1).map(word);
                    match keyword {
                        Some("component") => components.declared.insert(word(first)),
                        Some("fn") => components.functions.insert(word(first)),
                        _ => false,
                    };
                }
                _ => {}
            }
        }
        components
    }

    /// How the arguments of a call are separated. Nothing means as written.
    fn commas(&self, syntax: &Syntax, text: &str, callee: &Event) -> Option<bool> {
        let first = callee.first_token as usize;
        let name = token_text(syntax, text, first);
        match callee.kind {
            K::NameExpr if self.declared.contains(name) => Some(false),
            K::NameExpr if self.functions.contains(name) => Some(true),
            K::NameExpr if self.imported.contains(name) => {
                let capital = name.starts_with(|c: char| c.is_ascii_uppercase());
                if capital { None } else { Some(true) }
            }
            K::NameExpr => Some(!is_tag(name)),
            // A component, a type or a function of another module.
            K::MemberExpr if self.imported.contains(name) => {
                let last = token_text(syntax, text, callee.end_token as usize - 1);
                let capital = last.starts_with(|c: char| c.is_ascii_uppercase());
                if capital { None } else { Some(true) }
            }
            _ => Some(true),
        }
    }
}

fn token_text<'a>(syntax: &Syntax, text: &'a str, token: usize) -> &'a str {
    let raw = syntax.logical.raw.get(token).copied().unwrap_or(0);
    let range = syntax.tokens.range(raw as usize);
    text.get(range.as_usize()).unwrap_or("")
}

fn call(syntax: &Syntax, text: &str, roles: &mut Roles, components: &Components<'_>, index: usize) {
    let kinds = &syntax.logical.kinds;
    let events = &syntax.events;
    let mut args = Vec::new();
    let mut open = 0;
    let mut callee = index;
    for child in children_reversed(events, index) {
        match events[child].kind {
            K::Arg => args.push(child),
            _ => {
                open = open.max(events[child].end_token as usize);
                callee = child;
            }
        }
    }
    roles.bracket(kinds, open);
    args.reverse();
    // A block follows: its parent is the next node.
    let block =
        kinds.get(events[index].end_token as usize) == Some(&K::Colon) && has_block(events, index);
    let commas = if block {
        Some(false)
    } else {
        components.commas(syntax, text, &events[callee])
    };
    let named = |arg: &usize| {
        let first = events[*arg].first_token as usize;
        kinds[first].is_word() && kinds.get(first + 1) == Some(&K::Assign)
    };
    let comma_before = |arg: &usize| {
        let before = events[*arg].first_token as usize - 1;
        (kinds[before] == K::Comma).then_some(before)
    };
    let any_named = args.iter().any(named);
    for arg in args.iter().skip(1).filter(|arg| named(arg)) {
        match (commas, comma_before(arg)) {
            (Some(true), None) => {
                roles.add(events[*arg].first_token as usize - 1, Role::COMMA_AFTER);
            }
            (Some(false), Some(comma)) => roles.add(comma, Role::DROP),
            _ => {}
        }
    }
    let close = roles.partner(open);
    let trailing = match commas {
        Some(commas) => commas || !any_named,
        None => {
            let written = args.iter().skip(1).any(|arg| comma_before(arg).is_some());
            written || kinds.get(close - 1) == Some(&K::Comma) || !any_named
        }
    };
    if !trailing {
        roles.add(open, Role::NO_TRAILING);
    }
}

/// Whether the call is the target of an HTML block: the block then is the next
/// node that starts where the call ends, and its parent starts with the call.
fn has_block(events: &[Event], index: usize) -> bool {
    let call = &events[index];
    events[index + 1..]
        .iter()
        .find(|event| event.first_event <= index as u32)
        .is_some_and(|parent| parent.kind == K::HtmlExpr && parent.first_event == call.first_event)
}

/// Whether a name is that of an HTML tag.
#[must_use]
pub fn is_tag(name: &str) -> bool {
    TAGS.binary_search(&name).is_ok()
}

/// Sorted.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "applet",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "basefont",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "i",
    "iframe",
    "image",
    "img",
    "input",
    "ins",
    "isindex",
    "kbd",
    "keygen",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "marquee",
    "math",
    "menu",
    "meta",
    "meter",
    "nav",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "param",
    "picture",
    "plaintext",
    "pre",
    "progress",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "script",
    "search",
    "section",
    "select",
    "slot",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "video",
    "wbr",
    "xmp",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted() {
        assert!(TAGS.is_sorted());
        assert!(is_tag("div") && !is_tag("User"));
    }
}

//! Where syntax errors may hide names, so that a missing name is not reported
//! as a second mistake.

use fuse_syntax::ast::{self, ImportSpec, Item, Name};
use fuse_syntax::{Code, Parsed, TextRange};

/// What syntax errors of a module may hide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage {
    /// Where errors are that may have swallowed something, ascending.
    errors: Vec<u32>,
    /// Whether a declaration or import may be hidden.
    names: bool,
}

impl Damage {
    pub(crate) fn of(parsed: &Parsed) -> Self {
        let swallowing = parsed
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error() && swallows(diagnostic.code));
        let mut errors: Vec<u32> = swallowing.map(|diagnostic| diagnostic.span.start).collect();
        errors.sort_unstable();
        let mut damage = Self {
            errors,
            names: false,
        };
        damage.names = !damage.errors.is_empty() && damage.hides_names(&parsed.module);
        damage
    }

    /// Whether a declaration or import of the module may be hidden.
    pub(crate) fn hides_declarations(&self) -> bool {
        self.names
    }

    /// Whether something inside `range` may be hidden.
    pub(crate) fn within(&self, range: TextRange) -> bool {
        let at = self.errors.partition_point(|&error| error < range.start);
        self.errors.get(at).is_some_and(|&error| error <= range.end)
    }

    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        !self.errors.is_empty()
    }

    fn hides_names(&self, ast: &ast::Module) -> bool {
        let mut outside = self.errors.clone();
        for item in &ast.items {
            let (name, range) = match *item {
                Item::Error(_) => return true,
                Item::Import(id) => {
                    if self.within(ast[id].range) || imports_nothing(ast, ast[id].spec) {
                        return true;
                    }
                    continue;
                }
                Item::Type(id) => (ast[ast[id].name.segments].first().copied(), ast[id].range),
                Item::Enum(id) => (Some(ast[id].name), ast[id].range),
                Item::Interface(id) => (Some(ast[id].name), ast[id].range),
                Item::Fn(id) => (Some(ast[id].sig.name), ast[id].range),
                Item::Component(id) => (Some(ast[id].sig.name), ast[id].range),
                Item::Service(id) => (Some(ast[id].name), ast[id].range),
                Item::Config(id) => (Some(ast[id].name), ast[id].range),
                Item::Impl(id) => (None, ast[id].range),
                Item::App(id) => (None, ast[id].range),
                Item::Migration(id) => (None, ast[id].range),
                Item::Test(id) => (None, ast[id].range),
            };
            if name.is_some_and(Name::is_missing) {
                return true;
            }
            outside.retain(|&error| error < range.start || error > range.end);
        }
        !outside.is_empty()
    }
}

fn imports_nothing(ast: &ast::Module, spec: ImportSpec) -> bool {
    match spec {
        ImportSpec::Sibling { name } | ImportSpec::From { name, .. } => name.is_missing(),
        ImportSpec::Alias { alias, .. } => alias.is_missing(),
        ImportSpec::Named { names, .. } => ast[names].iter().any(|name| name.is_missing()),
    }
}

/// Whether an error of this code can take names with it. Inside a string or a
/// number there are none.
fn swallows(code: Code) -> bool {
    !matches!(
        code,
        Code::LEX_STRING_UNTERMINATED
            | Code::LEX_ESCAPE
            | Code::LEX_NUMBER
            | Code::LEX_INT_RANGE
            | Code::LEX_INTERP_EMPTY
            | Code::LEX_INTERP_TRAILING
            | Code::LEX_INTERP_UNTERMINATED
            | Code::HTML_BLOCK_TARGET
            | Code::HTML_BLOCK_CHILD
            | Code::PARSE_REQUIRES_ORDER
            | Code::PARSE_REQUIRES_DOC
            | Code::PARSE_CHAINED_COMPARISON
            | Code::DECL_QUALIFIED_NAME
    )
}

//! The AST as text for tests, and as bytes to compare two of them.

mod decl;
mod expr;
mod sink;
mod stmt;
mod types;

use sink::{Bytes, Sink, Text};

use super::{Doc, Expr, ExprId, Item, List, Module, Name, Path, StrLit, UnaryOp};

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
}

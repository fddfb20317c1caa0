//! Variables in scope.

use fuse_syntax::ast::{Name, Symbol};
use fuse_syntax::{Code, Diagnostic, TextRange};

use super::Checker;
use crate::typed::{Local, LocalId, LocalKind};
use crate::types::{Ty, TyKind};

/// The innermost variable of every name, with what each hides.
#[derive(Debug)]
pub(super) struct Scope {
    /// One more than the local's number, by symbol; zero is none.
    current: Vec<u32>,
    /// What is to be restored when a scope closes.
    hidden: Vec<(Symbol, u32)>,
    /// Open scopes: what was hidden when each opened, and the number of the
    /// first variable in it.
    opened: Vec<(usize, u32)>,
    usage: Vec<Usage>,
}

/// What the checker remembers about a variable besides its type.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Its value was read.
    pub(super) read: bool,
    /// It was assigned, or changed in part.
    pub(super) written: bool,
    /// It holds a task that was awaited since it was bound or assigned.
    pub(super) awaited: bool,
    /// It holds a task that was awaited somewhere, or misused and reported.
    pub(super) ever_awaited: bool,
    /// Where the block is spawned whose task it holds.
    pub(super) spawned: Option<TextRange>,
}

impl Scope {
    pub(super) fn new(names: usize) -> Self {
        Self {
            current: vec![0; names],
            hidden: Vec::new(),
            opened: Vec::new(),
            usage: Vec::new(),
        }
    }

    /// The variable a name means here.
    pub(super) fn get(&self, name: Symbol) -> Option<LocalId> {
        self.current[name.index()].checked_sub(1).map(LocalId)
    }

    fn bind(&mut self, name: Symbol, local: LocalId) {
        let slot = &mut self.current[name.index()];
        self.hidden.push((name, *slot));
        *slot = local.0 + 1;
    }

    /// The variable of that name which was bound in the innermost scope.
    fn bound_here(&self, name: Symbol) -> Option<LocalId> {
        let first = self.opened.last().map_or(0, |(_, first)| *first);
        self.get(name).filter(|local| local.0 >= first)
    }

    /// The symbols that mean a variable here.
    pub(super) fn names(&self) -> impl Iterator<Item = usize> {
        self.current
            .iter()
            .enumerate()
            .filter(|(_, local)| **local > 0)
            .map(|(index, _)| index)
    }
}

impl Checker<'_> {
    pub(super) fn open_scope(&mut self) {
        self.scope
            .opened
            .push((self.scope.hidden.len(), self.out.next_local()));
    }

    pub(super) fn close_scope(&mut self) {
        let Some((hidden, _)) = self.scope.opened.pop() else {
            return;
        };
        while self.scope.hidden.len() > hidden {
            if let Some((name, before)) = self.scope.hidden.pop() {
                self.scope.current[name.index()] = before;
            }
        }
    }

    pub(super) fn usage(&mut self, local: LocalId) -> &mut Usage {
        let at = local.0 as usize;
        if self.scope.usage.len() <= at {
            self.scope.usage.resize(at + 1, Usage::default());
        }
        &mut self.scope.usage[at]
    }

    /// Binds a name in the innermost scope. `_` and a missing name bind
    /// nothing.
    pub(super) fn declare(&mut self, name: Name, ty: Ty, kind: LocalKind) -> Option<LocalId> {
        if name.is_missing() || self.sym(name.symbol) == self.prelude.known.underscore {
            return None;
        }
        let range = self.ast.name_range(name);
        if let Some(first) = self.scope.bound_here(name.symbol) {
            let first = self.out.local(first).range;
            self.bound_twice(name, range, Some(first));
        } else if self.sym(name.symbol) == self.prelude.known.self_value
            && self.body.self_type.is_some()
        {
            self.bound_twice(name, range, None);
        }
        Some(self.declare_symbol(name.symbol, range, ty, kind))
    }

    fn bound_twice(&mut self, name: Name, range: TextRange, first: Option<TextRange>) {
        let text = self.ast.text(name);
        let message = format!("`{text}` is already bound here");
        let mut diagnostic = Diagnostic::new(Code::BINDING_DUPLICATE, self.at(range), message);
        diagnostic = match first {
            Some(first) => {
                diagnostic.related(self.at(first), format!("`{text}` is first bound here"))
            }
            None => diagnostic.hint("`self` is the receiver of the method"),
        };
        self.report(diagnostic);
    }

    pub(super) fn declare_symbol(
        &mut self,
        name: Symbol,
        range: TextRange,
        ty: Ty,
        kind: LocalKind,
    ) -> LocalId {
        let local = self.out.add_local(Local {
            name,
            range,
            ty,
            kind,
        });
        self.scope.bind(name, local);
        local
    }

    /// What is wrong with the variables of a body that ends: tasks that are
    /// never awaited, bindings that are never read.
    pub(super) fn end_of_body(&mut self, first: u32) {
        for index in first..self.out.next_local() {
            let local = LocalId(index);
            let known = *self.out.local(local);
            let usage = *self.usage(local);
            if matches!(self.types.kind(known.ty), TyKind::Task(_)) {
                self.unawaited(local, usage);
            } else if !usage.read {
                self.unused(local, usage);
            }
        }
    }
}

//! What exists without a declaration, by interned name.

use fuse_builtins::{
    BUILTINS, Builtin, BuiltinId, Constant, Constructor, Home, MEMBERS, Member, MemberId,
    NORMAL_TAGS, Receiver, VOID_TAGS,
};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::decls::Symbols;
use crate::ids::Sym;

/// What a bare name means when nothing of the program has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PreludeEntry {
    Constructor(Constructor),
    Function,
    Namespace(Home),
}

/// The built-in names of a session.
#[derive(Debug)]
pub(crate) struct Prelude {
    names: FxHashMap<Sym, PreludeEntry>,
    /// Tags; whether each is void.
    tags: FxHashMap<Sym, bool>,
    functions: FxHashMap<(Home, Sym), SmallVec<[BuiltinId; 2]>>,
    members: FxHashMap<(Receiver, Sym), SmallVec<[MemberId; 2]>>,
    constants: FxHashMap<(Home, Sym), &'static Constant>,
    function_params: Vec<Vec<Sym>>,
    member_params: Vec<Vec<Sym>>,
    pub(crate) known: Known,
}

/// Names the checker itself asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) underscore: Sym,
    pub(crate) self_value: Sym,
    pub(crate) self_type: Sym,
    pub(crate) attrs: Sym,
    pub(crate) children: Sym,
    pub(crate) body: Sym,
    pub(crate) std: Sym,
    pub(crate) error: Sym,
    pub(crate) input: Sym,
    pub(crate) some: Sym,
    pub(crate) none: Sym,
    pub(crate) ok: Sym,
    pub(crate) err: Sym,
}

impl Prelude {
    pub(crate) fn new(symbols: &mut Symbols) -> Self {
        let mut names = FxHashMap::default();
        for name in fuse_builtins::prelude_names() {
            let entry = match fuse_builtins::find_prelude(name) {
                Some(fuse_builtins::PreludeName::Constructor(one)) => {
                    PreludeEntry::Constructor(one)
                }
                Some(fuse_builtins::PreludeName::Function(_)) => PreludeEntry::Function,
                Some(fuse_builtins::PreludeName::Namespace(home)) => PreludeEntry::Namespace(home),
                None => continue,
            };
            names.insert(symbols.intern(name), entry);
        }
        let normal = NORMAL_TAGS.iter().map(|tag| (*tag, false));
        let void = VOID_TAGS.iter().map(|tag| (*tag, true));
        let tags = normal
            .chain(void)
            .map(|(tag, void)| (symbols.intern(tag), void))
            .collect();
        let mut functions: FxHashMap<(Home, Sym), SmallVec<[BuiltinId; 2]>> = FxHashMap::default();
        for row in &BUILTINS {
            functions
                .entry((row.home, symbols.intern(row.name)))
                .or_default()
                .push(row.id);
        }
        let mut members: FxHashMap<(Receiver, Sym), SmallVec<[MemberId; 2]>> = FxHashMap::default();
        for row in &MEMBERS {
            members
                .entry((row.receiver, symbols.intern(row.name)))
                .or_default()
                .push(row.id);
        }
        let constants = fuse_builtins::CONSTANTS
            .iter()
            .map(|constant| ((constant.home, symbols.intern(constant.name)), constant))
            .collect();
        let mut params = |params: &[fuse_builtins::Param]| {
            params
                .iter()
                .map(|param| symbols.intern(param.name))
                .collect()
        };
        let function_params = BUILTINS.iter().map(|row| params(row.params)).collect();
        let member_params = MEMBERS.iter().map(|row| params(row.params)).collect();
        let known = Known::new(symbols);
        Self {
            names,
            tags,
            functions,
            members,
            constants,
            function_params,
            member_params,
            known,
        }
    }

    pub(crate) fn name(&self, name: Sym) -> Option<PreludeEntry> {
        self.names.get(&name).copied()
    }

    /// Whether the name is a tag, and whether that is void.
    pub(crate) fn tag(&self, name: Sym) -> Option<bool> {
        self.tags.get(&name).copied()
    }

    /// The rows of a name in a namespace, a type or the prelude.
    pub(crate) fn functions(
        &self,
        home: Home,
        name: Sym,
    ) -> impl Iterator<Item = &'static Builtin> {
        let rows = self
            .functions
            .get(&(home, name))
            .map_or(&[][..], |rows| rows);
        rows.iter().map(|id| &BUILTINS[*id as usize])
    }

    /// The rows of a member of a built-in type.
    pub(crate) fn members(
        &self,
        receiver: Receiver,
        name: Sym,
    ) -> impl Iterator<Item = &'static Member> {
        let rows = self
            .members
            .get(&(receiver, name))
            .map_or(&[][..], |rows| rows);
        rows.iter().map(|id| &MEMBERS[*id as usize])
    }

    pub(crate) fn constant(&self, home: Home, name: Sym) -> Option<&'static Constant> {
        self.constants.get(&(home, name)).copied()
    }

    pub(crate) fn function_params(&self, id: BuiltinId) -> &[Sym] {
        &self.function_params[id as usize]
    }

    pub(crate) fn member_params(&self, id: MemberId) -> &[Sym] {
        &self.member_params[id as usize]
    }
}

impl Known {
    fn new(symbols: &mut Symbols) -> Self {
        Self {
            underscore: symbols.intern("_"),
            self_value: symbols.intern("self"),
            self_type: symbols.intern("Self"),
            attrs: symbols.intern("attrs"),
            children: symbols.intern("children"),
            body: symbols.intern("body"),
            std: symbols.intern("std"),
            error: symbols.intern("Error"),
            input: symbols.intern("input"),
            some: symbols.intern("Some"),
            none: symbols.intern("None"),
            ok: symbols.intern("Ok"),
            err: symbols.intern("Err"),
        }
    }
}

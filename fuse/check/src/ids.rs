//! Identities of what a program declares.
//!
//! Every identity is a module and an index into one table of that module
//! (see [`crate::decls`]), so an edit of one module leaves the identities of
//! all others as they were.

use crate::load::ModuleId;

/// A name, interned once for all modules of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sym(pub u32);

macro_rules! declared {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name {
            /// The module that declares it.
            pub module: ModuleId,
            /// Its place in the module's table of this kind, in source order.
            pub index: u32,
        }

        impl $name {
            /// The identity at `index` of `module`'s table.
            #[must_use]
            pub const fn new(module: ModuleId, index: u32) -> Self {
                Self { module, index }
            }
        }
    )*};
}

declared! {
    /// A `type` declaration, or a built-in record.
    RecordId;
    /// An `enum` declaration.
    EnumId;
    /// An `interface` declaration.
    InterfaceId;
    /// An `impl` block.
    ImplId;
    /// Anything with a signature: a function, a component, a member of an
    /// interface or a method of an `impl` block.
    FnId;
    /// A `config` declaration.
    ConfigId;
    /// A `service` declaration.
    ServiceId;
}

impl RecordId {
    /// The built-in record at this number of `fuse_builtins::RECORDS`.
    #[must_use]
    pub const fn builtin(record: fuse_builtins::RecordId) -> Self {
        Self::new(BUILTIN, record as u32)
    }

    /// Whether no module declares it.
    #[must_use]
    pub fn is_builtin(self) -> bool {
        self.module == BUILTIN
    }
}

/// The module of what no module declares.
const BUILTIN: ModuleId = ModuleId(u32::MAX);

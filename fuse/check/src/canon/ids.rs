//! Numbers that stand for the parts of a program.

use std::{fmt, num::NonZeroU32};

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident $prefix:literal;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id at a place of its table.
            ///
            /// # Panics
            ///
            /// When the table has four thousand million entries, which no
            /// program whose files are bounded reaches.
            #[must_use]
            pub const fn from_index(index: usize) -> Self {
                assert!(index < u32::MAX as usize, "a table has too many entries");
                #[expect(clippy::cast_possible_truncation, reason = "checked above")]
                match NonZeroU32::new(index as u32 + 1) {
                    Some(number) => Self(number),
                    None => unreachable!(),
                }
            }

            /// The place in its table.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.index())
            }
        }
    )*};
}

ids! {
    /// A text of the program: a literal, a name, a doc comment.
    StrId "str";
    /// A type, in [`Types`](super::Types).
    TypeId "type";
    /// A record type.
    RecordId "record";
    /// An enum type.
    EnumId "enum";
    /// The constraints of a refined type.
    RefinementId "refinement";
    /// A source file.
    FileId "file";
    /// A module.
    ModuleId "module";
    /// A package.
    PackageId "package";
    /// A function.
    FunctionId "fn";
    /// A config.
    ConfigId "config";
    /// An imported asset.
    AssetId "asset";
    /// A variable of a function.
    LocalId "local";
    /// An expression of a function.
    ExprId "expr";
    /// A statement of a function.
    StmtId "stmt";
    /// A pattern of a function.
    PatternId "pattern";
    /// A place of a function: something that can be assigned.
    PlaceId "place";
}

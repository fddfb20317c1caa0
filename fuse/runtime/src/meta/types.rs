//! Descriptors of types: what the runtime knows of a Fuse type while a program runs.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use fuse_builtins::RecordId;

use super::refine::Constraint;

/// What a type is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No value.
    Never,
    /// One value.
    Unit,
    /// `true` or `false`.
    Bool,
    /// 64-bit signed integer.
    Int,
    /// IEEE 754 binary64.
    Float,
    /// UTF-8 text.
    String,
    /// Text that is not empty.
    Id,
    /// Text with the shape of a mail address.
    Email,
    /// Octets.
    Bytes,
    /// Markup.
    Html,
    /// Data whose kind is only known at run time.
    Value,
    /// A value of `elem`, or null.
    Option,
    /// Ordered elements of `elem`.
    List,
    /// Entries from `key` to `elem` in insertion order.
    Map,
    /// A nominal record of `fields`.
    Record,
    /// A nominal sum of `variants`.
    Enum,
    /// `Ok` of `elem` or `Err` of `key`.
    Result,
    /// One of several error domains.
    Union,
    /// Code with captured values.
    Func,
    /// A shared mutable cell of `elem`.
    Cell,
    /// Running work that yields `elem`.
    Task,
    /// A description of a database query.
    Query,
}

/// How a value of a type lies in memory: in a list, a map, a field, a payload,
/// a cell or a captured tuple.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Nothing is stored.
    Unit,
    /// One byte, 0 or 1.
    Bool,
    /// Two bytes: the index of a variant without payload.
    Tag,
    /// Eight bytes.
    Int,
    /// Eight bytes.
    Float,
    /// Pointer to an object, never null.
    Ref,
    /// Two words: the tag ([`DynTag`]) and the payload.
    Dyn,
    /// One byte: 0 is null, 1 is present.
    OptUnit,
    /// One byte: 0 or 1, [`OPT_BOOL_NULL`] is null.
    OptBool,
    /// Two bytes: the index of a variant, [`OPT_TAG_NULL`] is null.
    OptTag,
    /// Two words: the number, then 1 if present.
    OptInt,
    /// Two words: the number, then 1 if present.
    OptFloat,
    /// Pointer to an object, or null.
    OptRef,
}

/// The byte that stands for null in [`Slot::OptBool`].
pub const OPT_BOOL_NULL: u8 = 2;
/// The number that stands for null in [`Slot::OptTag`].
pub const OPT_TAG_NULL: u16 = u16::MAX;

/// First word of a [`Slot::Dyn`]. The second is the number, the bits of the
/// float, 0 or 1 for a `Bool`, the pointer, or 0 for null.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynTag {
    /// Null.
    Null = 0,
    /// A `Bool`.
    Bool = 1,
    /// An `Int`.
    Int = 2,
    /// A `Float`.
    Float = 3,
    /// An object; its header says of which type.
    Ref = 4,
}

impl Slot {
    /// Bytes that a value takes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Unit => 0,
            Self::Bool | Self::OptUnit | Self::OptBool => 1,
            Self::Tag | Self::OptTag => 2,
            Self::Int | Self::Float | Self::Ref | Self::OptRef => 8,
            Self::Dyn | Self::OptInt | Self::OptFloat => 16,
        }
    }

    /// Alignment of a value in bytes.
    #[must_use]
    pub const fn align(self) -> usize {
        match self {
            Self::Unit | Self::Bool | Self::OptUnit | Self::OptBool => 1,
            Self::Tag | Self::OptTag => 2,
            _ => 8,
        }
    }

    /// The slot of the option of a type with this slot.
    #[must_use]
    pub const fn optional(self) -> Self {
        match self {
            Self::Unit => Self::OptUnit,
            Self::Bool => Self::OptBool,
            Self::Tag => Self::OptTag,
            Self::Int => Self::OptInt,
            Self::Float => Self::OptFloat,
            Self::Ref => Self::OptRef,
            // Null is already among the values of these.
            Self::Dyn => Self::Dyn,
            optional => optional,
        }
    }
}

/// A reference from one descriptor to another, which may be set after both
/// exist, since types refer to each other in circles.
#[repr(transparent)]
pub struct Link(AtomicPtr<TypeDesc>);

impl Link {
    /// A link to nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// A link to `desc`.
    #[must_use]
    pub const fn to(desc: &'static TypeDesc) -> Self {
        Self(AtomicPtr::new(ptr::from_ref(desc).cast_mut()))
    }

    /// Points the link at `desc`.
    pub fn set(&self, desc: &'static TypeDesc) {
        self.0
            .store(ptr::from_ref(desc).cast_mut(), Ordering::Release);
    }

    /// What the link points at.
    #[must_use]
    pub fn get(&self) -> Option<&'static TypeDesc> {
        let pointer = self.0.load(Ordering::Acquire);
        // SAFETY: the pointer is null or was made from a `&'static TypeDesc` by `to` or `set`.
        #[allow(unsafe_code)]
        unsafe {
            pointer.cast_const().as_ref()
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(desc) => write!(f, "{desc}"),
            None => f.write_str("-"),
        }
    }
}

/// What fills a field that is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldDefault {
    /// Nothing: null if the field is optional, else the field is required.
    None,
    /// The result of a function of the program.
    Call {
        /// The function; its arguments are the fields before this one.
        function: FnId,
        /// Whether the result is still to be validated against the type of the field.
        checked: bool,
    },
    /// A number.
    Int(i64),
    /// A text.
    Text(&'static str),
}

/// A function of the program, as the backend counts them.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FnId(pub u32);

/// A field of a record.
#[repr(C)]
#[derive(Debug)]
pub struct Field {
    /// Name as in source.
    pub name: &'static str,
    /// The name as a JSON key: quoted, escaped, with the colon.
    pub json_key: &'static str,
    /// Doc comment.
    pub doc: &'static str,
    /// Its type.
    pub ty: Link,
    /// What fills it when absent.
    pub default: FieldDefault,
    /// Bytes from the start of the object.
    pub offset: u32,
    /// Whether the name suggests a secret, so that values never reach messages.
    pub secret: bool,
}

impl Field {
    /// The type of the field.
    #[must_use]
    pub fn desc(&self) -> &'static TypeDesc {
        linked(&self.ty)
    }
}

/// A variant of an enum.
#[repr(C)]
#[derive(Debug)]
pub struct Variant {
    /// Name as in source.
    pub name: &'static str,
    /// Doc comment.
    pub doc: &'static str,
    /// What it carries, in order.
    pub payload: &'static [Payload],
    /// Bytes of an object of this variant, header included.
    pub size: u32,
    /// The one object of a variant without payload, immortal; null for others.
    pub unit: UnitObject,
}

/// Address of the object of a variant without payload.
#[repr(transparent)]
#[derive(Debug)]
pub struct UnitObject(pub(crate) AtomicPtr<u8>);

impl UnitObject {
    /// None yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }
}

/// A value that a variant carries.
#[repr(C)]
#[derive(Debug)]
pub struct Payload {
    /// Name, empty when positional.
    pub name: &'static str,
    /// Its type.
    pub ty: Link,
    /// Bytes from the start of the object.
    pub offset: u32,
}

impl Payload {
    /// The type of the payload.
    #[must_use]
    pub fn desc(&self) -> &'static TypeDesc {
        linked(&self.ty)
    }
}

/// A type.
///
/// Plain data at fixed places, so that compiled images can carry it and use it
/// where it lies. Made by [`TypeTable`](super::TypeTable); a few that every
/// program has are in [`well_known`](super::well_known).
#[repr(C)]
pub struct TypeDesc {
    /// What it is; a refined type has the kind of its base.
    pub kind: Kind,
    /// How its values lie in memory.
    pub slot: Slot,
    /// Which built-in record it is, if it is one.
    pub builtin: Option<RecordId>,
    /// Bytes of an object, header included; for records only.
    pub size: u32,
    /// Name of a nominal type as in source, unqualified.
    pub name: &'static str,
    /// Doc comment of a nominal type.
    pub doc: &'static str,
    /// Element of a list, value of a map, content of an option, a cell, a task
    /// or `Ok`.
    pub elem: Link,
    /// Key of a map, content of `Err`.
    pub key: Link,
    /// The type without its constraints, for refined types.
    pub base: Link,
    /// Fields of a record in declaration order.
    pub fields: &'static [Field],
    /// Indexes into `fields` in the order of JSON.
    pub sorted: &'static [u32],
    /// Variants of an enum.
    pub variants: &'static [Variant],
    /// Domains of a union.
    pub members: &'static [Link],
    /// Constraints of a refined type, left to right.
    pub constraints: &'static [Constraint],
}

impl TypeDesc {
    /// A type without parts.
    #[must_use]
    pub const fn plain(kind: Kind, slot: Slot) -> Self {
        Self {
            kind,
            slot,
            builtin: None,
            size: 0,
            name: "",
            doc: "",
            elem: Link::none(),
            key: Link::none(),
            base: Link::none(),
            fields: &[],
            sorted: &[],
            variants: &[],
            members: &[],
            constraints: &[],
        }
    }

    /// A type that stands in a constant and contains `elem`.
    #[must_use]
    pub(crate) const fn holding(kind: Kind, slot: Slot, elem: &'static Self) -> Self {
        let mut desc = Self::plain(kind, slot);
        desc.elem = Link::to(elem);
        desc
    }

    /// The type of elements, entries, contents or `Ok`.
    ///
    /// # Panics
    ///
    /// If the kind has none: a defect of whoever made the program.
    #[must_use]
    pub fn elem(&self) -> &'static Self {
        linked(&self.elem)
    }

    /// The type of keys or of `Err`.
    ///
    /// # Panics
    ///
    /// If the kind has none: a defect of whoever made the program.
    #[must_use]
    pub fn key(&self) -> &'static Self {
        linked(&self.key)
    }

    /// The type without constraints.
    #[must_use]
    pub fn unrefined(&'static self) -> &'static Self {
        self.base.get().unwrap_or(self)
    }

    /// Whether both are one nominal type, whatever their constraints.
    #[must_use]
    pub fn is_same_nominal(&'static self, other: &'static Self) -> bool {
        ptr::eq(self.unrefined(), other.unrefined())
    }

    /// Whether values are text in memory.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::String | Kind::Id | Kind::Email)
    }

    /// Whether null is among the values.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self.kind, Kind::Option | Kind::Value)
    }

    /// The position of a field.
    #[must_use]
    pub fn field_index(&self, name: &str) -> Option<usize> {
        if self.sorted.is_empty() {
            return self.fields.iter().position(|field| field.name == name);
        }
        // Input may have any number of keys, so none is compared with every field.
        let name_of = |index: &u32| self.fields[*index as usize].name.as_bytes();
        let found = self
            .sorted
            .binary_search_by(|index| name_of(index).cmp(name.as_bytes()));
        found.ok().map(|at| self.sorted[at] as usize)
    }

    /// The position of a variant.
    #[must_use]
    pub fn variant_index(&self, name: &str) -> Option<usize> {
        self.variants
            .iter()
            .position(|variant| variant.name == name)
    }

    /// Whether the variants of an enum carry nothing, so that a value is a number.
    #[must_use]
    pub fn is_payload_free(&self) -> bool {
        self.kind == Kind::Enum && self.slot == Slot::Tag
    }
}

/// The display form of types: `List<Int>`, `User?`, `Int!Gone`.
impl fmt::Display for TypeDesc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Never => f.write_str("Never"),
            Kind::Unit => f.write_str("Unit"),
            Kind::Bool => f.write_str("Bool"),
            Kind::Int => f.write_str("Int"),
            Kind::Float => f.write_str("Float"),
            Kind::String => f.write_str("String"),
            Kind::Id => f.write_str("Id"),
            Kind::Email => f.write_str("Email"),
            Kind::Bytes => f.write_str("Bytes"),
            Kind::Html => f.write_str("Html"),
            Kind::Value => f.write_str("Value"),
            Kind::Query => f.write_str("Query"),
            Kind::Func => f.write_str("fn"),
            Kind::Record | Kind::Enum => f.write_str(self.name),
            Kind::Option => write!(f, "{:?}?", self.elem),
            Kind::List => write!(f, "List<{:?}>", self.elem),
            Kind::Map => write!(f, "Map<{:?}, {:?}>", self.key, self.elem),
            Kind::Result => write!(f, "{:?}!{:?}", self.elem, self.key),
            Kind::Cell => write!(f, "Box<{:?}>", self.elem),
            Kind::Task => write!(f, "Task<{:?}>", self.elem),
            Kind::Union => {
                for (index, member) in self.members.iter().enumerate() {
                    let separator = if index > 0 { "!" } else { "" };
                    write!(f, "{separator}{member:?}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for TypeDesc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypeDesc({self})")
    }
}

fn linked(link: &Link) -> &'static TypeDesc {
    link.get()
        .expect("a part that the kind of the type has is always linked")
}

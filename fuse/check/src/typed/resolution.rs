//! What names, members, calls, operators and patterns mean.

use fuse_builtins::{BuiltinId, Constant, MemberId};
use fuse_syntax::TextRange;
use fuse_syntax::ast::{ExprId, HtmlBlockId, Symbol};

use super::LocalId;
use crate::ids::{ConfigId, EnumId, FnId, RecordId, Sym};
use crate::load::AssetId;
use crate::types::Ty;

/// The meaning of one expression.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Resolution {
    /// A variable.
    Local(LocalId),
    /// A function as a value.
    Function(FnId),
    /// A variant with payload, uncalled: a function value.
    VariantFunction(EnumId, u32),
    /// A variant without payload.
    Variant(EnumId, u32),
    /// `None`.
    None,
    /// An imported asset.
    Asset(AssetId),
    /// A field of a config.
    ConfigField(ConfigId, u32),
    /// A constant of a built-in namespace (`math.pi`).
    BuiltinConstant(&'static Constant),
    /// A field of a record, by its place.
    Field(RecordId, u32),
    /// A field that every member of an error union has, with one type.
    UnionField(Sym),
    /// `.name` of dynamic data, read at run time.
    ValueField(Sym),
    /// `[i]`.
    Index(IndexKind),
    /// A call, by its number; see [`TypedModule::call`](super::TypedModule::call).
    Call(u32),
    /// An operator between two operands.
    Binary(BinaryKind),
    /// An operator before its operand.
    Unary(UnaryKind),
    /// `a ?? b` where `a` can be null; elsewhere there is none, and the value
    /// is `a`.
    Coalesce,
    /// `a ?!` or `a ?! e`.
    Bang(BangKind),
}

/// How `[i]` reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexKind {
    /// Element of a list; out of bounds is a fault.
    List,
    /// Element of a list; null out of bounds.
    ListOrNull,
    /// Value of a map; an absent key is a fault.
    Map,
    /// Value of a map; null for an absent key.
    MapOrNull,
    /// One scalar value of a text; out of bounds is a fault.
    Text,
    /// One scalar value of a text; null out of bounds.
    TextOrNull,
    /// One byte; out of bounds is a fault.
    Bytes,
    /// Dynamic data; an absent key is null.
    Value,
}

/// An operator between two operands, by what it computes. Operands have the
/// coercions they need: an integer that meets a float is widened, except in
/// comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryKind {
    /// Checked 64-bit arithmetic.
    Int,
    /// Float arithmetic; an integer operand is converted, rounding to nearest
    /// even.
    Float,
    /// Text of both sides, joined; one side may be any displayable value.
    Concat,
    /// Two lists, joined.
    ListConcat,
    /// Two byte strings, joined.
    BytesConcat,
    /// `==` and `!=` of values of one shape.
    Equal,
    /// `==` and `!=` of an optional value with one that may not be.
    EqualOptional,
    /// `==` and `!=` of an optional value with `null`.
    EqualNull,
    /// `==`, `!=` and ordering of two integers.
    CompareInt,
    /// `==`, `!=` and ordering of two floats.
    CompareFloat,
    /// `==`, `!=` and ordering of an integer and a float, exact.
    CompareMixed,
    /// Ordering of two texts, by scalar values.
    CompareText,
    /// `and`, `or`.
    Logic,
    /// A range of integers.
    IntRange,
    /// A range of floats in steps of one.
    FloatRange,
    /// At least one operand is dynamic; the operator is chosen at run time.
    Dynamic,
}

/// An operator before its operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryKind {
    /// Checked negation.
    NegInt,
    /// Negation of a float.
    NegFloat,
    /// `!`.
    Not,
    /// The operand is dynamic.
    Dynamic,
}

/// What `?!` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BangKind {
    /// Null leaves with the given error.
    OptionElse,
    /// `null ?! e`: always leaves.
    Raise,
    /// An error leaves as it is; its domain is one of the body's.
    Propagate,
    /// An error leaves as the given one.
    ResultElse,
    /// Dynamic null leaves with the given error.
    ValueElse,
}

/// A call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallInfo {
    /// What is called.
    pub callee: Callee,
    /// See [`TypedModule::args`](super::TypedModule::args).
    pub(crate) args: (u32, u32),
    /// See [`TypedModule::type_args`](super::TypedModule::type_args).
    pub(crate) type_args: (u32, u32),
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A function.
    Function(FnId),
    /// A method of an `impl` block.
    Method(FnId, Receiver),
    /// A member of the interface that bounds a type parameter; the type is
    /// the parameter. The `impl` is found when the parameter is known.
    BoundMember {
        /// The member of the interface.
        member: FnId,
        /// The type whose `impl` supplies it.
        of: Ty,
        /// On what it is called.
        receiver: Receiver,
    },
    /// A component; the number of its [`Element`]. Arguments are those of the
    /// declared parameters, without `attrs` and `children`.
    Component(FnId, u32),
    /// Construction of a record. Arguments are in field order.
    Record(RecordId),
    /// Construction of a variant. Arguments are in payload order.
    Variant(EnumId, u32),
    /// `Some(v)`.
    Some,
    /// `Ok(v)`.
    Ok,
    /// `Err(e)`.
    Err,
    /// A tag; the number of its [`Element`].
    Tag(Symbol, u32),
    /// A built-in function.
    Builtin(BuiltinId),
    /// A member of a built-in type, called on a value.
    Member(MemberId, ExprId),
    /// A function value: the callee itself is evaluated.
    Value,
}

/// On what a method is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// On this value.
    Value(ExprId),
    /// On the type.
    Type,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgSource {
    /// From an argument. Arguments are evaluated in written order, which need
    /// not be the order of the parameters.
    Expr(ExprId),
    /// From the parameter's or field's default, after all arguments, in the
    /// order of the parameters.
    Default,
    /// An optional field that was left out: null.
    Null,
    /// The attributes of an HTML block on a function: empty.
    NoAttributes,
    /// The children of the HTML block of the call.
    Block(HtmlBlockId),
    /// All remaining positional arguments (`log`), from this one on, by their
    /// index in the pool of arguments and one past it.
    Rest(u32, u32),
}

/// Attributes and children of a tag or component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element {
    /// `Map<String, String>` that gives attributes.
    pub base: Option<ExprId>,
    /// See [`TypedModule::attributes`](super::TypedModule::attributes).
    pub(crate) attributes: (u32, u32),
    /// The children.
    pub children: Children,
}

/// Children of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Children {
    /// None.
    None,
    /// `List<Html>`.
    List(ExprId),
    /// A block; what each child contributes follows from its type, see
    /// [`ChildKind`].
    Block(HtmlBlockId),
}

/// A named attribute. It wins over the same key of the base.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// Its name as rendered.
    pub name: Sym,
    /// Where the argument stands.
    pub range: TextRange,
    /// Its value.
    pub value: ExprId,
    /// How the value is rendered.
    pub kind: AttrValue,
    /// Whether null leaves the attribute out.
    pub optional: bool,
}

/// How an attribute value is rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrValue {
    /// As text, escaped.
    Text,
    /// In display form.
    Number,
    /// `true` as the bare name; `false` leaves it out.
    Flag,
}

/// What an HTML child contributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildKind {
    /// Itself.
    Node,
    /// An escaped text node.
    Text,
    /// An escaped text node with the display form of a number.
    Number,
    /// Every element of a `List<Html>`.
    Nodes,
    /// A text node for every element of a list of text.
    Texts,
}

/// What a pattern tests or binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternInfo {
    /// Matches anything.
    Wildcard,
    /// Matches anything and binds it.
    Bind(LocalId),
    /// Equal to the literal of the pattern.
    Literal,
    /// Null.
    Null,
    /// A present value; the sub-pattern looks at it.
    Some(Sub),
    /// A success; the sub-pattern looks at it.
    Ok(Sub),
    /// A failure; the sub-pattern looks at the error.
    Err(Sub),
    /// A variant; sub-patterns in payload order. With a union as the subject it
    /// also selects the enum.
    Variant(EnumId, u32, Sub),
    /// A record; sub-patterns in field order. With a union as the subject it
    /// selects the record.
    Record(RecordId, Sub),
}

/// The sub-patterns of a pattern, to be read with
/// [`TypedModule::sub_patterns`](super::TypedModule::sub_patterns).
pub type Sub = (u32, u32);

//! Expressions: every operation is named by what it does, never by how it was
//! written.

use fuse_builtins::{BuiltinId, MemberId};

use super::{
    function::Run,
    ids::{
        AssetId, ConfigId, EnumId, ExprId, FunctionId, LocalId, PatternId, PlaceId, RecordId,
        StmtId, StrId, TypeId,
    },
};

/// Expressions in the order they are evaluated.
pub type Exprs = Run<ExprId>;
/// Statements in order.
pub type Stmts = Run<StmtId>;
/// Places in a list of fields, ascending.
pub type Indices = Run<u32>;
/// Arms in the order they are tried.
pub type Arms = Run<Arm>;

/// An expression.
///
/// Operands are evaluated from left to right, in the order of the fields here,
/// each once, unless the variant says otherwise. Types of operands are exactly
/// those the operation wants, up to
/// [representation](super::Types::same_representation): there are no implicit
/// conversions. A fault stands at the span of the expression that raises it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expr {
    /// The value of `Unit`.
    Unit,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text.
    Str(StrId),
    /// Null; its type is an option or `Value`.
    Null,
    /// An imported asset: `String`, or `Value` for JSON.
    Asset(AssetId),
    /// A variable. One of type `Box` gives the cell, not its content.
    Local(LocalId),
    /// The resolved setting at a place of a config.
    Config(ConfigId, u32),
    /// A list of these elements.
    List(Exprs),
    /// A map; keys and values take turns. Of equal keys the last value wins, at
    /// the place of the first.
    Map(Exprs),
    /// A record with these fields, in order.
    Record {
        /// The record.
        record: RecordId,
        /// One value per field, in field order, of the field's representation.
        fields: Exprs,
        /// The fields whose value is still to be validated against their type.
        /// All are validated, after all values are there; the failures of all
        /// together are one fault `validation_error`, paths `Record.field`.
        checked: Indices,
        /// Instead of the fault the failures are a value: the type is then a
        /// result of the record and `std.Error.Validation`.
        fallible: bool,
    },
    /// A variant with this payload, in order.
    Variant {
        /// The enum.
        enumeration: EnumId,
        /// The place of the variant.
        variant: u32,
        /// One value per element of the payload.
        payload: Exprs,
        /// As for records, paths `Enum.Variant`.
        checked: Indices,
        /// As for records.
        fallible: bool,
    },
    /// The field at a place of a record.
    Field {
        /// The record; its type says which.
        base: ExprId,
        /// The place of the field.
        field: u32,
    },
    /// The field of this name that every member of a union has, with one type.
    UnionField {
        /// The union.
        base: ExprId,
        /// The name.
        name: StrId,
    },
    /// A value as an option.
    Some(ExprId),
    /// A value as a success.
    Ok(ExprId),
    /// An error as a failure.
    Err(ExprId),
    /// A record, enum or smaller union as a member of a union.
    ToUnion(ExprId),
    /// Whether an option or `Value` is null.
    IsNull(ExprId),
    /// What an option holds that is known not to be null. A `Value` stays.
    Unwrap(ExprId),
    /// Whether a result is a failure.
    IsErr(ExprId),
    /// The value of a result that is known to be a success.
    UnwrapOk(ExprId),
    /// The error of a result that is known to be a failure.
    UnwrapErr(ExprId),
    /// An operation on one operand.
    Unary {
        /// Which.
        op: UnaryOp,
        /// The operand.
        operand: ExprId,
    },
    /// An operation on two operands.
    Binary {
        /// Which; it says the types.
        op: BinaryOp,
        /// The left operand.
        left: ExprId,
        /// The right operand.
        right: ExprId,
    },
    /// A comparison by order; `Bool`.
    Compare {
        /// Which answer is `true`.
        op: CompareOp,
        /// What is compared.
        kind: CompareKind,
        /// The left operand.
        left: ExprId,
        /// The right operand.
        right: ExprId,
    },
    /// Whether two values of one type are equal; `Bool`.
    Equal {
        /// The left operand.
        left: ExprId,
        /// The right operand, of the same representation.
        right: ExprId,
        /// Whether `true` means different.
        negated: bool,
    },
    /// The display forms of all parts, one after the other; `String`. Parts
    /// are of any displayable type.
    Concat(Exprs),
    /// The display form of a value; `String`.
    Display(ExprId),
    /// An element by its place or key.
    Index {
        /// What is indexed, and what happens when there is no such element.
        kind: IndexKind,
        /// The container.
        base: ExprId,
        /// The place or key.
        index: ExprId,
    },
    /// A list of every number of a range. A range that is only iterated is
    /// part of [`Stmt::For`](super::Stmt::For) instead.
    Range {
        /// What it is made of.
        kind: RangeKind,
        /// The first number.
        from: ExprId,
        /// The last number, or the one after it.
        to: ExprId,
    },
    /// A member of dynamic data: null when a map has no such key; faults
    /// `runtime_null_access` on null, `runtime_field_access` on other kinds.
    ValueField {
        /// The `Value`.
        base: ExprId,
        /// The name.
        name: StrId,
    },
    /// An `Int` as the nearest `Float`, ties to even.
    IntToFloat(ExprId),
    /// Any encodable value as dynamic data.
    ToValue(ExprId),
    /// Dynamic data as a value of this expression's type, by the checks of a
    /// boundary with exact kinds; else fault `runtime_type_error`. The type of
    /// the operand is `Value`, or a list or map of them.
    FromValue(ExprId),
    /// The value, of the type of this expression, if it satisfies that type;
    /// else fault `validation_error` with the path.
    Validate {
        /// The value, of the same representation.
        value: ExprId,
        /// What stands before the failing part, such as `User.name`.
        path: StrId,
    },
    /// A list with every element converted.
    ConvertList {
        /// The list.
        list: ExprId,
        /// The element, when `body` is evaluated.
        item: LocalId,
        /// What the element becomes; it has no effects but faults.
        body: ExprId,
    },
    /// A map with every value converted.
    ConvertMap {
        /// The map.
        map: ExprId,
        /// The value, when `body` is evaluated.
        item: LocalId,
        /// What the value becomes; it has no effects but faults.
        body: ExprId,
    },
    /// A new shared cell.
    NewBox(ExprId),
    /// The content of a cell.
    ReadBox(ExprId),
    /// A call of a function.
    Call {
        /// The function.
        function: FunctionId,
        /// One argument per parameter.
        args: Exprs,
    },
    /// A call of a function value.
    CallValue {
        /// The function value.
        callee: ExprId,
        /// One argument per parameter.
        args: Exprs,
    },
    /// A call of a built-in function.
    CallBuiltin {
        /// Its row.
        builtin: BuiltinId,
        /// The type argument, where the row has one.
        type_arg: Option<TypeId>,
        /// One argument per parameter; those of a variadic one at the end.
        /// Where the parameter takes any value, the argument has its own type.
        args: Exprs,
    },
    /// A call of a method of a built-in type.
    CallMember {
        /// Its row; it changes nothing.
        member: MemberId,
        /// The type argument, where a call has to name one.
        type_arg: Option<TypeId>,
        /// The value it is called on.
        receiver: ExprId,
        /// One argument per parameter.
        args: Exprs,
    },
    /// A call of a method that changes what it is called on. Expressions inside
    /// the place are evaluated first, then the arguments, then the place is
    /// changed as it is by then.
    CallPlaceMember {
        /// Its row.
        member: MemberId,
        /// What is changed.
        place: PlaceId,
        /// One argument per parameter.
        args: Exprs,
    },
    /// A function value. A function without captures needs no memory.
    Closure {
        /// The function.
        function: FunctionId,
        /// One value per capture.
        captures: Exprs,
    },
    /// Starts running a function of kind [`FunctionKind::Spawn`](super::FunctionKind::Spawn);
    /// the type is the task of its result.
    Spawn {
        /// The function, which has no parameters.
        function: FunctionId,
        /// One value per capture, as they are now.
        captures: Exprs,
    },
    /// Waits for a task and gives what it ended with; its fault is raised here
    /// with message and position unchanged.
    Await(ExprId),
    /// Cancels and waits for a task that may not have been awaited, because
    /// control leaves the block it belongs to; nothing when it was.
    Join {
        /// The variable that holds the task.
        task: LocalId,
        /// What becomes of its failure.
        mode: JoinMode,
    },
    /// One of two expressions; the other is not evaluated.
    If {
        /// A `Bool`.
        condition: ExprId,
        /// When it is true.
        then: ExprId,
        /// When it is false.
        otherwise: ExprId,
    },
    /// The body of the first arm whose pattern matches. One always does.
    Match {
        /// What is looked at, evaluated once.
        subject: ExprId,
        /// The arms.
        arms: Arms,
    },
    /// Statements, and then a value.
    Block {
        /// The statements.
        stmts: Stmts,
        /// The value.
        value: ExprId,
    },
    /// An expression inside a database transaction, which is committed when the
    /// expression has its value and rolled back when control leaves in any
    /// other way.
    Transaction(ExprId),
    /// An HTML element; `Html`.
    Element {
        /// The tag.
        tag: StrId,
        /// Whether it never has children and no closing tag.
        void: bool,
        /// Its attributes.
        attributes: Attributes,
        /// Its children, `List<Html>`.
        children: ExprId,
    },
    /// Attributes as `Map<String, String>`; a flag that is set has the empty
    /// text.
    Attributes(Attributes),
    /// Never reached; its type is `Never`.
    Unreachable,
}

/// An operation on one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `Bool`.
    Not,
    /// `Int`; overflow is a fault.
    NegInt,
    /// `Float`.
    NegFloat,
    /// `Value`, whichever kind it is; else fault `runtime_type_error`.
    NegValue,
    /// `Value` that is a `Bool`, giving `Value`; else fault
    /// `runtime_type_error`.
    NotValue,
}

/// An operation on two operands of one type, which is also its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `Int`; overflow is a fault, as in the next four.
    IntAdd,
    /// `Int`.
    IntSub,
    /// `Int`.
    IntMul,
    /// `Int`, toward zero; a zero divisor is a fault.
    IntDiv,
    /// `Int`, with the sign of the left operand; a zero divisor is a fault.
    IntRem,
    /// `Float`.
    FloatAdd,
    /// `Float`.
    FloatSub,
    /// `Float`.
    FloatMul,
    /// `Float`.
    FloatDiv,
    /// `Float`, truncated.
    FloatRem,
    /// A list: elements of both.
    ListConcat,
    /// `Bytes`: bytes of both.
    BytesConcat,
    /// `Value`: `+` by the kinds it finds, else fault `runtime_type_error`; as
    /// in the next four.
    ValueAdd,
    /// `Value`.
    ValueSub,
    /// `Value`.
    ValueMul,
    /// `Value`.
    ValueDiv,
    /// `Value`.
    ValueRem,
}

/// Which outcome of a comparison is `true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the six relations")]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What is compared by order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareKind {
    /// Two `Int`s.
    Int,
    /// Two `Float`s; with NaN only [`CompareOp::Ne`] is true.
    Float,
    /// An `Int` and a `Float`, exactly.
    IntFloat,
    /// A `Float` and an `Int`, exactly.
    FloatInt,
    /// Two texts, by scalar values.
    Text,
    /// Two `Value`s; kinds without an order are fault `runtime_type_error`.
    /// Only the four orderings: equality of `Value`s is [`Expr::Equal`].
    Value,
}

/// What is indexed, and what happens when there is no such element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// A list by `Int`; else fault `runtime_index_bounds`.
    List,
    /// A list by `Int`; else null.
    ListOrNull,
    /// A map by its key; else fault `runtime_missing_key`.
    Map,
    /// A map by its key; else null.
    MapOrNull,
    /// A text by `Int`, giving text of one character; else fault
    /// `runtime_index_bounds`.
    Text,
    /// The same; else null.
    TextOrNull,
    /// Bytes by `Int`, giving `Int`; else fault `runtime_index_bounds`.
    Bytes,
    /// A `Value` by a `Value`: a list by an `Int` within bounds, a map by a
    /// text, whose absence gives null. Other faults by kind.
    Value,
}

/// What a range is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RangeKind {
    /// `Int`s, both ends included; a start above the end is fault
    /// `runtime_range_error`.
    Int,
    /// `Int`s without the end; empty when there is nothing between.
    IntHalfOpen,
    /// `Float`s from the start in steps of one.
    Float,
    /// `Value`s, both ends included: by the kinds it finds. The result is a
    /// `Value`.
    Value,
    /// `Value`s that are `Int`s, without the end. The result is a `Value`.
    ValueHalfOpen,
}

/// What becomes of the failure of a task that is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinMode {
    /// Dropped, because an error is being raised already; `Unit`.
    Drop,
    /// A fault is raised here; what the task ended with is dropped; `Unit`.
    Faults,
    /// A fault is raised here. The task ends with a result whose failure was
    /// raised inside it: that error, or null; an option of the error.
    Raises,
}

/// An arm of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arm {
    /// What the subject has to look like.
    pub pattern: PatternId,
    /// The value of the match then.
    pub body: ExprId,
}

/// Attributes of an element. Their expressions are evaluated in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// A `Map<String, String>`; its names are checked when running, else fault
    /// `runtime_html_invalid`.
    pub base: Option<ExprId>,
    /// Attributes with known, distinct names; they win over the base.
    pub named: Run<Attribute>,
}

/// An attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name as rendered.
    pub name: StrId,
    /// Its value. Where its type is an option, null leaves the attribute out.
    pub value: ExprId,
    /// How the value shows.
    pub kind: AttributeKind,
}

/// How an attribute's value shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeKind {
    /// The display form, escaped.
    Text,
    /// `true` as the bare name; `false` leaves the attribute out.
    Flag,
}

/// What a value has to look like, and what of it gets a name.
///
/// A pattern is matched against the value of an expression or of a part of it;
/// its type follows from there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pattern {
    /// Anything.
    Any,
    /// Anything, which becomes the value of a variable.
    Bind(LocalId),
    /// An `Int`, or a `Value` or `Float` equal to it.
    Int(i64),
    /// A `Float`, or a `Value` or `Int` equal to it.
    Float(f64),
    /// A `Bool`, or a `Value` equal to it.
    Bool(bool),
    /// A text, or a `Value` equal to it.
    Str(StrId),
    /// Null, as an option or `Value`.
    Null,
    /// An option that is not null, and what it holds. A `Value` that is not
    /// null, and itself.
    Some(PatternId),
    /// A success and its value.
    Ok(PatternId),
    /// A failure and its error.
    Err(PatternId),
    /// A variant and its payload, in order.
    Variant {
        /// The enum.
        enumeration: EnumId,
        /// The place of the variant.
        variant: u32,
        /// One pattern per element of the payload.
        payload: Run<PatternId>,
    },
    /// A record and its fields, in order.
    Record {
        /// The record.
        record: RecordId,
        /// One pattern per field.
        fields: Run<PatternId>,
    },
    /// A union that is this member, and the member.
    Member {
        /// A record or enum type.
        member: TypeId,
        /// What the member has to look like.
        pattern: PatternId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert!(size_of::<Expr>() <= 32, "{}", size_of::<Expr>());
        assert!(size_of::<Pattern>() <= 24, "{}", size_of::<Pattern>());
    }
}

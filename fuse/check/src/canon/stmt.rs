//! Statements and places.

use super::{
    expr::Stmts,
    function::Run,
    ids::{ExprId, LocalId, PlaceId, StrId},
};

/// A statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stmt {
    /// Gives a variable its first value. In a loop it does so every time.
    Let {
        /// The variable.
        local: LocalId,
        /// The value.
        value: ExprId,
    },
    /// Stores a value. The value is evaluated first, then the expressions
    /// inside the place from left to right, then the place is changed.
    Assign {
        /// Where to.
        place: PlaceId,
        /// The value.
        value: ExprId,
    },
    /// Evaluates an expression and drops its value.
    Expr(ExprId),
    /// Runs the body as long as the condition holds. The back edge is a point
    /// where the unit of work can be interrupted, as in `For`.
    While {
        /// A `Bool`.
        condition: ExprId,
        /// The body.
        body: Stmts,
    },
    /// Runs the body for every element. What is iterated is evaluated once;
    /// later changes to where it came from make no difference.
    For {
        /// What is iterated.
        source: Source,
        /// The place of the element, or the key in a map.
        index: Option<LocalId>,
        /// The element, or the value in a map.
        item: LocalId,
        /// The body.
        body: Stmts,
    },
    /// Adds to a list of HTML children that is still being built.
    Append {
        /// A variable of type `List<Html>` that only this statement and its
        /// last use mention.
        list: LocalId,
        /// What is added.
        value: ExprId,
        /// How.
        spread: Spread,
    },
    /// Leaves the innermost loop of the function.
    Break,
    /// Goes on with the next turn of the innermost loop of the function.
    Continue,
    /// Leaves the function with a value of its result type.
    Return(ExprId),
}

/// What a loop iterates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `Int`s, both ends included; a start above the end is fault
    /// `runtime_range_error`.
    Ints {
        /// The first.
        from: ExprId,
        /// The last.
        to: ExprId,
    },
    /// `Int`s without the end.
    IntsHalfOpen {
        /// The first.
        from: ExprId,
        /// The one after the last.
        to: ExprId,
    },
    /// `Float`s from the start in steps of one.
    Floats {
        /// The first.
        from: ExprId,
        /// None is above this, give or take 1e-9.
        to: ExprId,
    },
    /// The elements of a list.
    List(ExprId),
    /// The values of a map, in insertion order.
    Map(ExprId),
    /// The elements or values of a `Value` that is a list or map, each a
    /// `Value`, as is the index or key; else fault `runtime_type_error`.
    Value(ExprId),
}

/// How a value is added to a list of HTML children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spread {
    /// One `Html`.
    Node,
    /// Every element of a `List<Html>`.
    Nodes,
    /// A text node for every element of a list of texts.
    Texts,
}

/// Something that can be changed: a variable, or a part of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The variable.
    pub local: LocalId,
    /// Whether the variable holds a cell whose content is meant.
    pub cell: bool,
    /// From the value to the part, outermost first; none for the whole value.
    pub steps: Run<PlaceStep>,
}

/// A step from a value to a part of it. A value with other owners is copied
/// before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceStep {
    /// The field at a place of a record.
    Field(u32),
    /// The field of this name that every member of a union has.
    UnionField(StrId),
    /// An element of a list; out of bounds is fault `runtime_index_bounds`.
    Element(ExprId),
    /// The value of a key. As the last step of an assignment it inserts or
    /// overwrites; elsewhere an absent key is fault `runtime_missing_key`.
    Key(ExprId),
    /// What an option holds; null is fault `runtime_null_access` with message
    /// `cannot assign through optional access`.
    Present,
    /// A member of a `Value` that is a map; else fault
    /// `runtime_invalid_assignment_target`. As the last step of an assignment
    /// it inserts or overwrites.
    ValueField(StrId),
    /// An element or key of a `Value`, by a `Value`; wrong kinds are fault
    /// `runtime_invalid_assignment_target`.
    ValueIndex(ExprId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_small() {
        assert!(size_of::<Stmt>() <= 32, "{}", size_of::<Stmt>());
    }
}

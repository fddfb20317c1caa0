//! Expressions and HTML blocks.

use super::{Block, Id, IfArm, List, MatchArm, Name, Pattern, Symbol, TextId, TypeExpr};
use crate::span::TextRange;

/// The number of an expression; the node id that facts are kept by.
pub type ExprId = Id<Expr>;
/// The number of a call.
pub type CallId = Id<Call>;
/// The number of a lambda.
pub type LambdaId = Id<Lambda>;
/// The number of an `if`.
pub type IfId = Id<If>;
/// The number of a `match`.
pub type MatchId = Id<Match>;
/// The number of the block of an HTML call.
pub type HtmlBlockId = Id<HtmlBlock>;

/// An expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expr {
    /// A syntax error, already reported.
    Error,
    /// An integer literal. The one that has no positive counterpart,
    /// `-9223372036854775808`, is a literal with its sign; every other
    /// negative number is a [`UnaryOp::Neg`] of a literal.
    Int(i64),
    /// A float literal; finite.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A string without interpolation, decoded.
    Str(TextId),
    /// A string with at least one interpolation.
    Interp(List<InterpPart>),
    /// An identifier. Its range is the range of the expression.
    Name(Symbol),
    /// `-a` or `!a`. The operator stands at the start.
    Unary {
        /// Which operator.
        op: UnaryOp,
        /// What it is applied to.
        operand: ExprId,
    },
    /// `a + b` and all other operators with two sides but `??`.
    Binary {
        /// Which operator.
        op: BinaryOp,
        /// Where the operator starts; see
        /// [`Module::operator_range`](super::Module::operator_range).
        op_start: u32,
        /// The left side.
        left: ExprId,
        /// The right side.
        right: ExprId,
    },
    /// `a ?? b`.
    Coalesce {
        /// The optional value.
        left: ExprId,
        /// What stands in for null.
        right: ExprId,
    },
    /// `f(a, b)`, in all its meanings; which one is not decided here.
    Call(CallId),
    /// `a.name` or `a?.name`.
    Member {
        /// The value.
        base: ExprId,
        /// The member.
        name: Name,
        /// Whether it is `?.`.
        optional: bool,
    },
    /// `a[i]` or `a?[i]`.
    Index {
        /// The value.
        base: ExprId,
        /// The position or key.
        index: ExprId,
        /// Whether it is `?[`.
        optional: bool,
    },
    /// `a ?!` or `a ?! e`.
    Bang {
        /// The option or result.
        value: ExprId,
        /// The error to leave with.
        error: Option<ExprId>,
    },
    /// `[a, b]`.
    List(List<ExprId>),
    /// `{a: b}`.
    Map(List<MapEntry>),
    /// `fn(a) => b`.
    Lambda(LambdaId),
    /// `spawn:` with its block.
    Spawn(Id<Block>),
    /// `await t`.
    Await(ExprId),
    /// `box a`.
    Box(ExprId),
    /// `if` as a value.
    If(IfId),
    /// `match` as a value.
    Match(MatchId),
    /// `transaction:` as a value.
    Transaction(Id<Block>),
    /// `(a)`.
    Paren(ExprId),
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

impl UnaryOp {
    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Neg => "-",
            Self::Not => "!",
        }
    }
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "`text` says what each of them is")]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Range,
    RangeUntil,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl BinaryOp {
    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Eq => "==",
            Self::NotEq => "!=",
            Self::Less => "<",
            Self::LessEq => "<=",
            Self::Greater => ">",
            Self::GreaterEq => ">=",
            Self::Range => "..",
            Self::RangeUntil => "..<",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
        }
    }

    /// `<`, `<=`, `>` or `>=`.
    #[must_use]
    pub const fn is_relational(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessEq | Self::Greater | Self::GreaterEq
        )
    }

    /// `==` or `!=`.
    #[must_use]
    pub const fn is_equality(self) -> bool {
        matches!(self, Self::Eq | Self::NotEq)
    }

    /// `..` or `..<`.
    #[must_use]
    pub const fn is_range(self) -> bool {
        matches!(self, Self::Range | Self::RangeUntil)
    }

    /// `+`, `-`, `*`, `/` or `%`.
    #[must_use]
    pub const fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Rem
        )
    }
}

/// A piece of a string with interpolations. Empty texts are left out, and two
/// texts never stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterpPart {
    /// Text, decoded.
    Text(TextId),
    /// `${a}`.
    Expr(ExprId),
}

/// A call with everything that can belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is called. Type arguments, if any, start where it ends.
    pub callee: ExprId,
    /// Explicit type arguments.
    pub type_args: List<Id<TypeExpr>>,
    /// Arguments as written.
    pub args: List<Arg>,
    /// From `(` to `)`.
    pub parens: TextRange,
    /// Children after a colon.
    pub block: Option<HtmlBlockId>,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// The name, when it is given as `name=value`.
    pub name: Option<Name>,
    /// The value.
    pub value: ExprId,
    /// The comma between the argument before and this one.
    pub comma_before: Option<TextRange>,
    /// Name and value.
    pub range: TextRange,
}

/// A key with its value in a map literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// The key.
    pub key: ExprId,
    /// The value.
    pub value: ExprId,
}

/// `fn(a: A) -> R => value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lambda {
    /// Parameters.
    pub params: List<LambdaParam>,
    /// The declared result.
    pub ret: Option<Id<TypeExpr>>,
    /// The value.
    pub body: ExprId,
}

/// A parameter of a lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LambdaParam {
    /// Its name.
    pub name: Name,
    /// Its type, unless the context gives it.
    pub ty: Option<Id<TypeExpr>>,
}

/// `if` with all its `else if` and `else`, as a statement or as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct If {
    /// Conditions with their blocks, in order; at least one.
    pub arms: List<IfArm>,
    /// The block after `else:`.
    pub otherwise: Option<Id<Block>>,
}

/// `match`, as a statement or as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// What is looked at.
    pub subject: ExprId,
    /// Arms in order.
    pub arms: List<MatchArm>,
}

/// The children of an HTML call, from the colon on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HtmlBlock {
    /// Children in order.
    pub children: List<HtmlChild>,
}

/// A child in an HTML block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtmlChild {
    /// A value.
    Expr(ExprId),
    /// `if` whose branches hold children.
    If {
        /// Conditions with their children, in order; at least one.
        arms: List<HtmlArm>,
        /// The children after `else:`.
        otherwise: Option<List<Self>>,
        /// The whole child.
        range: TextRange,
    },
    /// `for` whose body holds children.
    For {
        /// What each element, or index or key, is bound to.
        pat: Id<Pattern>,
        /// What each element is bound to in the form with two patterns.
        second: Option<Id<Pattern>>,
        /// What is iterated.
        iter: ExprId,
        /// The children of each turn.
        body: List<Self>,
        /// The whole child.
        range: TextRange,
    },
    /// Something that cannot be a child, already reported.
    Error(TextRange),
}

/// A condition of an HTML `if` with its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HtmlArm {
    /// The condition.
    pub cond: ExprId,
    /// The children.
    pub children: List<HtmlChild>,
}

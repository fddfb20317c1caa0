//! Statements, blocks, patterns and type expressions.

use super::{Expr, Id, IfId, List, MatchId, Name, Path, TextId};
use crate::span::TextRange;

/// The number of a statement.
pub type StmtId = Id<Stmt>;
/// The number of a block.
pub type BlockId = Id<Block>;
/// The number of a pattern.
pub type PatternId = Id<Pattern>;
/// The number of a type expression.
pub type TypeExprId = Id<TypeExpr>;

/// The statements of a suite. Its range is that of its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Statements in order; none only after a syntax error.
    pub stmts: List<StmtId>,
}

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stmt {
    /// A syntax error, already reported.
    Error,
    /// `let` or `var`. The keyword stands at the start.
    Let {
        /// What is bound; may be `_`.
        name: Name,
        /// Whether it is `var`.
        mutable: bool,
        /// The declared type.
        ty: Option<TypeExprId>,
        /// The initial value.
        value: Id<Expr>,
    },
    /// `place = value` and its compound forms.
    Assign {
        /// What is assigned.
        place: Id<Expr>,
        /// Which form.
        op: AssignOp,
        /// The right side.
        value: Id<Expr>,
    },
    /// `return`, with or without a value.
    Return(Option<Id<Expr>>),
    /// `if`.
    If(IfId),
    /// `match`.
    Match(MatchId),
    /// `for pat in iter:`.
    For {
        /// What each element, or index or key, is bound to.
        pat: PatternId,
        /// What each element is bound to in the form with two patterns.
        second: Option<PatternId>,
        /// What is iterated.
        iter: Id<Expr>,
        /// The body.
        body: BlockId,
    },
    /// `while cond:`.
    While {
        /// The condition.
        cond: Id<Expr>,
        /// The body.
        body: BlockId,
    },
    /// `transaction:`.
    Transaction(BlockId),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// A value, evaluated and dropped or yielded.
    Expr(Id<Expr>),
}

/// How an assignment combines the old value with the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "`text` says what each of them is")]
pub enum AssignOp {
    Set,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Coalesce,
}

impl AssignOp {
    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Set => "=",
            Self::Add => "+=",
            Self::Sub => "-=",
            Self::Mul => "*=",
            Self::Div => "/=",
            Self::Rem => "%=",
            Self::Coalesce => "??=",
        }
    }
}

/// A condition of an `if` with its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfArm {
    /// The condition.
    pub cond: Id<Expr>,
    /// What runs when it holds.
    pub body: BlockId,
}

/// An arm of a `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchArm {
    /// The pattern.
    pub pat: PatternId,
    /// What follows it.
    pub body: ArmBody,
    /// Pattern and body.
    pub range: TextRange,
}

/// What an arm of a `match` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmBody {
    /// `-> value`.
    Value(Id<Expr>),
    /// `:` and a suite.
    Block(BlockId),
}

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// A syntax error, already reported.
    Error,
    /// `_`.
    Wildcard,
    /// A literal, with the sign of a negative number in it.
    Literal(Literal),
    /// A name, a variant without payload, or a qualified variant.
    Path(Path),
    /// `V(p, q)`, also with no sub-patterns.
    Tuple {
        /// The variant or type.
        path: Path,
        /// Sub-patterns in order.
        args: List<PatternId>,
    },
    /// `V(x=p)`, with at least one field.
    Record {
        /// The variant or type.
        path: Path,
        /// Sub-patterns by name.
        fields: List<FieldPattern>,
    },
}

/// A literal in a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// An integer.
    Int(i64),
    /// A float; finite.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A string.
    Str(TextId),
}

/// `name=pattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPattern {
    /// The field.
    pub name: Name,
    /// What it must match.
    pub pattern: PatternId,
}

/// A type as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeExpr {
    /// A syntax error, already reported.
    Error,
    /// `T` or `M.T`.
    Path(Path),
    /// `T<A, B>`.
    Apply {
        /// The generic type.
        base: Path,
        /// Its arguments.
        args: List<TypeExprId>,
    },
    /// `T(1..80)`.
    Refined {
        /// The type that is narrowed.
        base: TypeExprId,
        /// Constraints in order; at least one.
        args: List<Id<Expr>>,
    },
    /// `T?`. The mark is the last byte.
    Option(TypeExprId),
    /// `T!A!B`. Without domains it is an error that the checker reports, at
    /// the mark, which is then the last byte.
    Result {
        /// The type of success.
        ok: TypeExprId,
        /// The error domains.
        domains: List<Path>,
    },
    /// `fn(A) -> R`.
    Fn {
        /// The parameters.
        params: List<TypeExprId>,
        /// The result; nothing is `Unit`.
        ret: Option<TypeExprId>,
    },
}

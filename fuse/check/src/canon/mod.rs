//! The canonical program: the only input of the interpreter and of both
//! compilers.
//!
//! It says what a program means and nothing about how it was written. It has
//! no named arguments, no defaults left out of a call, no markup sugar, no
//! method syntax, no `Self`, no type parameters, no interfaces and no implicit
//! conversions. Every expression has its type and the place it stands at, and
//! names exactly one operation on operands of exactly the types it wants. What
//! is evaluated when follows from the shape alone: operands left to right, and
//! branches where something may not be evaluated at all.
//!
//! A [`Program`] is plain data. Everything is in tables and named by number;
//! the body of a [`Function`] is in arenas of its own, so that
//! `&function[expr]` is an [`Expr`] and `&function[exprs]` a slice. A reader
//! matches every variant; there is no case of "everything else".
//!
//! # Example
//!
//! `fn twice(n: Int) -> Int: n + n`, built by hand:
//!
//! ```
//! use fuse_check::canon::{
//!     BinaryOp, Expr, FileId, Function, FunctionKind, Local, ModuleId, Program, Span, Stmt,
//!     TypeId,
//! };
//!
//! let mut program = Program::default();
//! let name = program.strings.intern("twice");
//! let n = program.strings.intern("n");
//! let module = ModuleId::from_index(0);
//! let at = Span::default();
//!
//! let mut f = Function::new("twice".into(), name, FunctionKind::Function, module, FileId::from_index(0));
//! let n = f.local(Local { name: n, ty: TypeId::INT, mutable: false, span: at });
//! f.params = 1;
//! f.result = TypeId::INT;
//! let left = f.expr(Expr::Local(n), TypeId::INT, at);
//! let right = f.expr(Expr::Local(n), TypeId::INT, at);
//! let sum = f.expr(Expr::Binary { op: BinaryOp::IntAdd, left, right }, TypeId::INT, at);
//! let leave = f.stmt(Stmt::Return(sum), at);
//! let stmts = f.run(&[leave]);
//! let value = f.expr(Expr::Unreachable, TypeId::NEVER, at);
//! f.body = f.expr(Expr::Block { stmts, value }, TypeId::NEVER, at);
//!
//! let Expr::Block { stmts, .. } = f[f.body] else { unreachable!() };
//! let [leave] = f[stmts] else { unreachable!() };
//! assert_eq!(f[leave], Stmt::Return(sum));
//! program.functions.push(f);
//! ```

mod dump;
mod expr;
mod flow;
mod function;
mod ids;
mod name;
mod program;
mod properties;
mod source;
mod stmt;
mod types;
mod validate;
mod walk;

pub use dump::{DumpOptions, dump};
pub use expr::{
    Arm, Arms, Attribute, AttributeKind, Attributes, BinaryOp, CompareKind, CompareOp, Expr, Exprs,
    IndexKind, Indices, JoinMode, Pattern, RangeKind, Stmts, UnaryOp,
};
pub use function::{Function, FunctionKind, Listed, Local, Run};
pub use ids::{
    AssetId, ConfigId, EnumId, ExprId, FileId, FunctionId, LocalId, ModuleId, PackageId, PatternId,
    PlaceId, RecordId, RefinementId, StmtId, StrId, TypeId,
};
pub use name::TypeName;
pub use program::{
    App, Asset, AssetKind, Config, ConfigField, Enum, Field, FieldDefault, Main, MainParam,
    Migration, Module, Package, Program, ProgramMeta, Record, Route, RouteParam, Service, Strings,
    Test, Variant, Verb,
};
pub use source::{File, Position, Span};
pub use stmt::{Place, PlaceStep, Source, Spread, Stmt};
pub use types::{Bound, Constraint, Type, Types};
pub use validate::{Violation, validate};
pub use walk::{Visitor, walk_expr, walk_place, walk_stmt};

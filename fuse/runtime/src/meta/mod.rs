//! What the runtime knows of a program before it runs: plain data, made by the
//! interpreter in memory or carried by a compiled image and used where it lies.

mod program;
mod refine;
mod table;
mod types;
pub mod well_known;

pub use program::{
    App, Asset, Config, ConfigField, Function, Main, Migration, Param, ProgramMeta, Route,
    RouteClass, RouteParam, Service, Test, Verb,
};
pub use refine::Constraint;
pub(crate) use table::is_secret_text;
pub use table::{FieldSpec, TypeId, TypeTable, VariantSpec, is_secret};
pub use types::{
    DynTag, Field, FieldDefault, FnId, Kind, Link, OPT_BOOL_NULL, OPT_TAG_NULL, Payload, Slot,
    TypeDesc, UnitObject, Variant,
};

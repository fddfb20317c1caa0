//! The one table of Fuse's built-in functions, methods, records and HTML tags.
//!
//! Everything here is constant data: what a built-in is called, what it takes
//! and gives, which capability it needs, what it can do and which faults it
//! raises. The checker, the editor and the reference read it; the runtime
//! supplies one function per row through [`for_each_builtin!`] and
//! [`for_each_member!`], so that a row without behaviour does not compile; the
//! backends call rows by number.
//!
//! The crate refuses to know behaviour, and depends on nothing.
//!
//! # Example
//!
//! ```
//! use fuse_builtins::{Effect, Home, Receiver, functions, members};
//!
//! let row = functions(Home::Db, "query").next().expect("db.query exists");
//! assert_eq!(
//!     row.to_string(),
//!     "db.query(sql: String, params: List<Value> = []) -> List<Map<String, Value>>",
//! );
//! assert!(row.effects.has(Effect::Db) && row.effects.blocks());
//!
//! let push = members(Receiver::List, "push").next().expect("lists have push");
//! assert!(push.place, "it changes its receiver");
//!
//! // One function per row, or it does not compile.
//! macro_rules! names {
//!     ($($id:ident $symbol:ident,)*) => { [$(stringify!($symbol)),*] };
//! }
//! let names = fuse_builtins::for_each_builtin!(names);
//! assert_eq!(names[row.id as usize], "db_query");
//! ```

mod capability;
mod effect;
mod fault;
mod function;
mod html;
mod member;
mod param;
mod prelude;
mod record;
mod type_spec;

pub use capability::Capability;
pub use effect::{Effect, EffectSet};
pub use fault::FaultCode;
pub use function::{BUILTINS, Builtin, BuiltinId, Context, Form, Home};
pub use html::{
    ARIA_DEPRECATED, ARIA_NAMES, AriaValues, NORMAL_TAGS, VOID_TAGS, aria_values, is_aria_name,
    is_attribute_name, is_normal_tag, is_tag, is_void_tag,
};
pub use member::{MEMBERS, Member, MemberForm, MemberId, Receiver};
pub use param::{DefaultValue, Param, ParamRole};
pub use prelude::{
    CONSTANTS, Constant, Constructor, PreludeName, TYPES, constant, find_prelude, functions,
    functions_of, members, members_of, prelude_names,
};
pub use record::{ErrorMapping, Field, RECORDS, Record, RecordId, find_record};
pub use type_spec::{Bound, TypeParam, TypeSpec};

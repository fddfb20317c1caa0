//! OpenAPI 3.1 documents from what is registered.
//!
//! The router knows every path, method and parameter; this crate writes them
//! down, with the hints and types that only the author knows. Equal inputs
//! give equal bytes, so that a committed document shows what changed.
//!
//! It registers no routes, reads no handlers and keeps nothing global.
//!
//! ```
//! use plumego_x_openapi::{Generator, Info, Op, Route, Schema, json_response, to_json};
//!
//! let document = Generator::new(Info::new("Notes", "1.0.0"))
//!     .schema("Note", Schema::object().property("title", Schema::string(), true))
//!     .operation("GET /notes/{id}", Op::new()
//!         .summary("Read a note")
//!         .response(200, json_response("The note", Schema::reference("Note"))))
//!     .generate_from([Route::new("GET", "/notes/{id}")])
//!     .map_err(|problems| format!("{problems:?}"))?;
//!
//! let text = String::from_utf8(to_json(&document))?;
//! assert!(text.contains(r#""/notes/{id}""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod convention;
pub mod document;
#[cfg(feature = "schemars")]
mod from_type;
mod generator;
mod hint;
mod problem;
#[cfg(feature = "ui")]
mod ui;
mod validate;
mod write;
mod yaml;

pub use convention::{Conventions, ERROR_RESPONSE, error_response, error_schema};
pub use document::{
    Document, Info, Operation, Parameter, ParameterIn, PathItem, RefOr, RequestBody, Response,
    Schema, SchemaObject, SchemaType, SecurityScheme, Server, Tag,
};
#[cfg(feature = "schemars")]
pub use from_type::{json, path_param_of, query_param_of, response};
pub use generator::{Generator, Route};
pub use hint::{
    Op, OpKey, cookie_param, header_param, json_body, json_response, path_param, query_param,
};
pub use problem::{Severity, SpecProblem};
#[cfg(feature = "ui")]
pub use ui::{OpenApiUi, UiPage};
pub use validate::validate;
pub use write::{ParseError, parse, to_json, to_value, to_yaml, write_json, write_yaml};

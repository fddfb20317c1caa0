//! What the routes of a program promise to a client: the model that OpenAPI
//! documents are made from, as plain data.
//!
//! The model says nothing about how a document looks. It is complete in that
//! every route, every type a route mentions and every name a handler reads
//! with a literal is in it, and it is the same for equal programs.

mod constant;
mod operation;
mod schema;
mod status;

pub use constant::Constant;
pub use operation::{Body, BodyKind, ErrorResponse, Operation, Parameter, Success};
pub use schema::{Property, Schema, SchemaKind, VariantSchema};

use crate::canon::{Program, StrId};
use crate::effects::{EffectTable, effects};
use schema::Schemas;

/// Everything a document about the routes of a program needs.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiModel {
    /// The name in the manifest, else that of the app.
    pub title: String,
    /// The version in the manifest, else `0.0.0`.
    pub version: String,
    /// The services, in load order.
    pub services: Vec<ApiService>,
    /// The schemas that others refer to, by name, ascending.
    pub schemas: Vec<(String, Schema)>,
    /// Whether some route looks at a bearer token.
    pub bearer: bool,
    /// The cookies that routes look at, ascending, each once.
    pub cookies: Vec<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiService {
    /// Its name.
    pub name: String,
    /// What stands before the paths of its routes.
    pub base: String,
    /// Its doc comment.
    pub description: Option<String>,
    /// Its routes, in order.
    pub operations: Vec<Operation>,
}

/// Extracts the model of a program's routes.
#[must_use]
pub fn api_model(program: &Program) -> ApiModel {
    let table = effects(program);
    let mut schemas = Schemas::new(program);
    let services: Vec<_> = program
        .services
        .iter()
        .map(|service| ApiService {
            name: program[service.name].to_owned(),
            base: program[service.base].to_owned(),
            description: text(program, service.doc),
            operations: operation::operations(program, &table, service, &mut schemas),
        })
        .collect();
    let mut services = services;
    operation::distinct_ids(&mut services);
    let all = services.iter().flat_map(|service| &service.operations);
    let mut cookies: Vec<String> = all.clone().flat_map(|one| one.cookies.clone()).collect();
    cookies.sort_unstable();
    cookies.dedup();
    let bearer = all.clone().any(|operation| operation.bearer);
    ApiModel {
        title: title(program),
        version: match program.meta.version.as_str() {
            "" => "0.0.0".to_owned(),
            version => version.to_owned(),
        },
        services,
        schemas: schemas.finish(),
        bearer,
        cookies,
    }
}

fn title(program: &Program) -> String {
    if !program.meta.name.is_empty() {
        return program.meta.name.clone();
    }
    program
        .apps
        .first()
        .map_or_else(String::new, |app| program[app.name].to_owned())
}

fn text(program: &Program, id: Option<StrId>) -> Option<String> {
    id.map(|id| program[id].to_owned())
}

/// What the functions behind a handler read and set by literal names.
#[derive(Debug, Default)]
struct Literals {
    headers: Vec<String>,
    queries: Vec<(String, bool)>,
    cookies: Vec<String>,
    query_types: Vec<crate::canon::TypeId>,
    statuses: Vec<u16>,
    computed_status: bool,
    content_type: Option<String>,
    bearer: bool,
}

impl Literals {
    fn of(program: &Program, table: &EffectTable, from: crate::canon::FunctionId) -> Self {
        let mut found = Self::default();
        for function in table.reachable(from) {
            let function = &program[function];
            let mut scan = operation::Scan {
                program,
                found: &mut found,
            };
            crate::canon::Visitor::expr(&mut scan, function, function.body);
        }
        found.headers.sort_unstable();
        found.headers.dedup();
        found.cookies.sort_unstable();
        found.cookies.dedup();
        found.queries.sort_unstable();
        found.queries.dedup_by(|later, first| later.0 == first.0);
        found.statuses.sort_unstable();
        found.statuses.dedup();
        found
    }
}

//! Routes as operations.

use fuse_builtins::{BuiltinId, ErrorMapping};

use super::{
    ApiService, Constant, Literals,
    schema::{Property, Schema, SchemaKind, Schemas},
    status, text,
};
use crate::canon::{
    Expr, ExprId, Function, Program, RecordId, Route, Service, Type, TypeId, Verb, Visitor,
    walk_expr,
};
use crate::effects::EffectTable;

/// A route, as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The method.
    pub verb: Verb,
    /// The path, as the router takes it.
    pub pattern: String,
    /// A name that no other operation has and that does not depend on order.
    pub id: String,
    /// The first line of the doc comment.
    pub summary: Option<String>,
    /// The rest of the doc comment.
    pub description: Option<String>,
    /// Parameters of the path, in order.
    pub path: Vec<Parameter>,
    /// Parameters of the query: the members of types it is read as, then
    /// single ones, ascending.
    pub query: Vec<Parameter>,
    /// Names of headers that are read, lower case, ascending. That of bearer
    /// tokens is not among them.
    pub headers: Vec<String>,
    /// Names of cookies that are read, ascending.
    pub cookies: Vec<String>,
    /// Whether a bearer token is looked at.
    pub bearer: bool,
    /// What is sent.
    pub body: Option<Body>,
    /// What a success answers.
    pub success: Success,
    /// What a failure answers, ascending by status; one without a fixed status
    /// is last.
    pub errors: Vec<ErrorResponse>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub schema: Schema,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether it takes the rest of the path.
    pub wildcard: bool,
}

/// What is sent with a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// In which forms.
    pub kind: BodyKind,
    /// What it is.
    pub schema: Schema,
    /// Whether it has to be there.
    pub required: bool,
}

/// The forms in which a body is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// JSON.
    Json,
    /// JSON, or the fields of a form.
    JsonOrForm,
    /// Bytes as they are, of any type.
    Bytes,
    /// Text as it is, of any type.
    Text,
}

/// What a success answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Success {
    /// The statuses, ascending: literal ones that the handler sets, and 200
    /// when a way through it sets none.
    pub statuses: Vec<u16>,
    /// Whether the handler also sets statuses that it computes.
    pub computed: bool,
    /// The media type.
    pub media_type: String,
    /// What it is.
    pub schema: Schema,
}

/// What a failure answers: always the envelope of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The status; none for an error that chooses its own.
    pub status: Option<u16>,
    /// The names of the types that lead to it, in the order of the result.
    pub domains: Vec<String>,
}

pub(super) fn operations(
    program: &Program,
    table: &EffectTable,
    service: &Service,
    schemas: &mut Schemas<'_>,
) -> Vec<Operation> {
    let routes = service.routes.iter();
    routes
        .map(|route| operation(program, table, service, route, schemas))
        .collect()
}

fn operation(
    program: &Program,
    table: &EffectTable,
    service: &Service,
    route: &Route,
    schemas: &mut Schemas<'_>,
) -> Operation {
    let literals = Literals::of(program, table, route.function);
    let path: Vec<_> = route
        .params
        .iter()
        .map(|param| Parameter {
            name: program[param.name].to_owned(),
            schema: schemas.schema(param.ty),
            required: true,
            wildcard: param.wildcard,
        })
        .collect();
    let body = route.body.map(|ty| body(program, ty, schemas));
    let (summary, description) = described(program, route);
    let query = query(program, &literals, schemas);
    let takes_input = !path.is_empty() || !query.is_empty() || body.is_some();
    Operation {
        verb: route.verb,
        pattern: route.pattern.clone(),
        id: id(program, service, route),
        summary,
        description,
        path,
        query,
        success: success(program, route, &literals, schemas),
        errors: errors(program, route, takes_input),
        headers: literals.headers,
        cookies: literals.cookies,
        bearer: literals.bearer,
        body,
    }
}

fn described(program: &Program, route: &Route) -> (Option<String>, Option<String>) {
    let Some(doc) = text(program, route.doc) else {
        return (None, None);
    };
    match doc.split_once('\n') {
        Some((summary, rest)) => {
            let rest = rest.trim();
            let rest = (!rest.is_empty()).then(|| rest.to_owned());
            (Some(summary.trim().to_owned()), rest)
        }
        None => (Some(doc.trim().to_owned()), None),
    }
}

/// Service, verb and path in camel case: `notesApiGetItemsById`. Without the
/// base, which belongs to the service.
fn id(program: &Program, service: &Service, route: &Route) -> String {
    let mut id = String::new();
    let name = &program[service.name];
    let mut letters = name.chars();
    id.extend(letters.next().map(|first| first.to_ascii_lowercase()));
    id.push_str(letters.as_str());
    id.push_str(&capitalized(route.verb.word()));
    let base = program[service.base].trim_end_matches('/');
    let path = route.pattern.strip_prefix(base).unwrap_or(&route.pattern);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        match segment
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
        {
            Some(param) => {
                id.push_str("By");
                id.push_str(&words(param));
            }
            None => id.push_str(&words(segment)),
        }
    }
    id
}

fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Paths that differ only in punctuation get the same name; then those after
/// the first path in order get a number, whatever the order of the source.
pub(super) fn distinct_ids(services: &mut [ApiService]) {
    let mut all: Vec<&mut Operation> = services
        .iter_mut()
        .flat_map(|service| &mut service.operations)
        .collect();
    all.sort_by(|a, b| (&a.id, &a.pattern, a.verb).cmp(&(&b.id, &b.pattern, b.verb)));
    let mut previous = String::new();
    let mut repeats = 0;
    for operation in all {
        if operation.id == previous {
            repeats += 1;
            operation.id = format!("{}{}", operation.id, repeats + 1);
        } else {
            previous.clone_from(&operation.id);
            repeats = 0;
        }
    }
}

fn query(program: &Program, literals: &Literals, schemas: &mut Schemas<'_>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for ty in &literals.query_types {
        let Some(record) = record_of(program, *ty) else {
            continue;
        };
        for Property {
            name,
            schema,
            required,
        } in schemas.properties(record)
        {
            if parameters.iter().all(|known| known.name != name) {
                parameters.push(Parameter {
                    name,
                    schema,
                    required,
                    wildcard: false,
                });
            }
        }
    }
    for (name, list) in &literals.queries {
        if parameters.iter().any(|known| known.name == *name) {
            continue;
        }
        let text = schemas.schema(TypeId::STRING);
        let schema = if *list {
            Schema::of(SchemaKind::Array {
                items: Box::new(text),
                min_items: None,
                max_items: None,
            })
        } else {
            text
        };
        parameters.push(Parameter {
            name: name.clone(),
            schema,
            required: false,
            wildcard: false,
        });
    }
    parameters
}

fn record_of(program: &Program, ty: TypeId) -> Option<RecordId> {
    match program.types.get(ty) {
        Type::Record(id) => Some(*id),
        Type::Option(inner) | Type::Refined(inner, _) => record_of(program, *inner),
        _ => None,
    }
}

fn body(program: &Program, ty: TypeId, schemas: &mut Schemas<'_>) -> Body {
    let required = !program.types.accepts_null(ty);
    let inner = match program.types.get(ty) {
        Type::Option(inner) => *inner,
        _ => ty,
    };
    let kind = match program.types.get(inner) {
        Type::Bytes => BodyKind::Bytes,
        Type::String => BodyKind::Text,
        Type::Record(id) if takes_form(program, *id) => BodyKind::JsonOrForm,
        _ => BodyKind::Json,
    };
    // Null can be written in JSON alone; elsewhere a body is absent.
    let shown = match kind {
        BodyKind::Json | BodyKind::JsonOrForm => ty,
        BodyKind::Bytes | BodyKind::Text => inner,
    };
    Body {
        kind,
        schema: schemas.schema(shown),
        required,
    }
}

/// Whether every field of a record can be text.
fn takes_form(program: &Program, id: RecordId) -> bool {
    program[id]
        .fields
        .iter()
        .all(|field| is_text(program, field.ty, true))
}

fn is_text(program: &Program, ty: TypeId, lists: bool) -> bool {
    match program.types.get(ty) {
        Type::Bool
        | Type::Int
        | Type::Float
        | Type::String
        | Type::Bytes
        | Type::Id
        | Type::Email => true,
        Type::Option(inner) | Type::Refined(inner, _) => is_text(program, *inner, lists),
        Type::List(item) if lists => is_text(program, *item, false),
        Type::Enum(id) => program[*id]
            .variants
            .iter()
            .all(|variant| variant.payload.is_empty()),
        _ => false,
    }
}

fn success(
    program: &Program,
    route: &Route,
    literals: &Literals,
    schemas: &mut Schemas<'_>,
) -> Success {
    let ty = match program.types.get(route.result) {
        Type::Result { ok, .. } => *ok,
        _ => route.result,
    };
    let media_type = match (&literals.content_type, ty) {
        (Some(set), _) => set.clone(),
        (None, TypeId::HTML) => "text/html".to_owned(),
        (None, _) => "application/json".to_owned(),
    };
    let mut statuses = literals.statuses.clone();
    let untold = statuses.is_empty() && !literals.computed_status;
    if !statuses.contains(&200) && (untold || !status::is_always_set(program, route.function)) {
        statuses.push(200);
        statuses.sort_unstable();
    }
    Success {
        statuses,
        computed: literals.computed_status,
        media_type,
        schema: schemas.schema(ty),
    }
}

fn errors(program: &Program, route: &Route, takes_input: bool) -> Vec<ErrorResponse> {
    let mut errors: Vec<ErrorResponse> = Vec::new();
    if takes_input {
        errors.push(ErrorResponse {
            status: Some(400),
            domains: Vec::new(),
        });
    }
    for domain in &route.domains {
        let status = match program.types.get(*domain) {
            Type::Record(id) => {
                let builtin = program[*id].builtin.map(|id| id.record().mapping);
                match builtin {
                    Some(ErrorMapping::Fixed { status, .. }) => Some(status),
                    Some(ErrorMapping::ByFields) => None,
                    Some(ErrorMapping::Internal) | None => Some(500),
                }
            }
            _ => Some(500),
        };
        let name = program.type_name(*domain).to_string();
        match errors.iter_mut().find(|error| error.status == status) {
            Some(error) => error.domains.push(name),
            None => errors.push(ErrorResponse {
                status,
                domains: vec![name],
            }),
        }
    }
    errors.sort_by_key(|error| error.status.unwrap_or(u16::MAX));
    errors
}

/// Looks for calls that read or set something by a literal.
pub(super) struct Scan<'a> {
    pub(super) program: &'a Program,
    pub(super) found: &'a mut Literals,
}

impl Scan<'_> {
    fn call(&mut self, function: &Function, builtin: BuiltinId, args: &[ExprId]) {
        let literal = |index: usize| {
            let arg = args.get(index)?;
            Constant::of(self.program, function, *arg)
        };
        let name = match literal(0) {
            Some(Constant::Text(name)) => Some(name),
            _ => None,
        };
        match (builtin, name) {
            (BuiltinId::RequestBearer, _) => self.found.bearer = true,
            (BuiltinId::RequestHeader, Some(name)) => {
                let name = name.to_ascii_lowercase();
                if name == "authorization" {
                    self.found.bearer = true;
                } else {
                    self.found.headers.push(name);
                }
            }
            (BuiltinId::RequestCookie, Some(name)) => self.found.cookies.push(name),
            (BuiltinId::RequestQuery, Some(name)) => self.found.queries.push((name, false)),
            (BuiltinId::RequestQueryAll, Some(name)) => self.found.queries.push((name, true)),
            (BuiltinId::ResponseHeader, Some(name))
                if name.eq_ignore_ascii_case("content-type") =>
            {
                if let Some(Constant::Text(value)) = literal(1) {
                    self.found.content_type.get_or_insert(value);
                }
            }
            (BuiltinId::ResponseStatus, _) => self.status(literal(0)),
            (BuiltinId::ResponseRedirect, _) => self.status(literal(1)),
            _ => {}
        }
    }

    fn status(&mut self, literal: Option<Constant>) {
        match literal {
            // Out of range is a fault when it runs.
            Some(Constant::Int(status)) => self.found.statuses.extend(u16::try_from(status)),
            _ => self.found.computed_status = true,
        }
    }
}

impl Visitor for Scan<'_> {
    fn expr(&mut self, function: &Function, id: ExprId) {
        if let Expr::CallBuiltin {
            builtin,
            type_arg,
            args,
        } = function[id]
        {
            self.call(function, builtin, &function[args]);
            if let (BuiltinId::RequestQueryAs, Some(ty)) = (builtin, type_arg)
                && !self.found.query_types.contains(&ty)
            {
                self.found.query_types.push(ty);
            }
        }
        walk_expr(self, function, id);
    }
}

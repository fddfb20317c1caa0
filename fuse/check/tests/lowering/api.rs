//! What routes promise to clients.

use std::fmt::Write as _;

use fuse_check::api::{ApiModel, Operation, Parameter, Schema, SchemaKind, api_model};

use crate::program::program;

/// The model as text, short enough to compare.
fn shown(model: &ApiModel) -> String {
    let mut out = format!("{} {}\n", model.title, model.version);
    let _ = writeln!(out, "bearer {} cookies {:?}", model.bearer, model.cookies);
    for service in &model.services {
        let _ = writeln!(
            out,
            "service {} {} {:?}",
            service.name, service.base, service.description
        );
        for operation in &service.operations {
            shown_operation(&mut out, operation);
        }
    }
    for (name, schema) in &model.schemas {
        let _ = writeln!(out, "schema {name} {}", shown_schema(schema));
    }
    out
}

fn shown_operation(out: &mut String, operation: &Operation) {
    let Operation {
        verb, pattern, id, ..
    } = operation;
    let _ = writeln!(out, "  {} {pattern} {id}", verb.word());
    let _ = writeln!(
        out,
        "    {:?} {:?}",
        operation.summary, operation.description
    );
    for (place, params) in [("path", &operation.path), ("query", &operation.query)] {
        for Parameter {
            name,
            schema,
            required,
            wildcard,
        } in params
        {
            let schema = shown_schema(schema);
            let _ = writeln!(
                out,
                "    {place} {name} {schema} required={required} wildcard={wildcard}"
            );
        }
    }
    let _ = writeln!(
        out,
        "    headers {:?} cookies {:?} bearer {}",
        operation.headers, operation.cookies, operation.bearer
    );
    if let Some(body) = &operation.body {
        let _ = writeln!(
            out,
            "    body {:?} {} required={}",
            body.kind,
            shown_schema(&body.schema),
            body.required
        );
    }
    let success = &operation.success;
    let _ = writeln!(
        out,
        "    {:?} {} {}",
        success.statuses,
        success.media_type,
        shown_schema(&success.schema)
    );
    for error in &operation.errors {
        let _ = writeln!(out, "    error {:?} {:?}", error.status, error.domains);
    }
}

fn shown_schema(schema: &Schema) -> String {
    let mut text = match &schema.kind {
        SchemaKind::Array {
            items,
            min_items,
            max_items,
        } => {
            format!("[{}]{min_items:?}{max_items:?}", shown_schema(items))
        }
        SchemaKind::Map { values, .. } => format!("{{{}}}", shown_schema(values)),
        SchemaKind::Object(properties) => {
            let members: Vec<_> = properties
                .iter()
                .map(|one| {
                    let mark = if one.required { "" } else { "?" };
                    format!("{}{mark}: {}", one.name, shown_schema(&one.schema))
                })
                .collect();
            format!("object({})", members.join(", "))
        }
        SchemaKind::Variants(variants) => {
            let variants: Vec<_> = variants
                .iter()
                .map(|one| {
                    let payload: Vec<_> = one.payload.iter().map(shown_schema).collect();
                    format!("{}({})", one.name, payload.join(", "))
                })
                .collect();
            variants.join(" | ")
        }
        kind => format!("{kind:?}"),
    };
    if schema.nullable {
        text.push('?');
    }
    if let Some(default) = &schema.default {
        let _ = write!(text, " = {default:?}");
    }
    if let Some(description) = &schema.description {
        let _ = write!(text, " ## {description}");
    }
    for predicate in &schema.predicates {
        let _ = write!(text, " predicate {predicate}");
    }
    text
}

#[test]
fn routes_types_and_names_are_all_there() {
    let source = "\
type std.Error:
  code: String
  message: String
  status: Int = 500

fn slug(text: String) -> Bool:
  return text.lower() == text

## A thing.
type Item:
  ## Its number.
  id: Int(1..99)
  name: String(1..8, regex(\"^[a-z]+$\"), predicate(slug))
  tags: List<String>(0..5) = [\"new\"]
  note: String? = null
  kind: Kind = Kind.Plain
  key: Bytes?

enum Kind:
  Plain
  ## With a size.
  Sized(Int)
  Pair(Int, String)

type Filter:
  q: String
  page: Int = 1

type Login:
  user: String
  keep: Bool = false

fn who() -> String:
  return request.bearer() ?? request.cookie(\"sid\") ?? request.header(\"X-Who\") ?? \"\"

## Things and more.
service NotesApi at \"/api\":
  ## Reads one.
  ##
  ## By its number.
  get \"/items/{id: Int(1..99)}\" -> Item!std.Error.NotFound!std.Error:
    let me = who()
    return null ?! std.Error.NotFound(message=me)

  get \"/items\" -> List<Item>:
    match request.query_as<Filter>():
      Ok(f) -> []
      Err(_) -> []

  post \"/items\" body Item -> Item:
    response.status(201)
    return body

  post \"/login\" body Login? -> Bool:
    return request.query(\"next\") == null

  get \"/files/{*path: String}\" -> Bytes:
    response.header(\"Content-Type\", \"image/png\")
    return path.to_bytes()

  delete \"/items/{id: Int}\" -> Unit:
    response.status(204)

  get \"/page\" -> Html:
    return p(): \"x\"

app \"notes\":
  print(1)
";
    insta::assert_snapshot!("api_model", shown(&api_model(&program(source))));
}

#[test]
fn names_of_operations_are_distinct_and_do_not_depend_on_order() {
    let routes = [
        "  get \"/by-id\" -> Int:\n    return 1\n",
        "  get \"/{id: Int}\" -> Int:\n    return id\n",
        "  get \"/by/id\" -> Int:\n    return 2\n",
    ];
    let ids = |order: [usize; 3]| {
        let text: Vec<_> = order.iter().map(|at| routes[*at]).collect();
        let model = api_model(&program(&format!(
            "service S at \"/\":\n{}",
            text.join("\n")
        )));
        let mut ids: Vec<_> = model.services[0]
            .operations
            .iter()
            .map(|one| (one.pattern.clone(), one.id.clone()))
            .collect();
        ids.sort();
        ids
    };
    let first = ids([0, 1, 2]);
    let distinct: std::collections::BTreeSet<_> = first.iter().map(|(_, id)| id).collect();
    assert_eq!(distinct.len(), 3, "{first:?}");
    assert_eq!(ids([2, 1, 0]), first);
    assert_eq!(ids([1, 0, 2]), first);
}

#[test]
fn types_of_one_name_are_told_apart() {
    let model = api_model(&program(
        "type ErrorResponse:\n  n: Int\n\nservice S at \"/\":\n  get \"/\" -> ErrorResponse:\n    return ErrorResponse(n=1)\n",
    ));
    let names: Vec<_> = model
        .schemas
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["main_ErrorResponse"]);
}

/// The statuses of one route whose handler is this, with these functions.
fn statuses(functions: &str, handler: &str) -> (Vec<u16>, bool) {
    let source = format!(
        "{functions}\nservice S at \"/\":\n  get \"/{{n: Int}}\" -> Int!std.Error.NotFound:\n{handler}"
    );
    let model = api_model(&program(&source));
    let success = &model.services[0].operations[0].success;
    (success.statuses.clone(), success.computed)
}

#[test]
fn a_way_without_a_status_answers_200() {
    let always = "    response.status(201)\n    return n\n";
    assert_eq!(statuses("", always), (vec![201], false));
    let branches = "    if n > 1:\n      response.status(201)\n    else:\n      response.status(202)\n    return n\n";
    assert_eq!(statuses("", branches), (vec![201, 202], false));
    let sometimes = "    if n > 1:\n      response.status(201)\n    return n\n";
    assert_eq!(statuses("", sometimes), (vec![200, 201], false));
    let early = "    if n > 1:\n      return 1\n    response.status(201)\n    return n\n";
    assert_eq!(statuses("", early), (vec![200, 201], false));
    let rounds = "    for i in 1..n:\n      response.status(201)\n    return n\n";
    assert_eq!(statuses("", rounds), (vec![200, 201], false));
}

#[test]
fn a_failure_needs_no_status() {
    let fails = "    if n > 1:\n      null ?! std.Error.NotFound(message=\"none\")\n    response.status(201)\n    return n\n";
    assert_eq!(statuses("", fails), (vec![201], false));
}

#[test]
fn functions_set_statuses_for_their_callers() {
    let functions = "fn made(n: Int) -> Int:\n  response.status(201)\n  return n\n\nfn maybe(n: Int) -> Int:\n  if n > 1:\n    response.status(202)\n  return n\n\nfn down(n: Int) -> Int:\n  if n > 1:\n    return down(n - 1)\n  response.status(203)\n  return n\n";
    assert_eq!(
        statuses(functions, "    return made(n)\n"),
        (vec![201], false)
    );
    assert_eq!(
        statuses(functions, "    return maybe(n)\n"),
        (vec![200, 202], false)
    );
    // Of a function that calls itself nothing is known.
    assert_eq!(
        statuses(functions, "    return down(n)\n"),
        (vec![200, 203], false)
    );
}

#[test]
fn a_computed_status_is_told() {
    let computed = "    response.status(200 + n)\n    return n\n";
    assert_eq!(statuses("", computed), (vec![], true));
}

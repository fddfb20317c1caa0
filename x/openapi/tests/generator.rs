//! Documents from routes, as users of a document see them.

use plumego_contract::{Json, Request};
use plumego_router::Router;
use plumego_x_openapi::{
    Conventions, Document, Generator, Info, Op, Route, Schema, SecurityScheme, Server, Severity,
    SpecProblem, Tag, json_body, json_response, parse, path_param, query_param, to_json, to_value,
    to_yaml, validate,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const META_SCHEMA: &str = include_str!("meta_schema/openapi-3.1.json");

async fn nothing(_: Request) -> Json<()> {
    Json(())
}

fn generate(generator: &Generator, routes: &[(&str, &str)]) -> Document {
    let routes = routes
        .iter()
        .map(|(method, path)| Route::new(*method, *path));
    generator
        .generate_from(routes)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(generator: &Generator, routes: &[(&str, &str)]) -> Vec<SpecProblem> {
    let routes = routes
        .iter()
        .map(|(method, path)| Route::new(*method, *path));
    generator.generate_with_warnings(routes).1
}

fn rules(problems: &[SpecProblem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.rule).collect()
}

/// Fails with everything the official schema says against the document.
fn assert_official(document: &Document) {
    let schema: Value =
        serde_json::from_str(META_SCHEMA).expect("the schema of the initiative compiles");
    let validator =
        jsonschema::validator_for(&schema).expect("the schema of the initiative compiles");
    let tree = to_value(document);
    let errors: Vec<String> = validator
        .iter_errors(&tree)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn an_empty_list_of_routes_gives_a_document_with_empty_paths() {
    let document = generate(&Generator::default(), &[]);
    let text = String::from_utf8(to_json(&document)).unwrap();
    assert_eq!(
        text,
        "{\n  \"openapi\": \"3.1.0\",\n  \"info\": {\n    \"title\": \"Plumego API\",\n    \
         \"version\": \"0.0.0\"\n  },\n  \"jsonSchemaDialect\": \
         \"https://spec.openapis.org/oas/3.1/dialect/base\",\n  \"paths\": {}\n}\n"
    );
    assert_official(&document);
}

#[test]
fn a_router_can_be_described_without_hints() {
    let mut router = Router::new(plumego_router::RouterConfig::default());
    router.get("/users/{id}", nothing).unwrap();
    router.post("/users", nothing).unwrap();
    router.get("/files/{*path}", nothing).unwrap();
    let document = Generator::default().generate(&router.routes()).unwrap();
    assert_official(&document);
    let tree = to_value(&document);
    let read = &tree["paths"]["/users/{id}"]["get"];
    assert_eq!(read["operationId"], "get_users_id");
    assert_eq!(read["responses"], json!({"200": {"description": "OK"}}));
    assert_eq!(
        read["parameters"],
        json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}])
    );
    let file = &tree["paths"]["/files/{path}"]["get"]["parameters"][0];
    assert_eq!(file["x-plumego-wildcard"], true);
    assert_eq!(tree["paths"]["/users"]["post"]["operationId"], "post_users");
}

#[test]
fn hints_are_found_by_name_before_method_and_path() {
    let generator = Generator::default()
        .operation("users.show", Op::new().summary("by name"))
        .operation("GET /users/{id}", Op::new().summary("by path"))
        .operation("GET /files/{path}", Op::new().summary("document spelling"));
    let mut named = Route::new("GET", "/users/{id}");
    named.name = Some("users.show".into());
    let (document, found) =
        generator.generate_with_warnings([named, Route::new("GET", "/files/{*path}")]);
    let tree = to_value(&document);
    assert_eq!(tree["paths"]["/users/{id}"]["get"]["summary"], "by name");
    assert_eq!(
        tree["paths"]["/users/{id}"]["get"]["operationId"],
        "users.show"
    );
    assert_eq!(
        tree["paths"]["/files/{path}"]["get"]["summary"],
        "document spelling"
    );
    assert_eq!(rules(&found), ["hint-unmatched"]);
    assert_eq!(found[0].severity, Severity::Warning);
}

#[test]
fn an_unmatched_hint_is_an_error_when_strict() {
    let generator = Generator::default().strict().operation("gone", Op::new());
    let found = generator.generate_from([]).unwrap_err();
    assert_eq!(
        found[0].to_string(),
        "error[hint-unmatched] at : the hint `gone` matches no route"
    );
}

#[test]
fn hints_replace_the_default_answer_and_parameters_of_the_same_name() {
    let generator = Generator::default().operation(
        "GET /users/{id}",
        Op::new()
            .parameter(path_param("id", Schema::integer()).description("The number."))
            .parameter(query_param("full", Schema::boolean()))
            .response(200, json_response("The user", Schema::object()))
            .response(404, json_response("Nobody", Schema::object())),
    );
    let document = generate(&generator, &[("GET", "/users/{id}")]);
    let tree = to_value(&document);
    let operation = &tree["paths"]["/users/{id}"]["get"];
    assert_eq!(operation["parameters"].as_array().unwrap().len(), 2);
    assert_eq!(operation["parameters"][0]["schema"]["type"], "integer");
    assert_eq!(operation["parameters"][0]["required"], true);
    assert_eq!(operation["responses"]["200"]["description"], "The user");
    assert!(operation["responses"]["404"].is_object());
    assert_official(&document);
}

#[test]
fn any_method_stands_for_five_and_an_exact_route_wins() {
    let generator = Generator::default().operation("POST /hook", Op::new().summary("exact or not"));
    let document = generate(&generator, &[("POST", "/hook"), ("ANY", "/hook")]);
    let item = &document.paths["/hook"];
    let methods: Vec<_> = item.operations().map(|(method, _)| method).collect();
    assert_eq!(methods, ["get", "put", "post", "delete", "patch"]);
    assert_eq!(
        item.post.as_ref().unwrap().operation_id.as_deref(),
        Some("post_hook")
    );
    assert_official(&document);
}

#[test]
fn mirrors_are_hidden_and_upgrades_are_marked() {
    let routes = [
        ("GET", "/a"),
        ("HEAD", "/a"),
        ("OPTIONS", "/a"),
        ("CONNECT", "/tunnel"),
    ];
    let document = generate(&Generator::default(), &routes);
    assert!(document.paths["/a"].head.is_none() && document.paths["/a"].options.is_none());
    assert_eq!(
        document.paths["/tunnel"].extensions["x-plumego-upgrade"],
        "CONNECT"
    );
    let shown = generate(&Generator::default().show_mirrors(), &routes);
    assert!(shown.paths["/a"].head.is_some() && shown.paths["/a"].options.is_some());
}

#[test]
fn paths_that_differ_in_names_only_are_a_problem() {
    let found = problems(
        &Generator::default(),
        &[("GET", "/u/{id}"), ("PUT", "/u/{uid}")],
    );
    assert_eq!(rules(&found), ["path-template-duplicate"]);
    assert_eq!(found[0].pointer, "/paths/~1u~1{uid}");
}

#[test]
fn an_operation_id_belongs_to_one_operation() {
    let generator = Generator::default()
        .operation("GET /a", Op::new().operation_id("same"))
        .operation("GET /b", Op::new().operation_id("same"));
    let found = problems(&generator, &[("GET", "/a"), ("GET", "/b")]);
    assert_eq!(rules(&found), ["operation-id-duplicate"]);
}

#[test]
fn excluded_routes_leave_no_trace() {
    let generator = Generator::default()
        .exclude("/healthz")
        .exclude("/_admin/*");
    let document = generate(
        &generator,
        &[("GET", "/healthz"), ("GET", "/_admin/x/y"), ("GET", "/a")],
    );
    assert_eq!(document.paths.keys().collect::<Vec<_>>(), ["/a"]);
}

#[test]
fn a_method_without_a_place_is_a_warning() {
    let found = problems(&Generator::default(), &[("MKCOL", "/dav")]);
    assert_eq!(rules(&found), ["method-unknown"]);
}

#[test]
fn references_must_lead_somewhere_but_examples_are_data() {
    let op = Op::new().response(200, json_response("x", Schema::reference("Missing")));
    let generator = Generator::default().operation("GET /a", op);
    assert_eq!(
        rules(&problems(&generator, &[("GET", "/a")])),
        ["ref-broken"]
    );
    let data = Schema::object().with(|schema| schema.examples.push(json!({"$ref": "#/nowhere"})));
    let generator = Generator::default().schema("Data", data);
    assert!(problems(&generator, &[]).is_empty());
    // A member may be called like a keyword.
    let named = Schema::object().property("default", Schema::reference("Missing"), false);
    let generator = Generator::default().schema("Named", named);
    assert_eq!(rules(&problems(&generator, &[])), ["ref-broken"]);
}

#[test]
fn every_rule_of_meaning_is_checked() {
    let bad = |change: fn(&mut Document)| {
        let mut document = generate(&Generator::default(), &[("GET", "/a/{id}")]);
        change(&mut document);
        rules(&validate(&document).unwrap_err())
    };
    assert_eq!(bad(|d| d.openapi = "3.0.3".into()), ["openapi-version"]);
    assert_eq!(
        bad(|d| {
            let item = d.paths.remove("/a/{id}").unwrap();
            d.paths.insert("a/{id}".into(), item);
        }),
        ["path-absolute"]
    );
    assert_eq!(
        bad(|d| d
            .paths
            .get_mut("/a/{id}")
            .unwrap()
            .get
            .as_mut()
            .unwrap()
            .parameters
            .clear()),
        ["path-parameter-undeclared"]
    );
    assert_eq!(
        bad(|d| {
            let get = d.paths.get_mut("/a/{id}").unwrap().get.as_mut().unwrap();
            get.parameters
                .push(path_param("other", Schema::string()).into());
        }),
        ["path-parameter-unknown"]
    );
    assert_eq!(
        bad(|d| {
            let get = d.paths.get_mut("/a/{id}").unwrap().get.as_mut().unwrap();
            let again = get.parameters[0].clone();
            get.parameters.push(again);
        }),
        ["parameter-duplicate"]
    );
    assert_eq!(
        bad(|d| {
            let get = d.paths.get_mut("/a/{id}").unwrap().get.as_mut().unwrap();
            let answer = get.responses.remove("200").unwrap();
            get.responses.insert("2000".into(), answer);
        }),
        ["response-key"]
    );
    assert_eq!(
        bad(|d| d
            .paths
            .get_mut("/a/{id}")
            .unwrap()
            .get
            .as_mut()
            .unwrap()
            .responses
            .clear()),
        ["responses-empty"]
    );
    assert_eq!(
        bad(|d| {
            let get = d.paths.get_mut("/a/{id}").unwrap().get.as_mut().unwrap();
            get.request_body =
                Some(plumego_x_openapi::RequestBody::new("not a type", Schema::string()).into());
        }),
        ["media-type"]
    );
    assert_eq!(
        bad(|d| d.security.push([("nobody".to_owned(), vec![])].into())),
        ["security-unknown"]
    );
    assert_eq!(
        bad(|d| {
            d.components.schemas.insert("a b".into(), Schema::any());
        }),
        ["component-name"]
    );
    assert_eq!(
        bad(|d| {
            let schema: Schema = serde_json::from_value(json!({
                "oneOf": [], "discriminator": {"propertyName": "kind", "mapping": {"a": "Gone"}}
            }))
            .unwrap();
            d.components.schemas.insert("Pet".into(), schema);
        }),
        ["discriminator-mapping"]
    );
}

fn rich() -> Generator {
    Generator::new(Info::new("Shop", "1.2.3").description("Line one\nline two\n"))
        .server(Server::new("https://shop.example"))
        .tag(Tag::new("orders").description("What people buy"))
        .security_scheme("bearerAuth", SecurityScheme::bearer_jwt())
        .security(["bearerAuth"])
        .schema(
            "Order",
            Schema::object()
                .property("note", Schema::string().nullable(), false)
                .closed(),
        )
        .conventions(
            Conventions::contract_envelope()
                .with_pagination()
                .with_conditional()
                .with_idempotency()
                .with_rate_limit(),
        )
        .operation(
            "POST /orders",
            Op::new()
                .tag("orders")
                .request_body(json_body(Schema::reference("Order")))
                .response(201, json_response("Made", Schema::reference("Order"))),
        )
        .operation(
            "GET /orders",
            Op::new()
                .operation_id("orders.index")
                .no_security()
                .response(
                    200,
                    json_response("All", Schema::array(Schema::reference("Order"))),
                ),
        )
}

const RICH: [(&str, &str); 3] = [
    ("POST", "/orders"),
    ("GET", "/orders"),
    ("DELETE", "/orders/{id}"),
];

#[test]
fn conventions_describe_what_the_toolkit_answers() {
    let document = generate(&rich(), &RICH);
    assert_official(&document);
    let tree = to_value(&document);
    let made = &tree["paths"]["/orders"]["post"];
    let schema = &made["responses"]["201"]["content"]["application/json"]["schema"];
    assert_eq!(
        schema["properties"]["data"]["$ref"],
        "#/components/schemas/Order"
    );
    assert_eq!(schema["required"], json!(["data"]));
    let keys: Vec<&String> = made["responses"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "201", "400", "401", "403", "409", "412", "413", "422", "428", "429", "500", "503"
        ]
    );
    assert_eq!(
        made["responses"]["400"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/ErrorResponse"
    );
    assert!(made["responses"]["429"]["headers"]["Retry-After"].is_object());
    let all = &tree["paths"]["/orders"]["get"];
    assert!(
        all["responses"].get("401").is_none(),
        "nothing is needed to list"
    );
    assert!(all["responses"]["304"].is_object());
    let names: Vec<&str> = all["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["page", "page_size", "If-None-Match"]);
    assert!(tree["paths"]["/orders/{id}"]["delete"]["responses"]["404"].is_object());
    assert!(tree["components"]["schemas"]["ErrorResponse"]["properties"]["error"].is_object());
}

#[test]
fn a_document_is_read_back_as_it_was_written() {
    let document = generate(&rich(), &RICH);
    let text = to_json(&document);
    assert_eq!(to_json(&parse(&text).unwrap()), text);
}

#[test]
fn yaml_says_what_json_says() {
    let document = generate(&rich(), &RICH);
    let yaml = String::from_utf8(to_yaml(&document)).unwrap();
    let read: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(read, to_value(&document), "{yaml}");
    insta::assert_snapshot!(yaml);
}

#[test]
fn what_is_no_document_is_refused_with_its_place() {
    let error = parse(b"{\"openapi\": \"3.1.0\"}").unwrap_err().to_string();
    assert_eq!(
        error,
        "not an OpenAPI document: missing field `info` at line 1 column 20"
    );
    let error = parse(br#"{"openapi":"2.0","info":{"title":"t","version":"1"}}"#).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("not a valid OpenAPI document: error[openapi-version]")
    );
}

fn awkward_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "no",
            "Yes",
            "null",
            "~",
            "1.0",
            "0x1f",
            "2024-01-01",
            "200",
            "a: b",
            "a #b",
            "*x",
            "&x",
            "- x",
            "?",
            "!tag",
            "%",
            "@",
            "`",
            "{}",
            "[]",
            "",
            " ",
            " lead",
            "trail ",
            "a:",
            "line\nline",
            "line\n",
            "\nline",
            "a\n\nb\n",
            "tab\there",
            "é",
            "\u{feff}",
            "\u{85}x",
            "\u{7f}",
            "=",
            "<<",
            "|",
            ">",
            "'",
            "\"",
            "\\",
            "---",
            "...",
            ".inf",
            "a\n  b\n c",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn the_order_of_registration_does_not_show(seed in any::<u64>()) {
        let mut routes = RICH.to_vec();
        let turn = usize::try_from(seed % 3).unwrap();
        routes.rotate_left(turn);
        if seed & 8 == 0 {
            routes.reverse();
        }
        prop_assert_eq!(to_json(&generate(&rich(), &routes)), to_json(&generate(&rich(), &RICH)));
    }

    #[test]
    fn every_text_survives_yaml(key in awkward_text(), value in awkward_text()) {
        let generator = Generator::new(Info::new(value.clone(), "1"))
            .extension("x-map", json!({ key.clone(): { key.clone(): value.clone() }, "l": [[value.clone()], {key: value}] }));
        let document = generate(&generator, &[]);
        let yaml = String::from_utf8(to_yaml(&document)).unwrap();
        let read: Value = serde_saphyr::from_str(&yaml)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        prop_assert_eq!(read, to_value(&document), "{}", yaml);
    }
}

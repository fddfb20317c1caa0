//! `fuse openapi`.

use crate::support::World;

const SERVICE: &str = r#"
## A note.
type Note:
    title: String(1..80)
    tags: List<String> = []
    pinned: Bool?

service Notes at "/api":
    ## Read a note.
    get "/notes/{id: Int}" -> Note!std.Error.NotFound:
        return Note(title="${id}")

    post "/notes" body Note -> Note:
        return body
"#;

#[test]
fn a_document_says_what_routes_promise() {
    let world = World::with(&[("main.fuse", SERVICE)]);
    let run = world.run("openapi main.fuse");
    assert_eq!(run.status, Some(0), "{}", run.shown());
    assert_eq!(run.stderr, "");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/api");
    let read = &document["paths"]["/notes/{id}"]["get"];
    assert_eq!(read["operationId"], "notesGetNotesById");
    assert_eq!(read["summary"], "Read a note.");
    assert_eq!(read["parameters"][0]["schema"]["type"], "integer");
    assert!(read["responses"]["404"].is_object() && read["responses"]["default"].is_object());
    let note = &document["components"]["schemas"]["Note"];
    assert_eq!(note["required"], serde_json::json!(["title"]));
    assert_eq!(note["properties"]["title"]["maxLength"], 80);
    assert_eq!(note["properties"]["tags"]["default"], serde_json::json!([]));
    assert_eq!(
        note["properties"]["pinned"]["type"],
        serde_json::json!(["boolean", "null"])
    );
    assert_eq!(note["additionalProperties"], false);
    let body = &document["paths"]["/notes"]["post"]["requestBody"];
    assert_eq!(body["required"], true);
    // A form may have fields that the record lacks.
    let form = &body["content"]["application/x-www-form-urlencoded"]["schema"];
    assert_eq!(form["properties"]["title"]["maxLength"], 80);
    assert!(form["additionalProperties"].is_null(), "{form}");
}

#[test]
fn a_committed_document_is_compared() {
    let world = World::with(&[("main.fuse", SERVICE)]);
    let missing = world.run("openapi main.fuse --check api.json");
    assert_eq!(missing.status, Some(1));
    assert!(
        missing.stderr.contains("--out api.json"),
        "{}",
        missing.stderr
    );
    assert_eq!(world.run("openapi main.fuse --out api.json").stdout, "");
    assert_eq!(
        world.run("openapi main.fuse").stdout,
        world.read("api.json")
    );
    assert_eq!(
        world.run("openapi main.fuse --check api.json").status,
        Some(0)
    );
    world.write("main.fuse", SERVICE.replace("1..80", "1..90"));
    assert_eq!(
        world.run("openapi main.fuse --check api.json").status,
        Some(1)
    );
}

#[test]
fn a_program_without_services_has_no_document() {
    let world = World::with(&[("main.fuse", crate::support::GOOD)]);
    let run = world.run("openapi main.fuse");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("no service declared"), "{}", run.stderr);
}

#[test]
fn answers_of_one_status_stand_side_by_side() {
    let source = r#"
service Pages at "/":
    get "/{n: Int}" -> Html:
        if n == 1:
            response.status(400)
        if n == 2:
            response.status(500 + n)
        return p(): "x"

    post "/" body Int? -> Int:
        if body == 7:
            response.status(400)
        return 1
"#;
    let world = World::with(&[("main.fuse", source)]);
    let run = world.run("openapi main.fuse");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let types = |answer: &serde_json::Value| -> Vec<String> {
        let content = answer["content"].as_object().unwrap();
        content.keys().cloned().collect()
    };
    let page = &document["paths"]["/{n}"]["get"]["responses"];
    assert_eq!(types(&page["200"]), ["text/html"]);
    assert_eq!(types(&page["400"]), ["application/json", "text/html"]);
    assert_eq!(types(&page["default"]), ["application/json", "text/html"]);
    let post = &document["paths"]["/"]["post"];
    let refused = &post["responses"]["400"]["content"]["application/json"]["schema"]["anyOf"];
    assert_eq!(refused[0]["type"], "integer");
    assert_eq!(refused[1]["$ref"], "#/components/schemas/ErrorResponse");
    // The body may be absent, or null.
    assert!(post["requestBody"]["required"].is_null());
    let body = &post["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["type"], serde_json::json!(["integer", "null"]));
}

#[test]
fn an_optional_parameter_may_be_empty() {
    let source = r#"
type Filter:
    word: String?
    page: Int = 1

service Things at "/":
    get "/" -> Int!std.Error.Validation:
        let filter = request.query_as<Filter>() ?!
        return filter.page
"#;
    let world = World::with(&[("main.fuse", source)]);
    let run = world.run("openapi main.fuse");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let parameters = &document["paths"]["/"]["get"]["parameters"];
    assert_eq!(parameters[0]["name"], "word");
    assert_eq!(parameters[0]["allowEmptyValue"], true);
    assert_eq!(parameters[1]["name"], "page");
    assert!(parameters[1]["allowEmptyValue"].is_null());
}

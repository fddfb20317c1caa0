//! Checking one program after another, and asking about places in it.

use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, Session, Symbol, analyze};
use fuse_check::load::{MemorySource, ModuleGraph, load};
use fuse_check::package::PackageGraph;

const STORE: &str =
    "type Row:\n  id: Int\n\nfn first(rows: List<Row>) -> Int:\n  return rows.len()\n";
const MAIN: &str = "import Store from \"./store\"\n\napp \"a\":\n  let row = Store.Row(id=1)\n  print(Store.first([row]) + row.id)\n";

fn graph(main: &str, store: &str) -> ModuleGraph {
    let source = MemorySource::new()
        .file("/a/main.fuse", main)
        .file("/a/store.fuse", store);
    let packages = PackageGraph::anonymous(Path::new("/a"), Path::new("/a"));
    load(Path::new("/a/main.fuse"), &packages, &source)
}

fn codes(session: &mut Session, graph: &ModuleGraph) -> Vec<String> {
    let analysis = session.analyze(graph, &AnalyzeOptions::default());
    let found = analysis.diagnostics().iter();
    found
        .map(|one| format!("{} {:?} {}", one.code, one.span, one.message))
        .collect()
}

#[test]
fn an_edit_of_a_body_is_not_seen_elsewhere() {
    let mut session = Session::new();
    assert!(codes(&mut session, &graph(MAIN, STORE)).is_empty());
    assert_eq!(session.reused(), 0);
    assert!(codes(&mut session, &graph(MAIN, STORE)).is_empty());
    assert_eq!(session.reused(), 2);
    let body = STORE.replace("rows.len()", "rows.len() + 1");
    assert!(codes(&mut session, &graph(MAIN, &body)).is_empty());
    assert_eq!(session.reused(), 1);
}

#[test]
fn an_edit_of_a_signature_is_seen_by_importers() {
    let mut session = Session::new();
    assert!(codes(&mut session, &graph(MAIN, STORE)).is_empty());
    let signature = STORE.replace("-> Int:\n  return rows.len()", "-> String:\n  return \"x\"");
    let edited = graph(MAIN, &signature);
    let found = codes(&mut session, &edited);
    assert_eq!(session.reused(), 0);
    assert_eq!(found, codes(&mut Session::new(), &edited));
    let field = graph(MAIN, &STORE.replace("  id: Int\n", "  id: String\n"));
    assert_eq!(
        codes(&mut session, &field),
        codes(&mut Session::new(), &field)
    );
}

#[test]
fn a_session_says_what_a_fresh_check_says_after_every_edit() {
    let mut session = Session::new();
    let edits = [
        (MAIN.to_owned(), STORE.to_owned()),
        (MAIN.replace("row.id", "row.nope"), STORE.to_owned()),
        (MAIN.to_owned(), STORE.replace("List<Row>", "List<Rw>")),
        (MAIN.replace("app", "ap"), STORE.to_owned()),
        (
            MAIN.to_owned(),
            format!("type Before:\n  n: Int\n\n{STORE}"),
        ),
        (MAIN.to_owned(), STORE.to_owned()),
    ];
    for (main, store) in edits {
        let graph = graph(&main, &store);
        assert_eq!(
            codes(&mut session, &graph),
            codes(&mut Session::new(), &graph)
        );
    }
}

#[test]
fn names_lead_to_their_declarations() {
    let graph = graph(MAIN, STORE);
    let analysis = analyze(&graph, &AnalyzeOptions::default());
    let (main, store) = (graph.modules[0].id, graph.modules[1].id);
    let at =
        |text: &str| u32::try_from(MAIN.find(text).expect("it is there")).expect("it is short");
    let definition = |offset: u32| {
        let found = analysis
            .symbol_at(&graph, main, offset)
            .expect("something is there");
        let span = analysis
            .definition(&graph, main, found.symbol)
            .expect("it is declared");
        (
            graph
                .files
                .text_at(span)
                .expect("spans are in files")
                .to_owned(),
            span.file,
        )
    };
    let file = graph.module(store).file;
    assert_eq!(definition(at("Row(id")), ("Row".to_owned(), file));
    assert_eq!(definition(at("first(")), ("first".to_owned(), file));
    assert_eq!(
        definition(at("row.id")),
        ("row".to_owned(), graph.module(main).file)
    );
    assert_eq!(definition(at("id)\n")), ("id".to_owned(), file));
    let module = analysis
        .symbol_at(&graph, main, at("Store.first"))
        .expect("an alias is there");
    assert_eq!(module.symbol, Symbol::Module(store));
    let declared = analysis
        .symbol_at(&graph, store, 5)
        .expect("a type is declared there");
    assert!(matches!(declared.symbol, Symbol::Record(_)));
    assert!(
        analysis
            .symbol_at(&graph, main, at("\"./store\""))
            .is_none()
    );
}

#[test]
fn the_same_program_gives_the_same_diagnostics() {
    let text = "app \"a\":\n  print(aaa + bbb)\n  print(\"x\".lenn())\n  let zz = Rwo(id=1)\n";
    let graph = graph(text, STORE);
    let first = codes(&mut Session::new(), &graph);
    assert_eq!(first.len(), 4);
    for _ in 0..50 {
        assert_eq!(codes(&mut Session::new(), &graph), first);
    }
}

#[test]
fn deep_and_long_programs_end() {
    let lists = format!(
        "app \"a\":\n  print({}1{})\n",
        "[".repeat(200),
        "]".repeat(200)
    );
    assert!(codes(&mut Session::new(), &graph(&lists, STORE)).is_empty());
    let lambdas = "fn(x: Int) => [1].map(fn(y) => ".repeat(80);
    let lambdas = format!("app \"a\":\n  print({lambdas}1{})\n", ")".repeat(80));
    assert!(!codes(&mut Session::new(), &graph(&lambdas, STORE)).is_empty());
    let mut wide = String::from("enum Wide:\n");
    let mut arms = String::new();
    for index in 0..200 {
        wide.push_str(&format!("  V{index}(Int, Bool)\n"));
        arms.push_str(&format!(
            "    V{index}(n, true) -> n\n    V{index}(_, false) -> 0\n"
        ));
    }
    let wide = format!("{wide}\nfn main(e: Wide) -> Int:\n  match e:\n{arms}");
    assert!(codes(&mut Session::new(), &graph(&wide, STORE)).is_empty());
}

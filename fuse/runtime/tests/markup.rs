//! Markup, assets and SVG files.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use fuse_builtins::BuiltinId as B;
use fuse_runtime::heap::{list_of, map_of};
use fuse_runtime::html::{Attributes, element, is_document, raw, text as text_node};
use fuse_runtime::meta::{Asset, ProgramMeta, well_known};
use fuse_runtime::{Outcome, Peek, Value, display};
use support::{Setup, World, show, text};

fn children(nodes: impl IntoIterator<Item = Value>) -> Value {
    Value::Ref(list_of(&well_known::LIST_HTML, nodes))
}

fn attributes(named: &[(&str, Value)]) -> Attributes {
    let mut attributes = Attributes::new(None).unwrap();
    for (name, value) in named {
        match value {
            Value::Bool(_) => attributes.flag(name, value.peek()),
            value => attributes.text(name, value.peek()),
        }
    }
    attributes
}

fn tag(name: &str, named: &[(&str, Value)], nodes: impl IntoIterator<Item = Value>) -> Value {
    element(name, attributes(named), children(nodes)).unwrap()
}

fn markup(node: &Value) -> String {
    display::to_string(node.peek())
}

#[test]
fn pages_are_escaped_and_in_order() {
    let evil = text("<b a=\"1\">&");
    let one = tag("p", &[("title", evil.clone())], [text_node(evil)]);
    assert_eq!(
        markup(&one),
        r#"<p title="&lt;b a=&quot;1&quot;&gt;&amp;">&lt;b a="1"&gt;&amp;</p>"#
    );
    let items = [1, 2].map(|n| tag("i", &[], [text_node(text(&format!("n{n}")))]));
    let three = tag("div", &[], std::iter::once(tag("br", &[], [])).chain(items));
    assert_eq!(markup(&three), "<div><br><i>n1</i><i>n2</i></div>");
    let img = tag("img", &[("src", text("/a.png")), ("alt", text("A"))], []);
    assert_eq!(markup(&img), r#"<img alt="A" src="/a.png">"#);
    let input = tag(
        "input",
        &[
            ("disabled", Value::Bool(true)),
            ("checked", Value::Bool(false)),
            ("max", Value::Int(7)),
            ("title", Value::Null),
        ],
        [],
    );
    assert_eq!(markup(&input), r#"<input disabled max="7">"#);
    assert_eq!(markup(&raw(text("<hr>"))), "<hr>");
    let script = tag("script", &[], [text_node(text("if (a < b && c) {}"))]);
    assert_eq!(markup(&script), "<script>if (a < b && c) {}</script>");
}

#[test]
fn named_attributes_win_over_those_of_a_map() {
    let map = |entries: &[(&str, &str)]| {
        let entries = entries
            .iter()
            .map(|(name, value)| (text(name), text(value)));
        Value::Ref(map_of(&well_known::MAP_STRING, entries))
    };
    let base = map(&[("class", "a"), ("id", "b"), ("hidden", "")]);
    let mut merged = Attributes::new(Some(base.peek())).unwrap();
    merged.text("class", text("z").peek());
    merged.text("id", Peek::Null);
    merged.flag("open", Peek::Bool(true));
    assert_eq!(
        display::to_string(merged.into_map().peek()),
        "{class: z, hidden: , open: }"
    );
    let bad = map(&[("on click", "x")]);
    let fault = Attributes::new(Some(bad.peek())).unwrap_err();
    assert_eq!(
        show(Err(fault)),
        "runtime_html_invalid: invalid attribute name on click"
    );
}

#[test]
fn nodes_that_must_not_be_are_refused() {
    let world = World::empty();
    let map = |entries: &[(&str, &str)]| {
        let entries = entries
            .iter()
            .map(|(name, value)| (text(name), text(value)));
        Value::Ref(map_of(&well_known::MAP_STRING, entries))
    };
    let node = |name: &str, attrs: Value, nodes: Vec<Value>| {
        let args = [text(name), attrs, children(nodes)];
        show(world.call(B::HtmlNode, &well_known::HTML, None, args))
    };
    assert_eq!(
        node("var", map(&[("b", "1"), ("a", "2")]), vec![]),
        r#"<var a="2" b="1"></var>"#
    );
    for (name, attrs, nodes, expected) in [
        (
            "Var",
            map(&[]),
            vec![],
            "runtime_html_invalid: invalid tag name Var",
        ),
        (
            "a b",
            map(&[]),
            vec![],
            "runtime_html_invalid: invalid tag name a b",
        ),
        (
            "",
            map(&[]),
            vec![],
            "runtime_html_invalid: invalid tag name ",
        ),
        (
            "p",
            map(&[("a\"b", "")]),
            vec![],
            "runtime_html_invalid: invalid attribute name a\"b",
        ),
        (
            "br",
            map(&[]),
            vec![text_node(text("x"))],
            "runtime_html_invalid: br cannot have children",
        ),
        (
            "script",
            map(&[]),
            vec![text_node(text("a</SCRIPT>b"))],
            "runtime_html_invalid: text inside script contains </script",
        ),
        (
            "style",
            map(&[]),
            vec![text_node(text("</st")), text_node(text("yle>"))],
            "runtime_html_invalid: text inside style contains </style",
        ),
        (
            "style",
            map(&[]),
            vec![text_node(text("</st")), raw(text("yle>"))],
            "runtime_html_invalid: text inside style contains </style",
        ),
    ] {
        assert_eq!(node(name, attrs, nodes), expected);
    }
    // Whoever writes markup means it.
    assert_eq!(
        node("script", map(&[]), vec![raw(text("</script>"))]),
        "<script></script></script>"
    );
    assert_eq!(
        show(world.call(B::HtmlText, &well_known::HTML, None, [text("<")])),
        "&lt;"
    );
    let rendered = world.call(
        B::HtmlRender,
        &well_known::STRING,
        None,
        [raw(text("<hr>"))],
    );
    assert_eq!(rendered.unwrap().as_text(), Some("<hr>"));
}

#[test]
fn addresses_that_would_run_are_replaced_and_warned_of() {
    let world = World::empty();
    let link = |address: &str| tag("a", &[("href", text(address)), ("data-id", text("7"))], []);
    let render = |node: Value| show(world.call(B::HtmlRender, &well_known::STRING, None, [node]));
    assert_eq!(
        render(link("javascript:alert(1)")),
        r##"<a data-id="7" href="#"></a>"##
    );
    assert_eq!(render(link("/ok")), r#"<a data-id="7" href="/ok"></a>"#);
    world.runtime.flush_logs();
    assert_eq!(
        world.error.text(),
        "[WARN] blocked a URL scheme in an HTML attribute\n"
    );
}

#[test]
fn documents_and_depth() {
    let page = tag("html", &[], []);
    assert!(is_document(page.as_obj().unwrap()));
    assert!(!is_document(tag("p", &[], []).as_obj().unwrap()));
    let mut node = text_node(text("x"));
    for _ in 0..100_000 {
        node = tag("b", &[], [node]);
    }
    assert_eq!(markup(&node).len(), 100_000 * 7 + 1);
}

fn asset(world: &World, path: &str) -> String {
    show(world.call(B::Asset, &well_known::STRING, None, [text(path)]))
}

#[test]
fn assets_are_looked_up_in_the_map() {
    let directory = tempfile::tempdir().unwrap();
    let map = directory.path().join("map.json");
    std::fs::write(&map, r#"{"app.js":"/app.0123.js","/b.css":"/b.4567.css"}"#).unwrap();
    let setup = |name: &str| {
        Setup {
            directory: Some(directory.path().to_owned()),
            ..Setup::default()
        }
        .env("FUSE_ASSET_MAP", name)
    };
    let world = setup("map.json").build();
    for (path, expected) in [
        ("app.js", "/app.0123.js"),
        ("/app.js?v=1#x", "/app.0123.js?v=1#x"),
        ("b.css", "/b.4567.css"),
        ("c.png", "/c.png"),
        ("/d.png?q", "/d.png?q"),
    ] {
        assert_eq!(asset(&world, path), expected);
    }
    assert_eq!(asset(&World::empty(), "x"), "/x");
    std::fs::write(&map, "[]").unwrap();
    assert_eq!(
        asset(&world, "app.js"),
        "/app.0123.js",
        "the map is read once"
    );
    let broken = setup("map.json").build();
    assert_eq!(
        asset(&broken, "x"),
        "runtime_error: asset map error: a JSON object expected"
    );
    let missing = asset(&setup("gone.json").build(), "x");
    assert!(
        missing.starts_with("runtime_error: asset map error: "),
        "{missing}"
    );
    let meta = ProgramMeta {
        assets: &[Asset {
            path: "",
            text: r#"{"x":"/x.1"}"#,
        }],
        ..ProgramMeta::default()
    };
    let embedded = Setup {
        meta,
        ..Setup::default()
    };
    assert_eq!(asset(&embedded.build(), "x"), "/x.1");
}

#[test]
fn svg_files_stay_in_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    let icons = directory.path().join("assets/svg/icons");
    std::fs::create_dir_all(&icons).unwrap();
    std::fs::write(icons.join("a.svg"), "<?xml?><svg onload=\"x()\"><g/></svg>").unwrap();
    std::fs::write(directory.path().join("secret.svg"), "<svg/>").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(directory.path().join("secret.svg"), icons.join("link.svg"))
        .unwrap();
    let setup = || Setup {
        directory: Some(directory.path().to_owned()),
        ..Setup::default()
    };
    let world = setup().build();
    let inline = |world: &World, path: &str| -> Outcome<Value> {
        world.call(B::SvgInline, &well_known::HTML, None, [text(path)])
    };
    assert_eq!(show(inline(&world, "icons/a")), "<svg><g/></svg>");
    assert_eq!(show(inline(&world, "icons/a.svg")), "<svg><g/></svg>");
    let traversal = "runtime_invalid_arguments: svg.inline path traversal is not allowed";
    assert_eq!(show(inline(&world, "../../secret")), traversal);
    #[cfg(unix)]
    assert_eq!(show(inline(&world, "icons/link")), traversal);
    assert_eq!(
        show(inline(&world, "gone")),
        "runtime_error: svg.inline could not read gone"
    );
    // Kept for the process, and read again only in development.
    let development = setup().env("FUSE_DEV_MODE", "1").build();
    assert_eq!(show(inline(&development, "icons/a")), "<svg><g/></svg>");
    std::fs::write(icons.join("a.svg"), "<svg/>").unwrap();
    assert_eq!(show(inline(&world, "icons/a")), "<svg><g/></svg>");
    assert_eq!(show(inline(&development, "icons/a")), "<svg/>");
}

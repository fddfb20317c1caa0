//! What a running Fuse program reads: JSON, text of flags and variables, files.

use std::ffi::OsString;
use std::sync::{Arc, LazyLock};

use fuse_runtime::cli::{Bound, bind};
use fuse_runtime::config::{parse_dotenv, parse_file};
use fuse_runtime::decode::{TextOptions, decode_json, decode_json_value, decode_text};
use fuse_runtime::json::{DEPTH_MAX, encode};
use fuse_runtime::meta::{
    Constraint, FieldDefault, FieldSpec, FnId, Main, Param, ProgramMeta, TypeDesc, TypeTable,
    VariantSpec, well_known,
};
use fuse_runtime::validate::{Path, Problems};
use fuse_runtime::{Ctx, Interrupt, NoCode, Runtime, Unit, Value, heap, ops};

/// A program of types and flags without code.
struct Program {
    runtime: Runtime,
    main: &'static Main,
    targets: Vec<&'static TypeDesc>,
}

static PROGRAM: LazyLock<Program> = LazyLock::new(program);

fn program() -> Program {
    let mut table = TypeTable::new();
    let (int, float) = (
        table.known(&well_known::INT),
        table.known(&well_known::FLOAT),
    );
    let (string, bytes) = (
        table.known(&well_known::STRING),
        table.known(&well_known::BYTES),
    );
    let (id, email) = (
        table.known(&well_known::ID),
        table.known(&well_known::EMAIL),
    );
    let (bool, value) = (
        table.known(&well_known::BOOL),
        table.known(&well_known::VALUE),
    );

    let mode = table.declare_enum("Mode", "", true);
    table.define_enum(
        mode,
        vec![VariantSpec::new("Fast", []), VariantSpec::new("Slow", [])],
    );
    let shape = table.declare_enum("Shape", "", false);
    table.define_enum(
        shape,
        vec![
            VariantSpec::new("Dot", []),
            VariantSpec::new("Circle", [float]),
            VariantSpec::new("Box", [int, string]),
        ],
    );
    let short = table.refined(
        string,
        vec![
            Constraint::Length { min: 1, max: 5 },
            Constraint::Pattern(0),
        ],
    );
    let port = table.refined(int, vec![Constraint::Int { min: 1, max: 9 }]);
    let ratio = table.refined(
        float,
        vec![Constraint::Float {
            min: -1.0,
            max: 1.0,
        }],
    );
    let few = table.list(port);
    let few = table.refined(few, vec![Constraint::Length { min: 0, max: 3 }]);
    let item = table.declare_record("Item", "");
    let next = table.option(item);
    let by_name = table.map(string, shape);
    let maybe = table.option(mode);
    let outcome = table.result(int, item);
    let outcomes = table.list(outcome);
    table.define_record(
        item,
        vec![
            FieldSpec::new("id", int),
            FieldSpec::new("name", short),
            FieldSpec::new("ratio", ratio).default(FieldDefault::None),
            FieldSpec::new("note", string).default(FieldDefault::Text("n/a")),
            FieldSpec::new("few", few),
            FieldSpec::new("next", next),
            FieldSpec::new("byName", by_name),
            FieldSpec::new("mode", maybe),
            FieldSpec::new("blob", bytes),
            FieldSpec::new("mail", email),
            FieldSpec::new("any", value),
            FieldSpec::new("outcomes", outcomes),
            FieldSpec::new("apiToken", id),
        ],
    );
    let simple = table.declare_record("Simple", "");
    table.define_record(
        simple,
        vec![FieldSpec::new("id", port), FieldSpec::new("next", maybe)],
    );
    let ids = [
        item, simple, shape, mode, maybe, few, by_name, outcome, port, ratio, short, id, email,
        bytes, bool, float, int, value,
    ];
    let types = table.finish();
    let targets: Vec<_> = ids.iter().map(|id| types[id.0 as usize]).collect();
    let params = targets.iter().enumerate().map(|(index, ty)| Param {
        name: Box::leak(format!("p_{index}").into_boxed_str()),
        ty,
        type_text: "",
        // There is no code: a flag that is left out ends the run.
        default: None,
        default_text: "",
    });
    let main = Main {
        function: FnId(0),
        params: Vec::leak(params.collect()),
        result: &well_known::UNIT,
        doc: "",
    };
    let meta: &'static ProgramMeta = Box::leak(Box::new(ProgramMeta {
        types,
        patterns: &["^[a-z]+$"],
        main: Some(main),
        ..ProgramMeta::default()
    }));
    let env: Vec<(String, String)> = Vec::new();
    let runtime = Runtime::builder()
        .env(Arc::new(env))
        .build(meta, Box::new(NoCode));
    Program {
        runtime: runtime.expect("there are no settings"),
        main: meta.main.as_ref().expect("there is a main"),
        targets,
    }
}

fn ctx() -> Ctx {
    Ctx::new(
        PROGRAM.runtime.clone(),
        Unit::Boundary,
        Interrupt::default(),
    )
}

fn written(value: &Value) -> String {
    let mut out = Vec::new();
    encode(value.peek(), &mut out);
    String::from_utf8(out).expect("JSON of text is text")
}

/// The type that the first byte chooses, and the text after it.
fn chosen(data: &[u8]) -> Option<(&'static TypeDesc, &str)> {
    let (first, rest) = data.split_first()?;
    let desc = PROGRAM.targets[usize::from(*first) % PROGRAM.targets.len()];
    Some((desc, std::str::from_utf8(rest).ok()?))
}

/// JSON is judged like a second reader judges it; what is read is written the same way
/// again; nothing leaks.
pub(crate) fn json(data: &[u8]) {
    let Some((desc, text)) = chosen(data) else {
        return;
    };
    let before = heap::thread_objects();
    let reference = serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}'));
    match (decode_json_value(text), reference) {
        (Ok(value), reference) => {
            // Its own bound on nesting is one lower, and a second mark is no JSON.
            let deep = text.matches(['[', '{']).count() >= 127;
            assert!(reference.is_ok() || deep, "only here: {text:?}");
            let once = written(&value);
            let again = decode_json_value(&once).expect("what is written is read");
            assert!(ops::equal(value.peek(), again.peek()), "{once}");
            assert_eq!(written(&again), once);
        }
        (Err(error), Ok(_)) => {
            let message = error.to_string();
            let stricter = ["duplicate key", "nesting too deep"];
            let marks = text.starts_with("\u{feff}\u{feff}");
            assert!(
                stricter.iter().any(|start| message.starts_with(start)) || marks,
                "{message}"
            );
        }
        (Err(error), Err(_)) => assert!(error.offset <= text.len()),
    }
    let decoded =
        decode_json(&mut ctx(), desc, text, DEPTH_MAX, "value").expect("there is no code");
    match decoded {
        Ok(value) => {
            let once = written(&value);
            let again = decode_json(&mut ctx(), desc, &once, DEPTH_MAX, "value");
            let again = again
                .expect("there is no code")
                .expect("what is written is read");
            assert!(ops::equal(value.peek(), again.peek()), "{once}");
        }
        Err(invalid) => {
            let fields = invalid.into_fields("value");
            assert!(!fields.is_empty() && fields.len() <= 100);
            assert!(fields.iter().all(|field| field.path.starts_with("value")));
        }
    }
    assert_eq!(heap::thread_objects(), before);
}

/// Text of flags and variables; what must not be shown is not.
pub(crate) fn text(data: &[u8]) {
    let Some((desc, text)) = chosen(data) else {
        return;
    };
    let before = heap::thread_objects();
    let read = |redact| {
        let mut problems = Problems::new();
        let options = TextOptions { redact };
        let path = Path::root("flag.x");
        let value = decode_text(&mut ctx(), desc, text, options, &path, &mut problems);
        let value = value.expect("there is no code");
        assert_eq!(value.is_none(), !problems.is_empty());
        (value, problems)
    };
    let (value, _) = read(false);
    let (secret, problems) = read(true);
    assert_eq!(value.is_some(), secret.is_some());
    let scalar = desc.fields.is_empty() && desc.variants.is_empty();
    if text.len() >= 8 && scalar && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let shown = problems
            .fields()
            .iter()
            .any(|field| field.message.contains(text));
        assert!(!shown, "{problems:?}");
    }
    drop((value, secret));
    assert_eq!(heap::thread_objects(), before);
}

/// Flags, one a line.
pub(crate) fn flags(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let before = heap::thread_objects();
    let args: Vec<OsString> = text.lines().take(64).map(OsString::from).collect();
    match bind(&mut ctx(), PROGRAM.main, &args).expect("there is no code") {
        Bound::Call(values) => assert_eq!(values.len(), PROGRAM.main.params.len()),
        Bound::Invalid(problems) => {
            assert!(!problems.is_empty());
            assert!(
                problems
                    .fields()
                    .iter()
                    .all(|field| field.path.starts_with("flag"))
            );
        }
        Bound::Help | Bound::Version => {}
    }
    assert_eq!(heap::thread_objects(), before);
}

/// A `.env` file; what was read, written again, is read as the same.
pub(crate) fn dotenv(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let dotenv = parse_dotenv(text);
    let lines = text.lines().count();
    assert!(dotenv.variables.len() + dotenv.warnings.len() <= lines);
    assert!(
        dotenv
            .warnings
            .iter()
            .all(|warning| (1..=lines).contains(&warning.line))
    );
    let quoted = |value: &str| {
        let escaped = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        format!("\"{}\"", escaped.replace('\r', "\\r"))
    };
    let again: String = dotenv
        .variables
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)))
        .collect();
    let again = parse_dotenv(&again);
    assert_eq!(again.variables, dotenv.variables);
    assert_eq!(again.warnings, []);
}

/// A configuration file: section `App` with one field of every type.
pub(crate) fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let before = heap::thread_objects();
    match parse_file(text) {
        Err(error) => {
            assert!(error.line >= 1 && error.line <= text.lines().count().max(1) + 1);
            assert!(error.column >= 1 && !error.reason.contains('\n'));
        }
        Ok(file) => {
            let keys: Vec<String> = file.keys("App").into_iter().map(str::to_owned).collect();
            for (key, desc) in keys
                .iter()
                .flat_map(|key| PROGRAM.targets.iter().map(move |desc| (key, desc)))
            {
                let value = file.decode(&mut ctx(), "App", key, desc, false);
                if let Some(Err(invalid)) = value.expect("there is no code") {
                    let fields = invalid.into_fields("config");
                    assert!(
                        fields
                            .iter()
                            .all(|field| field.path.starts_with("config.App"))
                    );
                }
            }
        }
    }
    assert_eq!(heap::thread_objects(), before);
}

//! Running programs: flags, configuration, environment, console, logs, tasks, and how
//! runs end. The programs are those of the parity fixtures, written in Rust.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::ffi::OsString;
use std::sync::Arc;

use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::meta::{
    App, Config, ConfigField, Constraint, FieldDefault, FieldSpec, FnId, Function, Main, Param,
    ProgramMeta, TypeDesc, TypeTable, VariantSpec, well_known,
};
use fuse_runtime::run::Exit;
use fuse_runtime::system::Stdio;
use fuse_runtime::{Ctx, Fault, Outcome, Runtime, Value, display, heap};
use support::{Scripted, Setup, World, text, ty};

/// Prints the display forms of values, separated.
fn print(ctx: &mut Ctx, value: Value) -> Outcome<Value> {
    builtin(ctx, BuiltinId::Print, &well_known::UNIT, vec![value])
}

fn builtin(
    ctx: &mut Ctx,
    id: BuiltinId,
    result: &'static TypeDesc,
    mut args: Vec<Value>,
) -> Outcome<Value> {
    call(
        id,
        &mut Call {
            ctx,
            args: &mut args,
            result,
            type_arg: None,
            caller: Some(FnId(0)),
        },
    )
}

fn leak<T>(items: Vec<T>) -> &'static [T] {
    Vec::leak(items)
}

/// What a run left: output, errors as the command shows them, exit status.
fn run(world: &World, args: &[&str]) -> (String, String, u8) {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let exit = world.runtime.run(&args);
    let mut error = world.error.text();
    if let Some(text) = exit.text(world.runtime.meta(), false) {
        error.push_str(&text);
    }
    (world.output.text(), error, exit.status())
}

/// `V[path code "message"; ...]` as the compact envelope.
fn envelope(fields: &[(&str, &str, &str)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(path, code, message)| {
            let message = message.replace('"', "\\\"");
            format!("{{\"path\":\"{path}\",\"code\":\"{code}\",\"message\":\"{message}\"}}")
        })
        .collect();
    format!(
        "{{\"error\":{{\"code\":\"validation_error\",\"message\":\"validation failed\",\"fields\":[{}]}}}}",
        fields.join(",")
    )
}

/// The fixture `flags`.
fn flags() -> World {
    let mut code = Scripted::new();
    let mut table = TypeTable::new();
    let (int, string) = (
        table.known(&well_known::INT),
        table.known(&well_known::STRING),
    );
    let bool = table.known(&well_known::BOOL);
    let point = table.declare_record("Point", "");
    table.define_record(
        point,
        vec![
            FieldSpec::new("x", int),
            FieldSpec::new("y", int).default(FieldDefault::Int(0)),
        ],
    );
    let mode = table.declare_enum("Mode", "", true);
    table.define_enum(
        mode,
        vec![VariantSpec::new("Fast", []), VariantSpec::new("Slow", [])],
    );
    let name = table.refined(string, vec![Constraint::Length { min: 1, max: 10 }]);
    let tag = table.known(&well_known::OPTION_STRING);
    let key = table.known(&well_known::OPTION_BYTES);
    let types = table.finish();
    let (point, mode) = (ty(types, point), ty(types, mode));

    let main = code.add(|ctx, args| {
        let parts: Vec<_> = args
            .iter()
            .map(|arg| display::to_string(arg.peek()))
            .collect();
        print(ctx, text(&parts.join("|")))
    });
    let one = code.add(|_, _| Ok(Value::Int(1)));
    let off = code.add(|_, _| Ok(Value::Bool(false)));
    let null = code.add(|_, _| Ok(Value::Null));
    let origin = code.add(move |_, _| {
        Ok(Value::Ref(heap::Ref::new_record(
            point,
            [Value::Int(0), Value::Int(0)],
        )))
    });
    let fast = code.add(move |_, _| Ok(Value::variant(mode, 0, [])));
    let param = |name, ty, default, default_text| Param {
        name,
        ty,
        type_text: "",
        default,
        default_text,
    };
    let main = Main {
        function: main,
        params: leak(vec![
            param("name", ty(types, name), None, ""),
            param("count", ty(types, int), Some(one), "1"),
            param("loud", ty(types, bool), Some(off), "false"),
            param("tag", ty(types, tag), Some(null), "null"),
            param("at", point, Some(origin), "Point(x=0)"),
            param("key", ty(types, key), Some(null), "null"),
            param("mode", mode, Some(fast), "Mode.Fast"),
        ]),
        result: &well_known::UNIT,
        doc: "Shows flags.",
    };
    let meta = ProgramMeta {
        name: "flags",
        version: "1.2.3",
        types,
        main: Some(main),
        ..ProgramMeta::default()
    };
    Setup {
        meta,
        code,
        ..Setup::default()
    }
    .build()
}

#[test]
fn flags_become_arguments() {
    let rest = "Point(x=0, y=0)|null|Mode.Fast";
    for (args, expected) in [
        (&["--name=ann"][..], format!("ann|1|false|null|{rest}\n")),
        (
            &["--name", "ann", "--count", "3", "--loud", "--tag=x"],
            format!("ann|3|true|x|{rest}\n"),
        ),
        (
            &["--name=ann", "--no-loud"],
            format!("ann|1|false|null|{rest}\n"),
        ),
        (
            &["--name=ann", "--at={\"x\":2}"],
            "ann|1|false|null|Point(x=2, y=0)|null|Mode.Fast\n".to_owned(),
        ),
        (
            &["--name=ann", "--key=aGk=", "--mode=Slow"],
            "ann|1|false|null|Point(x=0, y=0)|aGk=|Mode.Slow\n".to_owned(),
        ),
        (
            &["--name=ann", "--tag=null"],
            format!("ann|1|false|null|{rest}\n"),
        ),
        (
            &["--name=a", "--loud=TRUE"],
            format!("a|1|true|null|{rest}\n"),
        ),
        (&["--name=-a", "--"], format!("-a|1|false|null|{rest}\n")),
    ] {
        assert_eq!(
            run(&flags(), args),
            (expected, String::new(), 0),
            "{args:?}"
        );
    }
}

#[test]
fn flags_that_are_wrong_are_all_named() {
    for (args, expected) in [
        (
            &["--count=2"][..],
            vec![("flag.name", "missing_field", "missing flag")],
        ),
        (
            &["--name=a", "--bogus=1"],
            vec![("flag.bogus", "unknown_field", "unknown flag")],
        ),
        (
            &["--name=a", "--name=b"],
            vec![(
                "flag.name",
                "duplicate_field",
                "multiple values not supported",
            )],
        ),
        (
            &["--name=a", "--count"],
            vec![("flag.count", "type_mismatch", "expected Bool flag")],
        ),
        (
            &["--name=a", "--no-count"],
            vec![("flag.count", "type_mismatch", "expected Bool flag")],
        ),
        (
            &["--name=a", "extra"],
            vec![("flag", "unknown_field", "unexpected argument: extra")],
        ),
        (
            &["--name=a", "--", "--loud"],
            vec![("flag", "unknown_field", "unexpected argument: --loud")],
        ),
        (
            &["--name="],
            vec![("flag.name", "invalid_value", "length 0 out of range 1..10")],
        ),
        (
            &["--name=a", "--count=abc"],
            vec![("flag.count", "type_mismatch", "invalid Int: abc")],
        ),
        (
            &["--name=a", "--loud=yes"],
            vec![("flag.loud", "type_mismatch", "invalid Bool: yes")],
        ),
        (
            &["--count=x", "--mode=Nope"],
            vec![
                ("flag.name", "missing_field", "missing flag"),
                ("flag.count", "type_mismatch", "invalid Int: x"),
                ("flag.mode", "invalid_variant", "unknown variant Nope"),
            ],
        ),
        (
            &["--name=a", "--at={\"x\":\"q\"}"],
            vec![("flag.at.x", "type_mismatch", "expected Int")],
        ),
        (
            &["--name=a", "--key=aGk"],
            vec![(
                "flag.key",
                "invalid_encoding",
                "invalid Bytes (base64): invalid base64 length",
            )],
        ),
        (
            &["--name=a", "--key=aG~="],
            vec![(
                "flag.key",
                "invalid_encoding",
                "invalid Bytes (base64): invalid base64 character",
            )],
        ),
    ] {
        assert_eq!(
            run(&flags(), args),
            (String::new(), envelope(&expected), 2),
            "{args:?}"
        );
    }
}

#[test]
fn a_program_shows_how_it_is_used() {
    let (output, error, status) = run(&flags(), &["--name=a", "--help"]);
    let expected = "\
Usage: flags [flags]

Shows flags.

Flags:
  --name             String, required
  --count            Int, default 1
  --loud, --no-loud  Bool, default false
  --tag              String?, default null
  --at               Point, default Point(x=0)
  --key              Bytes?, default null
  --mode             Mode, default Mode.Fast
  --help             Show this page
  --version          Show name and version
";
    assert_eq!((output.as_str(), error.as_str(), status), (expected, "", 0));
    assert_eq!(run(&flags(), &["--version"]).0, "flags 1.2.3\n");
}

/// A program whose `main` takes an `Int`.
fn with_main(
    params: Vec<Param>,
    result: &'static TypeDesc,
    main: impl Fn(&mut Ctx, &mut [Value]) -> Outcome<Value> + Send + Sync + 'static,
) -> World {
    let mut code = Scripted::new();
    let function = code.add(main);
    let main = Main {
        function,
        params: leak(params),
        result,
        doc: "",
    };
    let meta = ProgramMeta {
        main: Some(main),
        ..ProgramMeta::default()
    };
    Setup {
        meta,
        code,
        ..Setup::default()
    }
    .build()
}

fn int_param(name: &'static str) -> Param {
    Param {
        name,
        ty: &well_known::INT,
        type_text: "",
        default: None,
        default_text: "",
    }
}

#[test]
fn main_chooses_the_exit_status() {
    let code = || {
        with_main(vec![int_param("code")], &well_known::INT, |_, args| {
            Ok(args[0].take())
        })
    };
    assert_eq!(
        run(&code(), &["--code=7"]),
        (String::new(), String::new(), 7)
    );
    let out_of_range = "run error: exit status out of range".to_owned();
    assert_eq!(
        run(&code(), &["--code=300"]),
        (String::new(), out_of_range.clone(), 1)
    );
    assert_eq!(
        run(&code(), &["--code=-1"]),
        (String::new(), out_of_range, 1)
    );
    assert_eq!(run(&code(), &["--code=125"]).2, 125);
}

#[test]
fn repeated_flags_fill_lists() {
    let world = || {
        let param = Param {
            name: "tag_names",
            ty: &well_known::LIST_INT,
            type_text: "",
            default: None,
            default_text: "",
        };
        with_main(vec![param], &well_known::UNIT, |ctx, args| {
            print(ctx, args[0].take())
        })
    };
    assert_eq!(
        run(&world(), &["--tag-names=1", "--tag_names", "2"]).0,
        "[1, 2]\n"
    );
    assert_eq!(run(&world(), &["--tag-names=[3,4]"]).0, "[3, 4]\n");
    let expected = envelope(&[("flag.tag_names[1]", "type_mismatch", "invalid Int: x")]);
    assert_eq!(
        run(&world(), &["--tag-names=1", "--tag-names=x"]).1,
        expected
    );
}

#[test]
fn programs_without_a_fitting_entry_say_so() {
    let app = |code: &mut Scripted| App {
        name: "scalars",
        function: code.add(|ctx, _| print(ctx, text("app"))),
        result: &well_known::UNIT,
    };
    let mut code = Scripted::new();
    let meta = ProgramMeta {
        app: Some(app(&mut code)),
        ..ProgramMeta::default()
    };
    let world = Setup {
        meta,
        code,
        ..Setup::default()
    }
    .build();
    let error = "run error: no root fn main found for CLI binding".to_owned();
    assert_eq!(run(&world, &["--x=1"]), (String::new(), error, 1));
    assert_eq!(run(&world, &[]), ("app\n".to_owned(), String::new(), 0));
    let error = "run error: no app found".to_owned();
    assert_eq!(run(&flags(), &[]), (String::new(), error, 1));
    assert_eq!(run(&World::empty(), &[]).1, "run error: no app found");
    // Without parameters there is nothing to bind.
    let world = with_main(vec![], &well_known::UNIT, |ctx, _| print(ctx, text("main")));
    assert_eq!(run(&world, &[]).0, "main\n");
}

#[test]
fn failures_of_main_are_reported_by_what_they_are() {
    let mut table = TypeTable::new();
    let (int, error) = (
        table.known(&well_known::INT),
        table.known(&well_known::NOT_FOUND),
    );
    let validation = table.known(&well_known::VALIDATION);
    let not_found = table.result(int, error);
    let invalid = table.result(int, validation);
    let types = table.finish();
    let (not_found, invalid) = (ty(types, not_found), ty(types, invalid));

    let world = with_main(vec![], not_found, move |_, _| {
        let error = heap::Ref::new_record(&well_known::NOT_FOUND, [text("no item 9")]);
        Ok(Value::err(not_found, Value::Ref(error)))
    });
    let expected = "run error: {\"error\":{\"code\":\"not_found\",\"message\":\"no item 9\"}}";
    assert_eq!(run(&world, &[]), (String::new(), expected.to_owned(), 1));

    let world = with_main(vec![], invalid, move |_, _| {
        let field = heap::Ref::new_record(
            &well_known::VALIDATION_FIELD,
            [text("value.x"), text("invalid_value"), text("no")],
        );
        let fields = heap::list_of(&well_known::LIST_VALIDATION_FIELD, [Value::Ref(field)]);
        let error = heap::Ref::new_record(
            &well_known::VALIDATION,
            [text("validation failed"), Value::Ref(fields)],
        );
        Ok(Value::err(invalid, Value::Ref(error)))
    });
    let expected = envelope(&[("value.x", "invalid_value", "no")]);
    assert_eq!(run(&world, &[]), (String::new(), expected, 2));

    let world = with_main(vec![], &well_known::UNIT, |ctx, _| {
        print(ctx, text("first"))?;
        Err(Fault::index_bounds())
    });
    let error = "run error: index out of bounds".to_owned();
    assert_eq!(run(&world, &[]), ("first\n".to_owned(), error, 1));
    let exit = world.runtime.run(&[]);
    let line = "{\"error\":{\"code\":\"validation_error\",\"message\":\"validation failed\",\"fields\":[{\"path\":\"program\",\"code\":\"runtime_index_bounds\",\"message\":\"index out of bounds\"}]}}";
    assert_eq!(exit.json().unwrap(), line);

    let world = with_main(vec![], &well_known::UNIT, |_, _| panic!("a defect"));
    let exit = world.runtime.run(&[]);
    let Exit::Panic(report) = &exit else {
        panic!("{exit:?}")
    };
    assert_eq!(
        (report.kind, report.message.as_str()),
        ("panic_static_str", "a defect")
    );
    assert_eq!(exit.status(), 101);
}

/// The fixture `conf`.
fn conf(setup: Setup) -> World {
    let mut code = Scripted::new();
    let mut table = TypeTable::new();
    let (int, string) = (
        table.known(&well_known::INT),
        table.known(&well_known::STRING),
    );
    let level = table.declare_enum("Level", "", true);
    table.define_enum(
        level,
        vec![VariantSpec::new("Low", []), VariantSpec::new("High", [])],
    );
    let port = table.refined(int, vec![Constraint::Int { min: 1, max: 65535 }]);
    let types = table.finish();
    let level = ty(types, level);
    let mut field = |name, ty, env, value: fn(&'static TypeDesc) -> Value| ConfigField {
        name,
        ty,
        env,
        checked: true,
        default: code.add(move |_, _| Ok(value(ty))),
    };
    let fields = vec![
        field("port", ty(types, port), "APP_PORT", |_| Value::Int(3000)),
        field("dbUrl", ty(types, string), "APP_DB_URL", |_| {
            text("sqlite::memory:")
        }),
        field("tags", &well_known::LIST_STRING, "APP_TAGS", |_| {
            support::texts(&["a"])
        }),
        field("ratio", &well_known::FLOAT, "APP_RATIO", |_| {
            Value::Float(0.5)
        }),
        field("debug", &well_known::BOOL, "APP_DEBUG", |_| {
            Value::Bool(false)
        }),
        field("key", &well_known::OPTION_BYTES, "APP_KEY", |_| Value::Null),
        field("level", level, "APP_LEVEL", |level| {
            Value::variant(level, 0, [])
        }),
    ];
    let order = (0..fields.len() as u32).map(|field| (0, field)).collect();
    let app = App {
        name: "conf",
        function: code.add(|ctx, _| {
            let values = (0..7).map(|field| ctx.runtime().config(0, field));
            let values: Vec<_> = values.collect::<Result<_, _>>()?;
            let parts: Vec<_> = values
                .iter()
                .map(|value| display::to_string(value.peek()))
                .collect();
            print(ctx, text(&parts.join(" ")))
        }),
        result: &well_known::UNIT,
    };
    let meta = ProgramMeta {
        types,
        app: Some(app),
        configs: leak(vec![Config {
            name: "App",
            fields: leak(fields),
        }]),
        config_order: leak(order),
        ..ProgramMeta::default()
    };
    Setup {
        meta,
        code,
        ..setup
    }
    .build()
}

/// A run of `conf` with variables, and perhaps a file.
fn configured(env: &[(&str, &str)], file: Option<&str>) -> (String, String, u8) {
    let directory = tempfile::tempdir().unwrap();
    if let Some(file) = file {
        std::fs::write(directory.path().join("config.toml"), file).unwrap();
    }
    let mut setup = Setup {
        directory: Some(directory.path().to_owned()),
        ..Setup::default()
    };
    for (name, value) in env {
        setup = setup.env(name, value);
    }
    let result = run(&conf(setup), &[]);
    assert_eq!(heap::thread_objects(), 0);
    result
}

#[test]
fn configuration_comes_from_the_environment_a_file_or_defaults() {
    let defaults = "sqlite::memory: [a] 0.5 false null Level.Low\n";
    let typed = "[App]\nport = \"9000\"\ntags = [\"x\", \"y\"]\nratio = 2\ndebug = true\n";
    for (env, file, expected) in [
        (&[][..], None, format!("3000 {defaults}")),
        (
            &[],
            Some("[App]\nport = 9000\n"),
            format!("9000 {defaults}"),
        ),
        (
            &[("APP_PORT", "8080")],
            Some("[App]\nport = 9000\n"),
            format!("8080 {defaults}"),
        ),
        (
            &[],
            Some(typed),
            "9000 sqlite::memory: [x, y] 2.0 true null Level.Low\n".to_owned(),
        ),
        (
            &[
                ("APP_TAGS", "[\"q\"]"),
                ("APP_LEVEL", "High"),
                ("APP_KEY", "aGk="),
            ],
            None,
            "3000 sqlite::memory: [q] 0.5 false aGk= Level.High\n".to_owned(),
        ),
        (&[("APP_KEY", "")], None, format!("3000 {defaults}")),
        (
            &[],
            Some("[App]\nlevel = \"High\"\nkey = \"aGk=\"\ndebug = \"TRUE\"\ntags = '[\"j\"]'\n"),
            "3000 sqlite::memory: [j] 0.5 true aGk= Level.High\n".to_owned(),
        ),
        (
            &[],
            Some("[App]\nlevel = {type = \"High\"}\ndbUrl = 1979-05-27\n[Other]\nx = 1\n"),
            "3000 1979-05-27 [a] 0.5 false null Level.High\n".to_owned(),
        ),
    ] {
        assert_eq!(
            configured(env, file),
            (expected, String::new(), 0),
            "{env:?} {file:?}"
        );
    }
}

#[test]
fn configuration_that_is_wrong_is_named_whole() {
    let error = |fields: &[(&str, &str, &str)]| format!("run error: {}", envelope(fields));
    for (env, file, expected) in [
        (
            &[("APP_PORT", "0")][..],
            None,
            error(&[(
                "config.App.port",
                "invalid_value",
                "value 0 out of range 1..65535",
            )]),
        ),
        (
            &[("APP_PORT", "abc"), ("APP_DEBUG", "maybe")],
            None,
            error(&[
                ("config.App.port", "type_mismatch", "invalid Int: abc"),
                ("config.App.debug", "type_mismatch", "invalid Bool: maybe"),
            ]),
        ),
        (
            &[("APP_KEY", "@@@@")],
            None,
            error(&[(
                "config.App.key",
                "invalid_encoding",
                "invalid Bytes (base64): invalid base64 character",
            )]),
        ),
        (
            &[("APP_TAGS", "[1]")],
            None,
            error(&[("config.App.tags[0]", "type_mismatch", "expected String")]),
        ),
        (
            &[],
            Some("[App]\nport = 0\ntags = [1]\n"),
            error(&[
                (
                    "config.App.port",
                    "invalid_value",
                    "value 0 out of range 1..65535",
                ),
                ("config.App.tags[0]", "type_mismatch", "expected String"),
            ]),
        ),
        (
            &[],
            Some("[App]\nport = true\ndebug = \"perhaps\"\n"),
            error(&[
                ("config.App.port", "type_mismatch", "expected Int"),
                ("config.App.debug", "type_mismatch", "invalid Bool: perhaps"),
            ]),
        ),
    ] {
        assert_eq!(
            configured(env, file),
            (String::new(), expected, 1),
            "{env:?} {file:?}"
        );
    }
    let (_, error, status) = configured(&[], Some("[App\n"));
    assert_eq!(status, 1);
    assert!(
        error.contains("\"path\":\"config\",\"code\":\"invalid_format\""),
        "{error}"
    );
    assert!(
        error.contains("config file config.toml: line 1, column "),
        "{error}"
    );
}

#[test]
fn hints_never_change_what_happens() {
    let defaults = "3000 sqlite::memory: [a] 0.5 false null Level.Low\n";
    for (env, file, hint) in [
        (
            &[("APP_DBURL", "x")][..],
            None,
            "config hint: env var APP_DBURL is ignored; did you mean APP_DB_URL for App.dbUrl?\n",
        ),
        (
            &[("FUSE_CONFIG", "gone.toml")],
            None,
            "config hint: config file gone.toml not found; using environment and defaults\n",
        ),
        (
            &[],
            Some("[App]\nprot = 1\n"),
            "config hint: unknown key App.prot in config file config.toml\n",
        ),
    ] {
        assert_eq!(
            configured(env, file),
            (defaults.to_owned(), hint.to_owned(), 0),
            "{env:?}"
        );
    }
}

#[test]
fn defaults_of_wrong_fields_are_not_asked() {
    let mut code = Scripted::new();
    let port = code.add(|_, _| Ok(Value::Int(1)));
    let next = code.add(|ctx, _| {
        let port = ctx.runtime().config(0, 0)?;
        Ok(Value::Int(port.as_int().unwrap() + 1))
    });
    let app = code.add(|ctx, _| {
        let next = ctx.runtime().config(0, 1)?;
        print(ctx, next)
    });
    let field = |name, env, default| ConfigField {
        name,
        ty: &well_known::INT,
        env,
        default,
        checked: false,
    };
    let meta = ProgramMeta {
        app: Some(App {
            name: "a",
            function: app,
            result: &well_known::UNIT,
        }),
        configs: leak(vec![Config {
            name: "App",
            fields: leak(vec![
                field("port", "APP_PORT", port),
                field("next", "APP_NEXT", next),
            ]),
        }]),
        config_order: &[(0, 0), (0, 1)],
        ..ProgramMeta::default()
    };
    let world = Setup {
        meta,
        code,
        ..Setup::default()
    }
    .env("APP_PORT", "x")
    .build();
    let expected = envelope(&[("config.App.port", "type_mismatch", "invalid Int: x")]);
    assert_eq!(run(&world, &[]).1, format!("run error: {expected}"));
}

/// A world in which a function is called as the app.
fn app(setup: Setup, run: impl Fn(&mut Ctx) -> Outcome<Value> + Send + Sync + 'static) -> World {
    let mut setup = setup;
    let function = setup.code.add(move |ctx, _| run(ctx));
    setup.meta.app = Some(App {
        name: "test",
        function,
        result: &well_known::UNIT,
    });
    setup.meta.functions = leak(vec![Function {
        name: "run",
        module: "src/main",
        ..Function::default()
    }]);
    setup.build()
}

#[test]
fn environment_variables() {
    let read = |env: &[(&str, &str)]| {
        let mut setup = Setup::default();
        for (name, value) in env {
            setup = setup.env(name, value);
        }
        let world = app(setup, |ctx| {
            let name = builtin(
                ctx,
                BuiltinId::Env,
                &well_known::OPTION_STRING,
                vec![text("T_NAME")],
            )?;
            print(ctx, name)?;
            let int = builtin(
                ctx,
                BuiltinId::EnvInt,
                &well_known::OPTION_INT,
                vec![text("T_INT")],
            )?;
            print(ctx, int)?;
            let float = builtin(
                ctx,
                BuiltinId::EnvFloat,
                &well_known::OPTION_FLOAT,
                vec![text("T_FLOAT")],
            )?;
            print(ctx, float)?;
            let bool = builtin(
                ctx,
                BuiltinId::EnvBool,
                &well_known::OPTION_BOOL,
                vec![text("T_BOOL")],
            )?;
            print(ctx, bool)
        });
        run(&world, &[])
    };
    let all = [
        ("T_NAME", "zoe"),
        ("T_INT", " 42 "),
        ("T_FLOAT", "1e1"),
        ("T_BOOL", "TRUE"),
    ];
    assert_eq!(read(&all).0, "zoe\n42\n10.0\ntrue\n");
    assert_eq!(read(&[]).0, "null\nnull\nnull\nnull\n");
    for (name, value, expected) in [
        ("T_INT", "abc", "invalid Int: abc (env T_INT)"),
        ("T_FLOAT", "nan", "invalid Float: nan (env T_FLOAT)"),
        ("T_BOOL", "1", "invalid Bool: 1 (env T_BOOL)"),
    ] {
        assert_eq!(read(&[(name, value)]).1, format!("run error: {expected}"));
    }
    let world = app(Setup::default(), |ctx| {
        builtin(
            ctx,
            BuiltinId::Env,
            &well_known::OPTION_STRING,
            vec![text("")],
        )
    });
    assert_eq!(
        run(&world, &[]).1,
        "run error: environment variable name must not be empty"
    );
}

#[test]
fn input_is_read_line_by_line() {
    let ask = |input: &str| {
        let setup = Setup {
            input: input.to_owned(),
            ..Setup::default()
        };
        let world = app(setup, |ctx| {
            let name = builtin(
                ctx,
                BuiltinId::Input,
                &well_known::STRING,
                vec![text("name? ")],
            )?;
            print(ctx, display::concat(&[text("hi "), name]))
        });
        run(&world, &[])
    };
    assert_eq!(
        ask("Ann\r\n"),
        ("name? hi Ann\n".to_owned(), String::new(), 0)
    );
    assert_eq!(ask("Ann").0, "name? hi Ann\n");
    let error = "run error: input requires stdin data in non-interactive mode".to_owned();
    assert_eq!(ask(""), ("name? ".to_owned(), error, 1));
    let long = "x".repeat(1024 * 1024);
    assert_eq!(ask(&long).2, 0);
    assert_eq!(
        ask(&format!("{long}x")).1,
        "run error: input line is too long"
    );
}

/// A run of `input` on streams of the test's own making.
fn asked(stdio: Stdio) -> String {
    let mut code = Scripted::new();
    let function =
        code.add(|ctx, _| builtin(ctx, BuiltinId::Input, &well_known::STRING, vec![text("")]));
    let meta = Box::leak(Box::new(ProgramMeta {
        app: Some(App {
            name: "ask",
            function,
            result: &well_known::STRING,
        }),
        ..ProgramMeta::default()
    }));
    let env: Vec<(String, String)> = Vec::new();
    let builder = Runtime::builder().stdio(stdio).env(Arc::new(env));
    let runtime = builder.build(meta, Box::new(code)).unwrap();
    runtime.run(&[]).text(meta, false).unwrap_or_default()
}

#[test]
fn input_that_is_no_text_or_ends_is_a_fault() {
    let octets = Stdio::new(&b"\xff\n"[..], std::io::sink(), std::io::sink());
    assert_eq!(asked(octets), "run error: input is not valid UTF-8");
    let ended = Stdio::new(std::io::empty(), std::io::sink(), std::io::sink()).as_terminal();
    assert_eq!(asked(ended), "run error: input aborted: reached EOF");
}

#[cfg(unix)]
#[test]
fn variables_that_are_no_text_are_a_fault() {
    use std::os::unix::ffi::OsStringExt;
    let mut code = Scripted::new();
    let function = code.add(|ctx, _| {
        builtin(
            ctx,
            BuiltinId::Env,
            &well_known::OPTION_STRING,
            vec![text("T_NAME")],
        )
    });
    let meta = Box::leak(Box::new(ProgramMeta {
        app: Some(App {
            name: "envs",
            function,
            result: &well_known::UNIT,
        }),
        ..ProgramMeta::default()
    }));
    let env = vec![(OsString::from("T_NAME"), OsString::from_vec(vec![0xff]))];
    let runtime = Runtime::builder()
        .stdio(Stdio::captured("").0)
        .env(Arc::new(env));
    let exit = runtime.build(meta, Box::new(code)).unwrap().run(&[]);
    let expected = "run error: environment variable T_NAME is not valid UTF-8";
    assert_eq!(exit.text(meta, false).unwrap(), expected);
}

#[test]
fn tasks_are_measured_at_the_end() {
    let mut table = TypeTable::new();
    let int = table.known(&well_known::INT);
    let task = table.task(int);
    let task = ty(table.finish(), task);
    let mut setup = Setup::default().env("FUSE_METRICS_HOOK", "stderr");
    let one = setup.code.add(|_, _| Ok(Value::Int(1)));
    let world = app(setup, move |ctx| {
        for _ in 0..2 {
            let task = fuse_runtime::task::spawn(ctx, task, one, vec![])?;
            fuse_runtime::task::await_task(ctx, &task)?;
        }
        Ok(Value::Unit)
    });
    let (_, error, status) = run(&world, &[]);
    assert_eq!((status, error.lines().count()), (0, 1));
    for part in [
        "metrics: {\"active_tasks\":0,",
        "\"total_completed\":2,\"total_spawned\":2,",
    ] {
        assert!(error.contains(part), "{error}");
    }
    // Without a task there is nothing to say.
    let world = app(Setup::default().env("FUSE_METRICS_HOOK", "stderr"), |_| {
        Ok(Value::Unit)
    });
    assert_eq!(run(&world, &[]).1, "");
}

/// What `log` calls leave on standard error.
fn logged(env: &[(&str, &str)]) -> String {
    let mut setup = Setup::default();
    for (name, value) in env {
        setup = setup.env(name, value);
    }
    let world = app(setup, |ctx| {
        let log = |ctx: &mut Ctx, id, args: Vec<Value>| builtin(ctx, id, &well_known::UNIT, args);
        log(ctx, BuiltinId::LogMessage, vec![text("plain")])?;
        log(
            ctx,
            BuiltinId::LogLevel,
            vec![text("warn"), text("careful")],
        )?;
        let id = heap::map_of(&well_known::MAP_VALUE, [(text("id"), Value::Int(7))]);
        log(
            ctx,
            BuiltinId::LogLevel,
            vec![text("info"), text("saved"), Value::Ref(id)],
        )?;
        log(
            ctx,
            BuiltinId::LogLevel,
            vec![text("saved"), Value::Int(1), text("x")],
        )?;
        log(
            ctx,
            BuiltinId::LogLevel,
            vec![text("debug"), text("hidden")],
        )?;
        log(ctx, BuiltinId::LogMessage, vec![text("error")])?;
        log(ctx, BuiltinId::LogMessage, vec![text("two\nlines")])
    });
    run(&world, &[]).1
}

#[test]
fn logs_are_lines_on_standard_error() {
    let lines = [
        "[INFO] plain",
        "[WARN] careful",
        r#"{"data":{"id":7},"level":"info","message":"saved"}"#,
        r#"{"data":[1,"x"],"level":"info","message":"saved"}"#,
        "[DEBUG] hidden",
        "[INFO] error",
        r"[INFO] two\nlines",
    ];
    let without_debug: Vec<_> = lines
        .iter()
        .filter(|line| !line.contains("DEBUG"))
        .copied()
        .collect();
    let joined = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    assert_eq!(logged(&[]), joined(&without_debug));
    assert_eq!(logged(&[("FUSE_LOG", "debug")]), joined(&lines));
    assert_eq!(logged(&[("FUSE_LOG", "info,src=debug")]), joined(&lines));
    assert_eq!(logged(&[("FUSE_LOG", "warn")]), "[WARN] careful\n");
    assert_eq!(logged(&[("FUSE_LOG", "off")]), "");
    let auto = [
        ("FUSE_COLOR", "auto"),
        ("NO_COLOR", "1"),
        ("FUSE_COLOR_FORCE_TTY", "1"),
    ];
    assert_eq!(logged(&auto), joined(&without_debug));

    let coloured = logged(&[("FUSE_COLOR", "always")]);
    assert!(
        coloured.starts_with(
            "[\u{1b}[32mINFO\u{1b}[0m] plain\n[\u{1b}[33;1mWARN\u{1b}[0m] careful\n{\"data\""
        ),
        "{coloured}"
    );

    let json = logged(&[("FUSE_LOG_FORMAT", "json")]);
    assert_eq!(json.lines().count(), 6);
    for line in json.lines() {
        let start = ["{\"data\":", "{\"level\":"];
        assert!(start.iter().any(|start| line.starts_with(start)), "{line}");
        assert!(
            line.contains("\"module\":\"src/main\",\"ts\":\"2"),
            "{line}"
        );
        assert!(line.ends_with("Z\"}"), "{line}");
    }
}

#[test]
fn settings_that_are_not_understood_fail_the_start() {
    let setup = Setup::default().env("FUSE_LOG", "loud");
    let error = setup.try_build().map(|_| ()).unwrap_err();
    assert_eq!(
        error,
        "invalid FUSE_LOG: expected a level or a list of module=level"
    );
}

#[test]
fn misspelt_settings_are_mentioned_once() {
    let world = app(
        Setup::default()
            .env("FUSE_LOGG", "x")
            .env("FUSE_LOG", "debug"),
        |_| Ok(Value::Unit),
    );
    assert_eq!(
        run(&world, &[]).1,
        "[DEBUG] unknown environment variables: FUSE_LOGG\n"
    );
}

#[test]
fn the_last_lines_are_kept_for_a_bad_end() {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::default().env("FUSE_CRASH_DIR", directory.path().to_str().unwrap());
    let world = app(setup, |ctx| {
        builtin(
            ctx,
            BuiltinId::LogLevel,
            &well_known::UNIT,
            vec![text("debug"), text("step 1")],
        )?;
        Err(Fault::division_by_zero())
    });
    assert_eq!(run(&world, &[]).1, "run error: division by zero");
    let file = directory.path().join(format!("{}.log", std::process::id()));
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text, "[DEBUG] step 1\nrun error: division by zero\n");
}

#[test]
fn a_closed_output_ends_the_program_silently() {
    /// A pipe whose reader has gone away.
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut code = Scripted::new();
    let function = code.add(|ctx, _| {
        for _ in 0..100_000 {
            print(ctx, text("a line that nobody reads"))?;
        }
        Ok(Value::Unit)
    });
    let app = App {
        name: "head",
        function,
        result: &well_known::UNIT,
    };
    let meta = Box::leak(Box::new(ProgramMeta {
        app: Some(app),
        ..ProgramMeta::default()
    }));
    let stdio = Stdio::new(std::io::empty(), Closed, std::io::sink());
    let builder = Runtime::builder().stdio(stdio);
    let env: Vec<(String, String)> = Vec::new();
    let runtime = builder
        .env(Arc::new(env))
        .build(meta, Box::new(code))
        .unwrap();
    let exit = runtime.run(&[]);
    assert_eq!((exit.status(), exit.text(meta, false)), (0, None));
}

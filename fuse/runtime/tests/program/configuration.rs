//! Typed settings: from the environment, from files, from defaults.

use super::*;

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

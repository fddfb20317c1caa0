//! Variables, input and what tasks leave behind.

use super::*;

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

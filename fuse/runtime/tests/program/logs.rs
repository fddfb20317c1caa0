//! Lines on standard error.

use super::*;

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

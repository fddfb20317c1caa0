//! What is started, and how it ends.

use super::flags::flags;
use super::*;

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

//! Flags of the command line, and the page that shows them.

use super::*;

/// The fixture `flags`.
pub(super) fn flags() -> World {
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

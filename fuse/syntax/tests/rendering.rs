//! How diagnostics are ordered, limited and shown.

use fuse_syntax::diagnostic::{limit, sort, summary};
use fuse_syntax::{
    Code, ColorChoice, ColorPolicy, Diagnostic, FileId, Files, Fix, LintLevel, LintLevels,
    Severity, Span, TextRenderer, json_line,
};

fn error(file: FileId, start: u32, end: u32) -> Diagnostic {
    Diagnostic::new(
        Code::TYPE_MISMATCH,
        Span::new(file, start, end),
        "expected `Int`",
    )
}

fn shown(text: &str, start: u32, end: u32) -> String {
    let mut files = Files::new();
    let file = files.add("main.fuse", text);
    TextRenderer::default().render(&error(file, start, end), &files)
}

#[test]
fn order_is_path_line_column_code_and_duplicates_go() {
    let mut files = Files::new();
    let b = files.add("b.fuse", "one\ntwo\n");
    let a = files.add("a.fuse", "one\ntwo\n");
    let same = Diagnostic::new(Code::ARG_ORDER, Span::new(b, 4, 5), "order");
    let mut all = vec![
        error(b, 4, 5),
        error(a, 4, 5),
        error(b, 0, 1),
        same.clone(),
        error(a, 4, 5),
    ];
    sort(&mut all, &files);
    assert_eq!(all, [error(a, 4, 5), error(b, 0, 1), same, error(b, 4, 5)]);
}

#[test]
fn what_is_over_the_limit_is_counted() {
    let mut files = Files::new();
    let file = files.add("main.fuse", "x".repeat(20));
    let warning = Diagnostic::new(Code::UNUSED_IMPORT, Span::new(file, 1, 2), "unused");
    let mut all: Vec<Diagnostic> = (0..10).map(|at| error(file, at, at + 1)).collect();
    all.push(warning);
    sort(&mut all, &files);

    let mut few = all.clone();
    limit(&mut few, &files, 3);
    let last = few.last().expect("something is left");
    assert_eq!(last.code, Code::TOO_MANY_ERRORS);
    assert_eq!(last.message, "7 more errors not shown");
    assert_eq!(last.span, Span::new(file, 20, 20));
    assert_eq!(few.iter().filter(|one| one.is_error()).count(), 4);
    assert_eq!(few.len(), 5, "warnings before the last error stay");

    let mut one_less = all.clone();
    limit(&mut one_less, &files, 9);
    let message = one_less.last().map(|last| last.message.clone());
    assert_eq!(message.as_deref(), Some("1 more error not shown"));

    for no_limit in [0, 10, 100] {
        let mut every = all.clone();
        limit(&mut every, &files, no_limit);
        assert_eq!(every, all);
    }
}

#[test]
fn the_last_line_counts() {
    let mut files = Files::new();
    let file = files.add("main.fuse", "x\n");
    let warning = error(file, 0, 1).severity(Severity::Warning);
    let all = [error(file, 0, 1), warning.clone(), warning];
    assert_eq!(summary(&all), "1 error, 2 warnings");
    let text = TextRenderer::default().render_all(&all, &files);
    assert!(text.ends_with("\n\n1 error, 2 warnings\n"), "{text}");
    assert_eq!(TextRenderer::default().render_all(&[], &files), "");
}

#[test]
fn carets_stand_under_tabs_and_wide_characters() {
    let before = format!("{:16}", "");
    assert_eq!(
        shown("a\t= \"日本\" + x\n", 15, 16),
        format!(
            "error[FUSE_TYPE_MISMATCH]: expected `Int` (main.fuse:1:12)\n\
             1 | a    = \"日本\" + x\n  | {before}^\n"
        )
    );
    // Columns count characters, carets count cells.
    assert_eq!(
        shown("日本 x\n", 0, 6),
        "error[FUSE_TYPE_MISMATCH]: expected `Int` (main.fuse:1:1)\n1 | 日本 x\n  | ^^^^\n"
    );
}

#[test]
fn what_would_move_the_cursor_or_turn_the_text_is_shown_by_number() {
    let text = shown("let \u{1b}[31mx\u{202e} = 1\n", 4, 5);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text:?}"
    );
    assert!(text.contains("<U+001B>[31mx<U+202E> = 1"), "{text}");
    assert!(text.contains("^^^^^^^^\n"), "{text}");
    let mut files = Files::new();
    let file = files.add("a\u{1b}b.fuse", "x");
    let message = Diagnostic::new(Code::INTERNAL, Span::new(file, 0, 1), "odd \u{7} bell");
    let text = TextRenderer::default().render(&message, &files);
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

#[test]
fn spans_of_several_lines_show_their_ends() {
    assert_eq!(
        shown("a(\n  b,\n  c,\n)\n", 0, 14),
        "error[FUSE_TYPE_MISMATCH]: expected `Int` (main.fuse:1:1)\n\
         1 | a(\n  | ^^\n ...\n4 | )\n  | ^\n"
    );
}

#[test]
fn long_lines_are_shown_around_what_is_meant() {
    let line = format!("{}NEEDLE{}\n", "x".repeat(500), "y".repeat(500));
    let text = shown(&line, 500, 506);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest < 180), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines[1].find("NEEDLE").expect("it is shown");
    assert_eq!(lines[2].find("^^^^^^"), Some(at));
}

#[test]
fn positions_at_the_end_and_of_unknown_files_are_shown() {
    assert!(shown("let x =", 7, 7).contains("(main.fuse:1:8)\n1 | let x =\n  |        ^\n"));
    let text = TextRenderer::default().render(&error(FileId(7), 0, 1), &Files::new());
    assert_eq!(text, "error[FUSE_TYPE_MISMATCH]: expected `Int`\n");
    let json = json_line(&error(FileId(7), 0, 1), &Files::new());
    assert!(
        !json.contains("path") && json.ends_with("\"span_start\":0,\"span_end\":1}"),
        "{json}"
    );
}

#[test]
fn everything_a_diagnostic_has_is_in_its_json() {
    let mut files = Files::new();
    let file = files.add("src/main.fuse", "app \"t\":\n  let n: Int = \"seven\"\n");
    let diagnostic = error(file, 24, 31)
        .label("a text")
        .hint("convert it")
        .related(Span::new(file, 18, 21), "declared here")
        .fix(Fix::replace("drop it", Span::new(file, 22, 31), ""));
    assert_eq!(
        json_line(&diagnostic, &files),
        "{\"kind\":\"diagnostic\",\"level\":\"error\",\"code\":\"FUSE_TYPE_MISMATCH\",\
         \"message\":\"expected `Int`\",\"path\":\"src/main.fuse\",\"line\":2,\"column\":16,\
         \"end_line\":2,\"end_column\":23,\"span_start\":24,\"span_end\":31,\
         \"label\":\"a text\",\"hint\":\"convert it\",\
         \"related\":[{\"message\":\"declared here\",\"path\":\"src/main.fuse\",\"line\":2,\
         \"column\":10,\"span_start\":18,\"span_end\":21}],\
         \"fixes\":[{\"title\":\"drop it\",\"safe\":true,\"edits\":[{\"path\":\"src/main.fuse\",\
         \"span_start\":22,\"span_end\":31,\"text\":\"\"}]}]}"
    );
}

#[test]
fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
    let terminal = ColorPolicy {
        terminal: true,
        ..ColorPolicy::default()
    };
    let no_color = ColorPolicy {
        no_color: Some("1"),
        ..terminal
    };
    let cases = [
        (ColorPolicy::default(), false),
        (terminal, true),
        (no_color, false),
        (
            ColorPolicy {
                no_color: Some(""),
                ..terminal
            },
            true,
        ),
        (
            ColorPolicy {
                fuse_color: Some("always"),
                ..no_color
            },
            true,
        ),
        (
            ColorPolicy {
                fuse_color: Some("never"),
                ..terminal
            },
            false,
        ),
        (
            ColorPolicy {
                fuse_color: Some("odd"),
                ..terminal
            },
            true,
        ),
        (
            ColorPolicy {
                flag: Some(ColorChoice::Never),
                fuse_color: Some("always"),
                ..terminal
            },
            false,
        ),
        (
            ColorPolicy {
                flag: Some(ColorChoice::Always),
                ..no_color
            },
            true,
        ),
        (
            ColorPolicy {
                flag: Some(ColorChoice::Auto),
                fuse_color: Some("always"),
                ..ColorPolicy::default()
            },
            false,
        ),
        (
            ColorPolicy {
                force_terminal: Some("1"),
                ..ColorPolicy::default()
            },
            true,
        ),
        (
            ColorPolicy {
                force_terminal: Some("1"),
                terminal: false,
                ..no_color
            },
            false,
        ),
    ];
    for (policy, colored) in cases {
        assert_eq!(policy.colored(), colored, "{policy:?}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let mut files = Files::new();
    let file = files.add("main.fuse", "app \"t\":\n\tprint(1)\n");
    let diagnostics = fuse_syntax::parse(file, "app \"t\":\n\tprint(1)\n").diagnostics;
    let plain = TextRenderer {
        color: false,
        fixes: true,
    };
    let colored = TextRenderer {
        color: true,
        fixes: true,
    }
    .render_all(&diagnostics, &files);
    assert!(
        colored.starts_with("\u{1b}[31;1merror[FUSE_LEX_TAB]\u{1b}[0m"),
        "{colored:?}"
    );
    let mut stripped = String::new();
    for (at, part) in colored.split('\u{1b}').enumerate() {
        let text = if at == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, rest)| rest)
        };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain.render_all(&diagnostics, &files));
}

#[test]
fn levels_silence_and_promote_warnings_only() {
    let mut files = Files::new();
    let file = files.add("main.fuse", "x\n");
    let span = Span::new(file, 0, 1);
    let import = Diagnostic::new(Code::UNUSED_IMPORT, span, "unused");
    let blocking = Diagnostic::new(Code::ROUTE_BLOCKING, span, "blocks");
    let escape = Diagnostic::new(Code::LEX_ESCAPE, span, "bad").severity(Severity::Error);
    let all = vec![import, blocking, escape.clone(), error(file, 0, 1)];
    let codes = |levels: &LintLevels| -> Vec<(Code, bool)> {
        let mut all = all.clone();
        levels.apply(&mut all);
        all.iter().map(|one| (one.code, one.is_error())).collect()
    };
    let kept = [(Code::LEX_ESCAPE, true), (Code::TYPE_MISMATCH, true)];

    let mut levels = LintLevels::default();
    assert_eq!(codes(&levels)[0], (Code::UNUSED_IMPORT, false));
    assert_eq!(codes(&levels)[1..], kept);
    for (code, level) in [
        (Code::UNUSED_IMPORT, LintLevel::Deny),
        (Code::ROUTE_BLOCKING, LintLevel::Warn),
        (Code::LEX_ESCAPE, LintLevel::Allow),
    ] {
        levels.set(code, level).expect("it is a warning");
    }
    assert_eq!(
        codes(&levels)[..2],
        [(Code::UNUSED_IMPORT, true), (Code::ROUTE_BLOCKING, false)]
    );
    assert_eq!(codes(&levels)[2..], kept);
}

#[test]
fn a_call_without_parentheses_is_told_how_calls_look() {
    let hints = |text: &str| -> Vec<String> {
        let mut files = Files::new();
        let file = files.add("main.fuse", text);
        let parsed = fuse_syntax::parse(file, text);
        let renderer = TextRenderer::default();
        parsed
            .diagnostics
            .iter()
            .map(|one| renderer.render(one, &files))
            .collect()
    };
    let call = hints("test \"a\":\n  assert true\n");
    assert!(
        call[0].ends_with("hint: a call has parentheses: `f(x)`\n"),
        "{call:?}"
    );
    let other = hints("test \"a\":\n  let x = 1 2\n");
    assert!(!other[0].contains("parentheses"), "{other:?}");
}

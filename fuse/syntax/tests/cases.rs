//! The cases in `tests/cases/*.md`: a program in a block `fuse`, and what is
//! expected of it in the blocks that follow:
//!
//! - `errors`: every diagnostic, as `CODE line:column message`. Without this
//!   block there must be none;
//! - `terminal`: how the diagnostics look on a terminal, fixes included;
//! - `ast`: the AST;
//! - `tokens`: the tokens;
//! - `formatted`: the formatted program.
//!
//! `⇥` stands for a tab and `␍` for a carriage return. What a case expects is
//! written by `UPDATE_CASES=1 cargo test -p fuse-syntax --test cases`, for
//! blocks that are there; read the difference before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fuse_syntax::diagnostic::{apply_edits, apply_safe_fixes};
use fuse_syntax::{
    Code, Diagnostic, FileId, Files, FormatOptions, TextRenderer, format, json_line, lex, parse,
    tree,
};

struct Case {
    title: String,
    program: String,
    blocks: Vec<Block>,
}

struct Block {
    kind: String,
    text: String,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(directory())
        .expect("the cases are part of the crate")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}

/// The parts of a page: text, and the contents of fenced blocks with their
/// kind.
fn parts(page: &str) -> Vec<(Option<String>, String)> {
    let mut parts = vec![(None, String::new())];
    for line in page.split_inclusive('\n') {
        let fence = line.strip_prefix("```").map(str::trim_end);
        let open = parts.last().is_some_and(|(kind, _)| kind.is_some());
        match fence {
            Some("") if open => parts.push((None, String::new())),
            Some(kind) if !open => parts.push((Some(kind.to_owned()), String::new())),
            _ => {
                if let Some((_, text)) = parts.last_mut() {
                    text.push_str(line);
                }
            }
        }
    }
    parts
}

fn cases(page: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut title = String::new();
    for (kind, text) in parts(page) {
        match kind.as_deref() {
            None => {
                let heading = text.lines().rev().find_map(|line| line.strip_prefix("## "));
                if let Some(heading) = heading {
                    heading.clone_into(&mut title);
                }
            }
            Some("fuse") => cases.push(Case {
                title: title.clone(),
                program: text.replace('⇥', "\t").replace("␍", "\r"),
                blocks: Vec::new(),
            }),
            Some(kind) => {
                if let Some(case) = cases.last_mut() {
                    case.blocks.push(Block {
                        kind: kind.to_owned(),
                        text,
                    });
                }
            }
        }
    }
    cases
}

fn visible(text: &str) -> String {
    text.replace('\t', "⇥").replace('\r', "␍")
}

fn actual(kind: &str, program: &str) -> String {
    let mut files = Files::new();
    let file = files.add("main.fuse", program);
    match kind {
        "errors" => errors(&parse(file, program).diagnostics, &files),
        "terminal" => {
            let renderer = TextRenderer {
                color: false,
                fixes: true,
            };
            renderer.render_all(&parse(file, program).diagnostics, &files)
        }
        "ast" => parse(file, program).module.dump(),
        "tokens" => tokens(file, program),
        "formatted" => match format(program, &FormatOptions::default()) {
            Ok(formatted) => visible(&formatted),
            Err(error) => format!("{error}\n"),
        },
        other => panic!("unknown block `{other}`"),
    }
}

fn errors(diagnostics: &[Diagnostic], files: &Files) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let at = files.position(diagnostic.span).expect("the file is known");
        let Diagnostic { code, message, .. } = diagnostic;
        let warning = if diagnostic.is_error() {
            ""
        } else {
            "warning "
        };
        let _ = writeln!(out, "{warning}{code} {}:{} {message}", at.line, at.column);
    }
    out
}

fn tokens(file: FileId, program: &str) -> String {
    let lexed = lex(file, program);
    let mut out = String::new();
    for index in 0..lexed.tokens.len() {
        let text = &program[lexed.tokens.range(index).as_usize()];
        let _ = writeln!(out, "{:?} {text:?}", lexed.tokens.kind(index));
    }
    out
}

fn for_each_case(mut check: impl FnMut(&str, &Case)) {
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("the page can be read");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for case in cases(&page) {
            check(&format!("{name}: {}", case.title), &case);
        }
    }
}

#[test]
fn every_case_holds() {
    if std::env::var_os("UPDATE_CASES").is_some() {
        return update();
    }
    let mut count = 0;
    for_each_case(|name, case| {
        let mut listed = false;
        for block in &case.blocks {
            listed |= matches!(block.kind.as_str(), "errors" | "terminal");
            assert_eq!(actual(&block.kind, &case.program), block.text, "{name}");
        }
        if !listed {
            assert_eq!(
                actual("errors", &case.program),
                "",
                "{name}\n{}",
                case.program
            );
        }
        count += 1;
    });
    assert!(count > 100, "{count}");
}

/// Writes what is, where something is expected.
fn update() {
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("the page can be read");
        let mut out = String::new();
        let mut program = String::new();
        for (kind, text) in parts(&page) {
            match kind.as_deref() {
                None => out.push_str(&text),
                Some("fuse") => {
                    program = text.replace('⇥', "\t").replace("␍", "\r");
                    let _ = write!(out, "```fuse\n{text}```\n");
                }
                Some(kind) => {
                    let _ = write!(out, "```{kind}\n{}```\n", actual(kind, &program));
                }
            }
        }
        std::fs::write(&path, out).expect("the page can be written");
    }
}

#[test]
fn what_is_formatted_says_the_same_and_stays_as_it_is() {
    let options = FormatOptions::default();
    for_each_case(|name, case| {
        let before = parse(FileId(0), &case.program);
        let Ok(formatted) = format(&case.program, &options) else {
            assert!(before.has_errors(), "{name}");
            return;
        };
        let after = parse(FileId(0), &formatted);
        assert!(
            before.module.same_meaning(&after.module),
            "{name}\n{formatted}"
        );
        let again = format(&formatted, &options).expect("it was formatted before");
        assert_eq!(again, formatted, "{name}");
    });
}

#[test]
fn every_byte_belongs_to_a_token() {
    for_each_case(|name, case| {
        let lexed = lex(FileId(0), &case.program);
        let whole: String = (0..lexed.tokens.len())
            .map(|index| &case.program[lexed.tokens.range(index).as_usize()])
            .collect();
        assert_eq!(whole, case.program, "{name}");
    });
}

#[test]
fn the_tree_holds_the_whole_text() {
    for_each_case(|name, case| {
        let root = tree::parse(&case.program);
        assert_eq!(root.text(), case.program.as_str(), "{name}");
    });
}

#[test]
fn line_ends_of_two_characters_change_nothing() {
    for_each_case(|name, case| {
        if case.program.contains('\r') {
            return;
        }
        let crlf = case.program.replace('\n', "\r\n");
        let (unix, windows) = (parse(FileId(0), &case.program), parse(FileId(0), &crlf));
        assert_eq!(unix.module.dump(), windows.module.dump(), "{name}");
        let (mut one, mut other) = (Files::new(), Files::new());
        one.add("main.fuse", case.program.as_str());
        other.add("main.fuse", crlf.as_str());
        assert_eq!(
            errors(&unix.diagnostics, &one),
            errors(&windows.diagnostics, &other),
            "{name}"
        );
    });
}

#[test]
fn every_diagnostic_is_one_line_of_json() {
    for_each_case(|name, case| {
        let mut files = Files::new();
        let file = files.add("main.fuse", case.program.as_str());
        for diagnostic in parse(file, &case.program).diagnostics {
            let line = json_line(&diagnostic, &files);
            assert!(!line.contains('\n'), "{name}");
            let value: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
            assert_eq!(value["code"], diagnostic.code.as_str(), "{name}");
        }
    });
}

/// All safe fixes together remove exactly their diagnostics, and every other
/// fix removes its own.
#[test]
fn fixes_mend_what_they_promise() {
    let codes = |diagnostics: &[Diagnostic]| -> Vec<Code> {
        diagnostics.iter().map(|one| one.code).collect()
    };
    for_each_case(|name, case| {
        let mut files = Files::new();
        let file = files.add("main.fuse", case.program.as_str());
        let before = parse(file, &case.program).diagnostics;
        let (safe, mut rest): (Vec<_>, Vec<_>) = before
            .iter()
            .cloned()
            .partition(|one| one.fixes.iter().any(|fix| fix.safe));
        if !safe.is_empty() {
            let fixed = apply_safe_fixes(&before, &files);
            let [(_, fixed)] = &fixed[..] else {
                panic!("{name}: one file is fixed");
            };
            let after = parse(file, fixed).diagnostics;
            assert_eq!(codes(&after), codes(&rest), "{name}\n{fixed}");
        }
        rest.extend(safe);
        for diagnostic in rest {
            for fix in diagnostic.fixes.iter().filter(|fix| !fix.safe) {
                let fixed = apply_edits(&case.program, file, &fix.edits);
                let fixed = fixed.expect("edits fall on characters");
                let after = parse(file, &fixed).diagnostics;
                assert_eq!(
                    after.len() + 1,
                    before.len(),
                    "{name}: {}\n{fixed}",
                    fix.title
                );
            }
        }
    });
}

/// Every code of the lexer and the parser has a page section with its look on
/// a terminal, and a section with a program that just misses it.
#[test]
fn every_syntactic_code_is_shown_and_nearly_missed() {
    let page = std::fs::read_to_string(directory().join("codes.md")).expect("it is there");
    let cases = cases(&page);
    let syntactic = Code::all().filter(|code| {
        let name = code.as_str();
        name.starts_with("FUSE_LEX_")
            || name.starts_with("FUSE_PARSE_")
            || [
                Code::DOC_DANGLING,
                Code::RESERVED_KEYWORD,
                Code::PRECEDENCE_COALESCE,
                Code::DECL_QUALIFIED_NAME,
                Code::HTML_BLOCK_TARGET,
                Code::HTML_BLOCK_CHILD,
            ]
            .contains(code)
    });
    for code in syntactic.filter(|code| *code != Code::LEX_ENCODING) {
        let name = code.as_str();
        let shown = cases.iter().find(|case| case.title == name);
        let shown = shown.unwrap_or_else(|| panic!("no section `{name}`"));
        let terminal = shown.blocks.iter().find(|block| block.kind == "terminal");
        let terminal = terminal.unwrap_or_else(|| panic!("no terminal in `{name}`"));
        assert!(terminal.text.contains(&format!("[{name}]")), "{name}");
        let missed = cases
            .iter()
            .find(|case| case.title == format!("{name}, nearly"));
        let missed = missed.unwrap_or_else(|| panic!("no section `{name}, nearly`"));
        assert!(!actual("errors", &missed.program).contains(name), "{name}");
    }
}

//! The lexer, the parser and the formatter of Fuse.

use std::sync::LazyLock;

use fuse_syntax::{
    Code, Diagnostic, FileId, Files, FormatOptions, TextRenderer, format, json_line, lex, parse,
    parse_bytes, parse_expr, tree,
};

const FILE: FileId = FileId(0);

/// Programs that mean something, to be mutated.
static CORPUS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let pages = [
        include_str!("../../../fuse/syntax/tests/cases/language.txt"),
        include_str!("../../../fuse/syntax/tests/cases/types.txt"),
    ];
    let cases = pages.iter().flat_map(|page| page.split("@case ").skip(1));
    let programs = cases.filter_map(|case| Some(case.split_once('\n')?.1));
    programs
        .flat_map(|program| program.split("@file "))
        .filter(|program| !program.is_empty())
        .collect()
});

/// Every byte belongs to one token, in order.
pub(crate) fn lexer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lexed = lex(FILE, &text);
    let mut end = 0;
    for index in 0..lexed.tokens.len() {
        let range = lexed.tokens.range(index);
        assert_eq!(range.start, end);
        assert!(range.start <= range.end);
        assert!(text.get(range.as_usize()).is_some());
        end = range.end;
    }
    assert_eq!(end as usize, text.len());
}

/// Any bytes have an AST, a tree, and diagnostics that can be shown.
pub(crate) fn parser(data: &[u8]) {
    let parsed = parse_bytes(FILE, data);
    let Ok(text) = std::str::from_utf8(data) else {
        assert_eq!(parsed.diagnostics[0].code, Code::LEX_ENCODING);
        return;
    };
    assert_eq!(parsed.module.damaged, parsed.has_errors());
    assert!(parsed.module.same_meaning(&parsed.module));
    for (id, _) in parsed.module.exprs.iter() {
        assert!(text.get(parsed.module.range(id).as_usize()).is_some());
    }
    shows(text, &parsed.diagnostics);
    assert_eq!(tree::parse(text).text(), text);
    let alone = parse_expr(FILE, text);
    let _ = alone.module.dump_expr(alone.root);
}

fn shows(text: &str, diagnostics: &[Diagnostic]) {
    let mut files = Files::new();
    files.add("main.fuse", text);
    let renderer = TextRenderer {
        color: true,
        fixes: true,
    };
    // A page of them says enough.
    for diagnostic in diagnostics.iter().take(20) {
        assert!(files.text_at(diagnostic.span).is_some(), "{diagnostic:?}");
        let shown = renderer.render(diagnostic, &files);
        assert!(shown.contains(diagnostic.code.as_str()));
        assert!(json_line(diagnostic, &files).starts_with('{'));
    }
}

/// What is formatted says the same, and is formatted.
pub(crate) fn formatter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check_format(&text);
}

fn check_format(text: &str) {
    let before = parse(FILE, text);
    for width in [100, 40] {
        let options = FormatOptions { width };
        let Ok(formatted) = format(text, &options) else {
            assert!(before.has_errors(), "{text}");
            return;
        };
        let after = parse(FILE, &formatted);
        assert!(before.module.same_meaning(&after.module));
        let again = format(&formatted, &options);
        assert_eq!(again.ok().as_deref(), Some(formatted.as_str()));
    }
}

/// A program of the corpus after some edits: each takes a position, a length
/// to cut and a piece of another program to put there.
pub(crate) fn mutated(data: &[u8]) {
    let Some((&first, edits)) = data.split_first() else {
        return;
    };
    let mut text = pick(first).to_owned();
    for edit in edits.chunks_exact(6).take(16) {
        let [at, low, cut, from, start, length] = *edit else {
            continue;
        };
        let at = boundary(&text, usize::from(at) * 256 + usize::from(low));
        let end = boundary(&text, at + usize::from(cut % 32)).max(at);
        let donor = pick(from);
        let piece = boundary(donor, usize::from(start));
        let until = boundary(donor, piece + usize::from(length % 48)).max(piece);
        text.replace_range(at..end, &donor[piece..until]);
    }
    lexer(text.as_bytes());
    parser(text.as_bytes());
    check_format(&text);
}

fn pick(number: u8) -> &'static str {
    CORPUS[usize::from(number) % CORPUS.len()]
}

/// The character boundary at or before a position, taken around the end.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = if text.is_empty() {
        0
    } else {
        at % (text.len() + 1)
    };
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

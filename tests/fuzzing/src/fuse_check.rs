//! The checker over programs that were right before they were mutated.

use std::path::Path;

use ::fuse_check::analyze::{AnalyzeOptions, Session};
use ::fuse_check::load::{MemorySource, load};
use ::fuse_check::package::PackageGraph;

/// The cases of the language; every one is a program.
const CORPUS: [&str; 6] = [
    include_str!("../../../fuse/check/tests/cases/spec-language.cases"),
    include_str!("../../../fuse/check/tests/cases/spec-types.cases"),
    include_str!("../../../fuse/check/tests/cases/names.cases"),
    include_str!("../../../fuse/check/tests/cases/values.cases"),
    include_str!("../../../fuse/check/tests/cases/flow.cases"),
    include_str!("../../../fuse/check/tests/cases/effects.cases"),
];

/// Bytes that decide, one after another; zero when there are no more.
struct Choices<'d> {
    data: std::slice::Iter<'d, u8>,
}

impl Choices<'_> {
    fn next(&mut self) -> usize {
        usize::from(self.data.next().copied().unwrap_or(0))
    }

    fn below(&mut self, limit: usize) -> usize {
        let wide = self.next() << 8 | self.next();
        if limit == 0 { 0 } else { wide % limit }
    }
}

/// The files of every program of the corpus.
fn programs() -> Vec<Vec<(String, String)>> {
    let mut programs: Vec<Vec<(String, String)>> = Vec::new();
    for line in CORPUS.iter().flat_map(|text| text.lines()) {
        if line.starts_with("@case ") {
            programs.push(Vec::new());
            continue;
        }
        let Some(program) = programs.last_mut() else {
            continue;
        };
        if let Some(file) = line.strip_prefix("@file ") {
            program.push((file.to_owned(), String::new()));
            continue;
        }
        if program.is_empty() {
            program.push(("main.fuse".to_owned(), String::new()));
        }
        if let Some((_, text)) = program.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    programs
}

/// A text in pieces that mutations move about: words, blanks, signs.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut before = None;
    for c in text.chars() {
        let kind = if c.is_alphanumeric() || c == '_' {
            0
        } else if c == ' ' {
            1
        } else {
            2
        };
        match pieces.last_mut() {
            Some(last) if before == Some(kind) && kind < 2 => last.push(c),
            _ => pieces.push(c.to_string()),
        }
        before = Some(kind);
    }
    pieces
}

fn mutate(text: &str, other: &[String], choices: &mut Choices<'_>) -> String {
    let mut pieces = pieces(text);
    for _ in 0..choices.next() % 8 {
        let at = choices.below(pieces.len().max(1));
        let to = choices.below(pieces.len().max(1));
        match choices.next() % 6 {
            0 if at < pieces.len() => {
                pieces.remove(at);
            }
            1 if at < pieces.len() => {
                let piece = pieces[at].clone();
                pieces.insert(to, piece);
            }
            2 if at < pieces.len() && to < pieces.len() => pieces.swap(at, to),
            3 if at < pieces.len() && to < pieces.len() => pieces[to] = pieces[at].clone(),
            4 if !other.is_empty() => {
                let from = choices.below(other.len());
                let count = 1 + choices.next() % 24;
                let run = other.iter().skip(from).take(count).cloned();
                pieces.splice(at..at, run);
            }
            _ if at < pieces.len() => {
                let signs = [
                    "?", "!", "(", ")", "[", "]", "{", "}", ":", "=", "<", ">", ".", "\n",
                ];
                pieces[at] = signs[choices.next() % signs.len()].to_owned();
            }
            _ => {}
        }
    }
    pieces.concat()
}

/// Checking ends, points into the text, and says the same again.
pub(crate) fn check(data: &[u8]) {
    let mut choices = Choices { data: data.iter() };
    let programs = programs();
    let program = &programs[choices.below(programs.len())];
    let other = &programs[choices.below(programs.len())];
    let other = other.last().map_or_else(Vec::new, |(_, text)| pieces(text));
    let mut source = MemorySource::new();
    for (path, text) in program {
        let text = match path.strip_suffix(".fuse") {
            Some(_) => mutate(text, &other, &mut choices),
            None => text.clone(),
        };
        source.insert(Path::new("/p").join(path), text);
    }
    let entry = match program.iter().any(|(path, _)| path == "src/main.fuse") {
        true => "/p/src/main.fuse",
        false => "/p/main.fuse",
    };
    let packages = PackageGraph::anonymous(Path::new("/p"), Path::new("/p"));
    let graph = load(Path::new(entry), &packages, &source);
    let options = AnalyzeOptions {
        strict_architecture: choices.next() % 2 == 1,
        ..AnalyzeOptions::default()
    };
    let mut session = Session::new();
    let analysis = session.analyze(&graph, &options);
    for one in analysis.diagnostics() {
        let related = one.related.iter().map(|related| related.span);
        let edits = one
            .fixes
            .iter()
            .flat_map(|fix| fix.edits.iter().map(|(span, _)| *span));
        for span in [one.span].into_iter().chain(related).chain(edits) {
            assert!(graph.files.text_at(span).is_some(), "{one:?}");
        }
    }
    let again = session.analyze(&graph, &options);
    assert_eq!(analysis.diagnostics(), again.diagnostics());
    if let Some(module) = graph.entry() {
        for offset in (0..module.text.len()).step_by(7) {
            let offset = u32::try_from(offset).unwrap_or(0);
            let _ = analysis.symbol_at(&graph, module.id, offset);
        }
    }
}

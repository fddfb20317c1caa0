//! Import lines: sorted names, sorted lines.

use super::layout::Printer;
use crate::kind::SyntaxKind as K;

/// An import that was printed, and where.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    /// Where its text starts, with the comments above it.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) path: String,
    pub(super) name: String,
}

/// Sorts the printed lines of a run of imports by path, then name.
pub(super) fn sort(out: &mut String, run: &mut Vec<Printed>) {
    let key = |one: &Printed| (one.path.clone(), one.name.clone());
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return;
    };
    if !run.is_sorted_by_key(key) {
        let (start, end) = (first.start, last.end);
        let mut sorted = run.clone();
        sorted.sort_by_key(key);
        let texts: String = sorted.iter().map(|one| &out[one.start..one.end]).collect();
        out.replace_range(start..end, &texts);
    }
    run.clear();
}

impl Printer<'_, '_> {
    /// The path and the name that an import is sorted by; the tokens are those
    /// of its line.
    pub(super) fn import_key(&self, first: usize, end: usize) -> (String, String) {
        let source = self.source;
        let from = (first..end)
            .rev()
            .find(|at| source.kind(*at) == K::Ident && source.token_text(*at) == "from");
        let mut names: Vec<&str> = (first + 1..from.unwrap_or(end))
            .filter(|at| source.kind(*at).is_word())
            .map(|at| source.token_text(at))
            .collect();
        if source.kind(first + 1) == K::LBrace {
            names.sort_unstable();
        }
        let name = names.first().copied().unwrap_or_default().to_owned();
        let path: String = match from {
            Some(from) => (from + 1..end).map(|at| source.token_text(at)).collect(),
            None => name.clone(),
        };
        let path = path.trim_matches('"').to_owned();
        (path, name)
    }

    /// Prints `import { b, a } from "p"` with its names sorted. Comments among
    /// the names keep them where they are.
    pub(super) fn import(&mut self, first: usize, end: usize) -> bool {
        let source = self.source;
        let open = first + 1;
        if source.kind(open) != K::LBrace {
            return false;
        }
        let close = source.roles.partner(open);
        let commented = (first + 1..end).any(|at| {
            (source.raw(at - 1) + 1..source.raw(at))
                .any(|raw| matches!(source.syntax.tokens.kind(raw), K::Comment | K::Doc))
        });
        if commented {
            return false;
        }
        let mut names: Vec<&str> = (open + 1..close)
            .filter(|at| source.kind(*at).is_word())
            .map(|at| source.token_text(at))
            .collect();
        names.sort_unstable();
        let mut tail = String::new();
        source.flat(&mut tail, None, close + 1, end);
        let line = format!("import {{ {} }} {tail}", names.join(", "));
        let broken = source.gap_is_forced(open, open + 1);
        if !broken && super::spacing::columns(&line) <= source.width {
            self.out.push_str(&line);
            return true;
        }
        self.out.push_str("import {");
        for name in names {
            self.out.push_str("\n  ");
            self.out.push_str(name);
            self.out.push(',');
        }
        self.out.push_str("\n} ");
        self.out.push_str(&tail);
        true
    }
}

//! Env files: `KEY=value` lines, read by `dotenvy` one by one, so that a
//! problem has the number of its line and never the value on it.

use std::collections::BTreeMap;

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What an env file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub(super) values: BTreeMap<String, String>,
    /// Keys that are given more than once, with the line of the last time.
    pub(super) repeated: BTreeMap<String, usize>,
}

/// Reads a whole file; the last of several values of a key counts.
///
/// # Errors
/// Every line that cannot be read, by its number.
pub(super) fn parse(text: &str) -> Result<Entries, Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries = Entries::default();
    let mut problems = Vec::new();
    for (number, entry) in Statements::new(text) {
        match entry.and_then(|statement| assignment(&statement)) {
            Ok(None) => {}
            Ok(Some((key, value))) => {
                if entries.values.insert(key.clone(), value).is_some() {
                    entries.repeated.insert(key, number);
                }
            }
            Err(what) => problems.push(format!("line {number}: {what}")),
        }
    }
    if problems.is_empty() {
        Ok(entries)
    } else {
        Err(problems)
    }
}

fn assignment(statement: &str) -> Result<Option<(String, String)>, &'static str> {
    match dotenvy::from_read_iter(statement.as_bytes()).next() {
        None => Ok(None),
        Some(Ok(pair)) => Ok(Some(pair)),
        // The reader's own text quotes the line.
        Some(Err(_)) => Err("expected KEY=value; a value with spaces needs quotes"),
    }
}

/// Lines, or several of them where quotes stay open, with the number of the
/// first.
struct Statements<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
}

impl<'a> Statements<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().enumerate(),
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = (usize, Result<String, &'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        let (index, first) = self.lines.next()?;
        let number = index + 1;
        let mut statement = first.to_owned();
        let mut scan = Scan::default();
        scan.line(first);
        while scan.is_open() {
            let Some((_, more)) = self.lines.next() else {
                return Some((number, Err("a quote is never closed")));
            };
            statement.push('\n');
            statement.push_str(more);
            scan.line(more);
        }
        statement.push('\n');
        let checked = if statement.len() > LINE_BYTES_MAX {
            Err("longer than 1 MiB")
        } else if scan.substitutes {
            // The reader would expand it and silently change a secret.
            Err("`$` is not expanded here: write `\\$`, or put the value in single quotes")
        } else {
            Ok(statement)
        };
        Some((number, checked))
    }
}

/// Follows quotes through the lines of a statement.
#[derive(Default)]
struct Scan {
    quote: Option<char>,
    substitutes: bool,
}

impl Scan {
    fn is_open(&self) -> bool {
        self.quote.is_some()
    }

    fn line(&mut self, line: &str) {
        if self.quote.is_none() && line.trim_start().starts_with('#') {
            return;
        }
        let mut characters = line.chars();
        let mut after_space = false;
        while let Some(character) = characters.next() {
            match (self.quote, character) {
                (None | Some('"'), '\\') => drop(characters.next()),
                (None | Some('"'), '$') => self.substitutes = true,
                (None, '#') if after_space => return,
                (None, '"' | '\'') => self.quote = Some(character),
                (Some(open), _) if open == character => self.quote = None,
                _ => {}
            }
            after_space = self.quote.is_none() && character.is_whitespace();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().values.into_iter().collect()
    }

    fn value(line: &str) -> String {
        values(line).pop().unwrap().1
    }

    #[test]
    fn values_are_read_as_written() {
        for (line, expected) in [
            ("A=plain", "plain"),
            ("export A=plain", "plain"),
            ("  A = spaced  ", "spaced"),
            ("A=cut # comment", "cut"),
            ("A=kept#inside", "kept#inside"),
            ("A=", ""),
            ("A='single $literal \\n'", "single $literal \\n"),
            (r#"A="tab \$HOME \"quoted\" \\""#, r#"tab $HOME "quoted" \"#),
            ("A=\"two\nlines\"", "two\nlines"),
            (r#"A="two\nlines""#, "two\nlines"),
            ("\u{feff}A=marked\r\n", "marked"),
        ] {
            assert_eq!(value(line), expected, "{line:?}");
        }
    }

    #[test]
    fn comments_and_blank_lines_say_nothing() {
        let text = "# A=1 it's $fine\n\n   # more\nB=2\n";
        assert_eq!(values(text), [("B".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn the_last_of_several_counts_and_is_noted() {
        let entries = parse("A=1\nB=2\nA=3\n").unwrap();
        assert_eq!(entries.values["A"], "3");
        assert_eq!(entries.repeated, BTreeMap::from([("A".to_owned(), 3)]));
    }

    #[test]
    fn every_bad_line_is_named_and_none_is_quoted() {
        let text =
            "A=ok\nhunter2\n=hunter2\nB=two hunter2\nC=$hunter2\nD='ok'\n1E=hunter2\nF=\"hunter2";
        let problems = parse(text).unwrap_err();
        let numbers: Vec<_> = problems
            .iter()
            .map(|problem| problem.split(':').next().unwrap())
            .collect();
        assert_eq!(
            numbers,
            ["line 2", "line 3", "line 4", "line 5", "line 7", "line 8"]
        );
        assert!(!problems.concat().contains("hunter2"));
    }

    #[test]
    fn a_line_has_a_limit() {
        let text = format!("A={}", "x".repeat(LINE_BYTES_MAX));
        assert_eq!(parse(&text).unwrap_err(), ["line 1: longer than 1 MiB"]);
    }
}

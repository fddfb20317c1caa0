//! Exceptions that stand in the source, with their reason.
//!
//! `// plumego:allow(<rule>, reason = "...")` directly above a line permits
//! what one rule of this check would deny there. An exception without a reason
//! permits nothing, and one that permits nothing is reported.

use crate::rules::Findings;
use crate::violation::{Location, Violation, as_number};
use crate::workspace::Source;

const MARK: &str = "// plumego:allow(";

/// An exception as written.
struct Exception<'s> {
    file: &'s str,
    /// The line it stands on, from 1.
    line: u32,
    /// The line it is for: the next one that is no comment.
    covers: u32,
    rule: &'s str,
    has_reason: bool,
}

/// Takes out of `findings` what an exception in `sources` permits, and adds
/// what is wrong with the exceptions.
pub(super) fn apply<'s>(sources: impl Iterator<Item = &'s Source>, findings: &mut Findings) {
    for exception in sources.flat_map(exceptions) {
        if !exception.has_reason {
            findings.report(exception.violation(
                Violation::deny,
                "source-rules/allow-reason",
                "has no reason",
            ));
            continue;
        }
        let before = findings.violations.len();
        findings
            .violations
            .retain(|violation| !exception.permits(violation));
        if findings.violations.len() == before {
            findings.report(exception.violation(
                Violation::warn,
                "source-rules/unused-allow",
                "permits nothing",
            ));
        }
    }
}

impl Exception<'_> {
    fn permits(&self, violation: &Violation) -> bool {
        violation.rule == self.rule
            && violation
                .location
                .as_ref()
                .is_some_and(|location| location.file == self.file && location.line == self.covers)
    }

    fn violation(
        &self,
        level: impl Fn(&'static str, String, String) -> Violation,
        rule: &'static str,
        problem: &str,
    ) -> Violation {
        let message = format!("{}: the exception for {} {problem}", self.file, self.rule);
        level(rule, self.file.to_owned(), message)
            .at(Location::new(self.file, self.line, 0))
            .fix("write `// plumego:allow(<rule>, reason = \"...\")` above the line, or remove it")
    }
}

fn exceptions(source: &Source) -> Vec<Exception<'_>> {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix(MARK) else {
            continue;
        };
        let rest = rest.trim_end().trim_end_matches(')');
        let (rule, reason) = rest.split_once(',').unwrap_or((rest, ""));
        let below = lines[index..].iter();
        let comments = below.take_while(|line| line.starts_with("//")).count();
        found.push(Exception {
            file: &source.path,
            line: as_number(index + 1),
            covers: as_number(index + 1 + comments),
            rule: rule.trim(),
            has_reason: has_reason(reason),
        });
    }
    found
}

fn has_reason(text: &str) -> bool {
    text.trim()
        .strip_prefix("reason")
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .is_some_and(|reason| !reason.trim().trim_matches('"').trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::SourceKind;

    const RULE: &str = "source-rules/banned-path";

    fn applied(comment: &str) -> Vec<&'static str> {
        let source = Source {
            path: "a/src/lib.rs".to_owned(),
            kind: SourceKind::Product,
            text: format!("fn f() {{\n    {comment}\n    // More words.\n    banned();\n}}\n"),
        };
        let denied = Violation::deny(RULE, "a", "a is wrong");
        let mut findings = Findings {
            items: 1,
            violations: vec![denied.at(Location::new("a/src/lib.rs", 4, 5))],
        };
        apply(std::iter::once(&source), &mut findings);
        findings
            .violations
            .iter()
            .map(|violation| violation.rule)
            .collect()
    }

    #[test]
    fn an_exception_with_a_reason_permits_the_next_line() {
        let comment = format!("{MARK}{RULE}, reason = \"the protocol says so\")");
        assert_eq!(applied(&comment), [""; 0]);
    }

    #[test]
    fn an_exception_without_a_reason_permits_nothing() {
        for comment in [
            format!("{MARK}{RULE})"),
            format!("{MARK}{RULE}, reason = \" \")"),
        ] {
            assert_eq!(applied(&comment), [RULE, "source-rules/allow-reason"]);
        }
    }

    #[test]
    fn an_exception_for_something_else_is_reported_as_unused() {
        let comment = format!("{MARK}source-rules/parse, reason = \"none\")");
        assert_eq!(applied(&comment), [RULE, "source-rules/unused-allow"]);
    }
}

//! Reports: text for people, JSON for programs, one exit code for both.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::gates::{GateReport, Report, Status};
use crate::violation::{Level, Violation};

/// Exit code: all gates passed.
pub const EXIT_PASS: u8 = 0;
/// Exit code: at least one violation that denies.
pub const EXIT_FAIL: u8 = 1;
/// Exit code: warnings, where they are asked to fail.
pub const EXIT_WARNINGS: u8 = 2;
/// Exit code: wrong usage.
pub const EXIT_USAGE: u8 = 4;
/// Exit code: something could not run.
pub const EXIT_CANNOT_RUN: u8 = 5;

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

pub(crate) fn milliseconds<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl Report {
    /// The exit code. What could not run weighs more than what failed: its
    /// verdict is not known.
    #[must_use]
    pub fn exit_code(&self, strict_warnings: bool) -> u8 {
        if self.count(Status::Error) > 0 {
            EXIT_CANNOT_RUN
        } else if self.count(Status::Fail) > 0 {
            EXIT_FAIL
        } else if strict_warnings && self.count(Status::Warn) > 0 {
            EXIT_WARNINGS
        } else {
            EXIT_PASS
        }
    }

    /// How many gates have this status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.gates
            .iter()
            .filter(|gate| gate.status == status)
            .count()
    }

    fn result(&self) -> &'static str {
        match self.exit_code(false) {
            EXIT_PASS => "pass",
            EXIT_FAIL => "fail",
            _ => "error",
        }
    }

    fn violations(&self, level: Level) -> usize {
        let all = self.gates.iter().flat_map(|gate| &gate.violations);
        all.filter(|violation| violation.level == level).count()
    }

    /// The violations, gate by gate, for standard error. Empty when there are
    /// none.
    #[must_use]
    pub fn details(&self, ascii: bool) -> String {
        let mut text = String::new();
        for gate in &self.gates {
            gate_details(&mut text, gate, ascii);
        }
        text
    }

    /// The table, for standard output.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let row = |text: &mut String, cells: [&str; 5]| {
            let [gate, status, items, violations, time] = cells;
            let _ = writeln!(
                text,
                "{gate:<20} {status:<6} {items:>6} {violations:>11} {time:>9}"
            );
        };
        row(&mut text, ["GATE", "STATUS", "ITEMS", "VIOLATIONS", "TIME"]);
        for gate in &self.gates {
            let cells = [
                gate.id,
                word(gate.status),
                &gate.items.to_string(),
                &gate.violations.len().to_string(),
                &seconds(gate.duration),
            ];
            row(&mut text, cells);
        }
        for gate in self.gates.iter().filter(|gate| gate.status == Status::Skip) {
            let reason = gate.summary.as_deref().unwrap_or("not said");
            let _ = writeln!(text, "skipped {}: {reason}", gate.id);
        }
        text.push_str(&self.verdict());
        text
    }

    fn verdict(&self) -> String {
        let failed: Vec<_> = self
            .gates
            .iter()
            .filter(|gate| matches!(gate.status, Status::Fail | Status::Error))
            .map(|gate| gate.id)
            .collect();
        if !failed.is_empty() {
            let noun = if failed.len() == 1 { "gate" } else { "gates" };
            let (count, names) = (failed.len(), failed.join(", "));
            return format!("gates: FAIL ({count} {noun}: {names})\n");
        }
        let skipped = self.count(Status::Skip);
        format!(
            "gates: PASS ({} gates, {skipped} skipped, {})\n",
            self.gates.len(),
            seconds(self.duration)
        )
    }

    /// One JSON object.
    ///
    /// # Errors
    ///
    /// Never in practice: every part of a report can be written as JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Document<'r> {
            schema: &'static str,
            schema_version: u32,
            tool: Tool,
            duration_ms: u64,
            workspace: String,
            gates: &'r [GateReport],
            totals: Totals,
            result: &'static str,
        }
        #[derive(Serialize)]
        struct Tool {
            name: &'static str,
            version: &'static str,
        }
        serde_json::to_string_pretty(&Document {
            schema: "plumego.gates",
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                name: "plumego-control",
                version: env!("CARGO_PKG_VERSION"),
            },
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            workspace: self.workspace.to_string_lossy().into_owned(),
            gates: &self.gates,
            totals: self.totals(),
            result: self.result(),
        })
    }

    fn totals(&self) -> Totals {
        Totals {
            passed: self.count(Status::Ok) + self.count(Status::Warn),
            failed: self.count(Status::Fail) + self.count(Status::Error),
            warned: self.count(Status::Warn),
            skipped: self.count(Status::Skip),
            violations_by_level: ByLevel {
                deny: self.violations(Level::Deny),
                warn: self.violations(Level::Warn),
                note: self.violations(Level::Note),
            },
        }
    }
}

#[derive(Serialize)]
struct Totals {
    passed: usize,
    failed: usize,
    warned: usize,
    skipped: usize,
    violations_by_level: ByLevel,
}

#[derive(Serialize)]
struct ByLevel {
    deny: usize,
    warn: usize,
    note: usize,
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Warn => "warn",
        Status::Fail => "FAIL",
        Status::Skip => "skip",
        Status::Error => "error",
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn gate_details(text: &mut String, gate: &GateReport, ascii: bool) {
    if gate.status == Status::Error {
        let reason = gate.summary.as_deref().unwrap_or("not said");
        let _ = writeln!(text, "{} could not run: {reason}\n", gate.id);
    }
    if gate.violations.is_empty() {
        return;
    }
    let verb = if gate.status == Status::Fail {
        "failed"
    } else {
        "passed"
    };
    let count = gate.violations.len();
    let _ = writeln!(text, "{} check {verb}: {count} violation(s)\n", gate.id);
    for violation in &gate.violations {
        violation_details(text, violation, ascii);
    }
}

fn violation_details(text: &mut String, violation: &Violation, ascii: bool) {
    let mark = match (violation.level, ascii) {
        (Level::Deny, false) => "❌",
        (Level::Deny, true) => "x",
        (Level::Warn | Level::Note, false) => "⚠",
        (Level::Warn | Level::Note, true) => "!",
    };
    let place = violation.location.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let _ = writeln!(text, "{mark} {}{place}", violation.message);
    if let Some(because) = &violation.because {
        let _ = writeln!(text, "   BECAUSE: {because}");
    }
    if let Some(fix) = &violation.fix {
        let _ = writeln!(text, "   FIX: {fix}");
    }
    let stated = violation.rule_ref.as_ref();
    let stated = stated.map_or_else(String::new, |stated| format!("{stated} "));
    let _ = writeln!(text, "   RULE: {stated}{}\n", violation.rule);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::Location;

    fn gate(id: &'static str, status: Status, violations: Vec<Violation>) -> GateReport {
        GateReport {
            id,
            title: "a test",
            status,
            duration: Duration::from_millis(1500),
            items: 7,
            violations,
            summary: Some("because".to_owned()),
        }
    }

    fn report(gates: Vec<GateReport>) -> Report {
        Report {
            workspace: "/w".into(),
            gates,
            duration: Duration::from_secs(2),
        }
    }

    fn violation() -> Violation {
        Violation::deny("dependency-rules/denied-edge", "a", "a -> b is denied")
            .at(Location::new("a/Cargo.toml", 7, 1))
            .because(Some("b is heavy".to_owned()))
            .fix("do without")
            .stated_at(Location::new("specs/dependency-rules.yaml", 3, 5))
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst_gate() {
        let code = |statuses: &[Status], strict| {
            let gates = statuses.iter().map(|status| gate("g", *status, Vec::new()));
            report(gates.collect()).exit_code(strict)
        };
        assert_eq!(code(&[Status::Ok, Status::Skip], true), EXIT_PASS);
        assert_eq!(code(&[Status::Ok, Status::Warn], false), EXIT_PASS);
        assert_eq!(code(&[Status::Ok, Status::Warn], true), EXIT_WARNINGS);
        assert_eq!(code(&[Status::Warn, Status::Fail], true), EXIT_FAIL);
        assert_eq!(code(&[Status::Fail, Status::Error], false), EXIT_CANNOT_RUN);
    }

    #[test]
    fn text_says_what_why_and_what_to_do() {
        let report = report(vec![gate(
            "dependency-rules",
            Status::Fail,
            vec![violation()],
        )]);
        let expected = "dependency-rules check failed: 1 violation(s)\n\n\
            x a -> b is denied (a/Cargo.toml:7:1)\n   \
            BECAUSE: b is heavy\n   \
            FIX: do without\n   \
            RULE: specs/dependency-rules.yaml:3:5 dependency-rules/denied-edge\n\n";
        assert_eq!(report.details(true), expected);
        assert!(
            report
                .table()
                .ends_with("gates: FAIL (1 gate: dependency-rules)\n")
        );
    }

    #[test]
    fn a_skipped_gate_says_why_and_does_not_fail() {
        let report = report(vec![
            gate("fmt", Status::Ok, Vec::new()),
            gate("public-dependency", Status::Skip, Vec::new()),
        ]);
        assert!(
            report
                .table()
                .contains("skipped public-dependency: because\n")
        );
        assert!(
            report
                .table()
                .ends_with("gates: PASS (2 gates, 1 skipped, 2.0 s)\n")
        );
        assert_eq!(report.details(true), "");
    }

    #[test]
    fn json_has_the_promised_members() {
        let report = report(vec![gate(
            "dependency-rules",
            Status::Fail,
            vec![violation()],
        )]);
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["schema"], "plumego.gates");
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["result"], "fail");
        assert_eq!(json["totals"]["violations_by_level"]["deny"], 1);
        let gate = &json["gates"][0];
        assert_eq!(gate["status"], "fail");
        assert_eq!(gate["duration_ms"], 1500);
        assert_eq!(gate["violations"][0]["location"]["line"], 7);
    }
}

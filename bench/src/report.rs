//! What a benchmark says at its end.

use std::io::{self, Write};

use serde::Serialize;

use crate::harness::Cost;
use crate::machine::Machine;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Text,
    Json,
}

/// Measured against an upper or lower bound.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gate {
    AtMost(f64),
    AtLeast(f64),
}

impl Gate {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// One measured figure, or a comparison of two.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) subject: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<&'static str>,
    /// What the gate looks at, in `unit`.
    pub(crate) value: f64,
    /// `ratio` unless said otherwise.
    pub(crate) unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gate: Option<Gate>,
    pub(crate) pass: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer_ns: Option<f64>,
    #[serde(flatten)]
    pub(crate) subject_cost: Option<SubjectCost>,
    #[serde(flatten)]
    pub(crate) peer_cost: Option<PeerCost>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SubjectCost {
    pub(crate) subject_allocations: f64,
    pub(crate) subject_bytes: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PeerCost {
    pub(crate) peer_allocations: f64,
    pub(crate) peer_bytes: f64,
}

impl Row {
    /// Subject over peer, in nanoseconds.
    pub(crate) fn ratio(
        scenario: impl Into<String>,
        (subject, subject_ns): (&'static str, f64),
        (peer, peer_ns): (&'static str, f64),
        gate: Option<Gate>,
    ) -> Self {
        let ratio = subject_ns / peer_ns;
        Self {
            peer: Some(peer),
            ratio: Some(ratio),
            subject_ns: Some(subject_ns),
            peer_ns: Some(peer_ns),
            ..Self::value(scenario, subject, ratio, "ratio", gate)
        }
    }

    /// One figure.
    pub(crate) fn value(
        scenario: impl Into<String>,
        subject: &'static str,
        value: f64,
        unit: &'static str,
        gate: Option<Gate>,
    ) -> Self {
        Self {
            scenario: scenario.into(),
            subject,
            peer: None,
            value,
            unit,
            ratio: None,
            gate,
            pass: gate.is_none_or(|gate| gate.holds(value)),
            subject_ns: None,
            peer_ns: None,
            subject_cost: None,
            peer_cost: None,
        }
    }

    /// Adds what the subject allocates per operation, and may.
    pub(crate) fn with_cost(mut self, subject: Cost, allowed: Option<f64>) -> Self {
        self.subject_cost = Some(SubjectCost {
            subject_allocations: subject.allocations,
            subject_bytes: subject.bytes,
        });
        self.pass &= allowed.is_none_or(|allowed| subject.allocations <= allowed);
        self
    }

    /// Adds what both allocate per operation; `allowed` is what the subject
    /// may.
    pub(crate) fn with_costs(mut self, subject: Cost, peer: Cost, allowed: Option<f64>) -> Self {
        self.peer_cost = Some(PeerCost {
            peer_allocations: peer.allocations,
            peer_bytes: peer.bytes,
        });
        self.with_cost(subject, allowed)
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) protocol: String,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn passes(&self) -> bool {
        self.rows.iter().all(|row| row.pass)
    }

    pub(crate) fn write(&self, out: &mut dyn Write, form: Form) -> io::Result<()> {
        match form {
            Form::Json => {
                serde_json::to_writer_pretty(&mut *out, self)?;
                writeln!(out)
            }
            Form::Text => self.write_text(out),
        }
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Machine {
            cpu,
            cores,
            os,
            toolchain,
            crates,
        } = &self.machine;
        writeln!(
            out,
            "{cpu}, {cores} cores, {os}\n{toolchain}; {}",
            crates.join(", ")
        )?;
        writeln!(out, "{}\n", self.protocol)?;
        writeln!(
            out,
            "{:<34} {:<22} {:<12} {:>9} {:>16} {:>9} {:>16}  {:>10} {:>9}",
            "scenario",
            "subject",
            "peer",
            "ns",
            "allocs (bytes)",
            "peer ns",
            "allocs (bytes)",
            "value",
            "gate"
        )?;
        self.rows.iter().try_for_each(|row| row.write_text(out))?;
        let failed = self.rows.iter().filter(|row| !row.pass).count();
        match failed {
            0 => writeln!(out, "\nevery gate holds"),
            1 => writeln!(out, "\n1 gate fails"),
            failed => writeln!(out, "\n{failed} gates fail"),
        }
    }
}

impl Row {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let ns = |ns: Option<f64>| ns.map_or_else(String::new, |ns| format!("{ns:.1}"));
        let cost = |cost: Option<(f64, f64)>| {
            cost.map_or_else(String::new, |(count, bytes)| {
                format!("{count:.1} ({bytes:.0})")
            })
        };
        let subject = self
            .subject_cost
            .map(|c| (c.subject_allocations, c.subject_bytes));
        let peer = self.peer_cost.map(|c| (c.peer_allocations, c.peer_bytes));
        let value = match self.unit {
            "ratio" => format!("{:.2} x", self.value),
            unit => format!("{:.1} {unit}", self.value),
        };
        let gate = match self.gate {
            Some(Gate::AtMost(limit)) => format!("<= {limit}"),
            Some(Gate::AtLeast(limit)) => format!(">= {limit}"),
            None => String::new(),
        };
        writeln!(
            out,
            "{:<34} {:<22} {:<12} {:>9} {:>16} {:>9} {:>16}  {:>10} {:>9}{}",
            self.scenario,
            self.subject,
            self.peer.unwrap_or_default(),
            ns(self.subject_ns),
            cost(subject),
            ns(self.peer_ns),
            cost(peer),
            value,
            gate,
            if self.pass { "" } else { "  FAILS" },
        )
    }
}

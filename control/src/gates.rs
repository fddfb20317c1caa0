//! The gates: which checks run, in which order, and what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::api::{ExtractError, Extractor};
use crate::graph::Graph;
use crate::metadata::cargo;
use crate::pattern::ModuleId;
use crate::rules::{Findings, dependency, manifests, public_dependency, source, spec_files};
use crate::specs::{DependencyRules, Spec};
use crate::violation::{Level, Location, Violation};
use crate::workspace::{LoadError, Workspace};

const RULES: &str = "specs/dependency-rules.yaml";

/// A gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gate {
    /// Every file is formatted.
    Fmt,
    /// Spec files are in order and agree with each other.
    SpecFiles,
    /// Dependencies point one way.
    DependencyRules,
    /// Every module says who owns it and where it ends.
    ModuleManifests,
    /// What sources may not contain.
    SourceRules,
    /// Public signatures show only crates that promise not to break.
    PublicDependency,
}

impl Gate {
    /// Every gate, in report order.
    pub const ALL: [Self; 6] = [
        Self::Fmt,
        Self::SpecFiles,
        Self::DependencyRules,
        Self::ModuleManifests,
        Self::SourceRules,
        Self::PublicDependency,
    ];

    /// The id, as on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::SpecFiles => "spec-files",
            Self::DependencyRules => "dependency-rules",
            Self::ModuleManifests => "module-manifests",
            Self::SourceRules => "source-rules",
            Self::PublicDependency => "public-dependency",
        }
    }

    /// One line about it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Fmt => "every file is formatted",
            Self::SpecFiles => "spec files are in order",
            Self::DependencyRules => "dependencies point one way",
            Self::ModuleManifests => "every module has an owner and a boundary",
            Self::SourceRules => "sources hold nothing forbidden",
            Self::PublicDependency => "public signatures show only allowed crates",
        }
    }

    /// The gate with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.id() == id)
    }

    /// Whether it compiles something.
    #[must_use]
    pub fn builds(self) -> bool {
        self == Self::PublicDependency
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What came of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing to report.
    Ok,
    /// Warnings or notes only.
    Warn,
    /// At least one violation that denies.
    Fail,
    /// Not run; the summary says why.
    Skip,
    /// Could not run; the summary says why. Never a pass.
    Error,
}

/// The report of one gate.
#[derive(Debug, Clone, Serialize)]
pub struct GateReport {
    /// Id of the gate.
    pub id: &'static str,
    /// One line about it.
    pub title: &'static str,
    /// What came of it.
    pub status: Status,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "crate::report::milliseconds")]
    pub duration: Duration,
    /// How many things were looked at.
    pub items: usize,
    /// What is wrong, in report order.
    pub violations: Vec<Violation>,
    /// Why it was skipped or could not run.
    pub summary: Option<String>,
}

/// What to run, and on what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A directory inside of the workspace.
    pub start: PathBuf,
    /// Gates to run; they run in report order.
    pub gates: Vec<Gate>,
    /// Gates that are listed as skipped, with the reason.
    pub skipped: Vec<(Gate, String)>,
    /// Builds what gates need built; see [`Extractor::new`].
    pub extractor: Extractor,
}

/// The report of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Root of the workspace, absolute.
    pub workspace: PathBuf,
    /// Gates in report order.
    pub gates: Vec<GateReport>,
    /// How long everything took.
    pub duration: Duration,
}

/// Runs the gates of `plan`. `on_start` hears of each gate before it runs.
///
/// # Errors
///
/// When the workspace cannot be looked at. A gate that cannot run is no error
/// here: its report has status [`Status::Error`], which is not a pass.
pub fn run(plan: &Plan, mut on_start: impl FnMut(Gate)) -> Result<Report, LoadError> {
    let start = Instant::now();
    let workspace = Workspace::load(&plan.start)?;
    let mut gates = Vec::new();
    for gate in Gate::ALL {
        if plan.gates.contains(&gate) {
            on_start(gate);
            gates.push(run_gate(gate, &workspace, &plan.extractor));
        } else if let Some((_, reason)) = plan.skipped.iter().find(|(own, _)| *own == gate) {
            let outcome = Outcome::Skip(reason.clone());
            gates.push(report(gate, Duration::ZERO, outcome));
        }
    }
    Ok(Report {
        workspace: workspace.root,
        gates,
        duration: start.elapsed(),
    })
}

enum Outcome {
    Found(Findings),
    Skip(String),
    Error(String),
}

fn run_gate(gate: Gate, workspace: &Workspace, extractor: &Extractor) -> GateReport {
    let start = Instant::now();
    let outcome = match gate {
        Gate::Fmt => formatted(workspace),
        Gate::SpecFiles => Outcome::Found(spec_files::check(workspace)),
        Gate::ModuleManifests => with_repo(workspace, || manifests::check(workspace)),
        Gate::DependencyRules => with_rules(workspace, |rules| {
            let graph = Graph::of(workspace);
            Outcome::Found(dependency::check(workspace, rules, &graph))
        }),
        Gate::SourceRules => sources(workspace),
        Gate::PublicDependency => with_rules(workspace, |rules| {
            public_dependencies(workspace, rules, extractor)
        }),
    };
    report(gate, start.elapsed(), outcome)
}

fn report(gate: Gate, duration: Duration, outcome: Outcome) -> GateReport {
    let mut report = GateReport {
        id: gate.id(),
        title: gate.title(),
        status: Status::Ok,
        duration,
        items: 0,
        violations: Vec::new(),
        summary: None,
    };
    match outcome {
        Outcome::Found(mut findings) => {
            findings.violations.sort_by(Violation::report_order);
            report.status = status_of(&findings.violations);
            report.items = findings.items;
            report.violations = findings.violations;
        }
        Outcome::Skip(reason) => {
            report.status = Status::Skip;
            report.summary = Some(reason);
        }
        Outcome::Error(reason) => {
            report.status = Status::Error;
            report.summary = Some(reason);
        }
    }
    report
}

fn status_of(violations: &[Violation]) -> Status {
    match violations.iter().map(|violation| violation.level).min() {
        None => Status::Ok,
        Some(Level::Deny) => Status::Fail,
        Some(Level::Warn | Level::Note) => Status::Warn,
    }
}

fn with_repo(workspace: &Workspace, check: impl FnOnce() -> Findings) -> Outcome {
    match workspace.repo {
        Spec::Present(_) => Outcome::Found(check()),
        Spec::Absent | Spec::Broken => broken("specs/repo.yaml"),
    }
}

fn with_rules(workspace: &Workspace, check: impl FnOnce(&DependencyRules) -> Outcome) -> Outcome {
    match (&workspace.repo, &workspace.rules) {
        (Spec::Absent | Spec::Broken, _) => broken("specs/repo.yaml"),
        (_, Spec::Absent) => Outcome::Skip(format!("not configured: {RULES} would switch it on")),
        (_, Spec::Broken) => broken(RULES),
        (_, Spec::Present(rules)) => check(rules),
    }
}

fn sources(workspace: &Workspace) -> Outcome {
    match &workspace.rules {
        Spec::Broken => broken(RULES),
        rules => with_repo(workspace, || source::check(workspace, rules.present())),
    }
}

fn broken(file: &str) -> Outcome {
    Outcome::Error(format!("{file} has problems; gate spec-files lists them"))
}

fn public_dependencies(
    workspace: &Workspace,
    rules: &DependencyRules,
    extractor: &Extractor,
) -> Outcome {
    let mut apis = BTreeMap::new();
    let mut failed = Vec::new();
    for id in public_dependency::judged(workspace, rules) {
        match api(workspace, &id, extractor) {
            Ok(api) => {
                apis.insert(id, api);
            }
            Err(error) => failed.push(format!("{id}: {}", chain(&error))),
        }
    }
    if !failed.is_empty() {
        return Outcome::Error(failed.join("\n"));
    }
    Outcome::Found(public_dependency::check(workspace, rules, &apis))
}

fn api(
    workspace: &Workspace,
    id: &ModuleId,
    extractor: &Extractor,
) -> Result<rustdoc_types::Crate, ExtractError> {
    match workspace.packages.get(id) {
        Some(package) => extractor.extract(workspace, package),
        None => Err(ExtractError::NoLibrary {
            package: id.to_string(),
        }),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Asks the formatter which files it would change.
fn formatted(workspace: &Workspace) -> Outcome {
    let root = &workspace.root;
    let packages = workspace.packages.values();
    let mut command = Command::new(cargo());
    command.current_dir(root).stdin(Stdio::null());
    command.args(["fmt", "--all", "--", "--check", "-l"]);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Outcome::Error(format!("cannot start cargo fmt: {error}")),
    };
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut findings = Findings {
        items: packages.map(|package| package.sources.len()).sum(),
        violations: Vec::new(),
    };
    for file in listed.lines().filter(|line| line.ends_with(".rs")) {
        let file = crate::workspace::relative(root, Path::new(file));
        let message = format!("{file} is not formatted");
        findings.violations.push(
            Violation::deny("fmt/unformatted", &file, message)
                .at(Location::file(&file))
                .fix("run `cargo fmt --all`"),
        );
    }
    if !output.status.success() && findings.violations.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Outcome::Error(format!("cargo fmt failed: {}", said.trim()));
    }
    Outcome::Found(findings)
}

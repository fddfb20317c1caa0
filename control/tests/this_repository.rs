//! The repository that this crate is part of keeps its own rules.

use std::path::Path;

use plumego_control::api::Extractor;
use plumego_control::gates::{Gate, Plan, Status, run};

#[test]
fn the_static_gates_pass() {
    let plan = Plan {
        start: Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf(),
        gates: vec![
            Gate::SpecFiles,
            Gate::DependencyRules,
            Gate::ModuleManifests,
            Gate::SourceRules,
        ],
        skipped: Vec::new(),
        extractor: Extractor::new("no-gate-here-builds-anything"),
    };
    let report = run(&plan, |_| {}).expect("the workspace can be read");
    let passed = [Status::Ok, Status::Warn];
    for gate in &report.gates {
        assert!(passed.contains(&gate.status), "{}", report.details(true));
        assert!(gate.items > 0, "{} looked at nothing", gate.id);
    }
}

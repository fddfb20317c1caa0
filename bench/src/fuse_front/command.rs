//! `fuse check` on the package, as a process: everything it does from its start
//! to its end, by processor time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::package::PackageGraph;
use fuse_syntax::{Diagnostic, LintLevels};

use crate::harness::Effort;
use crate::report::{Gate, Row};

use super::generate::Source;

const COLD_MS: Gate = Gate::AtMost(60.0);
const WARM_MS: Gate = Gate::AtMost(15.0);

/// What `fuse check` has to say about the sources.
pub(super) fn problems(sources: &[Source]) -> Vec<Diagnostic> {
    let root = Path::new("/shop");
    let files = sources.iter().fold(MemorySource::new(), |files, source| {
        files.file(root.join(&source.path), &source.text)
    });
    let packages = PackageGraph::anonymous(root, root);
    let graph = load(&root.join("src/main.fuse"), &packages, &files);
    let mut diagnostics = analyze(&graph, &AnalyzeOptions::default())
        .diagnostics()
        .to_vec();
    LintLevels::default().apply(&mut diagnostics);
    diagnostics
}

/// What [`rows`] measures.
///
/// Cold: nothing is kept from a check before. Warm: nothing has changed since
/// one, and the files are old enough for their times to prove it. By content:
/// the times have changed, the contents have not.
pub(super) const SCENARIOS: [&str; 4] = [
    "check, cold",
    "check, warm",
    "check, warm by content",
    "check, peak memory",
];

pub(super) fn rows(effort: Effort, sources: &[Source]) -> Result<Vec<Row>, String> {
    let package = Package::write(sources).map_err(|problem| format!("the package: {problem}"))?;
    let (mut cold, mut warm, mut by_content) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak_mib: f64 = 0.0;
    for round in 0..effort.rounds * 4 {
        package.forget();
        package.touch(u64::from(round) * 2 + 2)?;
        let first = package.check("check.ok")?;
        peak_mib = peak_mib.max(first.peak_mib);
        cold.push(first.cpu_ms);
        warm.push(package.check("check.cached")?.cpu_ms);
        package.touch(u64::from(round) * 2 + 1)?;
        by_content.push(package.check("check.cached")?.cpu_ms);
    }
    let values = [
        (median(cold), "ms", Some(COLD_MS)),
        (median(warm), "ms", Some(WARM_MS)),
        (median(by_content), "ms", Some(WARM_MS)),
        (peak_mib, "MiB", None),
    ];
    let rows = SCENARIOS.into_iter().zip(values);
    Ok(rows
        .map(|(scenario, (value, unit, gate))| {
            Row::value(scenario, "fuse check", value, unit, gate)
        })
        .collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The package on disk; removed when dropped.
struct Package {
    root: tempfile::TempDir,
    files: Vec<PathBuf>,
    program: PathBuf,
}

/// What one run of the command cost.
struct Cost {
    cpu_ms: f64,
    peak_mib: f64,
}

const MANIFEST: &str =
    "[package]\nname = \"shop\"\nversion = \"1.0.0\"\nentry = \"src/main.fuse\"\n";

impl Package {
    fn write(sources: &[Source]) -> std::io::Result<Self> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("src"))?;
        let manifest = ("fuse.toml", MANIFEST);
        let sources = sources
            .iter()
            .map(|source| (source.path.as_str(), source.text.as_str()));
        let mut files = Vec::new();
        for (path, text) in std::iter::once(manifest).chain(sources) {
            let path = root.path().join(path);
            fs::write(&path, text)?;
            files.push(path);
        }
        Ok(Self {
            root,
            files,
            program: std::env::current_exe()?.with_file_name("bench-fuse"),
        })
    }

    /// Drops what a check keeps.
    fn forget(&self) {
        // There is nothing to drop before the first check.
        let _ = fs::remove_dir_all(self.root.path().join(".fuse"));
    }

    /// Makes all files as old as this.
    fn touch(&self, hours: u64) -> Result<(), String> {
        let time = SystemTime::now() - Duration::from_secs(hours * 3_600);
        self.files.iter().try_for_each(|path| {
            let file = fs::File::options().append(true).open(path);
            file.and_then(|file| file.set_modified(time))
                .map_err(|problem| format!("{}: {problem}", path.display()))
        })
    }

    /// Checks, and makes sure that it ended as it should with nothing to report.
    fn check(&self, outcome: &str) -> Result<Cost, String> {
        let output = Command::new(&self.program)
            .args(["check", "--diagnostics", "json"])
            .arg(self.root.path())
            .stdin(Stdio::null())
            .output()
            .map_err(|problem| format!("cannot start {}: {problem}", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("\"diagnostic\"") || !said.contains(outcome) {
            return Err(format!("`fuse check` said:\n{said}"));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut numbers = text.split_whitespace().map(|text| text.parse::<f64>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(cpu_ns), Some(peak_kib)) => Ok(Cost {
                cpu_ms: cpu_ns / 1e6,
                peak_mib: peak_kib / 1024.0,
            }),
            _ => Err(format!("{} printed `{text}`", self.program.display())),
        }
    }
}

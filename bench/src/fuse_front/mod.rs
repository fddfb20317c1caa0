//! The front end of Fuse over a package of fifty modules and 50 000 lines, on
//! one core.

mod command;
mod extremes;
mod generate;

use std::hint::black_box;
use std::time::Instant;

use fuse_syntax::{FileId, FormatOptions, Parsed, format, lex, parse, tree};

use crate::harness::{self, Samples, Selection, Slice, compare, uncounted};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};

use generate::Source;

/// What an editor needs to check on every keystroke.
const PARSE: Gate = Gate::AtLeast(2.0);
const FORMAT: Gate = Gate::AtLeast(0.5);

const UNIT: &str = "M lines/s";

pub(crate) fn run(selection: &Selection) -> Result<Report, String> {
    let sources = generate::package(50, 1_000);
    // Diagnostics would make work that nobody means to measure.
    if let Some(problem) = command::problems(&sources).first() {
        return Err(format!("the generated package is not clean: {problem:?}"));
    }
    let lines = generate::lines(&sources);
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    harness::pin(0);
    let mut rows = speed(selection, &sources, lines);
    if command::SCENARIOS
        .iter()
        .any(|name| selection.includes(name))
    {
        let mut whole = command::rows(selection.effort, &sources)?;
        whole.retain(|row| selection.includes(&row.scenario));
        rows.extend(whole);
    }
    if selection.includes("memory") {
        rows.extend(memory(&sources, lines, bytes));
    }
    if selection.includes("extremes") {
        rows.extend(uncounted(extremes::rows));
    }
    Ok(Report {
        machine: Machine::here(&["fuse-syntax", "fuse-check", "fuse"]),
        protocol: format!(
            "{} modules, {lines} lines, {bytes} bytes; {} interleaved rounds of {:?} per subject, medians of whole packages; `parse` is lexing, layout, parsing and the AST, `format` parses the text before and after as well; `check` is `fuse check` as a process of its own, its processor time from start to end, median of {} runs, sources in the page cache",
            sources.len(),
            selection.effort.rounds,
            selection.effort.round,
            selection.effort.rounds * 4
        ),
        rows,
    })
}

fn speed(selection: &Selection, sources: &[Source], lines: usize) -> Vec<Row> {
    let times = uncounted(|| {
        compare(
            selection.effort,
            [
                over(sources, lines, |text| {
                    black_box(lex(FileId(0), text));
                }),
                over(sources, lines, |text| {
                    black_box(parse(FileId(0), text));
                }),
                over(sources, lines, |text| {
                    // A blank line more, so that there is something to do.
                    let text = format!("{text}\n");
                    black_box(format(&text, &FormatOptions::default()).is_ok());
                }),
                over(sources, lines, |text| {
                    black_box(tree::parse(text));
                }),
            ],
        )
    });
    let names = ["lex", "parse", "format", "lossless tree"];
    let gates = [None, Some(PARSE), Some(FORMAT), None];
    let rows = names.into_iter().zip(times).zip(gates);
    rows.filter(|((name, _), _)| selection.includes(name))
        .map(|((name, ns), gate)| Row {
            subject_ns: Some(ns),
            ..Row::value(name, "fuse-syntax", 1e3 / ns, UNIT, gate)
        })
        .collect()
}

/// One slice is one pass over the package, counted by its lines.
fn over<'a>(sources: &'a [Source], lines: usize, work: fn(&str)) -> Slice<'a> {
    Box::new(move |samples: &mut Samples| {
        let started = Instant::now();
        for source in sources {
            work(&source.text);
        }
        samples.push(started.elapsed(), lines);
    })
}

/// What all modules hold together after parsing, and what is allocated on the
/// way.
fn memory(sources: &[Source], lines: usize, bytes: usize) -> Vec<Row> {
    let mut parsed: Vec<Parsed> = Vec::with_capacity(sources.len());
    let info = allocation_counter::measure(|| {
        for source in sources {
            parsed.push(parse(FileId(0), &source.text));
        }
    });
    let held = info.bytes_current.max(0) as f64;
    vec![
        Row::value(
            "memory, held",
            "fuse-syntax",
            held / (1 << 20) as f64,
            "MiB",
            None,
        ),
        Row::value(
            "memory, held per byte",
            "fuse-syntax",
            held / bytes as f64,
            "bytes",
            None,
        ),
        Row::value(
            "memory, allocations per line",
            "fuse-syntax",
            info.count_total as f64 / lines as f64,
            "allocations",
            None,
        ),
    ]
}

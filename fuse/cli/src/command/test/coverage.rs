//! Which lines, functions and branches tests executed, as an `lcov` tracefile.
//!
//! The format is that of `man geninfo`. Paths are those of diagnostics, so
//! `genhtml` finds the sources where the command was run.
//!
//! What test blocks are made of is left out: it measures the tests, not what
//! they test. So are dependencies. A generic function has a record once
//! something asks for a copy of it, and numbers of all copies are added up.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use fuse_check::canon::{
    Expr, ExprId, File, FileId, Function, FunctionId, FunctionKind, PackageId, Program, Span,
    StmtId, Type, Visitor, walk_expr, walk_stmt,
};
use fuse_interp::Counts;

/// The tracefile.
pub(super) fn tracefile(program: &Program, counts: &Counts) -> String {
    let mut files: BTreeMap<&str, Vec<Declared>> = BTreeMap::new();
    for module in &program.modules {
        if module.package == PackageId::from_index(0) {
            files.entry(&program[module.file].path).or_default();
        }
    }
    for (place, declared) in functions(program, counts) {
        if let Some(all) = files.get_mut(program[place.file].path.as_str()) {
            all.push(declared);
        }
    }
    let mut text = String::new();
    for (path, functions) in &files {
        write_file(&mut text, path, functions);
    }
    text
}

/// Where a function was written. Copies of a generic one share it; a lambda that
/// is a default shares all but the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: FileId,
    start: u32,
    end: u32,
    kind: u8,
}

/// What happened in all copies of one function.
#[derive(Debug, Default)]
struct Declared {
    /// Its name, its line and how often it was called; none for what has no
    /// name in the source.
    named: Option<(String, u32, u64)>,
    lines: BTreeMap<u32, u64>,
    branches: BTreeMap<Branching, Vec<u64>>,
}

/// A choice between branches. Copies of a function make it at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Branching {
    line: u32,
    span: (u32, u32),
    condition: (u32, u32),
    /// Which of several that one expression of the source became.
    occurrence: u32,
}

/// What was declared where, in the order of the source.
fn functions(program: &Program, counts: &Counts) -> BTreeMap<Place, Declared> {
    let is_test = |function: &&Function| function.kind == FunctionKind::Test;
    let tests: Vec<(FileId, Span)> = (program.functions.iter().filter(is_test))
        .map(|test| (test.file, test.span))
        .collect();
    let tested = |function: &Function| {
        let inside = |(file, span): &(FileId, Span)| {
            *file == function.file
                && span.start <= function.span.start
                && function.span.end <= span.end
        };
        tests.iter().any(inside)
    };
    let mut all: BTreeMap<Place, Declared> = BTreeMap::new();
    for (index, function) in program.functions.iter().enumerate() {
        let own = program[function.module].package == PackageId::from_index(0);
        if !own || function.kind == FunctionKind::Variant || tested(function) {
            continue;
        }
        let place = Place {
            file: function.file,
            start: function.span.start,
            end: function.span.end,
            kind: function.kind as u8,
        };
        let id = FunctionId::from_index(index);
        all.entry(place).or_default().add(program, counts, id);
    }
    all
}

impl Declared {
    /// Adds what happened in one copy.
    fn add(&mut self, program: &Program, counts: &Counts, id: FunctionId) {
        let function = &program[id];
        let mut walk = Walk {
            counts,
            id,
            file: &program[function.file],
            lines: BTreeMap::new(),
            branches: BTreeMap::new(),
            seen: HashMap::new(),
        };
        walk.expr(function, function.body);
        if let Some(name) = name(program, function) {
            let line = program[function.file].position(function.span.start).line;
            let calls = counts.expr(id, function.body);
            walk.line(function.span, calls);
            let named = self.named.get_or_insert((name, line, 0));
            named.2 = named.2.saturating_add(calls);
        }
        for (line, count) in walk.lines {
            let sum = self.lines.entry(line).or_default();
            *sum = sum.saturating_add(count);
        }
        for (branching, taken) in walk.branches {
            let sums = self.branches.entry(branching).or_default();
            sums.resize(sums.len().max(taken.len()), 0);
            for (sum, count) in sums.iter_mut().zip(taken) {
                *sum = sum.saturating_add(count);
            }
        }
    }
}

/// The name of a function in the source, with the type of a method.
fn name(program: &Program, function: &Function) -> Option<String> {
    let name = &program[function.name];
    match function.kind {
        FunctionKind::Function | FunctionKind::Component => Some(name.to_owned()),
        FunctionKind::Route => Some(name.to_owned()),
        FunctionKind::App => Some(format!("app {name}")),
        FunctionKind::Migration => Some(format!("migration {name}")),
        FunctionKind::Method => {
            let receiver = function.param_locals().first();
            let receiver = receiver.filter(|local| &program[local.name] == "self");
            let target = receiver.and_then(|local| match program.types.get(local.ty) {
                Type::Record(record) => Some(program[*record].name),
                Type::Enum(enumeration) => Some(program[*enumeration].name),
                _ => None,
            });
            Some(match target {
                Some(target) => format!("{}.{name}", &program[target]),
                None => name.to_owned(),
            })
        }
        FunctionKind::Lambda
        | FunctionKind::Spawn
        | FunctionKind::ParamDefault
        | FunctionKind::FieldDefault
        | FunctionKind::ConfigDefault
        | FunctionKind::Variant
        | FunctionKind::Test => None,
    }
}

/// Looks at every node of one copy of a function.
struct Walk<'a> {
    counts: &'a Counts,
    id: FunctionId,
    file: &'a File,
    lines: BTreeMap<u32, u64>,
    branches: BTreeMap<Branching, Vec<u64>>,
    seen: HashMap<Branching, u32>,
}

impl Walk<'_> {
    /// A line was executed as often as what was executed most on it.
    fn line(&mut self, span: Span, count: u64) {
        // What lowering adds without a place has the empty one.
        if span != Span::default() {
            let line = self.file.position(span.start).line;
            let most = self.lines.entry(line).or_default();
            *most = count.max(*most);
        }
    }

    fn branches(&mut self, function: &Function, at: ExprId, condition: ExprId, arms: &[ExprId]) {
        let (span, asked) = (function.expr_span(at), function.expr_span(condition));
        let mut branching = Branching {
            // The condition of an `elif` is on a line of its own.
            line: self.file.position(asked.start).line,
            span: (span.start, span.end),
            condition: (asked.start, asked.end),
            occurrence: 0,
        };
        let seen = self.seen.entry(branching).or_default();
        branching.occurrence = *seen;
        *seen += 1;
        let taken = arms.iter().map(|arm| self.counts.expr(self.id, *arm));
        self.branches.insert(branching, taken.collect());
    }
}

impl Visitor for Walk<'_> {
    fn expr(&mut self, function: &Function, id: ExprId) {
        match function[id] {
            // Where a block stands is no code, nor is where nothing is left to do.
            Expr::Block { .. } | Expr::Unit | Expr::Unreachable => {}
            _ => self.line(function.expr_span(id), self.counts.expr(self.id, id)),
        }
        match function[id] {
            Expr::If {
                condition,
                then,
                otherwise,
            } if !matches!(function[condition], Expr::IsErr(_)) => {
                self.branches(function, id, condition, &[then, otherwise]);
            }
            Expr::Match { subject, arms } => {
                let arms: Vec<ExprId> = function[arms].iter().map(|arm| arm.body).collect();
                self.branches(function, id, subject, &arms);
            }
            _ => {}
        }
        walk_expr(self, function, id);
    }

    fn stmt(&mut self, function: &Function, id: StmtId) {
        self.line(function.stmt_span(id), self.counts.stmt(self.id, id));
        walk_stmt(self, function, id);
    }
}

/// Writes the section of a file.
fn write_file(text: &mut String, path: &str, functions: &[Declared]) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "TN:\nSF:{}", one_line(path));
    let named = names(functions);
    for (name, line, _) in &named {
        let _ = writeln!(text, "FN:{line},{name}");
    }
    for (name, _, calls) in &named {
        let _ = writeln!(text, "FNDA:{calls},{name}");
    }
    let called = named.iter().filter(|(_, _, calls)| *calls > 0).count();
    let _ = writeln!(text, "FNF:{}\nFNH:{called}", named.len());
    write_branches(text, functions);
    let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
    for (line, count) in functions.iter().flat_map(|one| &one.lines) {
        let most = lines.entry(*line).or_default();
        *most = (*most).max(*count);
    }
    for (line, count) in &lines {
        let _ = writeln!(text, "DA:{line},{count}");
    }
    let hit = lines.values().filter(|count| **count > 0).count();
    let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
}

/// The functions with a name. Readers of the format take functions of one name
/// for one, so those that share it are told apart by their lines.
fn names(functions: &[Declared]) -> Vec<(String, u32, u64)> {
    let named = || functions.iter().filter_map(|one| one.named.as_ref());
    let mut times: HashMap<&str, u32> = HashMap::new();
    for (name, ..) in named() {
        *times.entry(name).or_default() += 1;
    }
    let told_apart = |(name, line, calls): &(String, u32, u64)| {
        let shown = one_line(name);
        match times.get(name.as_str()) {
            Some(1) => (shown, *line, *calls),
            _ => (format!("{shown}:{line}"), *line, *calls),
        }
    };
    named().map(told_apart).collect()
}

fn write_branches(text: &mut String, functions: &[Declared]) {
    let mut sorted: Vec<(&Branching, &Vec<u64>)> =
        functions.iter().flat_map(|one| &one.branches).collect();
    sorted.sort_by_key(|(branching, _)| **branching);
    let (mut found, mut hit) = (0_usize, 0_usize);
    let (mut line, mut block) = (0, 0_u32);
    for (branching, taken) in sorted {
        block = if branching.line == line { block + 1 } else { 0 };
        line = branching.line;
        let reached = taken.iter().any(|count| *count > 0);
        for (branch, count) in taken.iter().enumerate() {
            let shown = match reached {
                true => count.to_string(),
                // The choice itself was never made.
                false => "-".to_owned(),
            };
            let _ = writeln!(text, "BRDA:{line},{block},{branch},{shown}");
            found += 1;
            hit += usize::from(*count > 0);
        }
    }
    let _ = writeln!(text, "BRF:{found}\nBRH:{hit}");
}

/// Names of apps may hold anything; a record is a line.
fn one_line(name: &str) -> String {
    let shown = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    name.chars().map(shown).collect()
}

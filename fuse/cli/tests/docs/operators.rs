//! The table of operators, found out by asking the checker about every pair of
//! operands.

use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::package::PackageGraph;
use fuse_syntax::ast::{BinaryOp, Expr};

use crate::reference::{code, head};

const OPERATORS: [BinaryOp; 15] = [
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Rem,
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Range,
    BinaryOp::RangeUntil,
    BinaryOp::Less,
    BinaryOp::LessEq,
    BinaryOp::Greater,
    BinaryOp::GreaterEq,
    BinaryOp::Eq,
    BinaryOp::NotEq,
    BinaryOp::And,
    BinaryOp::Or,
];

/// The kinds of operands, with what declares them.
const OPERANDS: [&str; 14] = [
    "Int",
    "Float",
    "Bool",
    "String",
    "Id",
    "Email",
    "Bytes",
    "Html",
    "List<Int>",
    "Map<String, Int>",
    "Int?",
    "Value",
    "Point",
    "Color",
];

const DECLARATIONS: &str = "type Point:\n  x: Int\n\nenum Color:\n  Red\n\n";

pub(crate) fn page() -> String {
    let mut page = head(
        "Operators",
        "Every operator with the operands it takes, loosest last. `Point` stands for a record and `Color` for an\nenum. Anything not listed is an error. `a ?? b` is `a` unless that is null; `a ?! e` leaves the function\nwith the error `e` when `a` is null or an error; `-a` negates a number, `!a` a `Bool`.",
    );
    page += "\n| Operator | Left | Right | Result |\n| --- | --- | --- | --- |\n";
    // Operators with the same rows share them.
    let mut groups: Vec<(String, Vec<Row>)> = Vec::new();
    for operator in OPERATORS {
        let rows = rows(operator);
        match groups.iter_mut().find(|(_, known)| *known == rows) {
            Some((names, _)) => *names += &format!(" `{}`", operator.text()),
            None => groups.push((format!("`{}`", operator.text()), rows)),
        }
    }
    for (names, rows) in groups {
        for (left, rights, result) in rows {
            let rights: Vec<String> = rights.iter().map(|right| code(right)).collect();
            page += &format!(
                "| {names} | {} | {} | {} |\n",
                code(left),
                rights.join(", "),
                code(&result)
            );
        }
    }
    page
}

/// An operand on the left, those on the right, and the type of the result.
type Row = (&'static str, Vec<&'static str>, String);

/// The rows of an operator: operands on the right with one result together.
fn rows(operator: BinaryOp) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (left, right, result) in accepted(operator) {
        match rows.iter_mut().find(|row| row.0 == left && row.2 == result) {
            Some(row) => row.1.push(right),
            None => rows.push((left, vec![right], result)),
        }
    }
    rows
}

/// The pairs that the checker accepts, and the type of the result.
fn accepted(operator: BinaryOp) -> Vec<(&'static str, &'static str, String)> {
    let pairs: Vec<(&str, &str)> = OPERANDS
        .iter()
        .flat_map(|left| OPERANDS.iter().map(move |right| (*left, *right)))
        .collect();
    let mut text = DECLARATIONS.to_owned();
    let mut starts = Vec::new();
    for (index, (left, right)) in pairs.iter().enumerate() {
        starts.push(text.len());
        text += &format!(
            "fn f{index}(a: {left}, b: {right}):\n  let x = a {} b\n  print(x)\n\n",
            operator.text()
        );
    }
    let root = Path::new("/app");
    let source = MemorySource::new().file("/app/main.fuse", &text);
    let graph = load(
        &root.join("main.fuse"),
        &PackageGraph::anonymous(root, root),
        &source,
    );
    let options = AnalyzeOptions {
        max_errors: Some(0),
        ..AnalyzeOptions::default()
    };
    let analysis = analyze(&graph, &options);
    let of = |offset: u32| {
        starts
            .partition_point(|start| *start <= offset as usize)
            .checked_sub(1)
    };
    let mut refused = vec![false; pairs.len()];
    for one in analysis.diagnostics().iter().filter(|one| one.is_error()) {
        // `print` takes anything that can be shown; that is not asked here.
        if let Some(index) = of(one.span.start) {
            refused[index] |= !one.message.contains("print");
        }
    }
    let module = &graph.modules[0];
    let typed = analysis.typed(module.id);
    let ast = &module.parsed.module;
    let mut found = Vec::new();
    for (id, expr) in ast.exprs.iter() {
        if !matches!(expr, Expr::Binary { .. }) {
            continue;
        }
        let Some(index) = of(ast.range(id).start) else {
            continue;
        };
        if !refused[index] {
            found.push((index, analysis.display(typed.ty(id)).to_string()));
        }
    }
    found.sort();
    found
        .into_iter()
        .map(|(index, result)| (pairs[index].0, pairs[index].1, result))
        .collect()
}

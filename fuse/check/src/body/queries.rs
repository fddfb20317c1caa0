//! Typed queries and what can be seen of a query's chain.

use fuse_syntax::ast::{Arg, BinaryOp, Call, Expr, ExprId, List, Name};
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use crate::decls::resolve::Position;
use crate::ids::{RecordId, Sym};
use crate::typed::{ArgSource, Callee};
use crate::types::{Ty, TyKind};

/// Operators that `where` takes.
const OPERATORS: [&str; 10] = [
    "=", "!=", "<", "<=", ">", ">=", "like", "in", "is", "is not",
];

/// A call in the chain of a query.
#[derive(Clone, Copy, Debug)]
struct Step<'a> {
    name: &'a str,
    args: List<Arg>,
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Read,
    Insert,
    Update,
    Delete,
}

impl<'a> Checker<'a> {
    /// The calls before one of a query, first one last, and whether they go
    /// back to `db.from`.
    fn query_chain(&self, mut base: ExprId) -> (Vec<Step<'a>>, bool) {
        let ast = self.ast;
        let mut steps = Vec::new();
        // A variable is followed once; a cycle cannot be built.
        for _ in 0..256 {
            match ast[ast.unparenthesized(base)] {
                Expr::Call(call) => {
                    let call = ast[call];
                    let Expr::Member {
                        base: inner, name, ..
                    } = ast[call.callee]
                    else {
                        break;
                    };
                    let text = ast.text(name);
                    if text == "from" && self.out.ty(inner) == Ty::INVALID {
                        return (steps, true);
                    }
                    steps.push(Step {
                        name: text,
                        args: call.args,
                    });
                    base = inner;
                }
                Expr::Name(symbol) => {
                    let Some(local) = self.scope.get(symbol) else {
                        break;
                    };
                    let Some(&value) = self.queries.get(&local) else {
                        break;
                    };
                    base = value;
                }
                _ => break,
            }
        }
        (steps, false)
    }

    /// `q.one<T>()` and `q.all<T>()`; nothing for any other call.
    pub(super) fn typed_query(
        &mut self,
        id: ExprId,
        call: &Call,
        base: ExprId,
        name: Sym,
    ) -> Option<Ty> {
        if call.type_args.is_empty() {
            return None;
        }
        let text = self.text(name).to_owned();
        let one = text == "one";
        if !one && text != "all" {
            let span = self.span(id);
            self.report(
                Diagnostic::new(
                    Code::TYPED_QUERY_CALL,
                    span,
                    format!("`{text}` takes no type arguments"),
                )
                .hint("typed reads are `.one<T>()` and `.all<T>()`"),
            );
            return Some(self.abandoned(call));
        }
        self.query_capability(id);
        if !call.args.is_empty() {
            let span = self.span(id);
            self.report(
                Diagnostic::new(
                    Code::TYPED_QUERY_CALL,
                    span,
                    "typed query methods take no arguments",
                )
                .hint("give conditions with `.where(column, op, value)`"),
            );
            return Some(self.abandoned(call));
        }
        let [arg] = self.ast[call.type_args] else {
            let span = self.span(id);
            self.report(
                Diagnostic::new(
                    Code::TYPED_QUERY_TYPE_ARG,
                    span,
                    "expected one type argument",
                )
                .hint("name the type of a row: `.all<Row>()`"),
            );
            return Some(Ty::INVALID);
        };
        let row = self.type_expr(arg, Position::Stored);
        let TyKind::Record(record) = self.types.kind(row) else {
            if !row.is_invalid() {
                let message = format!(
                    "query result must be a declared type, found `{}`",
                    self.shown(row)
                );
                let span = self.ast.span(arg);
                self.report(
                    Diagnostic::new(Code::TYPED_QUERY_TYPE_ARG, span, message)
                        .hint("declare a `type` with a field for every column"),
                );
            }
            return Some(Ty::INVALID);
        };
        self.selected_columns(id, base, record);
        let member = match one {
            true => fuse_builtins::MemberId::QueryOneTyped,
            false => fuse_builtins::MemberId::QueryAllTyped,
        };
        let none: [ArgSource; 0] = [];
        self.out
            .add_call(id, Callee::Member(member, base), none, &[row]);
        self.query_rules(id, call, base, if one { "one" } else { "all" });
        Some(if one {
            self.types.option(row)
        } else {
            self.types.list(row)
        })
    }

    fn query_capability(&mut self, id: ExprId) {
        let span = self.span(id);
        self.use_capability(span, fuse_builtins::Capability::Db, "db.from");
        self.not_in_spawn(span, "db.from");
        let member = fuse_builtins::MemberId::QueryOneTyped;
        self.facts
            .direct
            .push((self.body.owner, super::Direct::Member(member), span.range()));
    }

    /// Compares the columns that a chain selects with the fields of a row.
    fn selected_columns(&mut self, id: ExprId, base: ExprId, record: RecordId) {
        let fields: Vec<String> = {
            let fields = self.decls.record(record).fields.iter();
            fields
                .map(|field| self.text(field.name).to_owned())
                .collect()
        };
        let shown = self.decls.record_name(self.types, record).to_owned();
        let listed = fields.join(", ");
        let (steps, _) = self.query_chain(base);
        let select = steps.iter().find(|step| step.name == "select");
        let mut problem = None;
        let mut columns: Vec<String> = Vec::new();
        match select.and_then(|select| self.ast[select.args].first()) {
            None => problem = Some("missing"),
            Some(arg) => match self.ast[self.ast.unparenthesized(arg.value)] {
                Expr::List(items) if items.is_empty() => problem = Some("empty"),
                Expr::List(items) => {
                    for &item in &self.ast[items] {
                        match self.ast.as_string(item) {
                            Some(text) => columns.push(last_segment(text).to_owned()),
                            None => problem = Some("not literal"),
                        }
                    }
                }
                _ => problem = Some("not literal"),
            },
        }
        let span = self.span(id);
        if let Some(problem) = problem {
            let message = format!("select is {problem}; `{shown}` has fields [{listed}]");
            let quoted: Vec<String> = fields.iter().map(|field| format!("\"{field}\"")).collect();
            self.report(
                Diagnostic::new(Code::TYPED_QUERY_SELECT, span, message)
                    .hint(format!("select them: `.select([{}])`", quoted.join(", "))),
            );
            return;
        }
        self.compare_columns(id, &shown, &fields, columns);
    }

    fn compare_columns(
        &mut self,
        id: ExprId,
        shown: &str,
        fields: &[String],
        columns: Vec<String>,
    ) {
        let mut missing: Vec<&str> = fields
            .iter()
            .filter(|field| !columns.contains(field))
            .map(String::as_str)
            .collect();
        let mut unexpected: Vec<&str> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            if !fields.contains(column) || columns[..at].contains(column) {
                unexpected.push(column);
            }
        }
        if missing.is_empty() && unexpected.is_empty() {
            return;
        }
        missing.sort_unstable();
        unexpected.sort_unstable();
        let mut parts = Vec::new();
        if !missing.is_empty() {
            parts.push(format!("missing [{}]", missing.join(", ")));
        }
        if !unexpected.is_empty() {
            parts.push(format!("unexpected [{}]", unexpected.join(", ")));
        }
        let message = format!(
            "columns do not match `{shown}`: {}; expected [{}]",
            parts.join("; "),
            fields.join(", ")
        );
        let span = self.span(id);
        self.report(
            Diagnostic::new(Code::TYPED_QUERY_FIELD_MISMATCH, span, message)
                .hint("a qualified column counts by its last part: `users.id` is `id`"),
        );
    }

    /// A typed read of something that is no query.
    pub(super) fn typed_read_of(&mut self, base: ExprId, ty: Ty) {
        let message = format!("expected a query, found `{}`", self.shown(ty));
        let span = self.span(base);
        self.report(
            Diagnostic::new(Code::TYPED_QUERY_CALL, span, message)
                .hint("a query starts with `db.from(\"table\")`"),
        );
    }

    /// What can be seen of a whole chain: calls that contradict each other,
    /// and writes that touch every row.
    pub(super) fn query_rules(&mut self, id: ExprId, call: &Call, base: ExprId, name: &str) {
        let (steps, whole) = self.query_chain(base);
        let Expr::Member { name: member, .. } = self.ast[call.callee] else {
            return;
        };
        if let Some(other) = steps.iter().rev().find(|step| contradicts(step.name, name)) {
            self.contradiction(member, name, other.name);
            return;
        }
        if name != "exec" || !whole {
            return;
        }
        let verb = steps.iter().rev().find_map(|step| verb_of(step.name));
        let written = matches!(verb, Some(Verb::Update | Verb::Delete));
        let scoped = steps
            .iter()
            .any(|step| matches!(step.name, "where" | "or_where" | "all_rows"));
        if verb.is_none_or(|verb| verb == Verb::Read) {
            let span = self.ast.name_span(member);
            self.report(
                Diagnostic::new(
                    Code::QUERY_ARGUMENT,
                    span,
                    "`exec` on a query that only reads",
                )
                .hint("read rows with `.one()` or `.all()`"),
            );
        } else if written && !scoped {
            let word = if verb == Some(Verb::Delete) {
                "delete"
            } else {
                "update"
            };
            let message = format!("`{word}` without `where` affects every row");
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::DB_UNSCOPED_WRITE, span, message)
                    .hint("add `.where(...)`, or `.all_rows()` if every row is meant"),
            );
        }
    }

    fn contradiction(&mut self, member: Name, name: &str, other: &str) {
        let message = format!("`{name}` contradicts `{other}` in one query");
        let span = self.ast.name_span(member);
        self.report(
            Diagnostic::new(Code::QUERY_ARGUMENT, span, message)
                .hint("a query either reads, inserts, updates or deletes"),
        );
    }

    /// A literal operator of `where`.
    pub(super) fn query_operator(&mut self, value: ExprId) {
        let Some(text) = self.ast.as_string(value) else {
            return;
        };
        if OPERATORS.contains(&text.to_lowercase().as_str()) {
            return;
        }
        let message = format!("unknown operator `{text}`");
        let span = self.span(value);
        self.report(Diagnostic::new(Code::QUERY_ARGUMENT, span, message).hint(
            "operators are `=`, `!=`, `<`, `<=`, `>`, `>=`, `like`, `in`, `is` and `is not`",
        ));
    }

    /// A literal direction of `order_by`.
    pub(super) fn sort_direction(&mut self, value: ExprId) {
        let Some(text) = self.ast.as_string(value) else {
            return;
        };
        if text.eq_ignore_ascii_case("asc") || text.eq_ignore_ascii_case("desc") {
            return;
        }
        let message = format!("unknown direction `{text}`");
        let span = self.span(value);
        self.report(
            Diagnostic::new(Code::QUERY_ARGUMENT, span, message)
                .hint("directions are `asc` and `desc`"),
        );
    }

    /// SQL text that is put together from values.
    pub(super) fn sql_text(&mut self, value: ExprId) {
        if !self.is_built_text(value) {
            return;
        }
        let span = self.span(value);
        self.report(
            Diagnostic::new(Code::SQL_INTERPOLATION, span, "pass values as parameters")
                .hint("write `?` in the text and the value in the list: `db.query(\"... where id = ?\", [id])`"),
        );
    }

    fn is_built_text(&self, value: ExprId) -> bool {
        match self.ast[self.ast.unparenthesized(value)] {
            Expr::Interp(_) => true,
            Expr::Binary {
                op: BinaryOp::Add,
                left,
                right,
                ..
            } => {
                let literal = |id: ExprId| self.ast.as_string(id).is_some();
                let part = |id: ExprId| {
                    !literal(id) && (self.is_built_text(id) || !self.is_joined_literal(id))
                };
                part(left) || part(right)
            }
            _ => false,
        }
    }

    /// Whether a text consists of literals alone.
    fn is_joined_literal(&self, value: ExprId) -> bool {
        match self.ast[self.ast.unparenthesized(value)] {
            Expr::Str(_) => true,
            Expr::Binary {
                op: BinaryOp::Add,
                left,
                right,
                ..
            } => self.is_joined_literal(left) && self.is_joined_literal(right),
            _ => false,
        }
    }
}

fn last_segment(column: &str) -> &str {
    column.rsplit('.').next().unwrap_or(column)
}

fn verb_of(step: &str) -> Option<Verb> {
    match step {
        "select" | "one" | "all" | "count" => Some(Verb::Read),
        "insert" | "insert_all" | "upsert" => Some(Verb::Insert),
        "update" | "update_from" => Some(Verb::Update),
        "delete" => Some(Verb::Delete),
        _ => None,
    }
}

/// Whether a call cannot follow another one in a chain.
fn contradicts(before: &str, now: &str) -> bool {
    if let (Some(a), Some(b)) = (verb_of(before), verb_of(now))
        && a != b
    {
        return true;
    }
    let limits = |step: &str| matches!(step, "limit" | "offset" | "order_by");
    let conditions = |step: &str| matches!(step, "where" | "or_where");
    let writes = |step: &str| {
        matches!(
            verb_of(step),
            Some(Verb::Insert | Verb::Update | Verb::Delete)
        )
    };
    let inserts = |step: &str| verb_of(step) == Some(Verb::Insert);
    (writes(before) && limits(now))
        || (limits(before) && writes(now))
        || (inserts(before) && conditions(now))
        || (conditions(before) && inserts(now))
        || (before == "select" && now == "exec")
}

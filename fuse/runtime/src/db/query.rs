//! Queries that the program builds.

use std::sync::Arc;

use plumego_store::db::Value as DbValue;

use super::keyword::identifier;
use super::raw;
use super::rows;
use crate::builtin::Call;
use crate::decode::{DataMode, convert};
use crate::fault::{Fault, FaultCode, Outcome};
use crate::heap::{HostObject, Obj, Ref};
use crate::meta::{Kind, well_known};
use crate::ops;
use crate::value::{Peek, Value};

/// Rows of one `insert` statement at most.
const INSERT_ROWS: usize = 500;

/// A query under construction. Each step makes a new one.
#[derive(Clone, Debug)]
struct Query {
    table: String,
    action: Action,
    conditions: Vec<Condition>,
    order: Vec<String>,
    limit: Option<i64>,
    offset: Option<i64>,
    /// Whether the program said that it means every row.
    all_rows: bool,
}

#[derive(Clone, Debug)]
enum Action {
    /// Nothing said yet: reading every column.
    Read,
    Select(Vec<String>),
    Insert {
        columns: Vec<String>,
        /// Values row by row.
        rows: Arc<Vec<Vec<DbValue>>>,
        /// Columns that make rows the same, for `upsert`.
        conflict: Option<Vec<String>>,
    },
    Update(Vec<(String, DbValue)>),
    Delete,
}

/// A condition, and how it goes with the one before.
#[derive(Clone, Debug)]
struct Condition {
    or: bool,
    column: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Compare(&'static str, DbValue),
    In(Vec<DbValue>),
    Null(bool),
}

impl HostObject for Query {}

/// A statement with its parameters.
struct Statement {
    sql: String,
    params: Vec<DbValue>,
}

impl Query {
    fn statements(&self) -> Outcome<Vec<Statement>> {
        match &self.action {
            Action::Read => Ok(vec![self.select("*")]),
            Action::Select(columns) => Ok(vec![self.select(&columns.join(", "))]),
            Action::Insert {
                columns,
                rows,
                conflict,
            } => {
                self.refuse_conditions("insert")?;
                let chunks = rows.chunks(INSERT_ROWS);
                Ok(chunks
                    .map(|rows| self.insert(columns, rows, conflict.as_deref()))
                    .collect())
            }
            Action::Update(sets) => {
                self.refuse_order("update")?;
                let columns: Vec<String> = sets
                    .iter()
                    .map(|(column, _)| format!("{column} = ?"))
                    .collect();
                let mut sql = format!("update {} set {}", self.table, columns.join(", "));
                let mut params = sets.iter().map(|(_, value)| value.clone()).collect();
                self.conditions(&mut sql, &mut params);
                Ok(vec![Statement { sql, params }])
            }
            Action::Delete => {
                self.refuse_order("delete")?;
                let mut sql = format!("delete from {}", self.table);
                let mut params = Vec::new();
                self.conditions(&mut sql, &mut params);
                Ok(vec![Statement { sql, params }])
            }
        }
    }

    /// The only statement of a query that is shown or reads.
    fn statement(&self) -> Outcome<Statement> {
        let mut statements = self.statements()?;
        if statements.len() > 1 {
            return Err(invalid("more than 500 rows are several statements"));
        }
        statements.pop().ok_or_else(|| invalid("there are no rows"))
    }

    fn select(&self, columns: &str) -> Statement {
        let mut sql = format!("select {columns} from {}", self.table);
        let mut params = Vec::new();
        self.conditions(&mut sql, &mut params);
        if !self.order.is_empty() {
            sql.push_str(" order by ");
            sql.push_str(&self.order.join(", "));
        }
        // An offset needs a limit; -1 is none.
        if self.limit.is_some() || self.offset.is_some() {
            sql.push_str(" limit ?");
            params.push(DbValue::Int(self.limit.unwrap_or(-1)));
        }
        if let Some(offset) = self.offset {
            sql.push_str(" offset ?");
            params.push(DbValue::Int(offset));
        }
        Statement { sql, params }
    }

    fn insert(
        &self,
        columns: &[String],
        rows: &[Vec<DbValue>],
        conflict: Option<&[String]>,
    ) -> Statement {
        let places = format!("({})", vec!["?"; columns.len()].join(", "));
        let mut sql = format!(
            "insert into {} ({}) values {}",
            self.table,
            columns.join(", "),
            vec![places.as_str(); rows.len()].join(", ")
        );
        if let Some(conflict) = conflict {
            let sets: Vec<String> = columns
                .iter()
                .filter(|column| !conflict.contains(column))
                .map(|column| format!("{column} = excluded.{column}"))
                .collect();
            sql.push_str(&format!(" on conflict ({}) do ", conflict.join(", ")));
            if sets.is_empty() {
                sql.push_str("nothing");
            } else {
                sql.push_str("update set ");
                sql.push_str(&sets.join(", "));
            }
        }
        Statement {
            sql,
            params: rows.concat(),
        }
    }

    /// `where` and all conditions; those joined by `or` stand in parentheses.
    fn conditions(&self, sql: &mut String, params: &mut Vec<DbValue>) {
        let mut groups: Vec<Vec<String>> = Vec::new();
        for condition in &self.conditions {
            let column = &condition.column;
            let text = match &condition.test {
                Test::Compare(op, value) => {
                    params.push(value.clone());
                    format!("{column} {op} ?")
                }
                Test::In(values) => {
                    params.extend(values.iter().cloned());
                    format!("{column} in ({})", vec!["?"; values.len()].join(", "))
                }
                Test::Null(true) => format!("{column} is null"),
                Test::Null(false) => format!("{column} is not null"),
            };
            match groups.last_mut() {
                Some(group) if condition.or => group.push(text),
                _ => groups.push(vec![text]),
            }
        }
        for (index, group) in groups.iter().enumerate() {
            sql.push_str(if index == 0 { " where " } else { " and " });
            if group.len() == 1 {
                sql.push_str(&group[0]);
            } else {
                sql.push_str(&format!("({})", group.join(" or ")));
            }
        }
    }

    fn refuse_conditions(&self, what: &str) -> Outcome<()> {
        if !self.conditions.is_empty() {
            return Err(invalid(&format!("{what} takes no where")));
        }
        self.refuse_order(what)
    }

    fn refuse_order(&self, what: &str) -> Outcome<()> {
        if self.limit.is_some() || self.offset.is_some() {
            return Err(invalid(&format!("{what} takes no limit")));
        }
        if !self.order.is_empty() {
            return Err(invalid(&format!("{what} takes no order_by")));
        }
        Ok(())
    }

    fn reads(&self) -> Outcome<()> {
        match self.action {
            Action::Read | Action::Select(_) => Ok(()),
            Action::Insert { .. } => Err(invalid("insert gives no rows")),
            Action::Update(_) => Err(invalid("update gives no rows")),
            Action::Delete => Err(invalid("delete gives no rows")),
        }
    }
}

fn invalid(reason: &str) -> Fault {
    Fault::new(
        FaultCode::InvalidArguments,
        format!("invalid query: {reason}"),
    )
}

fn query<'a>(call: &'a Call<'_>) -> Outcome<&'a Query> {
    call.args[0]
        .as_obj()
        .and_then(Obj::host)
        .ok_or_else(|| call.mismatch(0))
}

fn make(query: Query) -> Value {
    Value::Ref(Ref::new_host(&well_known::QUERY, Box::new(query)))
}

fn texts(value: &Value) -> Outcome<Vec<String>> {
    let Some(list) = value.as_obj() else {
        return Ok(Vec::new());
    };
    list.list()
        .iter()
        .filter_map(Peek::as_text)
        .map(identifier)
        .collect()
}

/// The built-in functions, by the symbol of their row.
pub(crate) mod builtins {
    use super::*;

    pub(crate) fn from(call: &mut Call<'_>) -> Outcome<Value> {
        Ok(make(Query {
            table: identifier(call.text(0)?)?,
            action: Action::Read,
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: None,
            all_rows: false,
        }))
    }

    pub(crate) fn select(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        next.reads()?;
        let columns = texts(&call.args[1])?;
        if columns.is_empty() {
            return Err(invalid("select needs a column"));
        }
        next.action = Action::Select(columns);
        Ok(make(next))
    }

    pub(crate) fn and_where(call: &mut Call<'_>) -> Outcome<Value> {
        condition(call, false)
    }

    pub(crate) fn or_where(call: &mut Call<'_>) -> Outcome<Value> {
        condition(call, true)
    }

    fn condition(call: &mut Call<'_>, or: bool) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        let column = identifier(call.text(1)?)?;
        let test = test(call.text(2)?, call.args[3].peek())?;
        next.conditions.push(Condition { or, column, test });
        Ok(make(next))
    }

    fn test(op: &str, value: Peek<'_>) -> Outcome<Test> {
        const OPERATORS: [&str; 7] = ["=", "!=", "<", "<=", ">", ">=", "like"];
        let lower = op
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_ascii_lowercase();
        let null = matches!(value, Peek::Null);
        match lower.as_str() {
            "in" => {
                let list = value.as_kind(Kind::List).map(Obj::list);
                let values: Vec<DbValue> = match list {
                    Some(list) => list.iter().map(rows::param).collect::<Outcome<_>>()?,
                    None => Vec::new(),
                };
                if values.is_empty() {
                    return Err(Fault::new(
                        FaultCode::InvalidArguments,
                        "in expects a non-empty list",
                    ));
                }
                Ok(Test::In(values))
            }
            "is" if null => Ok(Test::Null(true)),
            "is not" if null => Ok(Test::Null(false)),
            "is" | "is not" => Err(invalid(&format!("{lower} takes null"))),
            known => match OPERATORS.into_iter().find(|operator| *operator == known) {
                Some(operator) if null => Err(invalid(&format!(
                    "{operator} null matches nothing; use is or is not"
                ))),
                Some(operator) => Ok(Test::Compare(operator, rows::param(value)?)),
                None => Err(invalid(&format!("unknown operator {op}"))),
            },
        }
    }

    pub(crate) fn order_by(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        let column = identifier(call.text(1)?)?;
        let direction = call.text(2)?.to_ascii_lowercase();
        if !["asc", "desc"].contains(&direction.as_str()) {
            return Err(invalid(&format!("unknown direction {}", call.text(2)?)));
        }
        next.order.push(format!("{column} {direction}"));
        Ok(make(next))
    }

    pub(crate) fn limit(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        next.limit = Some(count(call, "limit")?);
        Ok(make(next))
    }

    pub(crate) fn offset(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        next.offset = Some(count(call, "offset")?);
        Ok(make(next))
    }

    fn count(call: &Call<'_>, what: &str) -> Outcome<i64> {
        match call.int(1)? {
            count if count >= 0 => Ok(count),
            _ => Err(invalid(&format!("{what} must be >= 0"))),
        }
    }

    pub(crate) fn insert(call: &mut Call<'_>) -> Outcome<Value> {
        let next = query(call)?.clone();
        let record = call.args[1].as_obj().ok_or_else(|| call.mismatch(1))?;
        inserting(next, std::iter::once(record), None)
    }

    pub(crate) fn insert_all(call: &mut Call<'_>) -> Outcome<Value> {
        let next = query(call)?.clone();
        let records = call.args[1].as_obj().ok_or_else(|| call.mismatch(1))?;
        if records.list().is_empty() {
            return Err(invalid("insert_all needs a record"));
        }
        inserting(next, records.list().iter().filter_map(Peek::as_obj), None)
    }

    pub(crate) fn upsert(call: &mut Call<'_>) -> Outcome<Value> {
        let next = query(call)?.clone();
        let conflict = texts(&call.args[2])?;
        if conflict.is_empty() {
            return Err(invalid("upsert needs a conflict column"));
        }
        let record = call.args[1].as_obj().ok_or_else(|| call.mismatch(1))?;
        inserting(next, std::iter::once(record), Some(conflict))
    }

    /// Columns are the fields of the records, by name.
    fn inserting<'a>(
        mut next: Query,
        records: impl Iterator<Item = Obj<'a>>,
        conflict: Option<Vec<String>>,
    ) -> Outcome<Value> {
        if !matches!(next.action, Action::Read) {
            return Err(invalid("insert begins a query of its own"));
        }
        let mut columns = Vec::new();
        let mut all = Vec::new();
        for record in records {
            let fields = fields(record)?;
            if columns.is_empty() {
                columns = fields.iter().map(|(column, _)| column.clone()).collect();
            }
            all.push(fields.into_iter().map(|(_, value)| value).collect());
        }
        next.action = Action::Insert {
            columns,
            rows: Arc::new(all),
            conflict,
        };
        Ok(make(next))
    }

    fn fields(record: Obj<'_>) -> Outcome<Vec<(String, DbValue)>> {
        let desc = record.desc().unrefined();
        let mut fields = Vec::with_capacity(desc.fields.len());
        for (index, field) in desc.fields.iter().enumerate() {
            let value = rows::field_param(record.field(index))?;
            fields.push((identifier(field.name)?, value));
        }
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(fields)
    }

    pub(crate) fn update(call: &mut Call<'_>) -> Outcome<Value> {
        let column = identifier(call.text(1)?)?;
        let value = rows::param(call.args[2].peek())?;
        updating(query(call)?.clone(), vec![(column, value)])
    }

    pub(crate) fn update_from(call: &mut Call<'_>) -> Outcome<Value> {
        let record = call.args[1].as_obj().ok_or_else(|| call.mismatch(1))?;
        let sets = fields(record)?;
        updating(query(call)?.clone(), sets)
    }

    fn updating(mut next: Query, mut more: Vec<(String, DbValue)>) -> Outcome<Value> {
        match &mut next.action {
            Action::Update(sets) => sets.append(&mut more),
            Action::Read => next.action = Action::Update(more),
            _ => return Err(invalid("update begins a query of its own")),
        }
        Ok(make(next))
    }

    pub(crate) fn delete(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        if !matches!(next.action, Action::Read) {
            return Err(invalid("delete begins a query of its own"));
        }
        next.action = Action::Delete;
        Ok(make(next))
    }

    pub(crate) fn all_rows(call: &mut Call<'_>) -> Outcome<Value> {
        let mut next = query(call)?.clone();
        next.all_rows = true;
        Ok(make(next))
    }

    /// The first row of a query that reads.
    fn first(call: &mut Call<'_>) -> Outcome<Option<Value>> {
        let mut next = query(call)?.clone();
        next.reads()?;
        next.limit.get_or_insert(1);
        let Statement { sql, params } = next.statement()?;
        let rows = raw::run_query(call.ctx, "one", &sql, &params, true)?;
        Ok(rows.into_iter().next())
    }

    fn every(call: &mut Call<'_>) -> Outcome<Vec<Value>> {
        let next = query(call)?;
        next.reads()?;
        let Statement { sql, params } = next.statement()?;
        raw::run_query(call.ctx, "query", &sql, &params, false)
    }

    pub(crate) fn one(call: &mut Call<'_>) -> Outcome<Value> {
        Ok(Value::option(first(call)?))
    }

    pub(crate) fn all(call: &mut Call<'_>) -> Outcome<Value> {
        let rows = every(call)?;
        Ok(rows::list(call.result, rows))
    }

    pub(crate) fn one_typed(call: &mut Call<'_>) -> Outcome<Value> {
        let Some(row) = first(call)? else {
            return Ok(Value::Null);
        };
        let desc = call
            .type_arg
            .ok_or_else(|| Fault::internal("a typed query without a type"))?;
        convert(call.ctx, desc, row, DataMode::Row, "row")
    }

    pub(crate) fn all_typed(call: &mut Call<'_>) -> Outcome<Value> {
        let rows = every(call)?;
        let desc = call
            .type_arg
            .ok_or_else(|| Fault::internal("a typed query without a type"))?;
        let records: Vec<Value> = rows
            .into_iter()
            .map(|row| convert(call.ctx, desc, row, DataMode::Row, "row"))
            .collect::<Outcome<_>>()?;
        Ok(rows::list(call.result, records))
    }

    pub(crate) fn count_rows(call: &mut Call<'_>) -> Outcome<Value> {
        let next = query(call)?;
        next.reads()?;
        let mut counted = Query {
            order: Vec::new(),
            action: Action::Read,
            ..next.clone()
        };
        let limited = counted.limit.take().is_some() | counted.offset.take().is_some();
        if limited {
            return Err(invalid("count takes no limit"));
        }
        let Statement { sql, params } = counted.select("count(*) as c");
        let rows = raw::run_query(call.ctx, "query", &sql, &params, true)?;
        let row = rows.first().and_then(Value::as_obj);
        let count = row.and_then(|row| row.map().get("c").map(crate::value::Peek::to_value));
        count.ok_or_else(|| Fault::internal("a count without a row"))
    }

    pub(crate) fn exec(call: &mut Call<'_>) -> Outcome<Value> {
        let next = query(call)?;
        if next.reads().is_ok() {
            return Err(invalid("select is run with one or all"));
        }
        let statements = next.statements()?;
        let several = statements.len() > 1;
        // Several statements are one write: all or none.
        let own = several && super::super::unit::begin(call.ctx).is_ok();
        for Statement { sql, params } in &statements {
            if let Err(fault) = raw::run_exec(call.ctx, sql, params) {
                if own {
                    super::super::unit::rollback(call.ctx);
                }
                return Err(fault);
            }
        }
        if own {
            super::super::unit::commit(call.ctx)?;
        }
        Ok(Value::Unit)
    }

    pub(crate) fn sql(call: &mut Call<'_>) -> Outcome<Value> {
        Ok(Value::text(&query(call)?.statement()?.sql))
    }

    pub(crate) fn params(call: &mut Call<'_>) -> Outcome<Value> {
        let params = query(call)?.statement()?.params;
        let values = params.into_iter().map(|param| match param {
            DbValue::Bool(value) => Value::Bool(value),
            DbValue::Int(value) => Value::Int(value),
            DbValue::Float(value) => Value::Float(value),
            DbValue::Text(text) => Value::text(&text),
            DbValue::Bytes(bytes) => Value::bytes(&bytes),
            _ => Value::Null,
        });
        Ok(rows::list(
            &well_known::LIST_VALUE,
            values.map(|value| ops::to_data(&value)).collect(),
        ))
    }
}

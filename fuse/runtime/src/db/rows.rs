//! Values of a program as parameters, and columns as values of a program.

use std::ops::ControlFlow;

use plumego_store::db::{DbError, DbErrorKind, DbResult, Value as DbValue};
use plumego_x_data::sqlite::{Cell, Connection};

use crate::fault::{Fault, FaultCode, Outcome};
use crate::heap::{Obj, Ref};
use crate::json;
use crate::meta::{Kind, TypeDesc, well_known};
use crate::ops;
use crate::value::{Peek, Value};

/// A value as a parameter of a statement.
///
/// # Errors
///
/// It is of a kind that no column has.
pub(super) fn param(value: Peek<'_>) -> Outcome<DbValue> {
    Ok(match value {
        Peek::Null | Peek::Unit => DbValue::Null,
        Peek::Bool(value) => DbValue::Bool(value),
        Peek::Int(value) => DbValue::Int(value),
        Peek::Float(value) => DbValue::Float(value),
        Peek::Tag(tag, desc) => DbValue::Text(desc.variants[usize::from(tag)].name.to_owned()),
        Peek::Obj(object) => match object.desc().kind {
            Kind::String | Kind::Id | Kind::Email => DbValue::Text(object.text().to_owned()),
            Kind::Bytes => DbValue::Bytes(object.bytes().to_vec().into()),
            Kind::Cell => return param(object.cell_get().peek()),
            _ => return bare_variant(object).ok_or_else(|| unsupported(value)),
        },
    })
}

/// The name of a variant without payload that went through dynamic data, which
/// is a map of its type alone.
fn bare_variant(object: Obj<'_>) -> Option<DbValue> {
    if object.desc().kind == Kind::Enum {
        let variant = &object.desc().unrefined().variants[usize::from(object.tag())];
        return variant
            .payload
            .is_empty()
            .then(|| DbValue::Text(variant.name.to_owned()));
    }
    if object.desc().kind != Kind::Map || object.map().len() != 1 {
        return None;
    }
    let name = object.map().get("type")?.as_text()?;
    Some(DbValue::Text(name.to_owned()))
}

fn unsupported(value: Peek<'_>) -> Fault {
    let message = format!("unsupported db param type {}", ops::kind_name(value));
    Fault::new(FaultCode::Db, message)
}

/// The parameters in a `List<Value>`.
pub(super) fn params(list: &Value) -> Outcome<Vec<DbValue>> {
    let Some(list) = list.as_obj() else {
        return Ok(Vec::new());
    };
    list.list().iter().map(param).collect()
}

/// A field of a record as a parameter; what no column has goes as JSON text.
pub(super) fn field_param(value: Peek<'_>) -> Outcome<DbValue> {
    match param(value) {
        Ok(param) => Ok(param),
        Err(_) => {
            let mut text = Vec::new();
            json::encode(value, &mut text);
            Ok(DbValue::Text(String::from_utf8_lossy(&text).into_owned()))
        }
    }
}

/// Runs a query and collects its rows as maps, at most `limit` of them.
pub(super) fn maps(
    connection: &mut Connection,
    sql: &str,
    params: &[DbValue],
    limit: Limit,
) -> DbResult<Vec<Value>> {
    let mut rows = Vec::new();
    let mut names: Vec<Value> = Vec::new();
    connection.query(sql, params, |row| {
        if names.is_empty() {
            names = distinct(row.columns());
        }
        if let Limit::AtMost(most) = limit
            && rows.len() == most
        {
            return Err(DbError::new(
                DbErrorKind::TooManyRows { limit: most },
                "query",
            ));
        }
        let mut map = Ref::new_map(&well_known::MAP_VALUE, names.len());
        for (index, name) in names.iter().enumerate() {
            map.map_mut()
                .set_value(name.clone(), value(row.cell(index)?));
        }
        rows.push(Value::Ref(map));
        Ok(if limit == Limit::First {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(rows)
}

/// How many rows are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The first; the rest is not read.
    First,
    /// All; more than this are refused.
    AtMost(usize),
}

/// A row as a list of these maps.
pub(super) fn list(desc: &'static TypeDesc, rows: Vec<Value>) -> Value {
    Value::Ref(crate::heap::list_of(desc, rows))
}

/// Names of columns; of equal ones the later get a number.
fn distinct(columns: &[String]) -> Vec<Value> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{column}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names.iter().map(|name| Value::text(name)).collect()
}

fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(value) => Value::Int(value),
        Cell::Float(value) => Value::Float(value),
        Cell::Text(value) => Value::text(value),
        Cell::Bytes(value) => Value::bytes(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_names_the_later_get_numbers() {
        let columns = ["a", "b", "a", "a", "a_2"].map(str::to_owned);
        let names = distinct(&columns);
        let names: Vec<_> = names.iter().filter_map(Value::as_text).collect();
        assert_eq!(names, ["a", "b", "a_2", "a_3", "a_2_2"]);
    }
}

//! The database as a program sees it, through the built-in functions.

use std::time::{Duration, Instant};

use fuse_builtins::{BuiltinId, MemberId};

use super::{begin, commit, rollback};
use crate::builtin::{self, Call};
use crate::code::{Code, NoCode};
use crate::context::{Ctx, Unit};
use crate::db::MigrateOptions;
use crate::display;
use crate::fault::{Fault, FaultCode, Outcome};
use crate::heap::{Obj, Ref, list_of};
use crate::interrupt::Interrupt;
use crate::meta::{FieldSpec, FnId, Migration, ProgramMeta, TypeDesc, TypeTable, well_known};
use crate::runtime::Runtime;
use crate::value::Value;

fn runtime_with(
    directory: &std::path::Path,
    env: &[(&str, &str)],
    meta: ProgramMeta,
    code: Box<dyn Code>,
) -> Runtime {
    let env: Vec<(String, String)> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Runtime::builder()
        .env(std::sync::Arc::new(env))
        .directory(directory)
        .build(Box::leak(Box::new(meta)), code)
        .expect("the settings are understood")
}

struct Bench {
    ctx: Ctx,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(env: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let meta = ProgramMeta::default();
        let runtime = runtime_with(directory.path(), env, meta, Box::new(NoCode));
        Self {
            ctx: Ctx::new(runtime, Unit::Program, Interrupt::default()),
            _directory: directory,
        }
    }

    fn memory() -> Self {
        Self::new(&[("FUSE_DB_URL", "sqlite::memory:")])
    }

    fn call(
        &mut self,
        id: BuiltinId,
        mut args: Vec<Value>,
        result: &'static TypeDesc,
    ) -> Outcome<Value> {
        builtin::call(id, &mut call(&mut self.ctx, &mut args, result, None))
    }

    fn member(&mut self, id: MemberId, mut args: Vec<Value>) -> Outcome<Value> {
        let result = match id {
            MemberId::QueryAll => &well_known::LIST_MAP,
            _ => &well_known::QUERY,
        };
        builtin::call_member(id, &mut call(&mut self.ctx, &mut args, result, None))
    }

    fn exec(&mut self, sql: &str, params: Vec<Value>) -> Outcome<Value> {
        self.call(
            BuiltinId::DbExec,
            vec![Value::text(sql), values(params)],
            &well_known::UNIT,
        )
    }

    fn query(&mut self, sql: &str, params: Vec<Value>) -> Outcome<String> {
        let args = vec![Value::text(sql), values(params)];
        let rows = self.call(BuiltinId::DbQuery, args, &well_known::LIST_MAP)?;
        Ok(display::to_string(rows.peek()))
    }

    fn from(&mut self, table: &str) -> Value {
        self.call(
            BuiltinId::DbFrom,
            vec![Value::text(table)],
            &well_known::QUERY,
        )
        .unwrap()
    }

    fn condition(&mut self, query: Value, column: &str, op: &str, value: Value) -> Outcome<Value> {
        let args = vec![query, Value::text(column), Value::text(op), value];
        self.member(MemberId::QueryWhere, args)
    }

    fn sql(&mut self, query: &Value) -> Outcome<String> {
        let text = self.member(MemberId::QuerySql, vec![query.clone()])?;
        Ok(text.as_text().unwrap_or_default().to_owned())
    }
}

fn call<'a>(
    ctx: &'a mut Ctx,
    args: &'a mut [Value],
    result: &'static TypeDesc,
    type_arg: Option<&'static TypeDesc>,
) -> Call<'a> {
    Call {
        ctx,
        args,
        result,
        type_arg,
        caller: None,
    }
}

fn values(values: Vec<Value>) -> Value {
    Value::Ref(list_of(&well_known::LIST_VALUE, values))
}

fn texts(texts: &[&str]) -> Value {
    Value::Ref(list_of(
        &well_known::LIST_STRING,
        texts.iter().map(|text| Value::text(text)),
    ))
}

fn message(outcome: Outcome<impl std::fmt::Debug>) -> String {
    outcome.expect_err("a fault").message().to_owned()
}

const NOTES: &str =
    "create table notes (id integer primary key, title text not null, done integer not null)";

#[test]
fn statements_and_their_failures() {
    let mut bench = Bench::memory();
    bench.exec(NOTES, vec![]).unwrap();
    let insert = "insert into notes values (?, ?, ?)";
    bench
        .exec(
            insert,
            vec![Value::Int(1), Value::text("one"), Value::Bool(true)],
        )
        .unwrap();
    let shown = bench
        .query("select id, title, done as id from notes", vec![])
        .unwrap();
    assert_eq!(shown, "[{id: 1, title: one, id_2: 1}]");
    let again = bench.exec(
        insert,
        vec![Value::Int(1), Value::text("dup"), Value::Bool(false)],
    );
    let fault = again.unwrap_err();
    assert_eq!(fault.code(), FaultCode::Db);
    assert_eq!(
        fault.message(),
        "db exec failed: UNIQUE constraint failed: notes.id; sql: insert into notes values \
         (?, ?, ?); params: [int, string(len=3), bool]"
    );
    assert_eq!(
        message(bench.exec(
            "insert into notes (id) values (?)",
            vec![Value::Int(1), Value::Int(2)]
        )),
        "db exec failed: expected 1 params, got 2; sql: insert into notes (id) values (?); \
         params: [int, int]"
    );
    assert_eq!(
        message(bench.query("select ?", vec![values(vec![])])),
        "unsupported db param type List"
    );
}

#[test]
fn values_are_shown_only_while_developing() {
    let mut bench = Bench::new(&[("FUSE_DB_URL", "sqlite::memory:"), ("FUSE_DEV_MODE", "1")]);
    let params = vec![
        Value::Int(7),
        Value::text("an\"n"),
        Value::Bool(false),
        Value::Null,
        Value::Float(2.0),
        Value::bytes(b"xyz"),
    ];
    assert_eq!(
        message(bench.exec("insert into gone values (?, ?, ?, ?, ?, ?)", params)),
        "db exec failed: no such table: gone; sql: insert into gone values (?, ?, ?, ?, ?, ?); \
         params: [int(7), string(\"an\\\"n\"), bool(false), null, float(2.0), bytes(len=3)]"
    );
}

#[test]
fn the_database_has_to_be_named() {
    for (env, expected) in [
        (
            &[][..],
            "db url not configured (set FUSE_DB_URL or App.dbUrl)",
        ),
        (
            &[("DATABASE_URL", "mysql://h/db")],
            "db url not configured (set FUSE_DB_URL or App.dbUrl)",
        ),
        (
            &[("FUSE_DB_URL", "mysql://h/db")],
            "unsupported db url (expected sqlite:// or postgres://)",
        ),
        (&[("FUSE_DB_URL", "sqlite://")], "sqlite url missing path"),
        (
            &[
                ("FUSE_DB_URL", "sqlite::memory:"),
                ("FUSE_DB_POOL_SIZE", "0"),
            ],
            "invalid FUSE_DB_POOL_SIZE: expected integer >= 1",
        ),
        (
            &[
                ("FUSE_DB_URL", "sqlite::memory:"),
                ("FUSE_DB_BUSY_TIMEOUT_MS", "soon"),
            ],
            "invalid FUSE_DB_BUSY_TIMEOUT_MS: expected integer >= 0",
        ),
    ] {
        assert_eq!(message(Bench::new(env).exec("select 1", vec![])), expected);
    }
    Bench::new(&[("DATABASE_URL", "sqlite::memory:")])
        .exec("select 1", vec![])
        .unwrap();
}

#[test]
fn a_result_has_a_largest_size() {
    let mut bench = Bench::new(&[
        ("FUSE_DB_URL", "sqlite::memory:"),
        ("FUSE_DB_MAX_ROWS", "2"),
    ]);
    let two = "select 1 union all select 2";
    assert!(bench.query(two, vec![]).is_ok());
    let three = format!("{two} union all select 3");
    assert_eq!(message(bench.query(&three, vec![])), "db result too large");
    let args = vec![Value::text(&three), values(vec![])];
    assert!(
        bench
            .call(BuiltinId::DbOne, args, &well_known::MAP_VALUE)
            .is_ok()
    );
}

#[test]
fn a_pool_that_is_used_up_says_so() {
    let mut bench = Bench::new(&[
        ("FUSE_DB_URL", "sqlite::memory:"),
        ("FUSE_DB_POOL_SIZE", "1"),
        ("FUSE_DB_ACQUIRE_TIMEOUT_MS", "1"),
    ]);
    begin(&mut bench.ctx).unwrap();
    let runtime = bench.ctx.runtime().clone();
    let mut other = Ctx::new(runtime, Unit::Program, Interrupt::default());
    let fault = begin(&mut other).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Db);
    assert_eq!(fault.message(), "db begin failed: db pool timeout");
    rollback(&mut bench.ctx);
    begin(&mut other).unwrap();
    rollback(&mut other);
}

#[test]
fn transactions_are_kept_or_undone() {
    let mut bench = Bench::memory();
    bench.exec("create table t (n integer)", vec![]).unwrap();
    begin(&mut bench.ctx).unwrap();
    bench.exec("insert into t values (1)", vec![]).unwrap();
    let nested = begin(&mut bench.ctx).unwrap_err();
    assert_eq!(nested.code(), FaultCode::TransactionNested);
    assert_eq!(nested.message(), "db transaction already active");
    commit(&mut bench.ctx).unwrap();
    begin(&mut bench.ctx).unwrap();
    bench.exec("insert into t values (2)", vec![]).unwrap();
    assert_eq!(
        bench.query("select n from t", vec![]).unwrap(),
        "[{n: 1}, {n: 2}]"
    );
    rollback(&mut bench.ctx);
    assert_eq!(bench.query("select n from t", vec![]).unwrap(), "[{n: 1}]");
    bench.exec("insert into t values (7), (8)", vec![]).unwrap();
    let changes = bench
        .call(BuiltinId::DbChanges, vec![], &well_known::INT)
        .unwrap();
    let last = bench
        .call(BuiltinId::DbLastId, vec![], &well_known::INT)
        .unwrap();
    assert_eq!((changes.as_int(), last.as_int()), (Some(2), Some(3)));
}

#[test]
fn a_unit_of_work_that_ends_leaves_no_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let env = [("FUSE_DB_URL", "sqlite:a.db")];
    let meta = ProgramMeta::default();
    let runtime = runtime_with(directory.path(), &env, meta, Box::new(NoCode));
    let mut bench = Bench {
        ctx: Ctx::new(runtime.clone(), Unit::Request, Interrupt::default()),
        _directory: directory,
    };
    bench.exec("create table t (n integer)", vec![]).unwrap();
    begin(&mut bench.ctx).unwrap();
    bench.exec("insert into t values (1)", vec![]).unwrap();
    bench.ctx = Ctx::new(runtime, Unit::Request, Interrupt::default());
    assert_eq!(bench.query("select n from t", vec![]).unwrap(), "[]");
}

#[test]
fn work_that_is_stopped_says_why() {
    let mut bench = Bench::memory();
    bench.exec("create table t (n integer)", vec![]).unwrap();
    bench.ctx.interrupt().time_out();
    let fault = bench.exec("insert into t values (1)", vec![]).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Timeout);
}

/// Nobody raises the flag: the database ends the statement by the clock.
#[test]
fn statements_that_reach_the_deadline_are_timeouts() {
    let mut bench = Bench::memory();
    let runtime = bench.ctx.runtime().clone();
    let soon = Instant::now() + Duration::from_millis(20);
    bench.ctx = Ctx::new(runtime, Unit::Request, Interrupt::new(Some(soon)));
    let endless = "with recursive c(n) as (select 1 union all select n + 1 from c) \
        select count(*) from c";
    let fault = bench.query(endless, vec![]).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Timeout);
}

#[test]
fn failures_can_be_values() {
    let mut bench = Bench::memory();
    bench.exec(NOTES, vec![]).unwrap();
    let mut table = TypeTable::new();
    let (unit, error) = (
        table.known(&well_known::UNIT),
        table.known(&well_known::DB_ERROR),
    );
    let result = table.result(unit, error);
    let result = table.finish()[result.0 as usize];
    let mut attempt = |sql: &str| {
        let args = vec![Value::text(sql), values(vec![])];
        let done = bench.call(BuiltinId::DbTryExec, args, result).unwrap();
        display::to_string(done.peek())
    };
    assert_eq!(attempt("insert into notes values (1, 'a', 0)"), "Ok(())");
    assert_eq!(
        attempt("insert into notes values (1, 'a', 0)"),
        "Err(Error(code=unique_violation, message=UNIQUE constraint failed: notes.id))"
    );
    assert_eq!(
        attempt("insert into notes values (2, null, 0)"),
        "Err(Error(code=not_null_violation, message=NOT NULL constraint failed: notes.title))"
    );
    assert!(attempt("selec").starts_with("Err(Error(code=syntax, message="));
}

#[test]
fn queries_are_built_step_by_step() {
    let mut bench = Bench::memory();
    bench.exec(NOTES, vec![]).unwrap();
    bench
        .exec(
            "insert into notes values (1, 'one', 0), (2, 'two', 1)",
            vec![],
        )
        .unwrap();
    let notes = bench.from("notes");
    let query = bench
        .member(MemberId::QuerySelect, vec![notes, texts(&["id", "title"])])
        .unwrap();
    let query = bench.condition(query, "id", ">", Value::Int(1)).unwrap();
    let args = vec![query, Value::text("title"), Value::text("desc")];
    let query = bench.member(MemberId::QueryOrderBy, args).unwrap();
    let query = bench
        .member(MemberId::QueryLimit, vec![query, Value::Int(2)])
        .unwrap();
    assert_eq!(
        bench.sql(&query).unwrap(),
        "select id, title from notes where id > ? order by title desc limit ?"
    );
    let params = bench
        .member(MemberId::QueryParams, vec![query.clone()])
        .unwrap();
    assert_eq!(display::to_string(params.peek()), "[1, 2]");
    let rows = bench
        .member(MemberId::QueryAll, vec![query.clone()])
        .unwrap();
    assert_eq!(display::to_string(rows.peek()), "[{id: 2, title: two}]");
    let notes = bench.from("notes");
    let named = bench
        .condition(notes, "title", "IN", texts(&["one", "two"]))
        .unwrap();
    let count = bench.member(MemberId::QueryCount, vec![named]).unwrap();
    assert_eq!(count.as_int(), Some(2));
    // Each step is a query of its own.
    assert_eq!(
        message(bench.member(MemberId::QueryExec, vec![query])),
        "invalid query: select is run with one or all"
    );
}

#[test]
fn conditions_joined_by_or_stand_together() {
    let mut bench = Bench::memory();
    let query = bench.from("t");
    let query = bench.condition(query, "a", "=", Value::Int(1)).unwrap();
    let query = bench.condition(query, "b", "is", Value::Null).unwrap();
    let args = vec![
        query,
        Value::text("c"),
        Value::text("like"),
        Value::text("x%"),
    ];
    let query = bench.member(MemberId::QueryOrWhere, args).unwrap();
    let query = bench.member(MemberId::QueryDelete, vec![query]).unwrap();
    assert_eq!(
        bench.sql(&query).unwrap(),
        "delete from t where a = ? and (b is null or c like ?)"
    );
    let order = bench.from("order");
    assert_eq!(bench.sql(&order).unwrap(), "select * from \"order\"");
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let mut bench = Bench::memory();
    let t = bench.from("t");
    let mut refused = |column: &str, op: &str, value: Value| {
        message(bench.condition(t.clone(), column, op, value))
    };
    assert_eq!(
        refused("n; drop", "=", Value::Int(1)),
        "invalid identifier n; drop"
    );
    assert_eq!(
        refused("n", "in", values(vec![])),
        "in expects a non-empty list"
    );
    assert_eq!(
        refused("n", "=", Value::Null),
        "invalid query: = null matches nothing; use is or is not"
    );
    assert_eq!(
        refused("n", "~", Value::Int(1)),
        "invalid query: unknown operator ~"
    );
    assert_eq!(
        refused("n", "is", Value::Int(1)),
        "invalid query: is takes null"
    );
    let args = vec![t.clone(), Value::Int(-1)];
    assert_eq!(
        message(bench.member(MemberId::QueryLimit, args)),
        "invalid query: limit must be >= 0"
    );
    let deleting = bench
        .member(MemberId::QueryDelete, vec![t.clone()])
        .unwrap();
    let limited = bench
        .member(MemberId::QueryLimit, vec![deleting, Value::Int(1)])
        .unwrap();
    assert_eq!(
        message(bench.sql(&limited)),
        "invalid query: delete takes no limit"
    );
}

/// `Item { id: Int, name: String, done: Bool, tags: List<String> }`
fn item() -> &'static TypeDesc {
    let mut table = TypeTable::new();
    let int = table.known(&well_known::INT);
    let string = table.known(&well_known::STRING);
    let boolean = table.known(&well_known::BOOL);
    let strings = table.list(string);
    let item = table.declare_record("Item", "");
    let fields = vec![
        FieldSpec::new("id", int),
        FieldSpec::new("name", string),
        FieldSpec::new("done", boolean),
        FieldSpec::new("tags", strings),
    ];
    table.define_record(item, fields);
    table.finish()[item.0 as usize]
}

#[test]
fn records_go_in_and_come_out() {
    let mut bench = Bench::memory();
    bench
        .exec(
            "create table items (id integer primary key, name text, done integer, tags text)",
            vec![],
        )
        .unwrap();
    let desc = item();
    let make = |id: i64, name: &str| {
        let fields = [
            Value::Int(id),
            Value::text(name),
            Value::Bool(true),
            texts(&["x"]),
        ];
        Value::Ref(Ref::new_record(desc, fields))
    };
    let items = bench.from("items");
    let query = bench
        .member(MemberId::QueryInsert, vec![items.clone(), make(1, "a")])
        .unwrap();
    assert_eq!(
        bench.sql(&query).unwrap(),
        "insert into items (done, id, name, tags) values (?, ?, ?, ?)"
    );
    bench.member(MemberId::QueryExec, vec![query]).unwrap();
    let args = vec![items.clone(), make(1, "b"), texts(&["id"])];
    let query = bench.member(MemberId::QueryUpsert, args).unwrap();
    assert_eq!(
        bench.sql(&query).unwrap(),
        "insert into items (done, id, name, tags) values (?, ?, ?, ?) on conflict (id) do update \
         set done = excluded.done, name = excluded.name, tags = excluded.tags"
    );
    bench.member(MemberId::QueryExec, vec![query]).unwrap();
    let columns = texts(&["id", "name", "done", "tags"]);
    let query = bench
        .member(MemberId::QuerySelect, vec![items, columns])
        .unwrap();
    let mut args = vec![query];
    let row = builtin::call_member(
        MemberId::QueryOneTyped,
        &mut call(&mut bench.ctx, &mut args, desc, Some(desc)),
    );
    assert_eq!(
        display::to_string(row.unwrap().peek()),
        "Item(id=1, name=b, done=true, tags=[x])"
    );
}

#[test]
fn many_records_are_one_write() {
    let mut bench = Bench::memory();
    bench
        .exec(
            "create table items (id integer primary key, name text, done integer, tags text)",
            vec![],
        )
        .unwrap();
    let desc = item();
    let list = {
        let mut table = TypeTable::new();
        let known = table.known(desc);
        let list = table.list(known);
        table.finish()[list.0 as usize]
    };
    let records = |ids: std::ops::Range<i64>| {
        let made = ids.map(|id| {
            let fields = [
                Value::Int(id % 1200),
                Value::text("n"),
                Value::Bool(false),
                texts(&[]),
            ];
            Value::Ref(Ref::new_record(desc, fields))
        });
        Value::Ref(list_of(list, made.collect::<Vec<_>>()))
    };
    let items = bench.from("items");
    let twice = bench
        .member(
            MemberId::QueryInsertAll,
            vec![items.clone(), records(0..1201)],
        )
        .unwrap();
    assert!(bench.member(MemberId::QueryExec, vec![twice]).is_err());
    let count = bench
        .member(MemberId::QueryCount, vec![items.clone()])
        .unwrap();
    assert_eq!(
        count.as_int(),
        Some(0),
        "none of the three statements stays"
    );
    let once = bench
        .member(
            MemberId::QueryInsertAll,
            vec![items.clone(), records(0..1200)],
        )
        .unwrap();
    bench.member(MemberId::QueryExec, vec![once]).unwrap();
    let count = bench.member(MemberId::QueryCount, vec![items]).unwrap();
    assert_eq!(count.as_int(), Some(1200));
}

/// A program whose function 0 makes a table, 1 another, and 2 fails half-way.
struct Steps;

impl Code for Steps {
    fn call(&self, ctx: &mut Ctx, function: FnId, _: &mut [Value]) -> Outcome<Value> {
        let mut run = |sql: &str| {
            let mut args = vec![Value::text(sql), values(vec![])];
            builtin::call(
                BuiltinId::DbExec,
                &mut call(ctx, &mut args, &well_known::UNIT, None),
            )
        };
        match function.0 {
            0 => run("create table a (n integer)"),
            1 => run("create table b (n integer)"),
            _ => {
                run("create table c (n integer)")?;
                begin(ctx).expect_err("a migration is a transaction already");
                Err(Fault::error("not today"))
            }
        }
    }

    fn call_value(&self, _: &mut Ctx, _: Obj<'_>, _: &mut [Value]) -> Outcome<Value> {
        Err(Fault::internal("no functions"))
    }
}

fn program(names: &'static [&'static str]) -> ProgramMeta {
    let migrations: Vec<Migration> = names
        .iter()
        .zip(0..)
        .map(|(name, function)| Migration {
            package: "notes",
            name,
            checksum: name,
            function: FnId(function),
        })
        .collect();
    ProgramMeta {
        migrations: Vec::leak(migrations),
        ..ProgramMeta::default()
    }
}

#[test]
fn migrations_run_once_and_a_failing_one_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let env = [("FUSE_DB_URL", "sqlite:m.db")];
    let open = |names: &'static [&'static str]| {
        runtime_with(directory.path(), &env, program(names), Box::new(Steps))
    };
    let runtime = open(&["1_a", "2_b", "3_c"]);
    let options = MigrateOptions::default();
    let dry = MigrateOptions {
        dry_run: true,
        ..options
    };
    assert!(runtime.migrate(dry, |_| {}).is_err());
    let mut told = Vec::new();
    let failed = runtime
        .migrate(options, |name| told.push(name.to_owned()))
        .unwrap_err();
    assert_eq!(failed.to_string(), "notes/3_c: not today");
    assert_eq!(told, ["notes/1_a", "notes/2_b"]);
    let states: Vec<_> = runtime
        .migrations()
        .unwrap()
        .into_iter()
        .map(|status| status.state.as_str())
        .collect();
    assert_eq!(states, ["applied", "applied", "pending"]);
    let two = open(&["1_a", "2_b"]);
    let report = two.migrate(options, |_| {}).unwrap();
    assert_eq!((report.applied.len(), report.already), (0, 2));
    let mut bench = Bench {
        ctx: Ctx::new(two, Unit::Program, Interrupt::default()),
        _directory: tempfile::tempdir().unwrap(),
    };
    let tables = "select name from sqlite_schema where type = 'table' and name not like '\\_\\_%' escape '\\' order by name";
    assert_eq!(
        bench.query(tables, vec![]).unwrap(),
        "[{name: a}, {name: b}]"
    );
}

#[test]
fn the_first_form_of_the_history_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let env = [("FUSE_DB_URL", "sqlite:old.db")];
    let old = runtime_with(
        directory.path(),
        &env,
        ProgramMeta::default(),
        Box::new(NoCode),
    );
    let mut bench = Bench {
        ctx: Ctx::new(old, Unit::Program, Interrupt::default()),
        _directory: tempfile::tempdir().unwrap(),
    };
    bench
        .exec(
            "create table __fuse_migrations (id text primary key, applied_at text not null); \
             insert into __fuse_migrations values ('1_a', '2020-01-01T00:00:00Z'); \
             create table a (n integer)",
            vec![],
        )
        .unwrap();
    drop(bench);
    let migrations = vec![Migration {
        package: "",
        name: "1_a",
        checksum: "x",
        function: FnId(0),
    }];
    let meta = ProgramMeta {
        migrations: Vec::leak(migrations),
        ..ProgramMeta::default()
    };
    let runtime = runtime_with(directory.path(), &env, meta, Box::new(Steps));
    let report = runtime.migrate(MigrateOptions::default(), |_| {}).unwrap();
    assert_eq!((report.applied.len(), report.already), (0, 1));
    let status = runtime.migrations().unwrap();
    assert_eq!(
        status[0].applied_at.as_deref(),
        Some("2020-01-01T00:00:00Z")
    );
}

#[test]
fn an_edited_migration_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let env = [("FUSE_DB_URL", "sqlite:e.db")];
    let with = |checksum: &'static str| {
        let migrations = vec![Migration {
            package: "notes",
            name: "1",
            checksum,
            function: FnId(0),
        }];
        let meta = ProgramMeta {
            migrations: Vec::leak(migrations),
            ..ProgramMeta::default()
        };
        runtime_with(directory.path(), &env, meta, Box::new(Steps))
    };
    with("old")
        .migrate(MigrateOptions::default(), |_| {})
        .unwrap();
    let edited = with("new");
    let report = edited.migrate(MigrateOptions::default(), |_| {}).unwrap();
    assert_eq!(report.edited, ["notes/1"]);
    let strict = MigrateOptions {
        strict: true,
        ..MigrateOptions::default()
    };
    let refused = edited.migrate(strict, |_| {}).unwrap_err().to_string();
    assert_eq!(refused, "migration notes/1 was edited after it was applied");
}

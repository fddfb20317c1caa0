//! Migrations, as operators see them.

use std::path::Path;
use std::process::{Command, Stdio};

use plumego_store::db::Value;
use plumego_x_data::migrate::{MigrateError, Migrator, Order, SqlStep, StepState, VersionHistory};
use plumego_x_data::sqlite::{SqliteConfig, SqlitePool};

fn pool(directory: &Path) -> SqlitePool {
    SqlitePool::open(SqliteConfig::file(directory.join("app.db"))).expect("a valid configuration")
}

fn migrator(steps: Vec<SqlStep>) -> Migrator<VersionHistory, SqlStep> {
    Migrator::new(VersionHistory::default(), steps).expect("steps with keys of their own")
}

fn tables(pool: &SqlitePool) -> Vec<String> {
    let mut names = Vec::new();
    let sql = "select name from sqlite_schema where type = 'table' order by name";
    pool.query(sql, &[], |row| {
        names.push(row.text(0)?.to_owned());
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .expect("a list of tables");
    names.retain(|name| name != "schema_migrations");
    names
}

fn table(version: i64, name: &str) -> SqlStep {
    SqlStep::new(version, name)
        .with_up(format!("create table {name} (n integer);"))
        .with_down(format!("drop table {name};"))
}

#[test]
fn steps_run_once_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let first = migrator(vec![table(1, "a")]);
    assert_eq!(first.up(&pool).unwrap().applied, ["1_a"]);
    let second = migrator(vec![table(1, "a"), table(2, "b"), table(10, "c")]);
    let report = second.up(&pool).unwrap();
    assert_eq!(
        (report.applied, report.already),
        (vec!["2_b".to_owned(), "10_c".to_owned()], 1)
    );
    assert_eq!(second.up(&pool).unwrap().already, 3);
    assert_eq!(tables(&pool), ["a", "b", "c"]);
    let status = second.status(&pool).unwrap();
    assert!(
        status
            .iter()
            .all(|status| status.state == StepState::Applied)
    );
    assert!(status[0].applied_at.as_deref().unwrap().ends_with('Z'));
}

#[test]
fn a_failing_step_leaves_nothing_and_those_before_it_stay() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let broken =
        SqlStep::new(2, "b").with_up("create table b (n integer); insert into missing values (1)");
    let steps = migrator(vec![table(1, "a"), broken, table(3, "c")]);
    let error = steps.up(&pool).unwrap_err();
    assert!(
        matches!(&error, MigrateError::StepFailed { name, .. } if name == "2_b"),
        "{error}"
    );
    assert_eq!(tables(&pool), ["a"]);
    let mended = migrator(vec![table(1, "a"), table(2, "b"), table(3, "c")]);
    assert_eq!(mended.up(&pool).unwrap().applied, ["2_b", "3_c"]);
}

#[test]
fn asking_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let steps = migrator(vec![table(1, "a"), table(2, "b")]);
    assert!(
        steps
            .status(&pool)
            .unwrap()
            .iter()
            .all(|s| s.state == StepState::Pending)
    );
    assert_eq!(steps.dry_run(&pool).unwrap().applied, ["1_a", "2_b"]);
    let mut all = Vec::new();
    pool.query("select name from sqlite_schema", &[], |row| {
        all.push(row.text(0)?.to_owned());
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(all, Vec::<String>::new());
}

#[test]
fn changed_unknown_and_late_steps_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    migrator(vec![table(1, "a"), table(3, "c")])
        .up(&pool)
        .unwrap();
    let changed = migrator(vec![
        SqlStep::new(1, "a").with_up("create table other (n)"),
        table(3, "c"),
    ]);
    assert_eq!(
        changed.up(&pool).unwrap_err().to_string(),
        "changed after they were applied: 1_a"
    );
    assert_eq!(
        changed.allow_modified().up(&pool).unwrap().modified,
        ["1_a"]
    );
    let unknown = migrator(vec![table(1, "a")]);
    assert_eq!(
        unknown.up(&pool).unwrap_err().to_string(),
        "applied but not known: 3_c"
    );
    let late = || vec![table(1, "a"), table(2, "b"), table(3, "c")];
    assert!(matches!(
        migrator(late()).up(&pool),
        Err(MigrateError::OutOfOrder { .. })
    ));
    assert_eq!(
        migrator(late())
            .order(Order::Any)
            .up(&pool)
            .unwrap()
            .applied,
        ["2_b"]
    );
    let twice = Migrator::new(
        VersionHistory::default(),
        vec![table(1, "a"), table(1, "b")],
    );
    assert_eq!(twice.unwrap_err().to_string(), "two steps are known as 1");
}

#[test]
fn a_step_without_a_transaction_that_fails_must_be_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let outside =
        |sql: &str| SqlStep::new(2, "b").with_up(format!("-- plumego: no-transaction\n{sql}"));
    let broken = migrator(vec![
        table(1, "a"),
        outside("create table b (n); create table b (n);"),
    ]);
    assert!(matches!(
        broken.up(&pool),
        Err(MigrateError::StepFailed { .. })
    ));
    assert_eq!(tables(&pool), ["a", "b"], "half of it is there");
    let refused = broken.up(&pool).unwrap_err();
    assert!(
        matches!(refused, MigrateError::NeedsRepair { .. }),
        "{refused}"
    );
    pool.execute("drop table b", &[]).unwrap();
    let mended = migrator(vec![table(1, "a"), outside("create table b (n); vacuum;")]);
    assert_eq!(mended.repair(&pool).unwrap(), ["2_b"]);
    assert_eq!(mended.up(&pool).unwrap().applied, ["2_b"]);
}

#[test]
fn stepping_back_is_explicit() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let steps = || {
        vec![
            table(1, "a"),
            table(2, "b"),
            SqlStep::new(3, "c").with_up("create table c (n)"),
        ]
    };
    let steps_back = migrator(steps()).allow_down();
    steps_back.up(&pool).unwrap();
    assert!(matches!(
        migrator(steps()).down(&pool, 1),
        Err(MigrateError::DownNotAllowed)
    ));
    assert!(matches!(
        steps_back.down(&pool, 1),
        Err(MigrateError::Irreversible { .. })
    ));
    let reversible = migrator(vec![table(1, "a"), table(2, "b"), table(3, "c")]).allow_down();
    assert_eq!(reversible.down(&pool, 2).unwrap(), ["3_c", "2_b"]);
    assert_eq!(tables(&pool), ["a"]);
    assert_eq!(reversible.down(&pool, 9).unwrap(), ["1_a"]);
    assert_eq!(reversible.up(&pool).unwrap().applied.len(), 3);
}

#[test]
fn repeatable_steps_run_last_and_whenever_they_changed() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    let view = |sql: &str| {
        SqlStep::repeatable("v").with_up(format!("drop view if exists v; create view v as {sql}"))
    };
    let steps = |sql: &str| migrator(vec![view(sql), table(1, "a")]);
    assert_eq!(
        steps("select n from a").up(&pool).unwrap().applied,
        ["1_a", "R__v"]
    );
    assert_eq!(steps("select n from a").up(&pool).unwrap().applied.len(), 0);
    assert_eq!(
        steps("select n + 1 as n from a").up(&pool).unwrap().applied,
        ["R__v"]
    );
}

#[test]
fn an_existing_database_gets_a_baseline() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool(directory.path());
    pool.execute("create table a (n integer)", &[]).unwrap();
    let steps = migrator(vec![table(1, "a"), table(2, "b")]);
    steps.baseline(&pool, "1").unwrap();
    assert_eq!(steps.up(&pool).unwrap().applied, ["2_b"]);
    assert!(matches!(
        steps.baseline(&pool, "9"),
        Err(MigrateError::InvalidConfig { .. })
    ));
}

/// Set in the processes that the tests below start.
const DATABASE: &str = "MIGRATE_TEST_DATABASE";

fn many() -> Vec<SqlStep> {
    (1..=40)
        .map(|n| {
            // Slow enough for others to come in between.
            SqlStep::new(n, format!("t{n}")).with_up(format!(
                "create table t{n} (n integer); \
                 insert into t{n} with recursive c(n) as \
                 (select 1 union all select n + 1 from c where n < 2000) select n from c;"
            ))
        })
        .collect()
}

fn start(directory: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "in_a_process_of_its_own", "--nocapture"])
        .env(DATABASE, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program can be started")
}

#[test]
fn in_a_process_of_its_own() {
    let Some(directory) = std::env::var_os(DATABASE) else {
        return;
    };
    let report = migrator(many()).up(&pool(Path::new(&directory))).unwrap();
    println!("applied={}", report.applied.len());
}

fn applied(child: std::process::Child) -> usize {
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, count) = text.split_once("applied=").expect("a report");
    count
        .lines()
        .next()
        .and_then(|count| count.parse().ok())
        .expect("a number")
}

#[test]
fn of_eight_processes_each_step_runs_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..8).map(|_| start(directory.path())).collect();
    let total: usize = children.into_iter().map(applied).sum();
    assert_eq!(total, 40);
    assert_eq!(tables(&pool(directory.path())).len(), 40);
}

#[test]
fn a_process_killed_half_way_leaves_whole_steps() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..10_u32 {
        let mut child = start(directory.path());
        // Any moment will do; these are different ones.
        for _ in 0..round * 3000 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let pool = pool(directory.path());
        let status = migrator(many()).status(&pool).unwrap();
        let ran = status
            .iter()
            .filter(|status| status.state == StepState::Applied)
            .count();
        let there = tables(&pool);
        assert_eq!(there.len(), ran);
        for name in there {
            let mut count = Value::Null;
            pool.query(&format!("select count(*) from {name}"), &[], |row| {
                count = row.cell(0)?.to_value();
                Ok(std::ops::ControlFlow::Continue(()))
            })
            .unwrap();
            assert_eq!(count, Value::Int(2000), "{name}");
        }
    }
    migrator(many()).up(&pool(directory.path())).unwrap();
    assert_eq!(tables(&pool(directory.path())).len(), 40);
}

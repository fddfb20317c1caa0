//! Random statements against a plain map, and several callers at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use proptest::prelude::*;

use super::{DbFixture, open};
use crate::conformance::history::{Call, is_linearizable};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::conformance::sample::samples;
use crate::db::{Db, DbExt, DbResult, DbTx, DbTxExt, Identifier, Query, TxOptions};

#[derive(Clone, Debug)]
enum Step {
    Insert(i64, i64),
    Update(i64, i64),
    Delete(i64),
    Get(i64),
    All,
}

/// What happens in a transaction.
#[derive(Clone, Debug)]
enum Move {
    Step(Step),
    Savepoint,
    RollbackTo,
    Release,
}

#[derive(Clone, Debug)]
enum Part {
    Alone(Step),
    Transaction(Vec<Move>, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..6_i64;
    prop_oneof![
        3 => (key(), 0..100_i64).prop_map(|(k, v)| Step::Insert(k, v)),
        2 => (key(), 0..100_i64).prop_map(|(k, v)| Step::Update(k, v)),
        2 => key().prop_map(Step::Delete),
        2 => key().prop_map(Step::Get),
        1 => Just(Step::All),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let moves = prop_oneof![
        6 => step().prop_map(Move::Step),
        1 => Just(Move::Savepoint),
        1 => Just(Move::RollbackTo),
        1 => Just(Move::Release),
    ];
    prop_oneof![
        2 => step().prop_map(Part::Alone),
        1 => (proptest::collection::vec(moves, 1..16), any::<bool>())
            .prop_map(|(moves, commit)| Part::Transaction(moves, commit)),
    ]
}

type Model = BTreeMap<i64, i64>;

/// What a step says to the database, and to the map. `None` is a look.
fn change(step: &Step, model: &mut Model) -> Option<(Query<'static>, u64)> {
    match *step {
        // What would fail ends a transaction in some databases.
        Step::Insert(key, value) if !model.contains_key(&key) => {
            model.insert(key, value);
            let sql = "INSERT INTO map (k, v) VALUES (?, ?)";
            Some((Query::portable(sql).bind(key).bind(value), 1))
        }
        Step::Insert(key, value) | Step::Update(key, value) => {
            let found = model.get_mut(&key).map(|old| *old = value);
            let sql = "UPDATE map SET v = ? WHERE k = ?";
            let affected = u64::from(found.is_some());
            Some((Query::portable(sql).bind(value).bind(key), affected))
        }
        Step::Delete(key) => {
            let affected = u64::from(model.remove(&key).is_some());
            let sql = "DELETE FROM map WHERE k = ?";
            Some((Query::portable(sql).bind(key), affected))
        }
        Step::Get(_) | Step::All => None,
    }
}

const ALL: &str = "SELECT k, v FROM map ORDER BY k";

fn get(key: i64) -> Query<'static> {
    Query::portable("SELECT v FROM map WHERE k = ?").bind(key)
}

async fn alone(db: &dyn Db, step: &Step, model: &mut Model) -> Outcome {
    if let Some((query, affected)) = change(step, model) {
        let done = db.execute(query).await?;
        ensure_eq!(done.rows_affected, affected, "rows affected");
        return Ok(());
    }
    if let Step::Get(key) = *step {
        let value = db.query_optional(get(key), |row| row.get::<i64>(0)).await?;
        ensure_eq!(value, model.get(&key).copied(), "a value");
    }
    let all = db.query_all(ALL, None, |row| Ok((row.get(0)?, row.get(1)?)));
    ensure_eq!(all.await?, Vec::from_iter(model.clone()), "all values");
    Ok(())
}

async fn within(tx: &mut dyn DbTx, step: &Step, model: &mut Model) -> Outcome {
    if let Some((query, affected)) = change(step, model) {
        let done = tx.execute(query).await?;
        ensure_eq!(done.rows_affected, affected, "rows affected");
        return Ok(());
    }
    if let Step::Get(key) = *step {
        let value = tx.query_optional(get(key), |row| row.get::<i64>(0)).await?;
        ensure_eq!(value, model.get(&key).copied(), "a value");
    }
    let all = tx.query_all(ALL, None, |row| Ok((row.get(0)?, row.get(1)?)));
    ensure_eq!(all.await?, Vec::from_iter(model.clone()), "all values");
    Ok(())
}

async fn transaction(db: &dyn Db, moves: &[Move], commit: bool, model: &mut Model) -> Outcome {
    let mut tx = db.begin(TxOptions::default()).await?;
    let mut draft = model.clone();
    let mut points: Vec<(Identifier, Model)> = Vec::new();
    for step in moves {
        match step {
            Move::Step(step) => within(&mut *tx, step, &mut draft).await?,
            Move::Savepoint => {
                let name = Identifier::parse(&format!("p{}", points.len()))?;
                tx.savepoint(&name).await?;
                points.push((name, draft.clone()));
            }
            Move::RollbackTo => {
                if let Some((name, saved)) = points.last() {
                    tx.rollback_to(name).await?;
                    draft = saved.clone();
                }
            }
            Move::Release => {
                if let Some((name, _)) = points.pop() {
                    tx.release(&name).await?;
                }
            }
        }
    }
    if commit {
        tx.commit().await?;
        *model = draft;
    } else {
        tx.rollback().await?;
    }
    Ok(())
}

pub(super) async fn agrees(fixture: &dyn DbFixture) -> Outcome {
    // A part has about four steps.
    let length = 60;
    let samples_wanted = fixture.steps().div_ceil(length * 4);
    samples(
        samples_wanted,
        proptest::collection::vec(part(), length),
        async |parts: Vec<Part>| {
            let db = open(fixture).await?;
            db.execute_batch("CREATE TABLE map (k BIGINT PRIMARY KEY, v BIGINT NOT NULL)")
                .await?;
            let mut model = Model::new();
            for (number, part) in parts.iter().enumerate() {
                let done = match part {
                    Part::Alone(step) => alone(&*db, step, &mut model).await,
                    Part::Transaction(moves, commit) => {
                        transaction(&*db, moves, *commit, &mut model).await
                    }
                };
                done.map_err(|stop| stop.within(format!("part {number}")))?;
            }
            alone(&*db, &Step::All, &mut model).await?;
            db.close().await?;
            Ok(())
        },
    )
    .await
}

/// What a caller did to a row and was told.
#[derive(Clone, Debug)]
enum Did {
    Read(i64),
    Write(i64),
    Swap(i64, i64, bool),
    /// In a transaction: one more than it was.
    Add(i64),
}

fn step_of(state: &i64, did: &Did) -> Option<i64> {
    match *did {
        Did::Read(seen) => (seen == *state).then_some(*state),
        Did::Write(value) => Some(value),
        Did::Swap(old, new, true) => (*state == old).then_some(new),
        Did::Swap(old, _, false) => (*state != old).then_some(*state),
        Did::Add(sum) => (*state + 1 == sum).then_some(sum),
    }
}

const CALLERS: usize = 4;
const CALLS: usize = 10;
const ROWS: u64 = 2;

pub(super) async fn linearizable(fixture: &dyn DbFixture) -> Outcome {
    let db = open(fixture).await?;
    db.execute_batch("CREATE TABLE map (k BIGINT PRIMARY KEY, v BIGINT NOT NULL)")
        .await?;
    let rounds = fixture.steps().div_ceil(CALLERS * CALLS);
    for round in 0..rounds as u64 {
        for row in 0..ROWS {
            let insert = Query::portable("INSERT INTO map (k, v) VALUES (?, 0)");
            db.execute(insert.bind((round * ROWS + row) as i64)).await?;
        }
        let clock = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..CALLERS as u64)
            .map(|caller| {
                let random = Random(round * CALLERS as u64 + caller);
                tokio::spawn(calls(Arc::clone(&db), Arc::clone(&clock), round, random))
            })
            .collect();
        let mut histories = vec![Vec::new(); ROWS as usize];
        for task in tasks {
            for (row, call) in task.await?? {
                histories[row as usize].push(call);
            }
        }
        for history in histories {
            let ordered = is_linearizable(&history, 0, step_of);
            ensure!(ordered, "round {round} has no order: {history:?}");
        }
    }
    Ok(())
}

async fn calls(
    db: Arc<dyn Db>,
    clock: Arc<AtomicU64>,
    round: u64,
    mut random: Random,
) -> DbResult<Vec<(u64, Call<Did>)>> {
    let mut history = Vec::new();
    for _ in 0..CALLS {
        let row = random.below(ROWS);
        let key = (round * ROWS + row) as i64;
        let mut value = || random.below(3) as i64;
        let (old, new) = (value(), value());
        let began = clock.fetch_add(1, SeqCst);
        let what = match random.below(4) {
            0 => Did::Read(db.query_one(get(key), |row| row.get(0)).await?),
            1 => {
                let update = Query::portable("UPDATE map SET v = ? WHERE k = ?");
                db.execute(update.bind(new).bind(key)).await?;
                Did::Write(new)
            }
            2 => {
                let update = Query::portable("UPDATE map SET v = ? WHERE k = ? AND v = ?");
                let done = db.execute(update.bind(new).bind(key).bind(old)).await?;
                Did::Swap(old, new, done.rows_affected == 1)
            }
            _ => Did::Add(add(&*db, key).await?),
        };
        let ended = clock.fetch_add(1, SeqCst);
        history.push((row, Call { began, ended, what }));
    }
    Ok(history)
}

/// Adds one within a transaction, and reads it there.
async fn add(db: &dyn Db, key: i64) -> DbResult<i64> {
    let mut tx = db.begin(TxOptions::default()).await?;
    let update = Query::portable("UPDATE map SET v = v + 1 WHERE k = ?");
    tx.execute(update.bind(key)).await?;
    let sum = tx.query_one(get(key), |row| row.get(0)).await?;
    tx.commit().await?;
    Ok(sum)
}

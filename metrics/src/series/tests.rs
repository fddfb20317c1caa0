use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;

use super::*;

fn policy(per_name: usize, total: usize, names: usize) -> CardinalityPolicy {
    CardinalityPolicy::new(per_name, total, names).unwrap()
}

fn name(index: usize) -> MetricName {
    MetricName::parse(&format!("n{index}")).unwrap()
}

fn labels(index: usize) -> Labels {
    Labels::new([("k", index.to_string())]).unwrap()
}

fn count(table: &SeriesTable<AtomicU64>, name: &MetricName, labels: &Labels) -> Admission {
    let series = table.series(name, labels, |_, _| AtomicU64::new(0));
    series.value.fetch_add(1, Ordering::Relaxed);
    series.admission
}

#[test]
fn each_bound_folds() {
    let table = SeriesTable::new(policy(2, 3, 2));
    assert_eq!(count(&table, &name(0), &labels(0)), Admission::Own);
    assert_eq!(count(&table, &name(0), &labels(1)), Admission::Own);
    assert_eq!(
        count(&table, &name(0), &labels(2)),
        Admission::Folded { first: true },
        "per name"
    );
    assert_eq!(
        count(&table, &name(0), &labels(3)),
        Admission::Folded { first: false }
    );
    assert_eq!(count(&table, &name(1), &labels(0)), Admission::Own);
    assert_eq!(
        count(&table, &name(1), &labels(1)),
        Admission::Folded { first: true },
        "total"
    );
    assert_eq!(
        count(&table, &name(2), &labels(0)),
        Admission::Folded { first: true },
        "names"
    );
    assert_eq!(
        count(&table, &name(2), &labels(1)),
        Admission::Folded { first: false }
    );
    assert_eq!(
        count(&table, &name(0), &labels(0)),
        Admission::Own,
        "what exists stays"
    );
    assert_eq!((table.len(), table.folded()), (6, 4));
}

#[test]
fn the_overflow_is_written_as_it_is_labelled() {
    let table = SeriesTable::new(policy(1, 9, 1));
    count(&table, &name(0), &labels(0));
    count(&table, &name(0), &labels(1));
    assert_eq!(
        count(&table, &name(0), &labels(1).overflow()),
        Admission::Own
    );
    count(&table, &name(1), &labels(0));
    let rows: Vec<_> = table
        .snapshot()
        .into_iter()
        .map(|row| {
            (
                row.name.to_string(),
                row.labels,
                row.value.load(Ordering::Relaxed),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (OVERFLOW.to_owned(), Labels::empty(), 1),
            ("n0".to_owned(), labels(0), 1),
            ("n0".to_owned(), labels(0).overflow(), 2),
        ]
        .map(|row| row)
        .into_iter()
        .collect::<Vec<_>>()
    );
}

#[test]
fn clearing_makes_room_and_leaves_handles_usable() {
    let table = SeriesTable::new(policy(1, 1, 1));
    let held = table
        .series(&name(0), &labels(0), |_, _| AtomicU64::new(0))
        .value;
    table.clear();
    assert!(table.is_empty());
    assert_eq!(count(&table, &name(1), &labels(1)), Admission::Own);
    held.fetch_add(1, Ordering::Relaxed);
    assert_eq!(table.snapshot()[0].value.load(Ordering::Relaxed), 1);
}

#[test]
fn the_bounds_hold_while_threads_fight_for_the_last_places() {
    let table = SeriesTable::new(policy(50, 120, 4));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let table = &table;
            scope.spawn(move || {
                for round in 0..2_000 {
                    count(table, &name(round % 6), &labels((round * 7 + thread) % 300));
                }
            });
        }
    });
    let rows = table.snapshot();
    let own = rows
        .iter()
        .filter(|row| !row.labels.is_overflow() && row.name.as_str() != OVERFLOW)
        .count();
    assert!(own <= 120, "{own}");
    let mut per_name: HashMap<&str, usize> = HashMap::new();
    for row in rows.iter().filter(|row| !row.labels.is_overflow()) {
        *per_name.entry(row.name.as_str()).or_default() += 1;
    }
    assert!(per_name.values().all(|count| *count <= 50), "{per_name:?}");
    assert_eq!(table.len(), rows.len());
    let sum: u64 = rows
        .iter()
        .map(|row| row.value.load(Ordering::Relaxed))
        .sum();
    assert_eq!(sum, 16_000, "no measurement is lost");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a table that does the same with plain sets.
    #[test]
    fn admission_follows_the_bounds(
        bounds in (1_usize..5, 1_usize..8, 1_usize..4),
        uses in proptest::collection::vec((0_usize..5, 0_usize..8), 0..80),
    ) {
        let table = SeriesTable::new(policy(bounds.0, bounds.1, bounds.2));
        let mut model: HashMap<usize, HashSet<usize>> = HashMap::new();
        let mut folded = HashSet::new();
        for (n, l) in uses {
            let total: usize = model.values().map(HashSet::len).sum();
            let names = model.len();
            let expect_own = if !model.contains_key(&n) && names == bounds.2 {
                folded.insert((n, None));
                false
            } else {
                let held = model.entry(n).or_default();
                let own = held.contains(&l) || (held.len() < bounds.0 && total < bounds.1);
                if own { held.insert(l); } else { folded.insert((n, Some(l))); }
                own
            };
            let own = count(&table, &name(n), &labels(l)) == Admission::Own;
            prop_assert_eq!(own, expect_own);
        }
        prop_assert_eq!(table.folded(), folded.len() as u64);
    }
}

//! Starting, ending, and being killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use notes_service::{Ask, Client, Notes, Terminal};
use rusqlite::Connection;
use serde_json::json;

use crate::people::{login, person};

#[test]
fn the_start_says_where_everything_is() {
    let notes = Notes::start().unwrap();
    let url = notes.url();
    let port = notes.address().port();
    let finished = notes.stop("SIGTERM").unwrap();
    let said: Vec<_> = finished
        .stderr
        .iter()
        .filter(|line| line.starts_with("[INFO] "))
        .collect();
    assert_eq!(said.len(), 6, "{said:#?}");
    assert_eq!(
        said[0],
        &format!("[INFO] notes: port {port}, database notes.db")
    );
    assert_eq!(said[1], &format!("[INFO] pages: {url}/"));
    assert_eq!(said[2], &format!("[INFO] api: {url}/api"));
    assert_eq!(
        said[3],
        &format!("[INFO] public notes: {url}/api/public/notes")
    );
    assert!(
        said[4].starts_with("[INFO] serve: runtime=ast addr="),
        "{}",
        said[4]
    );
}

#[test]
fn a_signal_ends_it_well() {
    for signal in ["SIGTERM", "SIGINT"] {
        let notes = Notes::start().unwrap();
        for _ in 0..3 {
            assert_eq!(notes.client().get("/healthz").unwrap().status, 200);
        }
        let finished = notes.stop(signal).unwrap();
        let line = format!("[INFO] shutdown: runtime=ast signal={signal} handled_requests=3");
        assert!(finished.stderr.contains(&line), "{:#?}", finished.stderr);
        assert_eq!(finished.terminal, Terminal::Exit(0));
        assert!(finished.stdout.is_empty());
    }
}

/// What the service has acknowledged about a note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Acknowledged {
    published: bool,
    liked: bool,
}

/// Writes until the service is gone or says so; every acknowledgement is told.
fn work(
    ada: &Client,
    bob: &Client,
    acks: &mpsc::Sender<(String, Acknowledged)>,
    stop: &AtomicBool,
) {
    // Without an answer nobody knows what happened, and nothing is claimed.
    let attempt = || -> anyhow::Result<()> {
        let body = json!({"title": "a note", "content": "of a busy writer"});
        let written = ada.json("POST", "/api/notes", &body)?;
        anyhow::ensure!(written.status == 201, "{}", written.body);
        let id = written.text("id");
        let mut known = Acknowledged::default();
        acks.send((id.clone(), known.clone()))?;
        let target = format!("/api/notes/{id}/visibility");
        let told = ada.json("PUT", &target, &json!({"published": true}))?;
        anyhow::ensure!(told.status == 200, "{}", told.body);
        known.published = true;
        acks.send((id.clone(), known.clone()))?;
        let liked = bob.send(Ask::new("POST", &format!("/api/public/notes/{id}/likes")))?;
        anyhow::ensure!(liked.status == 200, "{}", liked.body);
        known.liked = true;
        acks.send((id, known))?;
        Ok(())
    };
    while !stop.load(Ordering::Relaxed) && attempt().is_ok() {}
}

/// Writers at work until so many acknowledgements came; then the signal, while
/// they go on.
fn interrupted(notes: Notes, signal: &str, after: usize) -> BTreeMap<String, Acknowledged> {
    const WRITERS: usize = 3;
    let (ada, bob) = (login(&notes, "ada"), login(&notes, "bob"));
    let (send, receive) = mpsc::channel();
    let stop = AtomicBool::new(false);
    let mut known = BTreeMap::new();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let (send, ada, bob, stop) = (send.clone(), ada.clone(), bob.clone(), &stop);
            scope.spawn(move || work(&ada, &bob, &send, stop));
        }
        drop(send);
        let mut notes = Some(notes);
        for (count, (id, acknowledged)) in receive.iter().enumerate() {
            known.insert(id, acknowledged);
            if count + 1 == after
                && let Some(notes) = notes.take()
            {
                let finished = notes.stop(signal).unwrap();
                stop.store(true, Ordering::Relaxed);
                let expected = match signal {
                    "SIGKILL" => Terminal::Signal(9),
                    _ => Terminal::Exit(0),
                };
                assert_eq!(finished.terminal, expected, "{:#?}", finished.stderr);
            }
        }
    });
    assert!(known.len() > after / 4, "the writers did not work");
    known
}

/// Everything that was acknowledged is in the database, which is whole.
fn verify(database: &Path, known: &BTreeMap<String, Acknowledged>) {
    let database = Connection::open(database).unwrap();
    let check: String = database
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("select count(*) from pragma_foreign_key_check"), 0);
    let wrong = "select count(*) from notes where likes != \
        (select count(*) from likes where note_id = notes.id)";
    assert_eq!(count(wrong), 0, "a count without its likes");
    let mut find = database
        .prepare("select published, likes from notes where id = ?")
        .unwrap();
    for (id, acknowledged) in known {
        let found: (bool, i64) = find
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap_or_else(|error| panic!("{id} was acknowledged: {error}"));
        assert!(found.0 || !acknowledged.published, "{id} was published");
        assert!(found.1 == 1 || !acknowledged.liked, "{id} was liked");
    }
}

/// How often the service is killed: 3 times, or what `NOTES_KILL_ROUNDS` says.
fn rounds() -> usize {
    let asked = std::env::var("NOTES_KILL_ROUNDS").ok();
    let asked = asked.map(|text| text.parse().expect("NOTES_KILL_ROUNDS is a number"));
    asked.unwrap_or(3).clamp(1, 100)
}

#[test]
fn what_is_acknowledged_survives_a_kill() {
    let notes = Notes::start().unwrap();
    person(&notes, "ada");
    person(&notes, "bob");
    let (directory, database) = (notes.directory(), notes.database());
    let mut running = Some(notes);
    let mut all = BTreeMap::new();
    let moments = AtomicUsize::new(7);
    for round in 0..rounds() {
        let notes = match running.take() {
            Some(notes) => notes,
            None => Notes::start_in(Arc::clone(&directory), &[]).unwrap(),
        };
        // Another moment in every round.
        let after = moments.fetch_add(5, Ordering::Relaxed) % 40 + 5;
        all.extend(interrupted(notes, "SIGKILL", after));
        // The service itself opens what was left, first.
        let notes = Notes::start_in(Arc::clone(&directory), &[]).unwrap();
        assert_eq!(
            notes.client().get("/readyz").unwrap().status,
            200,
            "round {round}"
        );
        verify(&database, &all);
        running = Some(notes);
    }
}

#[test]
fn what_is_acknowledged_survives_an_end_under_load() {
    let notes = Notes::start().unwrap();
    person(&notes, "ada");
    person(&notes, "bob");
    // The directory outlives the service.
    let (_directory, database) = (notes.directory(), notes.database());
    let known = interrupted(notes, "SIGTERM", 20);
    verify(&database, &known);
}

//! What a running service keeps, and what it gives back.

use std::time::{Duration, Instant};

use notes_service::{Ask, Client, Notes, Usage};

use crate::people::{person, publish, write};

/// Callers at once.
const CALLERS: usize = 4;

/// Requests by one caller before it connects anew.
const VISIT: usize = 250;

/// What the service may grow by while it answers: allocators and the database
/// keep some memory for later. Of 1 000 000 requests, 16 bytes of each would not
/// fit.
const GROWTH_KIB_MAX: u64 = 16 * 1024;

/// How many requests are made: 10 000, or what `NOTES_SOAK_REQUESTS` says.
fn requests() -> usize {
    let asked = std::env::var("NOTES_SOAK_REQUESTS").ok();
    let asked = asked.map(|text| text.parse().expect("NOTES_SOAK_REQUESTS is a number"));
    asked.unwrap_or(10_000).clamp(1_000, 1_000_000)
}

/// One request of a mix: routes that run inline, ones that ask the database,
/// pages, files, failures of every kind.
fn ask(note: &str, number: usize) -> (Ask, u16) {
    let json = |method, target: &str, body: &str| {
        Ask::new(method, target).typed("application/json", body.to_owned())
    };
    match number % 25 {
        0 => (Ask::new("GET", &format!("/api/public/notes/{note}")), 200),
        1 => (Ask::new("GET", "/api/notes?limit=5"), 200),
        2 => (Ask::new("GET", "/"), 200),
        3 => (Ask::new("GET", "/notes.js"), 200),
        4 => (json("POST", "/api/notes", r#"{"title":""}"#), 400),
        5 => (
            json(
                "PUT",
                &format!("/api/notes/{note}"),
                r#"{"title":"t","content":"c"}"#,
            ),
            200,
        ),
        6..10 => (Ask::new("GET", "/nowhere"), 404),
        _ => (Ask::new("GET", "/healthz"), 200),
    }
}

/// Asks so often, by several callers at once.
fn load(person: &Client, note: &str, count: usize) {
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            scope.spawn(move || {
                let own = (caller..count).step_by(CALLERS);
                let mut client = person.anew();
                for (visit, number) in own.enumerate() {
                    if visit % VISIT == VISIT - 1 {
                        client = person.anew();
                    }
                    let (ask, expected) = ask(note, number);
                    let answer = client.send(ask).unwrap();
                    assert_eq!(answer.status, expected, "{number}: {}", answer.body);
                }
            });
        }
    });
}

/// What the service uses once its connections are closed.
fn at_rest(notes: &Notes, expected: Option<&Usage>) -> Usage {
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        let usage = notes.usage().unwrap();
        let settled = expected.is_none_or(|expected| {
            usage.descriptors <= expected.descriptors && usage.threads <= expected.threads
        });
        if settled || Instant::now() > end {
            return usage;
        }
        std::thread::yield_now();
    }
}

#[test]
fn requests_leave_nothing_behind() {
    // One connection of the database: further ones would be opened, and kept, at
    // the moment when so many are needed at once.
    let notes = Notes::start_with(&[("FUSE_DB_POOL_SIZE", "1")]).unwrap();
    let ada = person(&notes, "ada");
    let note = write(&ada, "first");
    publish(&ada, &note);
    let count = requests();
    // Pools, caches and tables reach their size.
    load(&ada, &note, count / 5);
    let before = at_rest(&notes, None);
    load(&ada, &note, count);
    let after = at_rest(&notes, Some(&before));
    println!("{count} requests: {before:?}, then {after:?}");
    assert!(
        after.descriptors <= before.descriptors,
        "{before:?} {after:?}"
    );
    assert!(after.threads <= before.threads, "{before:?} {after:?}");
    let growth = after.resident_kib.saturating_sub(before.resident_kib);
    assert!(growth <= GROWTH_KIB_MAX, "{before:?} {after:?}");
    assert_eq!(
        notes.stop("SIGTERM").unwrap().terminal,
        notes_service::Terminal::Exit(0)
    );
}

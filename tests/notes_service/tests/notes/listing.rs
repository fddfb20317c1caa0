//! Pages of notes, likes and counts.

use std::collections::BTreeSet;

use notes_service::{Ask, Notes};

use crate::people::{person, publish, write};

#[test]
fn every_note_is_on_one_page() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    let written: BTreeSet<String> = (0..25).map(|i| write(&ada, &format!("n{i}"))).collect();
    for limit in [1, 7, 25, 100] {
        let (mut seen, mut target) = (Vec::new(), format!("/api/notes?limit={limit}"));
        loop {
            let page = ada.get(&target).unwrap().json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{} of {limit}", items.len());
            let ids = items.iter().map(|item| item["id"].as_str().unwrap());
            seen.extend(ids.map(str::to_owned));
            match page["next"].as_str() {
                Some(next) => target = format!("/api/notes?limit={limit}&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 25, "{limit}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), written);
    }
}

#[test]
fn likes_at_the_same_time_are_all_counted() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    let note = write(&ada, "first");
    publish(&ada, &note);
    let people: Vec<_> = (0..4).map(|i| person(&notes, &format!("bob{i}"))).collect();
    let likes = format!("/api/public/notes/{note}/likes");
    std::thread::scope(|scope| {
        for person in &people {
            let likes = &likes;
            scope.spawn(move || {
                for _ in 0..3 {
                    let liked = person.send(Ask::new("POST", likes)).unwrap();
                    assert_eq!(liked.status, 200, "{}", liked.body);
                }
            });
        }
    });
    let read = ada.get(&format!("/api/public/notes/{note}")).unwrap();
    assert_eq!(read.json()["likes"], 4);
    let summary = ada.get("/api/me/summary").unwrap();
    assert_eq!(
        summary.body,
        r#"{"likes_received":4,"notes":1,"published":1}"#
    );
    let back = people[0].send(Ask::new("DELETE", &likes)).unwrap();
    assert_eq!(back.json()["likes"], 3);
}

#[test]
fn counts_by_tasks_are_the_same_every_time() {
    for workers in ["1", "16"] {
        let notes = Notes::start_with(&[("FUSE_TASK_WORKERS", workers)]).unwrap();
        let ada = person(&notes, "ada");
        let ids: Vec<_> = (0..5).map(|i| write(&ada, &format!("n{i}"))).collect();
        for id in &ids[..3] {
            publish(&ada, id);
        }
        let bob = person(&notes, "bob");
        let like = format!("/api/public/notes/{}/likes", ids[0]);
        assert_eq!(bob.send(Ask::new("POST", &like)).unwrap().status, 200);
        for round in 0..1_000 {
            let summary = ada.get("/api/me/summary").unwrap();
            assert_eq!(
                summary.body, r#"{"likes_received":1,"notes":5,"published":3}"#,
                "{workers} workers, round {round}"
            );
        }
    }
}

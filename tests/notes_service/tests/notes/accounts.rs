//! Accounts and sessions.

use notes_service::Notes;
use serde_json::json;

use crate::people::{login, person, register};

#[test]
fn a_session_is_opened_and_ended() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    let me = ada.get("/api/me").unwrap();
    assert_eq!(me.text("username"), "ada");
    assert_eq!(me.text("email"), "ada@example.org");
    let second = login(&notes, "ADA@example.ORG");
    let left = ada.send(notes_service::Ask::new("DELETE", "/api/auth/session"));
    assert_eq!(left.unwrap().status, 204);
    assert_eq!(ada.get("/api/me").unwrap().failure(), "401 unauthorized");
    // The other session is another one.
    assert_eq!(second.get("/api/me").unwrap().status, 200);
}

#[test]
fn one_of_many_gets_a_name() {
    let notes = Notes::start().unwrap();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = ["ada", "Ada", "aDa", "ADA"]
            .into_iter()
            .map(|name| {
                let somebody = notes.client();
                scope.spawn(move || register(&somebody, name).status)
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(409)), (1, 3), "{statuses:?}");
}

#[test]
fn an_operator_can_close_registration_and_shorten_sessions() {
    let closed = [("APP_OPEN_REGISTRATION", "false")];
    let notes = Notes::start_with(&closed).unwrap();
    assert_eq!(register(&notes.client(), "ada").failure(), "403 forbidden");

    let short = [("APP_SESSION_HOURS", "1")];
    let notes = Notes::start_with(&short).unwrap();
    let answer = register(&notes.client(), "ada");
    assert_eq!(answer.status, 201);
    let form = "identifier=ada&password=correct+horse+battery";
    let opened = notes.client().form("POST", "/ui/auth/login", form).unwrap();
    assert!(
        opened.header("set-cookie").contains("Max-Age=3600;"),
        "{}",
        opened.header("set-cookie")
    );
}

#[test]
fn a_configuration_that_is_wrong_is_refused() {
    for (name, value, path) in [
        ("APP_SESSION_HOURS", "721", "config.App.sessionHours"),
        (
            "APP_OPEN_REGISTRATION",
            "maybe",
            "config.App.openRegistration",
        ),
    ] {
        let error = Notes::start_with(&[(name, value)]).unwrap_err();
        let said = format!("{error:#}");
        assert!(said.contains(path), "{said}");
    }
}

#[test]
fn what_is_secret_is_not_logged() {
    let notes = Notes::start_with(&[("FUSE_REQUEST_LOG", "json"), ("FUSE_LOG", "debug")]).unwrap();
    assert_eq!(register(&notes.client(), "ada").status, 201);
    let body = json!({"identifier": "ada", "password": crate::people::PASSWORD});
    let opened = notes.client().json("POST", "/api/auth/login", &body);
    let token = opened.unwrap().text("token");
    let ada = notes.client().with_token(&token);
    assert_eq!(ada.get("/api/me?secret=1").unwrap().status, 200);
    let body = json!({"identifier": "somebody", "password": "a wrong guess"});
    let guess = notes.client().json("POST", "/api/auth/login", &body);
    assert_eq!(guess.unwrap().status, 401);
    let log = notes.stop("SIGTERM").unwrap().stderr.join("\n");
    for secret in [
        token.as_str(),
        crate::people::PASSWORD,
        "a wrong guess",
        "somebody",
        "secret=1",
    ] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
    for event in ["user.registered", "login.failed", "request completed"] {
        assert!(log.contains(event), "no {event} in\n{log}");
    }
}

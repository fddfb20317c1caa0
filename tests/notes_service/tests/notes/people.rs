//! People who use the service.

use notes_service::{Answer, Client, Notes};
use serde_json::json;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes an account.
pub(crate) fn register(somebody: &Client, name: &str) -> Answer {
    let body = json!({
        "email": format!("{name}@example.org"),
        "username": name,
        "password": PASSWORD,
    });
    let registered = somebody.json("POST", "/api/auth/register", &body);
    registered.unwrap()
}

/// Opens a session.
pub(crate) fn login(notes: &Notes, name: &str) -> Client {
    let body = json!({"identifier": name, "password": PASSWORD});
    let opened = notes.client().json("POST", "/api/auth/login", &body);
    let opened = opened.unwrap();
    assert_eq!(opened.status, 200, "{}", opened.body);
    notes.client().with_token(&opened.text("token"))
}

/// Somebody with an account and a session.
pub(crate) fn person(notes: &Notes, name: &str) -> Client {
    let registered = register(&notes.client(), name);
    assert_eq!(registered.status, 201, "{}", registered.body);
    login(notes, name)
}

/// Writes a note and gives its id.
pub(crate) fn write(person: &Client, title: &str) -> String {
    let body = json!({"title": title, "content": format!("about {title}")});
    let written = person.json("POST", "/api/notes", &body).unwrap();
    assert_eq!(written.status, 201, "{}", written.body);
    written.text("id")
}

pub(crate) fn publish(person: &Client, id: &str) {
    let target = format!("/api/notes/{id}/visibility");
    let told = person.json("PUT", &target, &json!({"published": true}));
    assert_eq!(told.unwrap().status, 200);
}

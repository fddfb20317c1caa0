//! The tests that the service brings along, and its formal side.

use notes_service::{command, package};

fn succeeds(arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let run = command(directory.path())
        .args(arguments)
        .arg(package())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    let stdout = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{arguments:?}\n{stdout}\n{stderr}");
    stdout
}

#[test]
fn its_own_tests_pass() {
    let stdout = succeeds(&["test", "--strict-architecture", "--jobs", "2"]);
    let last = stdout.lines().last().unwrap();
    let count = last.strip_prefix("ok (").unwrap().split(' ').next();
    assert!(count.unwrap().parse::<u32>().unwrap() >= 41, "{last}");
}

#[test]
fn it_is_strict_and_formatted() {
    succeeds(&["check", "--strict-architecture", "--deny-warnings"]);
    succeeds(&["fmt", "--check"]);
}

#[test]
fn it_describes_every_route() {
    let document = succeeds(&["openapi"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for path in [
        "/healthz",
        "/api/auth/register",
        "/api/auth/login",
        "/api/auth/session",
        "/api/me",
        "/api/me/summary",
        "/api/notes",
        "/api/notes/{id}",
        "/api/notes/{id}/visibility",
        "/api/public/notes",
        "/api/public/notes/{id}",
        "/api/public/notes/{id}/likes",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

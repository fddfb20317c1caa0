//! The pages, as a browser without scripts asks for them.

use notes_service::{Answer, Client, Notes};

use crate::people::{person, publish, write};

fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap().to_owned()
}

/// The value of the first hidden field of a name.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" type=\"hidden\" value=\"");
    let (_, rest) = page.split_once(&start).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn browser(notes: &Notes, name: &str) -> Client {
    let form = format!("email={name}%40example.org&username={name}&password=long+enough");
    let sent = notes.client().form("POST", "/ui/auth/register", &form);
    let sent = sent.unwrap();
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert_eq!(sent.header("location"), "/notes");
    notes.client().with("cookie", &cookie(&sent))
}

#[test]
fn somebody_registers_writes_publishes_and_leaves() {
    let notes = Notes::start().unwrap();
    let ada = browser(&notes, "ada");
    let page = ada.get("/notes").unwrap();
    assert!(page.body.starts_with("<!doctype html>"), "{}", page.body);
    let csrf = hidden(&page.body, "csrf");
    let form = format!("title=A+%3Cb%3E&content=line%0D%0Aline&csrf={csrf}");
    let sent = ada.form("POST", "/ui/notes", &form).unwrap();
    assert_eq!(sent.header("location"), "/notes");
    let page = ada.get("/notes").unwrap().body;
    assert!(page.contains("<h3>A &lt;b&gt;</h3>"), "{page}");
    let (_, rest) = page.split_once("id=\"note-").unwrap();
    let id = rest.split('"').next().unwrap();
    let target = format!("/ui/notes/{id}/visibility");
    let form = format!("published=true&csrf={csrf}");
    assert_eq!(ada.form("POST", &target, &form).unwrap().status, 303);
    let public = notes.client().get("/").unwrap().body;
    assert!(public.contains("<h3>A &lt;b&gt;</h3>"), "{public}");
    let left = ada.form("POST", "/ui/auth/logout", &format!("csrf={csrf}"));
    assert_eq!(left.unwrap().header("location"), "/");
    let gone = ada.get("/notes").unwrap();
    assert_eq!(
        (gone.status, gone.header("location").as_str()),
        (303, "/#login")
    );
}

#[test]
fn pages_carry_what_protects_them() {
    let notes = Notes::start().unwrap();
    let page = notes.client().get("/").unwrap();
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-store");
    // Nothing comes from elsewhere, and no script or style stands in the page.
    for word in [
        "http://",
        "https://",
        "<style",
        " style=",
        "onclick",
        "javascript:",
    ] {
        assert!(!page.body.contains(word), "{word} in {}", page.body);
    }
    assert!(!page.body.contains("<script>"), "{}", page.body);
}

#[test]
fn ids_on_a_page_are_unique() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    for i in 0..3 {
        publish(&ada, &write(&ada, &format!("n{i}")));
    }
    let own = browser(&notes, "bob");
    for page in [
        notes.client().get("/").unwrap().body,
        own.get("/").unwrap().body,
        own.get("/notes").unwrap().body,
    ] {
        let mut ids: Vec<_> = page
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{page}");
        for label in page.split(" for=\"").skip(1) {
            let target = label.split('"').next().unwrap();
            assert!(ids.contains(&target), "a label of nothing: {target}");
        }
    }
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let notes = Notes::start().unwrap();
    let ada = browser(&notes, "ada");
    let csrf = hidden(&ada.get("/notes").unwrap().body, "csrf");
    let form = format!("title=a&content=b&csrf={csrf}");
    let foreign = ada.with("origin", "http://elsewhere.example");
    assert_eq!(
        foreign.form("POST", "/ui/notes", &form).unwrap().status,
        403
    );
    let guessed = "title=a&content=b&csrf=0123456789";
    assert_eq!(ada.form("POST", "/ui/notes", guessed).unwrap().status, 403);
    let own = ada.with("origin", &notes.url());
    assert_eq!(own.form("POST", "/ui/notes", &form).unwrap().status, 303);
    let page = ada.get("/notes").unwrap().body;
    assert_eq!(page.matches("<article").count(), 1);
}

#[test]
fn pages_load_their_style_under_a_name_of_its_content() {
    let notes = Notes::start().unwrap();
    let client = notes.client();
    let page = client.get("/").unwrap().body;
    let (_, rest) = page.split_once("<link href=\"/css/notes.").unwrap();
    let (hash, _) = rest.split_once(".css\" rel=\"stylesheet\">").unwrap();
    assert_eq!(hash.len(), 10, "{hash}");
    let sheet = client.get(&format!("/css/notes.{hash}.css")).unwrap();
    assert_eq!(sheet.status, 200);
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        sheet.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    for hidden in ["/css/notes.css", "/assets.json", "/assets/css/notes.css"] {
        assert_eq!(client.get(hidden).unwrap().status, 404, "{hidden}");
    }
}

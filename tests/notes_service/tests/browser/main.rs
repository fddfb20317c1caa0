//! The pages of the reference service in a real browser: with scripts and
//! without, light and dark, wide and narrow. Where there is no Chromium, the
//! tests say so and do nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test that does nothing says so")]

mod chromium;
mod working;

use chromium::Page;
use notes_service::Notes;

/// A page in a browser, where there is one.
fn browser() -> Option<Page> {
    let Some(program) = chromium::find() else {
        eprintln!(
            "skipped: no Chromium on the path; install one (Debian and Ubuntu: \
             `apt-get install chromium`), or name it in CHROMIUM"
        );
        return None;
    };
    Some(Page::open(&program).unwrap())
}

const WIDTHS: [u32; 3] = [360, 720, 1280];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Nothing sticks out, nothing overlaps the edge, and text can be read, in every
/// window.
fn is_well_set(page: &mut Page, name: &str) {
    for width in WIDTHS {
        for scheme in SCHEMES {
            page.look(width, scheme).unwrap();
            let wide = page.value("document.documentElement.scrollWidth").unwrap();
            assert!(
                wide.as_u64().unwrap() <= u64::from(width),
                "{name} at {width}: {wide}"
            );
            // A moment passes until everything has its other colour.
            if page.until(&format!("{CONTRAST}.length === 0")).is_err() {
                let weak = page.value(CONTRAST).unwrap();
                panic!("{name}, {scheme}: {weak}");
            }
            page.picture(&format!("{name}-{width}-{scheme}")).unwrap();
        }
    }
    page.look(1280, "light").unwrap();
}

/// Texts whose contrast is less than what WCAG 2.2 asks for, 4.5 to 1.
const CONTRAST: &str = r#"(() => {
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width === 0 || box.right < 0) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return weak;
})()"#;

const ADA: [(&str, &str); 3] = [
    ("email", "ada@example.org"),
    ("username", "ada"),
    ("password", "correct horse"),
];

#[test]
fn somebody_uses_the_pages_with_scripts() {
    let Some(mut page) = browser() else { return };
    let notes = Notes::start().unwrap();
    let url = notes.url();
    page.go(&format!("{url}/")).unwrap();
    is_well_set(&mut page, "first");
    // What is wrong is said in place: the page is not loaded again.
    page.value("window.kept = true").unwrap();
    let wrong = [("email", "ada"), ("username", "a b"), ("password", "short")];
    page.send("#register form", &wrong).unwrap();
    page.until("document.querySelectorAll('#register [aria-invalid]').length === 3")
        .unwrap();
    page.until("window.kept").unwrap();
    is_well_set(&mut page, "refused");
    page.send("#register form", &ADA).unwrap();
    page.until("location.pathname === '/notes' && document.querySelector('#write form')")
        .unwrap();
    page.until("document.readyState === 'complete' && window.htmx")
        .unwrap();

    page.value("window.kept = true").unwrap();
    page.send("#write form", &[("title", ""), ("content", "")])
        .unwrap();
    page.until("document.querySelectorAll('#write [aria-invalid]').length === 2")
        .unwrap();
    let long = "word ".repeat(40) + &"x".repeat(300);
    page.send(
        "#write form",
        &[("title", "A <b>first</b> note"), ("content", &long)],
    )
    .unwrap();
    page.until("document.querySelector('#own article h3')?.textContent === 'A <b>first</b> note'")
        .unwrap();
    page.until("document.querySelector('#write-title').value === ''")
        .unwrap();
    page.until("getComputedStyle(document.querySelector('#own > .empty')).display === 'none'")
        .unwrap();
    page.click("article button.publish").unwrap();
    page.until("document.querySelector('article .state').textContent === 'published'")
        .unwrap();
    page.click("article summary").unwrap();
    page.until("document.querySelector('article details').open")
        .unwrap();
    is_well_set(&mut page, "own");
    page.send(
        "article details form",
        &[("title", "Changed"), ("content", "text")],
    )
    .unwrap();
    page.until("document.querySelector('#own article h3').textContent === 'Changed'")
        .unwrap();
    page.until("window.kept").unwrap();

    // Somebody else likes it, and takes that back.
    page.forget().unwrap();
    page.go(&format!("{url}/")).unwrap();
    let bob = [
        ("email", "bob@example.org"),
        ("username", "bob"),
        ("password", "correct horse"),
    ];
    page.send("#register form", &bob).unwrap();
    page.until("location.pathname === '/notes' && document.querySelector('#write form')")
        .unwrap();
    page.go(&format!("{url}/")).unwrap();
    page.click("button.likes").unwrap();
    page.until(
        "document.querySelector('button.likes[aria-pressed=true]')?.textContent === '1 like'",
    )
    .unwrap();
    is_well_set(&mut page, "liked");
    page.click("button.likes").unwrap();
    page.until(
        "document.querySelector('button.likes[aria-pressed=false]')?.textContent === '0 likes'",
    )
    .unwrap();

    // The author removes it; the question is answered with yes.
    page.forget().unwrap();
    page.go(&format!("{url}/")).unwrap();
    page.send(
        "#login form",
        &[("identifier", "ada"), ("password", "wrong guess")],
    )
    .unwrap();
    page.until("document.querySelector('#login .notice')?.textContent.includes('invalid')")
        .unwrap();
    page.send(
        "#login form",
        &[("identifier", "ada"), ("password", "correct horse")],
    )
    .unwrap();
    page.until("location.pathname === '/notes' && document.querySelector('article button.remove')")
        .unwrap();
    page.until("document.readyState === 'complete' && window.htmx")
        .unwrap();
    page.click("article button.remove").unwrap();
    page.until("!document.querySelector('article')").unwrap();
    page.click("nav button").unwrap();
    page.until("location.pathname === '/' && document.querySelector('#login')")
        .unwrap();
    assert!(page.complaints.is_empty(), "{:#?}", page.complaints);
}

#[test]
fn somebody_uses_the_pages_without_scripts() {
    let Some(mut page) = browser() else { return };
    let notes = Notes::start().unwrap();
    let url = notes.url();
    page.scripts(false).unwrap();
    page.go(&format!("{url}/")).unwrap();
    let wrong = [("email", "ada"), ("username", "a b"), ("password", "short")];
    page.send("#register form", &wrong).unwrap();
    page.until("document.querySelectorAll('#register [aria-invalid]').length === 3")
        .unwrap();
    page.until("document.querySelector('#login')").unwrap();
    page.send("#register form", &ADA).unwrap();
    page.until("location.pathname === '/notes' && document.querySelector('#write form')")
        .unwrap();
    page.send("#write form", &[("title", "First"), ("content", "a\nb")])
        .unwrap();
    page.until("document.querySelector('#own article h3')?.textContent === 'First'")
        .unwrap();
    page.click("article button.publish").unwrap();
    page.until("document.querySelector('article .state')?.textContent === 'published'")
        .unwrap();
    is_well_set(&mut page, "plain");
    page.send(
        "article details form",
        &[("title", "Changed"), ("content", "c")],
    )
    .unwrap();
    page.until("document.querySelector('#own article h3')?.textContent === 'Changed'")
        .unwrap();
    page.click("article button.remove").unwrap();
    page.until("document.querySelector('#own > .empty') && !document.querySelector('article')")
        .unwrap();
    page.click("nav button").unwrap();
    page.until("location.pathname === '/' && document.querySelector('#login')")
        .unwrap();
    page.send(
        "#login form",
        &[("identifier", "ada"), ("password", "correct horse")],
    )
    .unwrap();
    page.until("location.pathname === '/notes'").unwrap();
    assert!(page.complaints.is_empty(), "{:#?}", page.complaints);
}

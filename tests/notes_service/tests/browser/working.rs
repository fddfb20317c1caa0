//! The service while somebody works on it, with a browser beside.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use fuse_parity::Started;
use notes_service::{command, package};

use crate::browser;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && !name.to_string_lossy().starts_with('.') {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn pages_follow_the_sources() {
    let Some(mut page) = browser() else { return };
    let directory = tempfile::tempdir().unwrap();
    let work = directory.path();
    copy(&package(), &work.join("notes"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut command = command(work);
    command
        .args(["dev", "--migrate", "notes"])
        .env("APP_PORT", port.to_string());
    let mut dev = Started::spawn(&mut command, b"").unwrap();
    let address: SocketAddr = dev
        .wait_for_line(|line| {
            let (_, rest) = line.split_once("serve: runtime=ast addr=")?;
            rest.split(' ').next()?.parse().ok()
        })
        .unwrap();
    page.go(&format!("http://{address}/")).unwrap();

    let parts = work.join("notes/src/ui/parts.fuse");
    let source = fs::read_to_string(&parts).unwrap();
    let told = source.replace("\"Published notes\"", "\"What was told\"");
    assert_ne!(told, source);
    fs::write(&parts, &told).unwrap();
    page.until("document.querySelector('#public-heading')?.textContent === 'What was told'")
        .unwrap();

    fs::write(
        &parts,
        told.replace("h2(id=\"public-heading\"):", "h2(id=):"),
    )
    .unwrap();
    let overlay = "document.querySelector('[data-fuse-dev-overlay]')";
    page.until(&format!("{overlay}?.textContent.includes('parts.fuse:')"))
        .unwrap();
    page.look(1280, "light").unwrap();
    page.picture("overlay").unwrap();
    fs::write(&parts, &source).unwrap();
    page.until(&format!(
        "!{overlay} && document.querySelector('#public-heading')?.textContent === 'Published notes'"
    ))
    .unwrap();

    // A style sheet changes in place.
    page.until("document.readyState === 'complete'").unwrap();
    page.value("window.kept = true").unwrap();
    let sheet = work.join("notes/assets/css/notes.css");
    let styles = fs::read_to_string(&sheet).unwrap();
    fs::write(&sheet, styles + "\nh2 { letter-spacing: 7px; }\n").unwrap();
    page.until("getComputedStyle(document.querySelector('h2')).letterSpacing === '7px'")
        .unwrap();
    page.until("window.kept").unwrap();

    page.go(&format!("http://{address}/docs")).unwrap();
    page.until("document.body.textContent.includes('/api/notes')")
        .unwrap();
    page.picture("docs").unwrap();
    assert!(page.complaints.is_empty(), "{:#?}", page.complaints);
    dev.signal("SIGTERM").unwrap();
    dev.finish().unwrap();
}

//! Migrations: from nothing, from every earlier step, and by two at once.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use notes_service::{command, package};
use rusqlite::Connection;

/// The migrations of the service, as they stand in its source.
fn migrations() -> Vec<String> {
    let source = fs::read_to_string(package().join("src/store.fuse")).unwrap();
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in source.lines() {
        if line.starts_with("migration ") {
            blocks.push(String::new());
            inside = true;
        } else if !line.is_empty() && !line.starts_with(' ') && !line.starts_with(')') {
            inside = false;
        }
        if let (true, Some(block)) = (inside, blocks.last_mut()) {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

/// A package of the same name with the first migrations only.
fn earlier(directory: &Path, steps: usize) {
    let manifest = "[package]\nname = \"notes\"\nversion = \"0.1.0\"\nentry = \"main.fuse\"\n";
    fs::create_dir(directory).unwrap();
    fs::write(directory.join("fuse.toml"), manifest).unwrap();
    let mut program = String::from("requires db\n\n");
    program += &migrations()[..steps].join("\n");
    program += "\napp \"a\":\n  print(1)\n";
    fs::write(directory.join("main.fuse"), program).unwrap();
}

fn migrate(work: &Path, package: &Path) -> String {
    let run = command(work)
        .arg("migrate")
        .arg(package)
        .env("FUSE_DB_URL", "sqlite://notes.db")
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn every_earlier_state_is_brought_up_to_date() {
    let steps = migrations().len();
    assert_eq!(steps, 7);
    for step in 1..steps {
        let directory = tempfile::tempdir().unwrap();
        let work = directory.path();
        let old = work.join("old");
        earlier(&old, step);
        let applied = migrate(work, &old);
        assert!(applied.ends_with(&format!("ok ({step} applied, 0 already applied)\n")));
        let database = Connection::open(work.join("notes.db")).unwrap();
        let insert = "insert into notes (id, title, content, created_at, updated_at) \
            values ('n1', 'old', 'text', 5, 5)";
        database.execute(insert, []).unwrap();
        if (2..5).contains(&step) {
            let insert = "insert into users (id, email, username, password_hash, created_at) \
                values ('u1', 'Ada@Example.org', 'Ada', '', 5)";
            database.execute(insert, []).unwrap();
        }
        drop(database);
        let applied = migrate(work, &package());
        let expected = format!("ok ({} applied, {step} already applied)\n", steps - step);
        assert!(applied.ends_with(&expected), "{applied}");
        let database = Connection::open(work.join("notes.db")).unwrap();
        let title: String = database
            .query_row("select title from notes where id = 'n1'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(title, "old");
        if step < 3 {
            let position: String = database
                .query_row("select position from notes", [], |row| row.get(0))
                .unwrap();
            assert_eq!(position, "000000000000005-n1");
        }
        if (2..5).contains(&step) {
            let lower: String = database
                .query_row(
                    "select username_lower || ' ' || email_lower from users",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(lower, "ada ada@example.org");
        }
        assert_eq!(
            migrate(work, &package()),
            format!("ok (0 applied, {steps} already applied)\n")
        );
    }
}

#[test]
fn two_at_once_apply_everything_once() {
    let directory = tempfile::tempdir().unwrap();
    let work = directory.path();
    let both: Vec<_> = (0..2)
        .map(|_| {
            command(work)
                .arg("migrate")
                .arg(package())
                .env("FUSE_DB_URL", "sqlite://notes.db")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut applied = 0;
    for child in both {
        let run = child.wait_with_output().unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let said = String::from_utf8(run.stdout).unwrap();
        applied += said
            .lines()
            .filter(|line| line.starts_with("applied "))
            .count();
    }
    assert_eq!(applied, 7);
}

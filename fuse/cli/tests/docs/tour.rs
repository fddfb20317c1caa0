//! The tour: every block of code is what it says it is.

use std::fs;
use std::path::Path;
use std::process::Command;

use fuse_check::package::read_manifest;
use fuse_syntax::{FileId, FormatOptions, format};

use crate::directory;

/// A block of code: what stands behind the fence, its text, and its line.
struct Block {
    kind: String,
    text: String,
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                open = Some(Block {
                    kind: kind.trim().to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text += line;
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

fn tour() -> Vec<Block> {
    blocks(&fs::read_to_string(directory().join("tour.md")).expect("the tour is there"))
}

/// Writes a block of one file, or of several with `# file NAME` heads.
fn write(block: &Block, directory: &Path) {
    let mut name = "main.fuse";
    let mut text = String::new();
    let put = |name: &str, text: &str| {
        if !text.trim().is_empty() {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().expect("a file is in a directory"))
                .expect("it can be made");
            fs::write(path, text).expect("it can be written");
        }
    };
    for line in block.text.lines() {
        match line.strip_prefix("# file ") {
            Some(next) => {
                put(name, &text);
                text.clear();
                name = next;
            }
            None => {
                text += line;
                text.push('\n');
            }
        }
    }
    put(name, &text);
}

fn check(directory: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fuse"))
        .args(["check", "main.fuse", "--color", "never"])
        .current_dir(directory)
        .output()
        .expect("the command can be run");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn every_program_is_right_and_neatly_written() {
    let mut wrong = String::new();
    let mut count = 0;
    for block in tour().iter().filter(|block| block.kind == "fuse") {
        let directory = tempfile::tempdir().expect("there is room");
        write(block, directory.path());
        let (status, said) = check(directory.path());
        if status != Some(0) {
            wrong += &format!("line {}:\n{said}\n", block.line);
        } else if !block.text.contains("# file ") {
            let neat = format(&block.text, &FormatOptions::default()).expect("it is right");
            if block.text != neat {
                wrong += &format!("line {}, neatly:\n{neat}\n", block.line);
            }
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 15, "{count} programs");
}

#[test]
fn every_wrong_program_is_reported_as_the_tour_says() {
    let blocks = tour();
    let mut pairs = 0;
    for pair in blocks
        .windows(2)
        .filter(|pair| pair[0].kind == "fuse wrong")
    {
        let directory = tempfile::tempdir().expect("there is room");
        write(&pair[0], directory.path());
        let (status, said) = check(directory.path());
        assert_eq!(status, Some(1), "line {}", pair[0].line);
        assert_eq!(
            pair[1].kind, "text",
            "line {}: the message follows",
            pair[0].line
        );
        assert!(
            said.contains(pair[1].text.trim_end()),
            "line {}:\n{said}",
            pair[0].line
        );
        pairs += 1;
    }
    assert!(pairs >= 3, "{pairs} wrong programs");
}

#[test]
fn every_manifest_and_command_exists() {
    for block in tour() {
        match block.kind.as_str() {
            "toml" => {
                let (_, diagnostics) = read_manifest(FileId(0), &block.text);
                assert_eq!(diagnostics, [], "line {}", block.line);
            }
            "console" => {
                for command in block
                    .text
                    .lines()
                    .filter_map(|line| line.strip_prefix("$ fuse "))
                {
                    let mut words: Vec<&str> = command
                        .split(' ')
                        .take_while(|word| !word.starts_with('-'))
                        .collect();
                    words.truncate(if words[0] == "deps" { 2 } else { 1 });
                    let mut fuse = Command::new(env!("CARGO_BIN_EXE_fuse"));
                    let output = fuse
                        .args(&words)
                        .arg("--help")
                        .output()
                        .expect("the command can be run");
                    assert!(
                        output.status.success(),
                        "line {}: fuse {command}",
                        block.line
                    );
                }
            }
            "fuse" | "fuse wrong" | "text" => {}
            other => panic!(
                "line {}: a block of kind `{other}` is not checked",
                block.line
            ),
        }
    }
}

//! What the documents name exists.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic like the tests themselves"
)]

use std::collections::BTreeSet;
use std::path::Path;

/// Text between backticks that is the name of a test: words joined by
/// underscores, at least three of them.
fn tests_named_in(document: &str) -> BTreeSet<&str> {
    let is_test = |text: &&str| {
        text.matches('_').count() >= 2
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(is_test)
        .collect()
}

fn sources(directory: &Path, text: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    sources(&root.join("src"), &mut code);
    sources(&root.join("tests"), &mut code);
    for name in ["THREAT_MODEL.md", "ASVS.md"] {
        let document = std::fs::read_to_string(root.join(name)).unwrap();
        let named = tests_named_in(&document);
        assert!(named.len() > 20, "{name} names {} tests", named.len());
        for test in named {
            assert!(
                code.contains(&format!("fn {test}(")),
                "{name}: there is no {test}"
            );
        }
    }
}

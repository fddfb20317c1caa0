//! Regular expressions in source text, read as the runtime will read them.

/// Bytes the program of a pattern may take, as at run time.
const PROGRAM_BYTES_MAX: usize = 1 << 20;

/// Why a pattern does not compile, with where.
pub(crate) fn pattern_error(pattern: &str) -> Option<String> {
    let hir = match regex_syntax::parse(pattern) {
        Ok(hir) => hir,
        Err(error) => return Some(reason(&error)),
    };
    // Only patterns that repeat can grow beyond their text.
    let small = pattern.len() < 64 && !pattern.contains(['{', '*', '+']);
    if small {
        return None;
    }
    drop(hir);
    compiled(pattern)
        .err()
        .map(|_| "the pattern is too large".to_owned())
}

fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => {
            format!("{} at position {}", error.kind(), error.span().start.offset)
        }
        regex_syntax::Error::Translate(error) => {
            format!("{} at position {}", error.kind(), error.span().start.offset)
        }
        _ => "the pattern is not supported".to_owned(),
    }
}

/// Whether a pattern that compiles matches somewhere in a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    compiled(pattern).is_ok_and(|regex| regex.is_match(text))
}

fn compiled(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern)
        .size_limit(PROGRAM_BYTES_MAX)
        .build()
}

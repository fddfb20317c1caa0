//! What is altered before comparing, and nothing else: step markers and
//! compile-time warnings go (N1), the two spellings of a failed run become one
//! (N2), and what differs from run to run is checked for its shape where it
//! stands (N3, in the exchanges).

/// Standard error without what the command itself says (N1).
#[must_use]
pub fn program_lines(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .filter(|line| !is_marker(line))
        .cloned()
        .collect()
}

fn is_marker(line: &str) -> bool {
    const MARKERS: [&str; 3] = ["start", "ok", "failed"];
    let Some(rest) = line.strip_prefix('[') else {
        return line.starts_with(r#"{"kind":"command_step""#);
    };
    let Some((command, step)) = rest.split_once("] ") else {
        return false;
    };
    ["run", "build", "test", "check"].contains(&command)
        && (MARKERS.contains(&step) || step == "validation failed")
}

/// The message of a failed run (N2): `run error: X`, or the message of a
/// `fatal:` line.
#[must_use]
pub fn failure(line: &str) -> Option<String> {
    if let Some(message) = line.strip_prefix("run error: ") {
        return Some(message.to_owned());
    }
    let fatal = line.strip_prefix("fatal: class=runtime_fatal ")?;
    let message = fatal.split_once("message=")?.1;
    Some(
        message
            .replace("\\n", "\n")
            .replace("\\r", "\r")
            .replace("\\\\", "\\"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_of_the_command_go() {
        let lines = [
            "[run] start",
            "[INFO] run",
            "[run] ok",
            "x [run] ok",
            "[run] else",
            "",
        ]
        .map(str::to_owned);
        assert_eq!(
            program_lines(&lines),
            ["[INFO] run", "x [run] ok", "[run] else", ""]
        );
    }

    #[test]
    fn both_spellings_of_a_failure_are_one() {
        assert_eq!(failure("run error: a: b").as_deref(), Some("a: b"));
        let fatal = r"fatal: class=runtime_fatal code=x message=a\nb";
        assert_eq!(failure(fatal).as_deref(), Some("a\nb"));
        assert_eq!(failure("error: x"), None);
    }
}

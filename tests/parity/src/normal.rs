//! What is altered before comparing, and nothing else: step markers and
//! compile-time warnings go (N1), the two spellings of a failed run become one
//! (N2), and what differs from run to run is checked for its shape where it
//! stands (N3, in the exchanges).

/// Standard error without what the command itself says (N1).
#[must_use]
pub fn program_lines(lines: &[String]) -> Vec<String> {
    let lines = lines.iter().filter(|line| !is_marker(line));
    let mut lines: Vec<String> = lines.cloned().collect();
    // The checker speaks first: warnings, and how many there were.
    let warned = lines
        .first()
        .is_some_and(|line| line.starts_with("warning[FUSE_"));
    if warned && let Some(end) = lines.iter().position(|line| is_summary(line)) {
        lines.drain(..=end);
    }
    lines
}

/// The line after the warnings of a program that has no errors.
fn is_summary(line: &str) -> bool {
    let count = line.strip_prefix("0 errors, ");
    let count = count.and_then(|rest| rest.split_once(" warning"));
    count.is_some_and(|(count, _)| count.parse::<u32>().is_ok())
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
    fn warnings_of_the_checker_go_and_those_of_the_program_stay() {
        let lines = [
            "[run] start",
            "warning[FUSE_X]: text (main.fuse:1:2)",
            "hint: text",
            "",
            "0 errors, 2 warnings",
            "[WARN] mine",
            "warning[FUSE_X]: mine too",
        ]
        .map(str::to_owned);
        assert_eq!(
            program_lines(&lines),
            ["[WARN] mine", "warning[FUSE_X]: mine too"]
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

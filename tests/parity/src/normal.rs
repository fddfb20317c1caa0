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

/// Every time, as RFC 3339 writes it in UTC, becomes `$TIME` (N3).
#[must_use]
pub fn times(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let words = words.map(|word| {
        let bare = word.trim_end();
        match is_time(bare) {
            true => format!("$TIME{}", &word[bare.len()..]),
            false => word.to_owned(),
        }
    });
    words.collect()
}

fn is_time(word: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    let bytes = word.as_bytes();
    bytes.len() > SHAPE.len() && bytes.ends_with(b"Z") && bytes.iter().zip(SHAPE).all(fits)
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

    #[test]
    fn times_are_replaced_where_they_stand() {
        let found = times("applied 1_a 2026-11-30T21:08:55.296Z\npending 2026-11-30\n");
        assert_eq!(found, "applied 1_a $TIME\npending 2026-11-30\n");
    }
}

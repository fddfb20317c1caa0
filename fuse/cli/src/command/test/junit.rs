//! Results of tests as JUnit XML, which continuous integration reads.

use std::fmt::Write as _;

use super::Ran;

/// The document: one suite with all tests.
pub(super) fn document(program: &str, results: &[Ran]) -> String {
    let failed = results.iter().filter(|ran| ran.failure.is_some()).count();
    let seconds: f64 = results.iter().map(|ran| ran.took.as_secs_f64()).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" time=\"{seconds:.3}\">",
        escape(program),
        results.len(),
    );
    for ran in results {
        let _ = write!(
            xml,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escape(ran.test.module),
            escape(ran.test.name),
            ran.took.as_secs_f64()
        );
        let _ = match &ran.failure {
            None => writeln!(xml, "/>"),
            Some(message) => writeln!(
                xml,
                "><failure message=\"{}\"/></testcase>",
                escape(message)
            ),
        };
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text of an attribute. Characters that XML 1.0 cannot carry become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            control if control < ' ' => escaped.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn attributes_carry_any_text() {
        assert_eq!(
            escape("a<b>&\"\n\u{1}é"),
            "a&lt;b&gt;&amp;&quot;&#10;\u{fffd}é"
        );
    }
}

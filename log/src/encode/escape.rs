//! Strings that can neither break a line nor speak to a terminal.

use std::io::Write as _;

use crate::limits::{self, ELLIPSIS};

/// What a byte needs inside a JSON string.
const JSON_PLAIN: [bool; 256] = plain_bytes(b"\"\\\x7f");
/// What a byte needs inside a text message or quoted value.
const TEXT_PLAIN: [bool; 256] = plain_bytes(b"\"\\\x7f");
/// What keeps a text value bare.
const BARE: [bool; 256] = plain_bytes(b" \"\\=\x7f");

/// All ASCII bytes from blank upwards but the given ones. Lead bytes of larger
/// characters are not plain: they need a look at the character.
const fn plain_bytes(special: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x80 {
        table[byte] = true;
        byte += 1;
    }
    let mut index = 0;
    while index < special.len() {
        table[special[index] as usize] = false;
        index += 1;
    }
    table
}

/// Characters that are invisible or steer the display: controls, line and
/// paragraph separators, zero-width and bidirectional marks, tags.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// How a string is written.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// The inside of a JSON string.
    Json,
    /// The inside of a quoted text value.
    Quoted,
    /// A text message: like a quoted value, but quotes and backslashes stay.
    Message,
}

impl Style {
    fn keeps(self, byte: u8) -> bool {
        match self {
            Self::Json => JSON_PLAIN[usize::from(byte)],
            Self::Quoted => TEXT_PLAIN[usize::from(byte)],
            Self::Message => TEXT_PLAIN[usize::from(byte)] || matches!(byte, b'"' | b'\\'),
        }
    }
}

/// Appends a string with what is dangerous escaped.
pub(super) fn write(out: &mut Vec<u8>, text: &str, style: Style) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !style.keeps(byte)) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut tail = rest[at..].chars();
        if let Some(character) = tail.next() {
            write_char(out, character, style);
        }
        rest = tail.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Appends as much as fits below `limit` bytes of output and says whether
/// something was cut; a cut is marked.
pub(super) fn write_within(out: &mut Vec<u8>, text: &str, style: Style, limit: usize) -> bool {
    let start = out.len();
    // An escape never shortens, so what cannot fit need not be written first.
    let fitting = limits::prefix(text, limit.saturating_sub(start));
    write(out, fitting, style);
    if fitting.len() == text.len() && out.len() <= limit {
        return false;
    }
    out.truncate(start);
    for character in fitting.chars() {
        let before = out.len();
        write_char(out, character, style);
        if out.len() + ELLIPSIS.len() > limit {
            out.truncate(before);
            break;
        }
    }
    out.extend_from_slice(ELLIPSIS.as_bytes());
    true
}

fn write_char(out: &mut Vec<u8>, character: char, style: Style) {
    match (character, style) {
        ('"' | '\\', Style::Message) => out.push(character as u8),
        ('"', _) => out.extend_from_slice(b"\\\""),
        ('\\', _) => out.extend_from_slice(b"\\\\"),
        ('\n', _) => out.extend_from_slice(b"\\n"),
        ('\r', _) => out.extend_from_slice(b"\\r"),
        ('\t', _) => out.extend_from_slice(b"\\t"),
        (_, Style::Json) if character.is_control() || is_separator(character) => {
            put(out, format_args!("\\u{:04x}", u32::from(character)));
        }
        (_, Style::Quoted | Style::Message) if is_unprintable(character) => {
            put(out, format_args!("\\u{{{:x}}}", u32::from(character)));
        }
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("writing to a vector cannot fail");
}

/// Appends a quoted JSON string.
pub(super) fn write_json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write(out, text, Style::Json);
    out.push(b'"');
}

/// Appends a text value, quoted when it would not read back otherwise.
pub(super) fn write_value(out: &mut Vec<u8>, text: &str) {
    if is_bare(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.push(b'"');
        write(out, text, Style::Quoted);
        out.push(b'"');
    }
}

/// Whether a value can stand without quotes.
pub(super) fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && (text.bytes().all(|byte| BARE[usize::from(byte)])
            || text
                .bytes()
                .all(|byte| BARE[usize::from(byte)] || byte >= 0x80)
                && !text
                    .chars()
                    .any(|character| character.is_whitespace() || is_unprintable(character)))
}

/// Appends a text key, quoted unless it is made of letters, digits and `_ - . /`.
pub(super) fn write_key(out: &mut Vec<u8>, key: &str) {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'));
    if bare {
        out.extend_from_slice(key.as_bytes());
    } else {
        out.push(b'"');
        write(out, key, Style::Quoted);
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, style: Style) -> String {
        let mut out = Vec::new();
        write(&mut out, text, style);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn controls_are_escaped_in_every_style() {
        let hostile = "a\nb\r\t\u{1b}[31m\u{9b}\0é\u{2028}";
        assert_eq!(
            written(hostile, Style::Json),
            "a\\nb\\r\\t\\u001b[31m\\u009b\\u0000é\\u2028"
        );
        let text = "a\\nb\\r\\t\\u{1b}[31m\\u{9b}\\u{0}é\\u{2028}";
        assert_eq!(written(hostile, Style::Quoted), text);
        assert_eq!(written(hostile, Style::Message), text);
    }

    #[test]
    fn messages_keep_quotes_and_values_do_not() {
        assert_eq!(
            written(r#"say "hi" \o/"#, Style::Message),
            r#"say "hi" \o/"#
        );
        assert_eq!(
            written(r#"say "hi" \o/"#, Style::Quoted),
            r#"say \"hi\" \\o/"#
        );
    }

    #[test]
    fn what_reads_back_is_bare() {
        for bare in ["a", "GET", "/items/17?x", "12.5ms", "größe", "a:b,c"] {
            assert!(is_bare(bare), "{bare}");
        }
        for quoted in [
            "",
            "a b",
            "a=b",
            "\"",
            "\\",
            "a\u{a0}b",
            "\u{7f}",
            "a\u{202e}b",
        ] {
            assert!(!is_bare(quoted), "{quoted:?}");
        }
    }

    #[test]
    fn a_cut_keeps_characters_and_the_limit() {
        for limit in 3..40 {
            let mut out = Vec::new();
            assert!(write_within(
                &mut out,
                &"é\n".repeat(30),
                Style::Quoted,
                limit
            ));
            assert!(out.len() <= limit, "{limit}");
            assert!(String::from_utf8(out).unwrap().ends_with('…'));
        }
        let mut out = Vec::new();
        assert!(!write_within(&mut out, "short", Style::Json, 40));
        assert_eq!(out, b"short");
    }
}

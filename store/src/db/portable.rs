//! `?` in every dialect.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{DbError, DbErrorKind, DbResult, Dialect};

/// Writes the placeholders of `dialect` for every `?` of `sql` that is one.
///
/// # Errors
///
/// `BindMismatch` unless there are as many as `binds`.
pub(super) fn rewrite(sql: &str, binds: usize, dialect: Dialect) -> DbResult<Cow<'_, str>> {
    let mut scanner = Scanner { sql, at: 0 };
    let mut rewritten = String::new();
    let (mut placeholders, mut copied) = (0, 0);
    while let Some(at) = scanner.next_placeholder(dialect) {
        placeholders += 1;
        if dialect == Dialect::Postgres {
            rewritten.push_str(&sql[copied..at]);
            // Writing to a string cannot fail.
            let _ = write!(rewritten, "${placeholders}");
            copied = at + 1;
        }
    }
    if placeholders != binds {
        let kind = DbErrorKind::BindMismatch {
            placeholders,
            binds,
        };
        return Err(DbError::new(kind, "bind"));
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(sql));
    }
    rewritten.push_str(&sql[copied..]);
    Ok(Cow::Owned(rewritten))
}

/// Reads SQL text just well enough to know what is not SQL in it. Only ASCII
/// bytes decide, so every offset it gives is a character's.
struct Scanner<'a> {
    sql: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &[u8] {
        &self.sql.as_bytes()[self.at..]
    }

    /// Offset of the next `?` outside of literals, quoted names and comments.
    fn next_placeholder(&mut self, dialect: Dialect) -> Option<usize> {
        while let Some(&byte) = self.rest().first() {
            match byte {
                b'?' => {
                    self.at += 1;
                    return Some(self.at - 1);
                }
                b'\'' => self.skip_quoted(b'\'', self.has_backslashes(dialect)),
                b'"' => self.skip_quoted(b'"', dialect == Dialect::MySql),
                b'`' if dialect != Dialect::Postgres => self.skip_quoted(b'`', false),
                b'[' if dialect == Dialect::Sqlite => self.skip_past("]"),
                b'-' if self.begins_line_comment(dialect) => self.skip_past("\n"),
                b'#' if dialect == Dialect::MySql => self.skip_past("\n"),
                b'/' if self.rest().starts_with(b"/*") => self.skip_comment(dialect),
                b'$' if dialect == Dialect::Postgres => self.skip_dollar(),
                byte if is_name(byte) => self.skip_name(),
                _ => self.at += 1,
            }
        }
        None
    }

    /// MySQL wants a blank behind `--`.
    fn begins_line_comment(&self, dialect: Dialect) -> bool {
        let rest = self.rest();
        rest.starts_with(b"--")
            && (dialect != Dialect::MySql || rest.get(2).is_none_or(u8::is_ascii_whitespace))
    }

    /// Whether a backslash escapes in the literal at hand: always in MySQL, and
    /// in PostgreSQL behind `E`.
    fn has_backslashes(&self, dialect: Dialect) -> bool {
        let before = &self.sql.as_bytes()[..self.at];
        match dialect {
            Dialect::MySql => true,
            Dialect::Postgres => {
                let e = before
                    .last()
                    .is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e'));
                e && before
                    .iter()
                    .rev()
                    .nth(1)
                    .is_none_or(|byte| !is_name(*byte))
            }
            Dialect::Sqlite => false,
        }
    }

    /// Past a quoted text, in which a doubled quote stands for itself.
    fn skip_quoted(&mut self, quote: u8, backslashes: bool) {
        self.at += 1;
        while let Some(&byte) = self.rest().first() {
            self.at += 1;
            if byte == b'\\' && backslashes {
                self.at = (self.at + 1).min(self.sql.len());
            } else if byte == quote {
                if self.rest().first() != Some(&quote) {
                    return;
                }
                self.at += 1;
            }
        }
    }

    fn skip_past(&mut self, end: &str) {
        let found = memchr_str(self.rest(), end.as_bytes());
        self.at += found.map_or(self.rest().len(), |at| at + end.len());
    }

    /// Past a block comment, which nests in PostgreSQL.
    fn skip_comment(&mut self, dialect: Dialect) {
        let mut depth = 0_usize;
        while !self.rest().is_empty() {
            if self.rest().starts_with(b"/*") && (depth == 0 || dialect == Dialect::Postgres) {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    /// Past `$tag$ ... $tag$`, or past the `$` of something else.
    fn skip_dollar(&mut self) {
        let rest = &self.sql[self.at..];
        let tag_len = rest[1..].bytes().take_while(|byte| is_name(*byte)).count();
        let tag_end = 1 + tag_len;
        let begins_with_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        if rest.as_bytes().get(tag_end) != Some(&b'$') || begins_with_digit {
            self.at += 1;
            return;
        }
        let tag = &rest.as_bytes()[..=tag_end];
        self.at += tag.len();
        let found = memchr_str(self.rest(), tag);
        self.at += found.map_or(self.rest().len(), |at| at + tag.len());
    }

    /// Past a name, so that a `$` or `'` within or behind it is not mistaken.
    fn skip_name(&mut self) {
        let name = self
            .rest()
            .iter()
            .take_while(|byte| is_name(**byte) || **byte == b'$');
        self.at += name.count().max(1);
    }
}

/// Bytes of names; all that is not ASCII is.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn memchr_str(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn postgres(sql: &str, binds: usize) -> String {
        rewrite(sql, binds, Dialect::Postgres).unwrap().into_owned()
    }

    #[test]
    fn placeholders_are_numbered() {
        assert_eq!(
            postgres("a = ? AND b IN (?, ?)", 3),
            "a = $1 AND b IN ($2, $3)"
        );
        assert_eq!(postgres("SELECT 1", 0), "SELECT 1");
        let sqlite = rewrite("a = ? AND b = ?", 2, Dialect::Sqlite).unwrap();
        assert!(matches!(sqlite, Cow::Borrowed("a = ? AND b = ?")));
    }

    #[test]
    fn what_is_not_sql_is_left_alone() {
        let rows = [
            ("'?' || ?", "'?' || $1"),
            ("'it''s ?' || ?", "'it''s ?' || $1"),
            ("\"odd ? name\" = ?", "\"odd ? name\" = $1"),
            ("-- why ?\n?", "-- why ?\n$1"),
            ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1"),
            ("$$ ? $$ || ?", "$$ ? $$ || $1"),
            ("$tag$ ? $$ ? $tag$ || ?", "$tag$ ? $$ ? $tag$ || $1"),
            (r"E'\'?' || ?", r"E'\'?' || $1"),
            (r"'\' || ?", r"'\' || $1"),
            ("na\u{ef}ve = ?", "na\u{ef}ve = $1"),
            ("a$b$c = ? || d$b$", "a$b$c = $1 || d$b$"),
            ("type'?' || ?", "type'?' || $1"),
        ];
        for (sql, expected) in rows {
            assert_eq!(postgres(sql, 1), expected);
        }
    }

    #[test]
    fn dialects_differ_in_quotes_and_comments() {
        let count = |sql: &str, dialect| {
            (0..9)
                .find(|binds| rewrite(sql, *binds, dialect).is_ok())
                .unwrap()
        };
        assert_eq!(count("[a ? b] = ?", Dialect::Sqlite), 1);
        assert_eq!(count("a[?] = ?", Dialect::Postgres), 2);
        assert_eq!(count("`a ? b` = ?", Dialect::MySql), 1);
        assert_eq!(count("# ?\n?", Dialect::MySql), 1);
        assert_eq!(count("1--? \n", Dialect::MySql), 1);
        assert_eq!(count("1--? \n", Dialect::Sqlite), 0);
        assert_eq!(count(r"'\'?' = ?", Dialect::MySql), 1);
        assert_eq!(count("$$ ? $$", Dialect::Sqlite), 1);
        assert_eq!(count("/* /* ? */ ?", Dialect::Sqlite), 1);
    }

    #[test]
    fn the_number_of_binds_has_to_match() {
        let error = rewrite("a = ? AND b = ?", 1, Dialect::Sqlite).unwrap_err();
        assert_eq!(
            error.to_string(),
            "db: the statement has 2 placeholders, and 1 parameters are bound"
        );
    }

    proptest! {
        /// Whatever surrounds it, a literal keeps its question marks.
        #[test]
        fn any_text_is_scanned_to_its_end(sql in "[?'\"`$#a-b/*\\-\\[\\]\\\\\n \u{e9}]{0,40}", dialect in 0..3_usize) {
            let dialect = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql][dialect];
            let binds = (0..=sql.len()).find(|binds| rewrite(&sql, *binds, dialect).is_ok());
            let binds = binds.expect("some number of placeholders");
            prop_assert!(binds <= sql.matches('?').count());
            let rewritten = rewrite(&sql, binds, dialect).unwrap();
            if dialect == Dialect::Postgres {
                prop_assert_eq!(rewritten.matches('?').count() + binds, sql.matches('?').count());
            } else {
                prop_assert_eq!(&*rewritten, &*sql);
            }
        }
    }
}

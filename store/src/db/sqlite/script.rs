//! What can be said about a statement before it runs.

/// Whether a statement may run on a connection that only reads: it begins like
/// a query. Whether it really only reads, SQLite says when it is prepared.
pub(super) fn looks_like_query(sql: &str) -> bool {
    const QUERIES: [&str; 4] = ["select", "with", "values", "explain"];
    let word = first_word(sql);
    QUERIES.iter().any(|query| word.eq_ignore_ascii_case(query))
}

/// Whether a statement says of itself that it inserts.
pub(super) fn inserts(sql: &str) -> bool {
    let word = first_word(sql);
    word.eq_ignore_ascii_case("insert") || word.eq_ignore_ascii_case("replace")
}

fn first_word(sql: &str) -> &str {
    let sql = skip_blank(sql);
    sql.find(|c: char| !c.is_ascii_alphabetic())
        .map_or(sql, |end| &sql[..end])
}

/// Whether nothing but white space, comments and semicolons is left.
pub(super) fn is_blank(sql: &str) -> bool {
    let mut rest = skip_blank(sql);
    while let Some(behind) = rest.strip_prefix(';') {
        rest = skip_blank(behind);
    }
    rest.is_empty()
}

/// What stands behind white space and comments.
fn skip_blank(mut sql: &str) -> &str {
    loop {
        sql = sql.trim_start();
        if let Some(comment) = sql.strip_prefix("--") {
            sql = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = sql.strip_prefix("/*") {
            sql = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            return sql;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_told_by_their_first_word() {
        for query in [
            "select 1",
            " -- x\nSELECT 1",
            "/* a */ with a as (select 1) select 1",
            "VALUES(1)",
        ] {
            assert!(looks_like_query(query), "{query}");
        }
        for other in [
            "insert into a values (1)",
            "pragma x",
            "begin",
            "",
            "-- select",
            "selects",
            ";select 1",
        ] {
            assert!(!looks_like_query(other), "{other}");
        }
    }

    #[test]
    fn what_is_left_may_be_nothing() {
        for blank in ["", " ; ;\n", "-- end", ";/* x */;", "/* open"] {
            assert!(is_blank(blank), "{blank}");
        }
        assert!(!is_blank("; select 1"));
    }
}

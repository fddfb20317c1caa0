//! `.env` files.

/// Variables of a `.env` file, and lines that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dotenv {
    /// Names and values in the order of the file; of equal names the first counts.
    pub variables: Vec<(String, String)>,
    /// Lines that were passed over.
    pub warnings: Vec<DotenvWarning>,
}

/// A line that is no variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotenvWarning {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it; never its content.
    pub reason: &'static str,
}

/// Reads a `.env` file: lines `KEY=VALUE`, with an optional `export` in front.
/// Single quotes are literal, double quotes know `\n \r \t \" \\`, other values are
/// trimmed and end at ` #`. Whole lines of comment begin with `#`.
#[must_use]
pub fn parse_dotenv(text: &str) -> Dotenv {
    let mut dotenv = Dotenv::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match variable(line) {
            Ok((name, _)) if dotenv.variables.iter().any(|(known, _)| *known == name) => {}
            Ok(variable) => dotenv.variables.push(variable),
            Err(reason) => dotenv.warnings.push(DotenvWarning {
                line: index + 1,
                reason,
            }),
        }
    }
    dotenv
}

fn variable(line: &str) -> Result<(String, String), &'static str> {
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let (name, value) = line.split_once('=').ok_or("no `=`")?;
    let name = name.trim_end();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(is_name) {
        return Err("not a name");
    }
    Ok((name.to_owned(), value_of(value.trim())?))
}

fn value_of(text: &str) -> Result<String, &'static str> {
    match text.chars().next() {
        Some('\'') => {
            let (value, rest) = text[1..].split_once('\'').ok_or("no closing quote")?;
            only_comment(rest)?;
            Ok(value.to_owned())
        }
        Some('"') => double_quoted(&text[1..]),
        // A comment may stand where the value would.
        Some('#') => Ok(String::new()),
        _ => {
            let comment = text.find(" #").or_else(|| text.find("\t#"));
            Ok(text[..comment.unwrap_or(text.len())].trim_end().to_owned())
        }
    }
}

fn double_quoted(text: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                only_comment(letters.as_str())?;
                return Ok(value);
            }
            '\\' => value.push(match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(letter @ ('"' | '\\')) => letter,
                _ => return Err("unknown escape"),
            }),
            letter => value.push(letter),
        }
    }
    Err("no closing quote")
}

fn only_comment(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(())
    } else {
        Err("text after the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (line, expected) in [
            ("A=1", "1"),
            ("A = x y ", "x y"),
            ("export A=b", "b"),
            ("A=", ""),
            ("A=a#b", "a#b"),
            ("A=a # b", "a"),
            ("A=#b", ""),
            ("A='a\\n # b' # c", "a\\n # b"),
            ("A=\"a\\n\\t\\\"\\\\ # b\"", "a\n\t\"\\ # b"),
            ("A=a=b", "a=b"),
        ] {
            let dotenv = parse_dotenv(line);
            assert_eq!(
                dotenv.variables,
                [("A".to_owned(), expected.to_owned())],
                "{line}"
            );
            assert_eq!(dotenv.warnings, []);
        }
    }

    #[test]
    fn lines_that_are_no_variables_are_named() {
        let text = "# a\n\nA=1\nnothing\n1A=2\nB=\"x\nC='x\nD=\"\\d\"\nE='a'b\nA=2\r\nF G=1\n";
        let dotenv = parse_dotenv(text);
        assert_eq!(dotenv.variables, [("A".to_owned(), "1".to_owned())]);
        let warnings: Vec<_> = dotenv
            .warnings
            .iter()
            .map(|warning| (warning.line, warning.reason))
            .collect();
        let expected = [
            (4, "no `=`"),
            (5, "not a name"),
            (6, "no closing quote"),
            (7, "no closing quote"),
            (8, "unknown escape"),
            (9, "text after the closing quote"),
            (11, "not a name"),
        ];
        assert_eq!(warnings, expected);
    }
}

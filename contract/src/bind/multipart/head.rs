//! The headers of a part (RFC 7578 section 4).

/// What the headers of a part say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadProblem {
    Format,
    Encoding,
}

/// Reads the header lines of a part.
pub(super) fn read(lines: &[u8]) -> Result<Head, HeadProblem> {
    let mut head = Head::default();
    let mut named = false;
    for line in split_lines(lines) {
        let (name, value) = split_header(line).ok_or(HeadProblem::Format)?;
        if name.eq_ignore_ascii_case(b"content-disposition") {
            if named {
                return Err(HeadProblem::Format);
            }
            named = true;
            let value = std::str::from_utf8(value).map_err(|_| HeadProblem::Encoding)?;
            (head.name, head.file_name) = read_disposition(value).ok_or(HeadProblem::Format)?;
        } else if name.eq_ignore_ascii_case(b"content-type") {
            let value = std::str::from_utf8(value).map_err(|_| HeadProblem::Encoding)?;
            head.content_type = Some(value.to_owned());
        }
    }
    if named {
        Ok(head)
    } else {
        Err(HeadProblem::Format)
    }
}

/// The name of a part whose headers are not read to their end, if it is among
/// what was read.
pub(super) fn name_in(lines: &[u8]) -> Option<String> {
    split_lines(lines).find_map(|line| {
        let (name, value) = split_header(line)?;
        let value = name
            .eq_ignore_ascii_case(b"content-disposition")
            .then_some(value)?;
        Some(read_disposition(std::str::from_utf8(value).ok()?)?.0)
    })
}

pub(super) fn split_lines(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memmem::find(rest, b"\r\n").unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 2..).unwrap_or_default();
        Some(line)
    })
}

fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|b| *b == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let legal = |b: &u8| b.is_ascii_graphic();
    // Control bytes would let one line pass for two.
    let clean = !value.iter().any(|b| b.is_ascii_control() && *b != b'\t');
    (!name.is_empty() && name.iter().all(legal) && clean).then_some((name, value))
}

/// Name and file name of `form-data; name="..."; filename="..."`.
fn read_disposition(value: &str) -> Option<(String, Option<String>)> {
    let (kind, mut rest) = value.split_once(';').unwrap_or((value, ""));
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut file_name) = (None, None);
    while !rest.trim().is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = read_value(after.trim_start())?;
        let slot = match key.trim().to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "filename" => &mut file_name,
            // RFC 7578 section 4.2 forbids `filename*`; other parameters mean
            // nothing here.
            _ => &mut None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
        let next = next.trim_start();
        if !next.is_empty() && !next.starts_with(';') {
            return None;
        }
        rest = next.trim_start_matches(';');
    }
    Some((name?, file_name))
}

/// A quoted string or a token, and what follows it. Browsers escape quotes
/// only; old ones send paths with single backslashes.
fn read_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim_end().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    None
}

/// Longest safe file name, in bytes.
const FILE_NAME_BYTES_MAX: usize = 255;

/// The last component of a path as a name that no file system misreads.
pub(super) fn safe_file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let reserved = |c: &char| c.is_control() || "<>:\"|?*".contains(*c);
    let clean: String = last.chars().filter(|c| !reserved(c)).collect();
    let clean = clean.trim().trim_start_matches('.').trim_start();
    let cut = &clean[..clean.floor_char_boundary(FILE_NAME_BYTES_MAX)];
    let cut = cut.trim_end_matches([' ', '.']);
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(value: &str) -> Option<(String, Option<String>)> {
        read_disposition(value)
    }

    #[test]
    fn dispositions() {
        let of = |name: &str, file: Option<&str>| Some((name.to_owned(), file.map(str::to_owned)));
        for (value, expected) in [
            ("form-data; name=\"a\"", of("a", None)),
            ("FORM-DATA;Name=a ; x=y", of("a", None)),
            ("form-data; name=\"a\"; filename=\"\"", of("a", Some(""))),
            (
                "form-data; filename=\"C:\\dir\\x\\\"y;z.txt\"; name=\"\"",
                of("", Some("C:\\dir\\x\"y;z.txt")),
            ),
            ("form-data; name=\"é\"; filename*=UTF-8''x", of("é", None)),
            ("form-data", None),
            ("attachment; name=\"a\"", None),
            ("form-data; name=\"a", None),
            ("form-data; name=\"a\"b", None),
            ("form-data; name=a; name=b", None),
            ("form-data; name", None),
        ] {
            assert_eq!(names(value), expected, "{value}");
        }
    }

    #[test]
    fn heads() {
        let head =
            read(b"Content-Type: text/plain\r\ncontent-disposition:form-data; name=a\r\nX: y");
        let head = head.unwrap();
        assert_eq!(
            (head.name.as_str(), head.content_type.as_deref()),
            ("a", Some("text/plain"))
        );
        for bad in [
            &b""[..],
            b"X: y",
            b"no colon",
            b": x",
            b" folded: x",
            b"Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a",
            b"Content-Disposition: form-data; name=a\nX: y",
        ] {
            assert_eq!(read(bad), Err(HeadProblem::Format), "{bad:?}");
        }
        let latin = b"Content-Disposition: form-data; name=\"\xe9\"";
        assert_eq!(read(latin), Err(HeadProblem::Encoding));
    }

    #[test]
    fn safe_names() {
        for (name, expected) in [
            ("a.txt", Some("a.txt")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\dir\\a.txt", Some("a.txt")),
            ("..", None),
            ("", None),
            ("dir/", None),
            (".htaccess", Some("htaccess")),
            ("a\0b\r\n<>.txt. ", Some("ab.txt")),
            ("Grüße.pdf", Some("Grüße.pdf")),
        ] {
            assert_eq!(safe_file_name(name).as_deref(), expected, "{name:?}");
        }
        let long = safe_file_name(&"é".repeat(200)).unwrap();
        assert_eq!(long.len(), 254);
    }

    proptest! {
        #[test]
        fn safe_names_are_safe(name in ".{0,300}") {
            if let Some(safe) = safe_file_name(&name) {
                prop_assert!(!safe.is_empty() && safe.len() <= 255 && !safe.starts_with('.'));
                prop_assert!(!safe.contains(['/', '\\', '\0']));
            }
        }

        #[test]
        fn reading_never_panics(lines in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&lines);
            let _ = name_in(&lines);
        }
    }
}

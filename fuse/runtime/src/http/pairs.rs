//! `application/x-www-form-urlencoded` text: queries and forms.

use crate::fault::FieldProblem;
use crate::validate::{Path, Problems, Segment, code};

/// Names and values, decoded, in the order of the text.
pub(super) type Pairs = Vec<(String, String)>;

/// Reads pairs; what is wrong is reported below `root`.
///
/// # Errors
///
/// There are more than `max`, or some are not encoded as they have to be.
pub(super) fn parse(text: &str, max: usize, root: &str) -> Result<Pairs, Vec<FieldProblem>> {
    let root = Path::root(root);
    let mut problems = Problems::new();
    let mut pairs = Pairs::new();
    for (index, (name, value)) in split(text).enumerate() {
        if index == max {
            problems.add(&root, code::TOO_MANY, format!("at most {max} pairs"));
            break;
        }
        match (decode(name), decode(value)) {
            (Some(name), Some(value)) => pairs.push((name, value)),
            (known, _) => {
                let name = known.as_deref().unwrap_or(name);
                problems.add(
                    &root.then(Segment::Key(name)),
                    code::INVALID_ENCODING,
                    "invalid percent-encoding",
                );
            }
        }
    }
    if problems.is_empty() {
        Ok(pairs)
    } else {
        Err(problems.into_fields())
    }
}

/// The values of one name among the first `max` pairs; those that cannot be
/// decoded are passed over.
pub(super) fn values(text: &str, max: usize, wanted: &str) -> impl Iterator<Item = String> {
    split(text)
        .take(max)
        .filter(move |(name, _)| decode(name).is_some_and(|name| name == wanted))
        .filter_map(|(_, value)| decode(value))
}

fn split(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Undoes `+` and percent-encoding; nothing for a broken escape, or for bytes that
/// are no text.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = rest.get(..2)?;
                rest = &rest[2..];
                digit(digits[0])? << 4 | digit(digits[1])?
            }
            byte => *byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_decoded_strictly() {
        let pairs = parse("q=a%20b&q=c+d&&z", 10, "query").unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(pairs, [("q", "a b"), ("q", "c d"), ("z", "")]);
        let broken = parse("a=%zz&b=%ff&c=%2", 10, "query").unwrap_err();
        let paths: Vec<_> = broken.iter().map(|problem| &*problem.path).collect();
        assert_eq!(paths, ["query.a", "query.b", "query.c"]);
        let many = parse("a=1&b=2", 1, "form").unwrap_err();
        assert_eq!((&*many[0].path, &*many[0].code), ("form", "too_many"));
    }

    #[test]
    fn one_name_may_have_several_values() {
        let found: Vec<_> = values("q=1&r=2&q=%zz&q=3&q=4", 4, "q").collect();
        assert_eq!(found, ["1", "3"]);
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "[a-c%+&=0-9é]{0,40}") {
            let _ = parse(&text, 8, "query");
            let _ = values(&text, 8, "a").count();
        }

        #[test]
        fn what_is_encoded_is_read_back(value in ".{0,20}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let pairs = parse(&format!("v={encoded}"), 1, "query").unwrap();
            prop_assert_eq!(&pairs[0].1, &value);
        }
    }
}

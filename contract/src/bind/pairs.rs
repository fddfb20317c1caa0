//! `application/x-www-form-urlencoded` text as a tree: flat, decoded strictly,
//! with repeated keys gathered in the order in which they first appeared.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode;

use super::tree::{Member, Node};

/// Above so many pairs a key is looked up by hash, so that hostile input costs
/// no more than its length.
const LINEAR_MAX: usize = 16;

/// Reads pairs; `None` when there are more than `max_pairs`.
pub(super) fn parse(text: &str, max_pairs: usize) -> Option<Node<'_>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut places = HashMap::new();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    for (count, pair) in pairs.enumerate() {
        if count >= max_pairs {
            return None;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = decode(key);
        let value = match (&decoded, decode(value)) {
            (Some(_), Some(value)) => Node::Word(value),
            _ => Node::Broken,
        };
        let key = decoded.unwrap_or(Cow::Borrowed(key));
        let place = if members.len() <= LINEAR_MAX {
            members.iter().position(|member| member.key() == key)
        } else {
            if places.is_empty() {
                let known = members.iter().enumerate();
                places.extend(known.map(|(i, member)| (member.key().to_owned(), i)));
            }
            places.get(key.as_ref()).copied()
        };
        match place {
            Some(place) => add(members[place].value_mut(), value),
            None => {
                if !places.is_empty() {
                    places.insert(key.clone().into_owned(), members.len());
                }
                members.push(Member::new(key, value));
            }
        }
    }
    Some(Node::Object(members))
}

fn add<'d>(node: &mut Node<'d>, value: Node<'d>) {
    match node {
        // One broken value spoils the parameter, so that it is reported once
        // and under its own name.
        Node::Broken => {}
        _ if matches!(value, Node::Broken) => *node = Node::Broken,
        Node::Repeated(values) => values.push(value),
        single => {
            let first = std::mem::replace(single, Node::Null);
            *single = Node::Repeated(vec![first, value]);
        }
    }
}

/// Undoes `+` and percent-encoding; `None` for a broken escape or bytes that
/// are not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    if !escapes_are_whole(spaced.as_bytes()) {
        return None;
    }
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    Some(Cow::Owned(decoded.into_owned()))
}

fn escapes_are_whole(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strict_decoding() {
        assert_eq!(decode("a+b%20c").as_deref(), Some("a b c"));
        assert_eq!(decode("%2B").as_deref(), Some("+"));
        for broken in ["%", "%2", "%zz", "%ff", "a%e9"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }

    #[test]
    fn repeated_keys_are_gathered_however_many_there_are() {
        let text: Vec<_> = (0..40).map(|i| format!("k{}={i}", i % 20)).collect();
        let text = text.join("&");
        let Some(Node::Object(members)) = parse(&text, 40) else {
            panic!("not an object")
        };
        assert_eq!(members.len(), 20);
        assert!(parse(&text, 39).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = parse(&text, 10);
        }
    }
}

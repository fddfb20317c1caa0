//! The syntax of `Forwarded` (RFC 7239) and of addresses in forwarding headers.
//!
//! A list is cut from its right end: everything to the right was added by
//! nearer hops, so nothing a client wrote can change how their part is read.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The elements of a list from the last to the first, as text.
pub(crate) fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest?;
        match last_comma(text) {
            Some(comma) => {
                rest = Some(&text[..comma]);
                Some(&text[comma + 1..])
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

/// The last comma that is not inside a quoted string.
fn last_comma(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate().rev() {
        match byte {
            b'"' if !is_escaped(bytes, at) => quoted = !quoted,
            b',' if !quoted => return Some(at),
            _ => {}
        }
    }
    if !quoted {
        return None;
    }
    // A quote that nobody opened: the comma to its right ends what is sound.
    bytes.iter().rposition(|byte| *byte == b',')
}

fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let backslashes = bytes[..at].iter().rev().take_while(|b| **b == b'\\');
    backslashes.count() % 2 == 1
}

/// What one hop said; only what the server uses is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element<'h> {
    pub(crate) node: Option<Cow<'h, str>>,
    pub(crate) proto: Option<Cow<'h, str>>,
}

impl<'h> Element<'h> {
    /// Reads `name=value` pairs separated by semicolons; `None` for anything
    /// else, and for a name given twice (RFC 7239 section 4).
    pub(crate) fn parse(text: &'h str) -> Option<Self> {
        let mut element = Self::default();
        let mut rest = text.trim_ascii();
        loop {
            let (name, value, after) = pair(rest)?;
            let slot = if name.eq_ignore_ascii_case("for") {
                Some(&mut element.node)
            } else if name.eq_ignore_ascii_case("proto") {
                Some(&mut element.proto)
            } else {
                None
            };
            if slot.is_some_and(|slot| slot.replace(value).is_some()) {
                return None;
            }
            rest = match after.trim_ascii_start() {
                "" => return Some(element),
                more => more.strip_prefix(';')?.trim_ascii_start(),
            };
        }
    }

    /// The address of the `for` node; none when it is `unknown` or obfuscated.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        parse_address(self.node.as_deref()?)
    }
}

/// One pair, and what follows it.
fn pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = text.split_once('=')?;
    if !is_token(name) {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = quoted_string(quoted)?;
        return Some((name, value, after));
    }
    let end = rest.find([';', ' ', '\t']).unwrap_or(rest.len());
    let (value, after) = rest.split_at(end);
    is_token(value).then_some((name, Cow::Borrowed(value), after))
}

/// The rest of a quoted string whose first quote was read (RFC 9110 section
/// 5.6.4).
fn quoted_string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    if text.as_bytes()[end] == b'"' {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut value = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((Cow::Owned(value), &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// An address with an optional port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]`, `[2001:db8::1]:80`. IPv4-mapped IPv6 becomes IPv4.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return fits.then(|| IpAddr::V6(address).to_canonical());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = text.split_once(':')?;
    let address: Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(IpAddr::V4(address))
}

/// Digits, or the obfuscated form `_name` (RFC 7239 section 6.3).
fn is_port(text: &str) -> bool {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits || text.strip_prefix('_').is_some_and(is_token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn examples_of_the_standard() {
        let element = |text| Element::parse(text).unwrap();
        for (text, address, proto) in [
            (r#"for="_gazonk""#, None, None),
            (
                r#"For="[2001:db8:cafe::17]:4711""#,
                ip("2001:db8:cafe::17"),
                None,
            ),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                ip("192.0.2.60"),
                Some("http"),
            ),
            (r#"for="192.0.2.43:47011""#, ip("192.0.2.43"), None),
            ("for=unknown", None, None),
            (
                "for=192.0.2.43 ; PROTO=https",
                ip("192.0.2.43"),
                Some("https"),
            ),
            (r#"host="a;b,c";proto="ht\tps""#, None, Some("https")),
        ] {
            let read = element(text);
            assert_eq!(read.address(), address, "{text}");
            assert_eq!(read.proto.as_deref(), proto, "{text}");
        }
    }

    #[test]
    fn broken_elements() {
        for text in [
            "",
            "for",
            "for=",
            "=1.2.3.4",
            "for=1.2.3.4;",
            "for=1.2.3.4;for=1.2.3.5",
            "for=[::1]",
            r#"for="1.2.3.4"#,
            r#"for="1.2.3.4"x"#,
            r#"for="1.2.3.4\"#,
            "for =1.2.3.4",
            "for=1.2.3.4 5",
        ] {
            assert_eq!(Element::parse(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_cut_from_the_right() {
        let cut = |list| elements(list).collect::<Vec<_>>();
        assert_eq!(cut("a=1, b=2"), [" b=2", "a=1"]);
        assert_eq!(cut(r#"a="x,\",y",b=2"#), ["b=2", r#"a="x,\",y""#]);
        assert_eq!(cut(""), [""]);
        // A quote that a client left open cannot swallow a later hop.
        assert_eq!(cut(r#"a="1, b=2"#)[0], " b=2");
    }

    #[test]
    fn addresses() {
        for (text, address) in [
            ("192.0.2.1", ip("192.0.2.1")),
            ("192.0.2.1:80", ip("192.0.2.1")),
            ("192.0.2.1:_p", ip("192.0.2.1")),
            ("2001:db8::1", ip("2001:db8::1")),
            ("[2001:db8::1]", ip("2001:db8::1")),
            ("[2001:db8::1]:443", ip("2001:db8::1")),
            ("::ffff:192.0.2.1", ip("192.0.2.1")),
            ("[::ffff:192.0.2.1]:1", ip("192.0.2.1")),
            ("192.0.2.1:", None),
            ("192.0.2.1:http", None),
            ("[192.0.2.1]", None),
            ("[::1", None),
            ("[::1]x", None),
            ("192.0.2", None),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(parse_address(text), address, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_byte_is_lost(text in ".*") {
            let parts: Vec<_> = elements(&text).collect();
            let joined = parts.iter().rev().copied().collect::<Vec<_>>().join(",");
            prop_assert_eq!(joined, text.clone());
            for part in parts {
                let _ = Element::parse(part).map(|element| element.address());
            }
            let _ = parse_address(&text);
        }

        /// Whatever a client writes on the left, the element that a proxy adds
        /// on the right is read as it was written.
        #[test]
        fn the_right_end_is_beyond_the_reach_of_the_left(
            left in "[ -~]{0,40}",
            right in r#"for=("\[::1\]:80"|192\.0\.2\.7|unknown)(;proto=https?)?"#,
        ) {
            let list = format!("{left},{right}");
            prop_assert_eq!(elements(&list).next(), Some(right.as_str()));
        }
    }
}

//! Content negotiation by `Accept-Encoding` (RFC 9110 sections 12.4.2, 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::config::Algorithm;

/// What a client said about one coding; the quality is in thousandths.
type Said = Option<u16>;

/// What a client accepts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Acceptable {
    brotli: Said,
    zstd: Said,
    gzip: Said,
    identity: Said,
    others: Said,
}

/// The first of the codings that the client accepts; `None` to send the body
/// as it is. A client that ranks the uncompressed body above a coding does not
/// get that coding.
pub(super) fn choose(headers: &HeaderMap, preferred: &[Algorithm]) -> Option<Algorithm> {
    let acceptable = Acceptable::parse(headers);
    let floor = acceptable.identity.unwrap_or(0).max(1);
    preferred
        .iter()
        .copied()
        .find(|algorithm| acceptable.quality(*algorithm) >= floor)
}

impl Acceptable {
    fn parse(headers: &HeaderMap) -> Self {
        let mut acceptable = Self::default();
        for value in headers.get_all(ACCEPT_ENCODING) {
            for element in value.as_bytes().split(|byte| *byte == b',') {
                let (coding, quality) = parse_element(element);
                if let Some(said) = acceptable.slot(coding) {
                    // Said twice, the first counts.
                    said.get_or_insert(quality);
                }
            }
        }
        acceptable
    }

    fn slot(&mut self, coding: &[u8]) -> Option<&mut Said> {
        let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        if is("gzip") || is("x-gzip") {
            // RFC 9110 section 8.4.1.3.
            Some(&mut self.gzip)
        } else if is("br") {
            Some(&mut self.brotli)
        } else if is("zstd") {
            Some(&mut self.zstd)
        } else if is("identity") {
            Some(&mut self.identity)
        } else if is("*") {
            Some(&mut self.others)
        } else {
            None
        }
    }

    fn quality(&self, algorithm: Algorithm) -> u16 {
        let said = match algorithm {
            Algorithm::Brotli => self.brotli,
            Algorithm::Zstd => self.zstd,
            Algorithm::Gzip => self.gzip,
        };
        said.or(self.others).unwrap_or(0)
    }
}

/// The coding and its quality, 1 when none is given and 0 when it cannot be
/// read. A parameter without `=` is no parameter.
fn parse_element(element: &[u8]) -> (&[u8], u16) {
    let mut parts = element.split(|byte| *byte == b';');
    let coding = parts.next().unwrap_or_default().trim_ascii();
    let quality = parts
        .filter_map(|parameter| {
            let equals = parameter.iter().position(|byte| *byte == b'=')?;
            Some((&parameter[..equals], &parameter[equals + 1..]))
        })
        .find(|(name, _)| name.trim_ascii().eq_ignore_ascii_case(b"q"));
    match quality {
        Some((_, value)) => (coding, parse_quality(value.trim_ascii()).unwrap_or(0)),
        None => (coding, 1000),
    }
}

/// `0` or `1` with at most three decimals, at most 1.
fn parse_quality(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = match text {
        [whole] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    let whole = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let worth = [100, 10, 1];
    let fraction = decimals
        .iter()
        .zip(worth)
        .map(|(digit, worth)| u16::from(digit - b'0') * worth);
    let quality = whole + fraction.sum::<u16>();
    (quality <= 1000).then_some(quality)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const ALL: [Algorithm; 3] = [Algorithm::Brotli, Algorithm::Zstd, Algorithm::Gzip];

    fn chosen(values: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(ACCEPT_ENCODING, value);
        }
        choose(&headers, &ALL).map(Algorithm::as_str)
    }

    #[test]
    fn the_servers_order_decides_among_what_is_accepted() {
        for (accept, expected) in [
            ("gzip", Some("gzip")),
            ("gzip, zstd;q=0.1", Some("zstd")),
            ("br;q=0.001, gzip;q=1", Some("br")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("xgzip", None),
            ("gzipped", None),
            ("deflate", None),
            ("identity", None),
            ("", None),
            (",;,", None),
            ("gzip;q=0", None),
            ("gzip;q=0.000", None),
            ("gzip;q=0, *", Some("br")),
            ("br;q=0, zstd;q=0, *;q=0.5", Some("gzip")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("*;q=0, gzip", Some("gzip")),
            ("gzip;level=9;q=0", None),
            ("gzip;flag;q=0.4", Some("gzip")),
            ("gzip;q", Some("gzip")),
            ("gzip; Q=0", None),
            ("gzip;q=nonsense", None),
            ("gzip;q=", None),
            ("gzip;q=1.001", None),
            ("gzip;q=0.1234", None),
            ("gzip;q=-1", None),
            ("gzip;q=2", None),
            ("gzip;q=1.", Some("gzip")),
            ("gzip ; q = 0.5", Some("gzip")),
            ("gzip;q=0, gzip;q=1", None),
            ("identity;q=0.5, gzip;q=0.4", None),
            ("identity;q=0.5, br;q=0.4, gzip;q=0.5", Some("gzip")),
            ("identity;q=0, gzip", Some("gzip")),
        ] {
            assert_eq!(chosen(&[accept]), expected, "{accept}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        assert_eq!(chosen(&["deflate", "gzip"]), Some("gzip"));
        assert_eq!(chosen(&["gzip;q=0", "gzip"]), None);
        assert_eq!(chosen(&[]), None);
    }

    proptest! {
        #[test]
        fn any_value_is_taken(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value)]);
                choose(&headers, &ALL);
            }
        }

        #[test]
        fn every_legal_quality_is_read_exactly(thousandths in 0u16..=1000, digits in 0usize..=3) {
            let step = 10u16.pow(3 - digits as u32);
            let value = thousandths / step * step;
            let text = format!("{:.*}", digits, f64::from(value) / 1000.0);
            prop_assert_eq!(parse_quality(text.as_bytes()), Some(value));
        }

        #[test]
        fn nothing_above_one_or_longer_than_three_decimals(text in "[01.2-9-]{0,6}") {
            let legal = text.parse::<f64>().ok().filter(|q| (0.0..=1.0).contains(q)).filter(|_| {
                let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
                matches!(whole, "0" | "1") && rest.len() <= 3
            });
            let expected = legal.map(|q| (q * 1000.0).round() as u16);
            prop_assert_eq!(parse_quality(text.as_bytes()), expected);
        }

        #[test]
        fn a_coding_is_used_only_when_its_quality_is_above_zero(
            qualities in proptest::collection::vec((0usize..5, 0u16..=10), 0..6),
        ) {
            let names = ["br", "zstd", "gzip", "*", "deflate"];
            let accept: Vec<_> = qualities
                .iter()
                .map(|(name, tenths)| format!("{};q={}", names[*name], f64::from(*tenths) / 10.0))
                .collect();
            let said = |name: usize| qualities.iter().find(|(n, _)| *n == name).map(|(_, q)| *q);
            let expected = (0..3)
                .find(|name| said(*name).or(said(3)).unwrap_or(0) > 0)
                .map(|name| names[name]);
            prop_assert_eq!(chosen(&[&accept.join(", ")]), expected);
        }
    }
}

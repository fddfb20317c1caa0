//! Header rules shared by the layers.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

/// Adds the field names to `Vary` that no present value lists, compared
/// without regard to case. `*` already covers every name.
pub(crate) fn add_vary(headers: &mut HeaderMap, names: &[HeaderName]) {
    let lists = |headers: &HeaderMap, name: &str| {
        headers.get_all(VARY).iter().any(|value| {
            value.as_bytes().split(|byte| *byte == b',').any(|token| {
                let token = token.trim_ascii();
                token == b"*" || token.eq_ignore_ascii_case(name.as_bytes())
            })
        })
    };
    for name in names {
        if !lists(headers, name.as_str()) {
            headers.append(VARY, HeaderValue::from_name(name.clone()));
        }
    }
}

/// Whole seconds, rounded up, as headers count time.
pub(crate) fn secs_ceil(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// Lays `source` over `target`: a name that `source` has gets exactly its
/// values, all others stay.
pub(crate) fn overlay_headers(target: &mut HeaderMap, source: &HeaderMap) {
    for name in source.keys() {
        target.remove(name);
    }
    for (name, value) in source {
        target.append(name.clone(), value.clone());
    }
}

/// Makes `target` exactly `source`, for replays.
pub(crate) fn replace_headers(target: &mut HeaderMap, source: &HeaderMap) {
    target.clone_from(source);
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, ORIGIN, SET_COOKIE};

    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        map
    }

    fn vary(headers: &HeaderMap) -> Vec<&str> {
        let values = headers.get_all(VARY).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn vary_gains_only_what_it_lacks() {
        let mut headers = map(&[("vary", "accept, X-Other"), ("vary", "origin")]);
        add_vary(&mut headers, &[ORIGIN, ACCEPT]);
        assert_eq!(vary(&headers), ["accept, X-Other", "origin"]);
        let mut headers = map(&[("vary", "accept-encoding")]);
        add_vary(&mut headers, &[ACCEPT, ACCEPT]);
        assert_eq!(vary(&headers), ["accept-encoding", "accept"]);
        let mut headers = map(&[("vary", " * ")]);
        add_vary(&mut headers, &[ORIGIN]);
        assert_eq!(vary(&headers), [" * "]);
    }

    #[test]
    fn overlaying_keeps_others_and_every_value() {
        let mut target = map(&[("a", "1"), ("a", "2"), ("b", "3")]);
        let source = map(&[("a", "4"), ("set-cookie", "x=1"), ("set-cookie", "y=2")]);
        overlay_headers(&mut target, &source);
        assert_eq!(target.get_all("a").iter().collect::<Vec<_>>(), ["4"]);
        assert_eq!(target["b"], "3");
        assert_eq!(target.get_all(SET_COOKIE).iter().count(), 2);
        replace_headers(&mut target, &source);
        assert_eq!(target, source);
    }
}

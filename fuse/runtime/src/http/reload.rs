//! Pages that load themselves again when the program changed, while it is
//! developed.

use std::fmt::Write as _;

use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderMap};
use plumego_contract::{Body, Response};

use crate::system::{EnvError, Environment};

const SCRIPT: &str = include_str!("reload.js");
const URL: &str = "FUSE_DEV_RELOAD_WS_URL";

/// Bytes of a nonce: too many to guess.
const NONCE_BYTES: usize = 16;

/// Adds the script that waits for changes to pages.
#[derive(Clone, Debug)]
pub(super) struct Reload {
    script: String,
    /// Where the script connects to, for a policy that has to allow it.
    url: String,
}

impl Reload {
    /// Nothing unless the program is developed, and there is a place to ask.
    ///
    /// # Errors
    ///
    /// The place is not one that a page could ask.
    pub(super) fn read(env: &Environment) -> Result<Option<Self>, EnvError> {
        let url = env.get(URL)?.filter(|url| !url.is_empty());
        let Some(url) = url.filter(|_| env.truthy("FUSE_DEV_MODE")) else {
            return Ok(None);
        };
        // It stands in a script and in a header.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_~[]%?=&".contains(&byte);
        let is_socket = url.starts_with("ws://") || url.starts_with("wss://");
        if !is_socket || !url.bytes().all(is_plain) {
            return Err(EnvError::expected(
                URL,
                "an address such as ws://host:port/path",
            ));
        }
        Ok(Some(Self {
            script: SCRIPT.replace("{{url}}", url),
            url: url.to_owned(),
        }))
    }

    /// The page with the script, before the last end of its body.
    pub(super) fn page(&self, page: &[u8], nonce: Option<&str>) -> Vec<u8> {
        const END: &[u8] = b"</body>";
        let place = page
            .windows(END.len())
            .rposition(|part| part.eq_ignore_ascii_case(END))
            .unwrap_or(page.len());
        let nonce = nonce.map_or_else(String::new, |nonce| format!(" nonce=\"{nonce}\""));
        let script = format!(
            "<script data-fuse-live-reload{nonce}>{}</script>",
            self.script
        );
        [&page[..place], script.as_bytes(), &page[place..]].concat()
    }

    /// Whether a request asks for a part of a page: the page has the script.
    pub(super) fn is_part(request: &HeaderMap) -> bool {
        let asked = request.get("hx-request");
        asked.is_some_and(|asked| asked.as_bytes().eq_ignore_ascii_case(b"true"))
    }

    /// An answer whose body is a whole page; `entropy` fills a nonce.
    pub(super) fn answer(
        &self,
        mut response: Response,
        entropy: impl FnOnce(&mut [u8]) -> bool,
    ) -> Response {
        let Some(page) = response.body_mut().take_full() else {
            return response;
        };
        let nonce = self.allow(response.headers_mut(), entropy);
        let page = self.page(&page, nonce.as_deref());
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(page.len()));
        *response.body_mut() = Body::from_bytes(page);
        response
    }

    /// Lets a policy, where there is one, allow the script; returns its nonce.
    fn allow(
        &self,
        headers: &mut HeaderMap,
        entropy: impl FnOnce(&mut [u8]) -> bool,
    ) -> Option<String> {
        if !headers.contains_key(CONTENT_SECURITY_POLICY) {
            return None;
        }
        let mut bytes = [0; NONCE_BYTES];
        if !entropy(&mut bytes) {
            return None;
        }
        let mut nonce = String::new();
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(nonce, "{byte:02x}");
        }
        // Where there are several, each of them has to allow it.
        let policies = headers.get_all(CONTENT_SECURITY_POLICY).iter();
        let allowed = policies.map(|policy| {
            let policy = policy.to_str().ok()?;
            let policy = allowing(policy, "script-src", &format!("'nonce-{nonce}'"));
            let policy = allowing(&policy, "connect-src", &self.url);
            HeaderValue::try_from(policy).ok()
        });
        let allowed: Vec<HeaderValue> = allowed.collect::<Option<_>>()?;
        headers.remove(CONTENT_SECURITY_POLICY);
        for policy in allowed {
            headers.append(CONTENT_SECURITY_POLICY, policy);
        }
        Some(nonce)
    }
}

/// A policy that allows one source more; a directive that is missing starts from
/// the default, and one that allowed nothing allows this.
fn allowing(policy: &str, name: &str, source: &str) -> String {
    let mut directives: Vec<(&str, Vec<&str>)> = Vec::new();
    for directive in policy.split(';') {
        let mut words = directive.split_whitespace();
        if let Some(name) = words.next() {
            directives.push((name, words.collect()));
        }
    }
    let sources = |wanted: &str| {
        let found = directives
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, sources)| sources.clone())
    };
    // Without either, everything is allowed already.
    let Some(mut allowed) = sources(name).or_else(|| sources("default-src")) else {
        return policy.to_owned();
    };
    allowed.retain(|source| !source.eq_ignore_ascii_case("'none'"));
    allowed.push(source);
    directives.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    directives.push((name, allowed));
    let directives: Vec<_> = directives
        .into_iter()
        .map(|(name, sources)| [&[name], &*sources].concat().join(" "))
        .collect();
    directives.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reload() -> Reload {
        let env = Environment::read(&vec![
            (URL, "ws://127.0.0.1:5/__reload"),
            ("FUSE_DEV_MODE", "1"),
        ]);
        Reload::read(&env).unwrap().unwrap()
    }

    fn answered(page: &str, policy: Option<&'static str>) -> (String, HeaderMap) {
        let mut response = Response::new(Body::from_bytes(page.to_owned()));
        if let Some(policy) = policy {
            let policy = HeaderValue::from_static(policy);
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, policy);
        }
        let fill = |bytes: &mut [u8]| {
            bytes.fill(0xab);
            true
        };
        let mut response = reload().answer(response, fill);
        let body = response.body_mut().take_full().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        (body, response.headers().clone())
    }

    #[test]
    fn the_script_stands_before_the_last_end_of_the_body() {
        let (page, headers) = answered("<body>\"</body>\"<p></BODY></html>", None);
        assert!(
            page.starts_with("<body>\"</body>\"<p><script data-fuse-live-reload>"),
            "{page}"
        );
        assert!(page.ends_with("</script></BODY></html>"), "{page}");
        assert!(page.contains("\"ws://127.0.0.1:5/__reload\""), "{page}");
        assert_eq!(headers[CONTENT_LENGTH], page.len().to_string());
        let (page, _) = answered("<p>part", None);
        assert!(
            page.starts_with("<p>part<script") && page.ends_with("</script>"),
            "{page}"
        );
    }

    #[test]
    fn policies_allow_the_script_and_nothing_else() {
        let nonce = "ab".repeat(NONCE_BYTES);
        let policy = "default-src 'none'; img-src 'self'; connect-src https://api.test";
        let (page, headers) = answered("<p>", Some(policy));
        assert!(page.contains(&format!("nonce=\"{nonce}\"")), "{page}");
        let expected = format!(
            "default-src 'none'; img-src 'self'; script-src 'nonce-{nonce}'; \
             connect-src https://api.test ws://127.0.0.1:5/__reload"
        );
        assert_eq!(headers[CONTENT_SECURITY_POLICY], expected);
        let mut response = Response::new(Body::from_bytes("<p>"));
        for policy in ["default-src 'self'", "script-src 'self'"] {
            let policy = HeaderValue::from_static(policy);
            response
                .headers_mut()
                .append(CONTENT_SECURITY_POLICY, policy);
        }
        let response = reload().answer(response, |_| true);
        let policies = response.headers().get_all(CONTENT_SECURITY_POLICY);
        for policy in &policies {
            let policy = policy.to_str().unwrap();
            assert!(policy.contains("script-src 'self' 'nonce-"), "{policy}");
        }
        assert_eq!(policies.iter().count(), 2);
        assert_eq!(
            allowing("img-src 'self'", "script-src", "x"),
            "img-src 'self'"
        );
    }

    #[test]
    fn addresses_that_could_be_more_are_refused() {
        let read = |url: &'static str, dev: &'static str| {
            Reload::read(&Environment::read(&vec![
                (URL, url),
                ("FUSE_DEV_MODE", dev),
            ]))
        };
        for url in ["http://a", "ws://a\"</script>", "ws://a b"] {
            assert!(read(url, "1").is_err(), "{url}");
            assert!(read(url, "0").unwrap().is_none(), "{url}");
        }
    }
}

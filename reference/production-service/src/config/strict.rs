//! What must not be while `APP_ENV=production`. Each problem says what to do.

use std::collections::BTreeSet;

use plumego_security::secret::SecretString;

use super::Config;
use super::problem::Problems;
use super::variables::by_key;

/// Fewest characters of a secret: 32 hexadecimal digits carry 128 bits.
const SECRET_CHARS_MIN: usize = 32;

/// Fewest different characters. Random text of the least length has more, by
/// far most of the time; repeated and counted-up text has fewer.
const SECRET_DISTINCT_MIN: usize = 8;

/// What secrets in examples look like, in lower case.
const PLACEHOLDERS: [&str; 11] = [
    "change",
    "example",
    "placeholder",
    "replace",
    "password",
    "your-",
    "your_",
    "secret",
    "token",
    "xxxx",
    "insert",
];

const GENERATE: &str = "set it to the output of `openssl rand -hex 32`";

/// Notes every setting that production does not allow.
pub(super) fn check(config: &Config, problems: &mut Problems) {
    let secrets = secrets(config);
    for (key, secret) in secrets {
        if let Some(what) = weakness(secret) {
            refuse(problems, key, &format!("{what}; {GENERATE}"));
        }
    }
    repeated(&secrets, problems);
    origins(&config.cors_allowed_origins, problems);
    if config.debug {
        let what = "shows causes of failures to clients; leave it off and read the log";
        refuse(problems, "debug", what);
    }
    for proxy in &config.trusted_proxies {
        if is_everybody(proxy) {
            let what = format!(
                "{proxy:?} lets every client choose its own address; name the networks of the proxies"
            );
            refuse(problems, "trusted_proxies", &what);
        }
    }
}

fn secrets(config: &Config) -> [(&'static str, &SecretString); 3] {
    [
        ("write_key", &config.write_key),
        ("api_token", &config.api_token),
        ("ops_token", &config.ops_token),
    ]
}

/// Why a secret is none, without a part of it.
fn weakness(secret: &SecretString) -> Option<String> {
    let text = secret.expose();
    if text.is_empty() {
        return Some("not set".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    if PLACEHOLDERS
        .iter()
        .any(|placeholder| lower.contains(placeholder))
    {
        return Some("looks like a placeholder".to_owned());
    }
    if text.len() < SECRET_CHARS_MIN {
        return Some(format!("shorter than {SECRET_CHARS_MIN} characters"));
    }
    let distinct: BTreeSet<u8> = text.bytes().collect();
    (distinct.len() < SECRET_DISTINCT_MIN)
        .then(|| format!("made of fewer than {SECRET_DISTINCT_MIN} different characters"))
}

/// Whoever may read metrics may not act for tenants, nor the other way round.
fn repeated(secrets: &[(&'static str, &SecretString)], problems: &mut Problems) {
    for (index, (key, secret)) in secrets.iter().enumerate() {
        let mut before = secrets[..index].iter();
        let same = before.find(|(_, other)| !secret.is_empty() && other == secret);
        if let Some((other, _)) = same {
            let what = format!("the same as {}; {GENERATE}", by_key(other).title());
            refuse(problems, key, &what);
        }
    }
}

fn origins(origins: &[String], problems: &mut Problems) {
    const KEY: &str = "cors_allowed_origins";
    if origins.is_empty() {
        let what = "not set, so that pages of any origin may read answers; name the origins of your own pages";
        refuse(problems, KEY, what);
    }
    for origin in origins {
        if origin.contains('*') {
            let what = format!("{origin:?} stands for origins nobody has named; name each one");
            refuse(problems, KEY, &what);
        } else if !origin.starts_with("https://") {
            let what =
                format!("{origin:?} can be forged on the network; serve those pages over https");
            refuse(problems, KEY, &what);
        }
    }
}

/// A network of no more than a few bits is the whole internet.
fn is_everybody(proxy: &str) -> bool {
    let prefix = proxy
        .rsplit_once('/')
        .and_then(|(_, bits)| bits.trim().parse::<u8>().ok());
    prefix.is_some_and(|bits| bits < 8)
}

fn refuse(problems: &mut Problems, key: &str, what: &str) {
    problems.add(format!(
        "{} (APP_ENV=production): {what}",
        by_key(key).title()
    ));
}

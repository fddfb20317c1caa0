use std::fmt;
use std::str::FromStr;

/// Names of this machine, and of services that hand out credentials.
const REFUSED: [&str; 4] = [
    "localhost",
    "metadata.google.internal",
    "metadata",
    "instance-data",
];

/// Whether a name is refused whatever the policy says.
pub(super) fn is_refused(name: &str) -> bool {
    REFUSED.contains(&name) || name.ends_with(".localhost")
}

/// Lower case, without the dot at the end.
pub(super) fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// A host by name or address, or all hosts below one: `example.com`,
/// `*.example.com`. Read from text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostRule {
    name: String,
    is_below: bool,
}

impl HostRule {
    /// `host` is in lower case, without the dot at the end.
    pub(super) fn matches(&self, host: &str) -> bool {
        if self.is_below {
            host.strip_suffix(&*self.name)
                .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
        } else {
            host == self.name
        }
    }
}

impl FromStr for HostRule {
    type Err = InvalidHostRule;

    fn from_str(text: &str) -> Result<Self, InvalidHostRule> {
        let (text, is_below) = match text.strip_prefix("*.") {
            Some(text) => (text, true),
            None => (text, false),
        };
        // Read as URLs are, so that both have one spelling.
        let name = match url::Host::parse(text) {
            Ok(url::Host::Domain(name)) => canonical(&name),
            Ok(address) if !is_below => address.to_string().trim_matches(['[', ']']).to_owned(),
            _ => return Err(InvalidHostRule),
        };
        if name.is_empty() || name.contains('*') {
            return Err(InvalidHostRule);
        }
        Ok(Self { name, is_below })
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = if self.is_below { "*." } else { "" };
        write!(f, "{below}{}", self.name)
    }
}

/// Text that is no rule about hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a host as `example.com`, an address, or `*.example.com` for all hosts below it")]
pub struct InvalidHostRule;

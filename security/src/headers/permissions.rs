/// Which features of the browser a page and its frames may use (W3C
/// Permissions Policy).
///
/// ```
/// use plumego_security::headers::{Allowlist, PermissionsPolicy};
///
/// let policy = PermissionsPolicy::new()
///     .deny("camera")
///     .allow("fullscreen", Allowlist::SelfOrigin)
///     .allow("geolocation", Allowlist::Origins(vec!["https://maps.example.net".into()]));
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionsPolicy {
    features: Vec<(String, Allowlist)>,
}

/// Who may use a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowlist {
    /// Nobody.
    None,
    /// The page and frames of its origin.
    SelfOrigin,
    /// Those of `SelfOrigin` and frames of these origins, `scheme://host[:port]`.
    Origins(Vec<String>),
    /// Everybody.
    Any,
}

impl PermissionsPolicy {
    /// A policy that says nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nobody may use the feature.
    #[must_use]
    pub fn deny(self, feature: impl Into<String>) -> Self {
        self.allow(feature, Allowlist::None)
    }

    /// Says who may use the feature, in place of what was said before.
    #[must_use]
    pub fn allow(mut self, feature: impl Into<String>, who: Allowlist) -> Self {
        let feature = feature.into();
        match self.features.iter_mut().find(|(own, _)| *own == feature) {
            Some((_, own)) => *own = who,
            None => self.features.push((feature, who)),
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (feature, who) in &self.features {
            if !is_feature(feature) {
                let shown = super::visible(feature);
                problems.push(format!(
                    "`{shown}` is not the name of a feature, such as `camera`"
                ));
            }
            let Allowlist::Origins(origins) = who else {
                continue;
            };
            if origins.is_empty() {
                problems.push(format!(
                    "`{}` has no origin: deny it instead",
                    super::visible(feature)
                ));
            }
            for origin in origins.iter().filter(|origin| !is_origin(origin)) {
                let shown = super::visible(origin);
                problems.push(format!("`{shown}` is not an origin `scheme://host[:port]`"));
            }
        }
        problems
    }

    pub(super) fn value(&self) -> String {
        let entry = |(feature, who): &(String, Allowlist)| match who {
            Allowlist::None => format!("{feature}=()"),
            Allowlist::SelfOrigin => format!("{feature}=(self)"),
            Allowlist::Any => format!("{feature}=*"),
            Allowlist::Origins(origins) => {
                format!("{feature}=(self \"{}\")", origins.join("\" \""))
            }
        };
        let entries: Vec<_> = self.features.iter().map(entry).collect();
        entries.join(", ")
    }
}

fn is_feature(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// An origin in ASCII, as browsers compare it: no path, no user, no wildcard
/// but a leading `*.`.
fn is_origin(text: &str) -> bool {
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let host = host.strip_prefix("*.").unwrap_or(host);
    matches!(scheme, "http" | "https")
        && !host.is_empty()
        && host.bytes().all(is_host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_feature_counts() {
        let policy = PermissionsPolicy::new()
            .deny("camera")
            .allow("fullscreen", Allowlist::Any)
            .allow(
                "geolocation",
                Allowlist::Origins(vec![
                    "https://a.example".into(),
                    "https://*.b.example:8443".into(),
                ]),
            )
            .allow("camera", Allowlist::SelfOrigin);
        assert_eq!(policy.problems(), [""; 0]);
        assert_eq!(
            policy.value(),
            "camera=(self), fullscreen=*, \
             geolocation=(self \"https://a.example\" \"https://*.b.example:8443\")"
        );
    }

    #[test]
    fn text_cannot_leave_its_place() {
        for feature in ["", "Camera", "a=b", "a, b", "a b", "1a", "ä", "a\r\n"] {
            assert_eq!(PermissionsPolicy::new().deny(feature).problems().len(), 1);
        }
        for origin in [
            "",
            "self",
            "example.com",
            "ftp://a.example",
            "https://",
            "https://a.example/x",
            "https://a.example\" \"https://b.example",
            "https://u@a.example",
            "https://a.example:",
            "https://a.example:99999",
            "https://ä.example",
        ] {
            let who = Allowlist::Origins(vec![origin.to_owned()]);
            let policy = PermissionsPolicy::new().allow("camera", who);
            assert_eq!(policy.problems().len(), 1, "{origin}");
        }
        let none = Allowlist::Origins(Vec::new());
        assert_eq!(
            PermissionsPolicy::new()
                .allow("camera", none)
                .problems()
                .len(),
            1
        );
    }
}

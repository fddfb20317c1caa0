use std::fmt;

use http::header::{HeaderName, HeaderValue};

use super::compiled::{CompiledPolicy, Entry};
use super::{Coep, Coop, Corp, Csp, FrameOptions, Hsts, PermissionsPolicy, ReferrerPolicy};

/// Headers that frame the message or that others own.
const NOT_ADDITIONAL: [&str; 6] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "set-cookie",
    "host",
];

/// Headers that have a field of their own.
const TYPED: [&str; 10] = [
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "content-security-policy",
    "content-security-policy-report-only",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
    "strict-transport-security",
];

/// Headers that go with every response. Start from a preset and change fields;
/// the default is [`baseline`](Self::baseline).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPolicy {
    /// `X-Frame-Options`.
    pub frame_options: Option<FrameOptions>,
    /// `X-Content-Type-Options: nosniff`.
    pub content_type_options: bool,
    /// `Referrer-Policy`.
    pub referrer_policy: Option<ReferrerPolicy>,
    /// `Permissions-Policy`.
    pub permissions_policy: Option<PermissionsPolicy>,
    /// `Content-Security-Policy`.
    pub csp: Option<Csp>,
    /// `Content-Security-Policy-Report-Only`.
    pub csp_report_only: Option<Csp>,
    /// `Cross-Origin-Opener-Policy`.
    pub coop: Option<Coop>,
    /// `Cross-Origin-Resource-Policy`.
    pub corp: Option<Corp>,
    /// `Cross-Origin-Embedder-Policy`.
    pub coep: Option<Coep>,
    /// `Strict-Transport-Security`, on HTTPS alone.
    pub hsts: Option<Hsts>,
    /// Other headers, by name; each name once.
    pub additional: Vec<(String, String)>,
}

impl Default for HeaderPolicy {
    fn default() -> Self {
        Self::baseline()
    }
}

impl HeaderPolicy {
    /// No header at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            frame_options: None,
            content_type_options: false,
            referrer_policy: None,
            permissions_policy: None,
            csp: None,
            csp_report_only: None,
            coop: None,
            corp: None,
            coep: None,
            hsts: None,
            additional: Vec::new(),
        }
    }

    /// What fits every service: frames of the same origin, no guessing of
    /// types, only the origin told to others.
    #[must_use]
    pub fn baseline() -> Self {
        Self {
            frame_options: Some(FrameOptions::SameOrigin),
            content_type_options: true,
            referrer_policy: Some(ReferrerPolicy::StrictOriginWhenCrossOrigin),
            ..Self::empty()
        }
    }

    /// For pages that need nothing from elsewhere: [`Csp::strict`], isolation
    /// from other origins, HTTPS for good.
    #[must_use]
    pub fn strict() -> Self {
        let permissions = PermissionsPolicy::new()
            .deny("geolocation")
            .deny("camera")
            .deny("microphone");
        Self {
            frame_options: Some(FrameOptions::Deny),
            content_type_options: true,
            referrer_policy: Some(ReferrerPolicy::NoReferrer),
            permissions_policy: Some(permissions),
            csp: Some(Csp::strict()),
            coop: Some(Coop::SameOrigin),
            corp: Some(Corp::SameOrigin),
            coep: Some(Coep::RequireCorp),
            hsts: Some(Hsts::preload()),
            ..Self::empty()
        }
    }

    /// For services whose answers are no pages.
    #[must_use]
    pub fn api() -> Self {
        Self {
            content_type_options: true,
            referrer_policy: Some(ReferrerPolicy::NoReferrer),
            csp: Some(Csp::nothing()),
            corp: Some(Corp::SameOrigin),
            hsts: Some(Hsts::year()),
            ..Self::empty()
        }
    }

    /// The headers whose values are one of a few.
    pub(super) fn enumerated(&self) -> Vec<Entry> {
        let nosniff = self.content_type_options.then_some("nosniff");
        let values = [
            (
                "x-frame-options",
                self.frame_options.map(FrameOptions::as_str),
            ),
            ("x-content-type-options", nosniff),
            (
                "referrer-policy",
                self.referrer_policy.map(ReferrerPolicy::as_str),
            ),
            ("cross-origin-opener-policy", self.coop.map(Coop::as_str)),
            ("cross-origin-resource-policy", self.corp.map(Corp::as_str)),
            ("cross-origin-embedder-policy", self.coep.map(Coep::as_str)),
        ];
        let entry = |(name, value): (&'static str, Option<&'static str>)| {
            let value = HeaderValue::from_static(value?);
            Some(Entry::fixed(HeaderName::from_static(name), value))
        };
        values.into_iter().filter_map(entry).collect()
    }

    /// Checks all of it and prepares the values.
    ///
    /// # Errors
    /// [`PolicyErrors`] with every problem and its header.
    pub fn compile(self) -> Result<CompiledPolicy, PolicyErrors> {
        let mut problems = Problems::default();
        let mut entries = self.enumerated();
        if let Some(permissions) = self.permissions_policy.filter(|own| !own.is_empty()) {
            let name = HeaderName::from_static("permissions-policy");
            for problem in permissions.problems() {
                problems.add(name.as_str(), problem);
            }
            entries.extend(
                problems
                    .value(&name, &permissions.value())
                    .map(|value| Entry::fixed(name, value)),
            );
        }
        for (name, csp) in [
            ("content-security-policy", self.csp),
            ("content-security-policy-report-only", self.csp_report_only),
        ] {
            let csp = csp.filter(|csp| !csp.is_empty());
            entries.extend(csp.and_then(|csp| problems.csp(HeaderName::from_static(name), &csp)));
        }
        if let Some(hsts) = self.hsts {
            let name = HeaderName::from_static("strict-transport-security");
            match hsts.problem() {
                Some(problem) => problems.add(name.as_str(), problem),
                None => entries.extend(problems.value(&name, &hsts.value()).map(Entry::hsts)),
            }
        }
        entries.extend(problems.additional(&self.additional));
        problems.none_or(CompiledPolicy::new(entries))
    }
}

/// What is found wrong while compiling.
#[derive(Default)]
struct Problems(Vec<PolicyProblem>);

impl Problems {
    fn add(&mut self, header: &str, problem: impl Into<String>) {
        self.0.push(PolicyProblem {
            header: header.to_owned(),
            problem: problem.into(),
        });
    }

    fn value(&mut self, name: &HeaderName, text: &str) -> Option<HeaderValue> {
        let value = HeaderValue::from_str(text);
        if value.is_err() {
            self.add(name.as_str(), "has a value that is not legal in a header");
        }
        value.ok()
    }

    fn csp(&mut self, name: HeaderName, csp: &Csp) -> Option<Entry> {
        let fallback = self.value(&name, &csp.without_nonce().template().concat())?;
        if csp.has_nonce() {
            Some(Entry::with_nonce(name, csp.template(), fallback))
        } else {
            Some(Entry::fixed(name, fallback))
        }
    }

    fn additional(&mut self, headers: &[(String, String)]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for (name, text) in headers {
            let shown = super::visible(name);
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                self.add(&shown, "is not the name of a header");
                continue;
            };
            if TYPED.contains(&name.as_str()) {
                self.add(&shown, "has a field of its own: set that");
            } else if NOT_ADDITIONAL.contains(&name.as_str()) {
                self.add(&shown, "is not for a policy to set: remove it");
            } else if entries.iter().any(|own| *own.name() == name) {
                self.add(&shown, "is there twice: remove one");
            } else if !crate::input::is_header_value(text.as_bytes()) {
                self.add(&shown, "has a value that is not legal in a header");
            } else {
                let value = self.value(&name, text);
                entries.extend(value.map(|value| Entry::fixed(name, value)));
            }
        }
        entries
    }

    fn none_or<T>(self, value: T) -> Result<T, PolicyErrors> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(PolicyErrors(self.0))
        }
    }
}

/// One header that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyProblem {
    /// The header.
    pub header: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.header, self.problem)
    }
}

/// Everything that is wrong with a policy; nothing of it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyProblem>);

impl PolicyErrors {
    /// The problems.
    #[must_use]
    pub fn problems(&self) -> &[PolicyProblem] {
        &self.0
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("header policy: ")?;
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

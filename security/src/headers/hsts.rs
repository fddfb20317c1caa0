/// How long browsers use HTTPS alone for this host (RFC 6797). Sent only with
/// responses to HTTPS requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// For so long after each response.
    For {
        /// Seconds, at least one.
        seconds: u64,
        /// Whether the hosts below this one are meant too.
        include_subdomains: bool,
        /// Whether browsers may ship with this host on their list; it needs
        /// the hosts below and at least 365 days.
        preload: bool,
    },
    /// No longer: browsers forget.
    Clear,
}

/// 365 days, in seconds.
const YEAR: u64 = 31_536_000;

impl Hsts {
    /// 365 days, hosts below included.
    #[must_use]
    pub const fn year() -> Self {
        Self::For {
            seconds: YEAR,
            include_subdomains: true,
            preload: false,
        }
    }

    /// 365 days, hosts below included, for the lists of browsers.
    #[must_use]
    pub const fn preload() -> Self {
        Self::For {
            seconds: YEAR,
            include_subdomains: true,
            preload: true,
        }
    }

    /// What is wrong with it.
    pub(super) fn problem(self) -> Option<&'static str> {
        let Self::For {
            seconds,
            include_subdomains,
            preload,
        } = self
        else {
            return None;
        };
        if seconds == 0 {
            Some("zero seconds would switch it off: say `Hsts::Clear` if that is meant")
        } else if preload && !(include_subdomains && seconds >= YEAR) {
            Some("`preload` needs the hosts below and at least 31536000 seconds")
        } else {
            None
        }
    }

    pub(super) fn value(self) -> String {
        match self {
            Self::Clear => "max-age=0".to_owned(),
            Self::For {
                seconds,
                include_subdomains,
                preload,
            } => {
                let subdomains = if include_subdomains {
                    "; includeSubDomains"
                } else {
                    ""
                };
                let preload = if preload { "; preload" } else { "" };
                format!("max-age={seconds}{subdomains}{preload}")
            }
        }
    }
}

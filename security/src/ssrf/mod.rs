//! Requests that a stranger makes this service send: which URLs may be
//! fetched, and which addresses may be connected to.
//!
//! [`SsrfPolicy::check_url`] looks at a URL before it is fetched and at the
//! target of every redirect; [`GuardedResolver`] checks what a name resolves
//! to, in the place where the client looks it up, so that the address that was
//! checked is the address that is connected to.
//!
//! ```
//! use plumego_security::ssrf::{SsrfError, SsrfPolicy};
//!
//! let policy = SsrfPolicy::strict();
//! assert!(policy.check_url("https://example.com/hook").is_ok());
//! assert!(matches!(policy.check_url("http://127.1/"), Err(SsrfError::PrivateAddress)));
//! assert!(matches!(policy.check_url("file:///etc/passwd"), Err(SsrfError::Scheme)));
//! assert!(policy.check_addr("169.254.169.254".parse()?).is_err());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod host;
mod net;
mod ranges;
mod resolver;

use std::net::IpAddr;

use plumego_contract::{BoxError, Scheme};
use url::{Host, Url};

pub use host::{HostRule, InvalidHostRule};
pub use net::{InvalidNet, IpNet};
pub use resolver::GuardedResolver;

/// Which ports may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PortRule {
    /// Every one.
    #[default]
    Any,
    /// These.
    Only(Vec<u16>),
}

/// What happens to names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsRule {
    /// Every address a name resolves to is checked.
    #[default]
    Required,
    /// None is, for tests with servers on this machine. Refused as long as the
    /// policy keeps private addresses out.
    Skip,
}

/// What may be fetched. Start from [`strict`](Self::strict), which lets nothing
/// reach this machine or a private network, and open what is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsrfPolicy {
    /// Schemes of URLs.
    pub schemes: Vec<Scheme>,
    /// Hosts that may be named; empty allows every one.
    pub allowed_hosts: Vec<HostRule>,
    /// Hosts that may not be named, even if they are allowed too.
    pub blocked_hosts: Vec<HostRule>,
    /// Networks that may be connected to although they are private.
    pub allowed_nets: Vec<IpNet>,
    /// Ports.
    pub ports: PortRule,
    /// Names.
    pub dns: DnsRule,
}

impl SsrfPolicy {
    /// HTTP and HTTPS to public addresses.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            schemes: vec![Scheme::Http, Scheme::Https],
            allowed_hosts: Vec::new(),
            blocked_hosts: Vec::new(),
            allowed_nets: Vec::new(),
            ports: PortRule::Any,
            dns: DnsRule::Required,
        }
    }

    /// Checks the policy itself, for the start of a service.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when names go unchecked while private addresses are
    /// to be kept out, or when nothing could be fetched.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let allows_everything = |net: &IpNet| net.prefix_length() == 0;
        let (v4, v6): (Vec<_>, Vec<_>) = self.allowed_nets.iter().partition(|net| net.is_ipv4());
        let keeps_private_out =
            !(v4.into_iter().any(allows_everything) && v6.into_iter().any(allows_everything));
        if self.dns == DnsRule::Skip && keeps_private_out {
            return Err(InvalidPolicy(
                "`dns` is `Skip`, so names could lead to private addresses: use `Required`",
            ));
        }
        if self.schemes.is_empty() {
            return Err(InvalidPolicy("`schemes` is empty: allow at least HTTPS"));
        }
        if self.ports == PortRule::Only(Vec::new()) {
            return Err(InvalidPolicy("`ports` allows none: list at least 443"));
        }
        Ok(())
    }

    /// Checks a URL before it is fetched: scheme, no user information, host,
    /// port, and the address if the host is one. A name is not resolved here.
    ///
    /// # Errors
    /// [`SsrfError`] with the first rule that refuses it.
    pub fn check_url(&self, url: &str) -> Result<(), SsrfError> {
        // Parsers drop or convert these, so that two of them may disagree.
        if url.bytes().any(|b| b <= 0x20 || b == 0x7f || b == b'\\') {
            return Err(SsrfError::Host);
        }
        let url = Url::parse(url).map_err(|_| SsrfError::Host)?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(SsrfError::Scheme),
        };
        if !self.schemes.contains(&scheme) {
            return Err(SsrfError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SsrfError::UserInfo);
        }
        match url.host() {
            None => return Err(SsrfError::Host),
            Some(Host::Domain(name)) => self.check_host(name)?,
            Some(Host::Ipv4(address)) => self.check_literal(address.into())?,
            Some(Host::Ipv6(address)) => self.check_literal(address.into())?,
        }
        match (&self.ports, url.port_or_known_default()) {
            (PortRule::Any, _) => Ok(()),
            (PortRule::Only(ports), Some(port)) if ports.contains(&port) => Ok(()),
            _ => Err(SsrfError::Port),
        }
    }

    /// Checks an address before it is connected to.
    ///
    /// # Errors
    /// [`SsrfError::PrivateAddress`] for addresses of this machine, of private
    /// networks, and of ranges that are not public.
    pub fn check_addr(&self, address: IpAddr) -> Result<(), SsrfError> {
        let address = address.to_canonical();
        let is_excepted = self.allowed_nets.iter().any(|net| net.contains(address));
        if is_excepted || !ranges::is_refused(address) {
            Ok(())
        } else {
            Err(SsrfError::PrivateAddress)
        }
    }

    /// Checks a name that is about to be resolved.
    fn check_host(&self, name: &str) -> Result<(), SsrfError> {
        let name = host::canonical(name);
        if name.is_empty() {
            return Err(SsrfError::Host);
        }
        if host::is_refused(&name) {
            return Err(SsrfError::Blocked);
        }
        self.check_listed(&name)
    }

    fn check_literal(&self, address: IpAddr) -> Result<(), SsrfError> {
        self.check_listed(&address.to_string())?;
        self.check_addr(address)
    }

    fn check_listed(&self, host: &str) -> Result<(), SsrfError> {
        let is_among = |rules: &[HostRule]| rules.iter().any(|rule| rule.matches(host));
        if is_among(&self.blocked_hosts) {
            return Err(SsrfError::Blocked);
        }
        if !self.allowed_hosts.is_empty() && !is_among(&self.allowed_hosts) {
            return Err(SsrfError::NotAllowed);
        }
        Ok(())
    }
}

impl Default for SsrfPolicy {
    fn default() -> Self {
        Self::strict()
    }
}

/// A policy that would not protect, or allow nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ssrf policy: {0}")]
pub struct InvalidPolicy(&'static str);

/// The rule that refuses a request. The texts name no host: whoever logs them
/// adds it, and clients are not told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SsrfError {
    /// A scheme that is not allowed.
    #[error("the scheme is not allowed")]
    Scheme,
    /// A user name or password in the URL.
    #[error("the URL has user information")]
    UserInfo,
    /// No host, or text that is no URL.
    #[error("the URL has no usable host")]
    Host,
    /// A host that is blocked.
    #[error("the host is blocked")]
    Blocked,
    /// A host that is not among those allowed.
    #[error("the host is not allowed")]
    NotAllowed,
    /// An address that is not public.
    #[error("the address is not public")]
    PrivateAddress,
    /// A port that is not allowed.
    #[error("the port is not allowed")]
    Port,
    /// A name that does not resolve.
    #[error("the host cannot be resolved")]
    Resolve(#[source] BoxError),
}

#[cfg(test)]
mod tests;

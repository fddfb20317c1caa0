use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Somebody whose forwarding headers are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrustedPeer {
    Network(IpNet),
    /// Every peer of a unix socket.
    Unix,
}

/// Length of the prefix that marks an IPv4-mapped IPv6 address.
const MAPPED_PREFIX: u8 = 96;

impl TrustedPeer {
    /// Reads an address, a network in CIDR form, or the word `unix`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "unix" {
            return Some(Self::Unix);
        }
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().ok()?,
        };
        Some(Self::Network(reduce(network)))
    }

    pub(super) fn contains(&self, ip: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&ip))
    }

    pub(super) fn is_unix(&self) -> bool {
        *self == Self::Unix
    }
}

/// Peers are compared in their IPv4 form, so networks must be in it too.
fn reduce(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let mapped = v6.addr().to_ipv4_mapped();
    let prefix = v6.prefix_len().checked_sub(MAPPED_PREFIX);
    match (mapped, prefix) {
        (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).map_or(network, IpNet::V4),
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.1.2.3", "11.0.0.1"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"),
            (" 192.0.2.0/24 ", "192.0.2.255", "192.0.3.0"),
        ] {
            let trusted = TrustedPeer::parse(text).unwrap();
            assert!(trusted.contains(inside.parse().unwrap()), "{text}");
            assert!(!trusted.contains(outside.parse().unwrap()), "{text}");
            assert!(!trusted.is_unix());
        }
        assert!(TrustedPeer::parse("unix").unwrap().is_unix());
        for bad in [
            "",
            "10.0.0.0/33",
            "proxy.example",
            "10.0.0",
            "*",
            "10.0.0.1:80",
        ] {
            assert_eq!(TrustedPeer::parse(bad), None, "{bad}");
        }
    }
}

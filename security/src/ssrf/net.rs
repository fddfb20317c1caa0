use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network: an address and the length of its prefix. Read from text,
/// `10.0.0.0/8`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpNet(ipnet::IpNet);

impl IpNet {
    /// Whether the address is in the network. IPv4 addresses written as IPv6
    /// are IPv4 addresses.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    pub(super) fn prefix_length(&self) -> u8 {
        self.0.prefix_len()
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.0.addr().is_ipv4()
    }
}

impl From<IpAddr> for IpNet {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl FromStr for IpNet {
    type Err = InvalidNet;

    fn from_str(text: &str) -> Result<Self, InvalidNet> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        match text.parse::<ipnet::IpNet>() {
            // What is beyond the prefix would be ignored, and is a mistake.
            Ok(net) if net.trunc() == net => Ok(Self(net)),
            _ => Err(InvalidNet),
        }
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Text that is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a network as `10.0.0.0/8` or `fd00::/8`, with zeros after the prefix")]
pub struct InvalidNet;

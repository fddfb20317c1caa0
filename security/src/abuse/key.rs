use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest text: an IPv6 address, a slash and three digits.
const TEXT_BYTES_MAX: usize = 43;

/// An address as the key of a limiter: the network it belongs to, since one
/// client has many addresses in IPv6. Written without allocation.
///
/// ```
/// use plumego_security::abuse::IpKey;
///
/// let key = IpKey::new("2001:db8:1:2:3:4:5:6".parse()?);
/// assert_eq!(key.as_str(), "2001:db8:1:2::/64");
/// assert_eq!(IpKey::new("::ffff:192.0.2.7".parse()?).as_str(), "192.0.2.7/32");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpKey {
    text: [u8; TEXT_BYTES_MAX],
    length: u8,
}

impl IpKey {
    /// The network of 32 bits for IPv4, of 64 for IPv6.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self::from_addr(address, 32, 64)
    }

    /// The network of so many bits; more than an address has count as all of
    /// them. IPv4 written as IPv6 is IPv4.
    #[must_use]
    pub fn from_addr(address: IpAddr, v4_prefix: u8, v6_prefix: u8) -> Self {
        let mut key = Self {
            text: [0; TEXT_BYTES_MAX],
            length: 0,
        };
        // There is room for every address.
        let _ = match address.to_canonical() {
            IpAddr::V4(address) => {
                let prefix = v4_prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                let network = Ipv4Addr::from_bits(address.to_bits() & mask);
                write!(key, "{network}/{prefix}")
            }
            IpAddr::V6(address) => {
                let prefix = v6_prefix.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                let network = Ipv6Addr::from_bits(address.to_bits() & mask);
                write!(key, "{network}/{prefix}")
            }
        };
        key
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length));
        text.and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl fmt::Write for IpKey {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let start = usize::from(self.length);
        let place = self.text.get_mut(start..start + text.len());
        place.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = u8::try_from(start + text.len()).map_err(|_| fmt::Error)?;
        Ok(())
    }
}

impl AsRef<str> for IpKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IpKey").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_networks() {
        let key = |text: &str, v4, v6| IpKey::from_addr(text.parse().unwrap(), v4, v6).to_string();
        for (text, v4, v6, expected) in [
            ("192.0.2.7", 32, 64, "192.0.2.7/32"),
            ("192.0.2.7", 24, 64, "192.0.2.0/24"),
            ("192.0.2.7", 0, 64, "0.0.0.0/0"),
            ("192.0.2.7", 200, 64, "192.0.2.7/32"),
            ("::ffff:192.0.2.7", 24, 64, "192.0.2.0/24"),
            ("2001:db8::1", 32, 64, "2001:db8::/64"),
            ("2001:db8:0:0:ffff::", 32, 64, "2001:db8::/64"),
            ("2001:db8:0:1::", 32, 48, "2001:db8::/48"),
            ("2001:db8::1", 32, 0, "::/0"),
            ("2001:db8::1", 32, 255, "2001:db8::1/128"),
        ] {
            assert_eq!(key(text, v4, v6), expected, "{text}");
        }
        let longest = "1111:1111:1111:1111:1111:1111:1111:1111";
        assert_eq!(key(longest, 32, 128), format!("{longest}/128"));
    }
}

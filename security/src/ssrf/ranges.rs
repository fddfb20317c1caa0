//! Ranges of addresses that are not public (IANA special-purpose registries,
//! RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type V4 = (Ipv4Addr, u32);
type V6 = (Ipv6Addr, u32);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> V4 {
    (Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u32) -> V6 {
    (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

pub(super) const REFUSED_V4: [V4; 15] = [
    v4(0, 0, 0, 0, 8),       // this network
    v4(10, 0, 0, 0, 8),      // private
    v4(100, 64, 0, 0, 10),   // shared by carriers
    v4(127, 0, 0, 0, 8),     // loopback
    v4(169, 254, 0, 0, 16),  // link-local, metadata services
    v4(172, 16, 0, 0, 12),   // private
    v4(192, 0, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 0, 24),    // documentation
    v4(192, 88, 99, 0, 24),  // 6to4 relays
    v4(192, 168, 0, 0, 16),  // private
    v4(198, 18, 0, 0, 15),   // benchmarks
    v4(198, 51, 100, 0, 24), // documentation
    v4(203, 0, 113, 0, 24),  // documentation
    v4(224, 0, 0, 0, 4),     // multicast
    v4(240, 0, 0, 0, 4),     // reserved, broadcast
];

pub(super) const REFUSED_V6: [V6; 8] = [
    v6(0, 0, 0, 96),          // unspecified, loopback, IPv4-compatible
    v6(0x100, 0, 0, 64),      // discard
    v6(0x2001, 0, 0, 32),     // Teredo
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0xfc00, 0, 0, 7),      // unique local
    v6(0xfe80, 0, 0, 10),     // link-local
    v6(0xfec0, 0, 0, 10),     // site-local
    v6(0xff00, 0, 0, 8),      // multicast
];

/// Translation to IPv4 (RFC 6052), for everybody and for local use.
const NAT64: V6 = v6(0x64, 0xff9b, 0, 96);
const NAT64_LOCAL: V6 = v6(0x64, 0xff9b, 1, 48);
/// RFC 3056.
const SIX_TO_FOUR: V6 = v6(0x2002, 0, 0, 16);

/// Whether an address may not be connected to. IPv4 written as IPv6 has to be
/// unwrapped before.
pub(super) fn is_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_refused_v4(address),
        IpAddr::V6(address) => is_refused_v6(address),
    }
}

fn is_refused_v4(address: Ipv4Addr) -> bool {
    REFUSED_V4.iter().any(|range| holds_v4(*range, address))
}

fn is_refused_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    // The embedded addresses are cut out of the number on purpose.
    let embedded = |shift: u32| Ipv4Addr::from_bits((bits >> shift) as u32);
    if holds_v6(NAT64, address) {
        return is_refused_v4(embedded(0));
    }
    if holds_v6(NAT64_LOCAL, address) {
        // The prefix in use may be this one, with the address on both sides of
        // an unused octet, or a longer one below it.
        let split = u32::from(embedded(64).octets()[2]) << 24
            | u32::from(embedded(64).octets()[3]) << 16
            | (embedded(40).to_bits() & 0xffff);
        return is_refused_v4(embedded(0)) || is_refused_v4(Ipv4Addr::from_bits(split));
    }
    if holds_v6(SIX_TO_FOUR, address) {
        return is_refused_v4(embedded(80));
    }
    REFUSED_V6.iter().any(|range| holds_v6(*range, address))
}

fn holds_v4((start, prefix): V4, address: Ipv4Addr) -> bool {
    (start.to_bits() ^ address.to_bits()) >> (32 - prefix) == 0
}

fn holds_v6((start, prefix): V6, address: Ipv6Addr) -> bool {
    (start.to_bits() ^ address.to_bits()) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_exact_at_its_edges() {
        for range @ (start, prefix) in REFUSED_V4 {
            let first = start.to_bits();
            let last = first | (u32::MAX >> prefix);
            for inside in [first, last, first + (last - first) / 2] {
                assert!(is_refused_v4(Ipv4Addr::from_bits(inside)), "{range:?}");
            }
            for outside in [first.checked_sub(1), last.checked_add(1)] {
                let Some(outside) = outside.map(Ipv4Addr::from_bits) else {
                    continue;
                };
                let neighbours = REFUSED_V4.iter().filter(|own| **own != range);
                let in_neighbour = neighbours.copied().any(|own| holds_v4(own, outside));
                assert_eq!(is_refused_v4(outside), in_neighbour, "{outside}");
            }
        }
        for range @ (start, prefix) in REFUSED_V6 {
            let first = start.to_bits();
            let last = first | (u128::MAX >> prefix);
            for inside in [first, last] {
                assert!(is_refused_v6(Ipv6Addr::from_bits(inside)), "{range:?}");
            }
            for outside in [first.checked_sub(1), last.checked_add(1)] {
                let Some(outside) = outside.map(Ipv6Addr::from_bits) else {
                    continue;
                };
                let in_neighbour = REFUSED_V6.iter().any(|own| holds_v6(*own, outside));
                assert_eq!(is_refused_v6(outside), in_neighbour, "{outside}");
            }
        }
    }

    #[test]
    fn translated_addresses_are_what_they_are_translated_to() {
        for (text, refused) in [
            ("64:ff9b::10.0.0.1", true),
            ("64:ff9b::127.0.0.1", true),
            ("64:ff9b::8.8.8.8", false),
            ("64:ff9b:0:0:0:1:808:808", false),
            ("64:ff9b:1::10.0.0.1", true),
            // 10.0.0.1 around the unused octet.
            ("64:ff9b:1:a00:0:100::", true),
            ("64:ff9b:1:808:8:800:808:808", false),
            ("2002:a00:1::1", true),
            ("2002:7f00:1::", true),
            ("2002:808:808::1", false),
            ("2001:0:808:808::", true),
            ("2606:4700::1111", false),
            ("2001:1::1", false),
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(is_refused_v6(address), refused, "{text}");
        }
    }

    #[test]
    fn the_library_of_the_language_finds_nothing_private_that_is_missing() {
        for address in [
            Ipv4Addr::LOCALHOST,
            Ipv4Addr::UNSPECIFIED,
            Ipv4Addr::BROADCAST,
        ] {
            assert!(is_refused_v4(address));
        }
        // A lattice over all addresses, against the predicates of `std`.
        for high in 0..=u16::MAX {
            let address = Ipv4Addr::from_bits(u32::from(high) << 16 | 0x0101);
            let is_known = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast();
            assert!(!is_known || is_refused_v4(address), "{address}");
        }
    }
}

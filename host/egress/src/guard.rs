//! Which addresses a request may connect to: pure, one function, every range of the registries with both its sides in
//! the tests.
//!
//! A name proves nothing: whoever owns its zone answers for it, differently each time. So it is the address that is
//! about to be connected to that is judged here, whether it came from a resolver or stood in the URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is, for the purpose of letting a request go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Reachable by anyone on the Internet.
    Public,
    /// This machine. Only an origin that the human named opens it.
    Loopback,
    /// The human's own network. Only an origin in which the human wrote this very address opens it.
    Private,
    /// Nothing opens it.
    Forbidden(&'static str),
}

/// Judges one address.
#[must_use]
pub fn classify(address: IpAddr) -> Address {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Address {
    let [a, b, c, d] = address.octets();
    match (a, b, c, d) {
        (0, ..) => Address::Forbidden("an unspecified address"),
        (127, ..) => Address::Loopback,
        // Alibaba's metadata service, inside the carrier-grade range.
        (100, 100, 100, 200) => Address::Forbidden("a cloud metadata service"),
        (169, 254, 169, 254) => Address::Forbidden("a cloud metadata service"),
        // Azure's host agent: a public number that every Azure machine reaches privately.
        (168, 63, 129, 16) => Address::Forbidden("a cloud metadata service"),
        (10, ..) | (192, 168, ..) | (172, 16..=31, ..) | (100, 64..=127, ..) => Address::Private,
        (169, 254, ..) => Address::Forbidden("a link-local address"),
        (192, 0, 0, _) => Address::Forbidden("a protocol assignment"),
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => Address::Forbidden("a documentation address"),
        (192, 88, 99, _) => Address::Forbidden("a 6to4 relay"),
        (198, 18..=19, ..) => Address::Forbidden("a benchmarking address"),
        (224..=239, ..) => Address::Forbidden("a multicast address"),
        (255, 255, 255, 255) => Address::Forbidden("the broadcast address"),
        (240.., ..) => Address::Forbidden("a reserved address"),
        _ => Address::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> Address {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Address::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] => Address::Forbidden("an unspecified address"),
        [0, 0, 0, 0, 0, 0xffff, ..] => Address::Forbidden("an IPv4 address written as IPv6"),
        [0, 0, 0, 0, 0, 0, ..] => Address::Forbidden("an IPv4 address written as IPv6"),
        // NAT64: a machine without IPv4 reaches the whole of it through this prefix, private ranges too.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // AWS's metadata service, inside the unique local range.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Address::Forbidden("a cloud metadata service"),
        [0xfc00..=0xfdff, ..] => Address::Private,
        [0xfe80..=0xfebf, ..] => Address::Forbidden("a link-local address"),
        [0xfec0..=0xfeff, ..] => Address::Forbidden("a site-local address"),
        [0xff00..=0xffff, ..] => Address::Forbidden("a multicast address"),
        // Teredo: the client's address stands inverted in the last 32 bits, the server's in the second.
        [0x2001, 0, server_high, server_low, _, _, high, low] => match embedded(server_high, server_low) {
            Address::Public => embedded(!high, !low),
            refused => refused,
        },
        [0x2001, 2, 0, ..] => Address::Forbidden("a benchmarking address"),
        [0x2001, 0x10..=0x3f, ..] => Address::Forbidden("an identifier, not an address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Address::Forbidden("a documentation address"),
        [0x2001, 1..=0x1ff, ..] => Address::Forbidden("a protocol assignment"),
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2000..=0x3fff, ..] => Address::Public,
        _ => Address::Forbidden("an address outside the public range"),
    }
}

/// An IPv6 address that carries an IPv4 one is public only if that one is; nobody writes their own network this way.
fn embedded(high: u16, low: u16) -> Address {
    match classify_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))) {
        Address::Public => Address::Public,
        Address::Loopback | Address::Private => Address::Forbidden("a private IPv4 address inside an IPv6 one"),
        refused => refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> &'static str {
        match classify(address.parse().expect(address)) {
            Address::Public => "public",
            Address::Loopback => "loopback",
            Address::Private => "private",
            Address::Forbidden(_) => "forbidden",
        }
    }

    #[test]
    fn judges_both_sides_of_every_ipv4_range() {
        let table = [
            ("0.0.0.0", "forbidden"),
            ("0.255.255.255", "forbidden"),
            ("1.0.0.0", "public"),
            ("9.255.255.255", "public"),
            ("10.0.0.0", "private"),
            ("10.255.255.255", "private"),
            ("11.0.0.0", "public"),
            ("100.63.255.255", "public"),
            ("100.64.0.0", "private"),
            ("100.100.100.199", "private"),
            ("100.100.100.200", "forbidden"),
            ("100.100.100.201", "private"),
            ("100.127.255.255", "private"),
            ("100.128.0.0", "public"),
            ("126.255.255.255", "public"),
            ("127.0.0.0", "loopback"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("128.0.0.0", "public"),
            ("168.63.129.15", "public"),
            ("168.63.129.16", "forbidden"),
            ("168.63.129.17", "public"),
            ("169.253.255.255", "public"),
            ("169.254.0.0", "forbidden"),
            ("169.254.169.254", "forbidden"),
            ("169.254.255.255", "forbidden"),
            ("169.255.0.0", "public"),
            ("172.15.255.255", "public"),
            ("172.16.0.0", "private"),
            ("172.31.255.255", "private"),
            ("172.32.0.0", "public"),
            ("191.255.255.255", "public"),
            ("192.0.0.0", "forbidden"),
            ("192.0.0.255", "forbidden"),
            ("192.0.1.0", "public"),
            ("192.0.1.255", "public"),
            ("192.0.2.0", "forbidden"),
            ("192.0.2.255", "forbidden"),
            ("192.0.3.0", "public"),
            ("192.88.98.255", "public"),
            ("192.88.99.0", "forbidden"),
            ("192.88.99.255", "forbidden"),
            ("192.88.100.0", "public"),
            ("192.167.255.255", "public"),
            ("192.168.0.0", "private"),
            ("192.168.255.255", "private"),
            ("192.169.0.0", "public"),
            ("198.17.255.255", "public"),
            ("198.18.0.0", "forbidden"),
            ("198.19.255.255", "forbidden"),
            ("198.20.0.0", "public"),
            ("198.51.99.255", "public"),
            ("198.51.100.0", "forbidden"),
            ("198.51.100.255", "forbidden"),
            ("198.51.101.0", "public"),
            ("203.0.112.255", "public"),
            ("203.0.113.0", "forbidden"),
            ("203.0.113.255", "forbidden"),
            ("203.0.114.0", "public"),
            ("223.255.255.255", "public"),
            ("224.0.0.0", "forbidden"),
            ("239.255.255.255", "forbidden"),
            ("240.0.0.0", "forbidden"),
            ("255.255.255.254", "forbidden"),
            ("255.255.255.255", "forbidden"),
        ];
        for (address, expected) in table {
            assert_eq!(name(address), expected, "{address}");
        }
    }

    #[test]
    fn judges_both_sides_of_every_ipv6_range() {
        let table = [
            ("::", "forbidden"),
            ("::1", "loopback"),
            ("::2", "forbidden"),
            ("::8.8.8.8", "forbidden"),
            ("::127.0.0.1", "forbidden"),
            ("::fffe:8.8.8.8", "forbidden"),
            ("::ffff:8.8.8.8", "forbidden"),
            ("::ffff:127.0.0.1", "forbidden"),
            ("::ffff:10.0.0.1", "forbidden"),
            ("::ffff:0:8.8.8.8", "forbidden"),
            ("64:ff9b::7.255.255.255", "public"),
            ("64:ff9b::8.8.8.8", "public"),
            ("64:ff9b::9.255.255.255", "public"),
            ("64:ff9b::10.0.0.0", "forbidden"),
            ("64:ff9b::10.255.255.255", "forbidden"),
            ("64:ff9b::11.0.0.0", "public"),
            ("64:ff9b::127.0.0.1", "forbidden"),
            ("64:ff9b::169.254.169.254", "forbidden"),
            ("64:ff9b:0:0:0:1:808:808", "forbidden"),
            ("64:ff9b:1::808:808", "forbidden"),
            ("64:ff9a::808:808", "forbidden"),
            ("64:ff9c::808:808", "forbidden"),
            ("100::", "forbidden"),
            ("1fff:ffff::", "forbidden"),
            ("2000::", "public"),
            ("2000:ffff:ffff::", "public"),
            // Teredo, both embedded addresses: 8.8.8.8 is f7f7:f7f7 inverted, 10.0.0.1 is f5ff:fffe.
            ("2001:0:808:808::f7f7:f7f7", "public"),
            ("2001:0:808:808::f5ff:fffe", "forbidden"),
            ("2001:0:a00:1::f7f7:f7f7", "forbidden"),
            ("2001:0:808:808::80ff:fffe", "forbidden"),
            ("2001:1::1", "forbidden"),
            ("2001:2::1", "forbidden"),
            ("2001:10::", "forbidden"),
            ("2001:3f:ffff::", "forbidden"),
            ("2001:1ff:ffff::", "forbidden"),
            ("2001:200::", "public"),
            ("2001:db7:ffff::", "public"),
            ("2001:db8::", "forbidden"),
            ("2001:db8:ffff::", "forbidden"),
            ("2001:db9::", "public"),
            ("2002:7ff:ffff::", "public"),
            ("2002:808:808::1", "public"),
            ("2002:9ff:ffff::", "public"),
            ("2002:a00::", "forbidden"),
            ("2002:aff:ffff::", "forbidden"),
            ("2002:b00::", "public"),
            ("2002:7f00:1::", "forbidden"),
            ("2002:a9fe:a9fe::", "forbidden"),
            ("2003::", "public"),
            ("2606:4700::1111", "public"),
            ("3ffe:ffff::", "public"),
            ("3fff::", "forbidden"),
            ("3fff:fff:ffff::", "forbidden"),
            ("3fff:1000::", "public"),
            ("3fff:ffff::", "public"),
            ("4000::", "forbidden"),
            ("5f00::1", "forbidden"),
            ("fbff:ffff::", "forbidden"),
            ("fc00::", "private"),
            ("fd00:ec2::253", "private"),
            ("fd00:ec2::254", "forbidden"),
            ("fd00:ec2::255", "private"),
            ("fdff:ffff::", "private"),
            ("fe00::", "forbidden"),
            ("fe7f:ffff::", "forbidden"),
            ("fe80::", "forbidden"),
            ("febf:ffff::", "forbidden"),
            ("fec0::", "forbidden"),
            ("feff:ffff::", "forbidden"),
            ("ff00::", "forbidden"),
            ("ff02::1", "forbidden"),
            ("ffff:ffff::", "forbidden"),
        ];
        for (address, expected) in table {
            assert_eq!(name(address), expected, "{address}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_embedded_address_is_never_more_open_than_itself(bits: u32) {
            let inner = Ipv4Addr::from_bits(bits);
            let [high, low] = [(bits >> 16) as u16, bits as u16];
            for outer in [
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0x808, 0x808, 0, 0, !high, !low),
                inner.to_ipv6_mapped(),
                inner.to_ipv6_compatible(),
            ] {
                let judged = classify(outer.into());
                proptest::prop_assert!(judged != Address::Public || classify(inner.into()) == Address::Public, "{outer}");
                proptest::prop_assert!(outer == Ipv6Addr::LOCALHOST || judged != Address::Loopback, "{outer}");
                proptest::prop_assert!(judged != Address::Private, "{outer}");
            }
        }
    }
}

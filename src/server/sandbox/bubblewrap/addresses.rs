//! The allow list of the sandbox's proxy, and which addresses a name on it may resolve to.

use crate::server::addresses::is_public;
use std::net::IpAddr;

/// A `host:port` that a sandbox may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub host: String,
    pub port: u16,
}

impl Allowed {
    /// Reads `host:port`, `127.0.0.1:4873` or `[::1]:4873`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.trim().rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let port = port.parse().ok().filter(|&port| port != 0)?;
        Some(Self { host: host.trim_end_matches('.').to_ascii_lowercase(), port })
    }

    /// A connection to `address` is in order. A name must lead to the public Internet: whoever controls its DNS
    /// does not get to point into our network. An entry that itself says "this machine" or gives an address
    /// means what it says.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(literal) => literal == address,
            Err(_) if self.host == "localhost" => address.is_loopback(),
            Err(_) => is_public(address),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn entries_are_host_and_port_and_nothing_else() {
        let parse = |text| Allowed::parse(text).map(|entry| (entry.host, entry.port));
        assert_eq!(parse("Registry.NPMjs.org:443"), Some(("registry.npmjs.org".into(), 443)));
        assert_eq!(parse("registry.npmjs.org.:443"), Some(("registry.npmjs.org".into(), 443)));
        assert_eq!(parse("[::1]:4873"), Some(("::1".into(), 4873)));
        for bad in
            ["registry.npmjs.org", ":443", "a:0", "a:+443", "a:65536", "a b:1", "user@a:1", "a/b:1", ""]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_name_must_lead_to_the_public_internet() {
        let name = Allowed::parse("registry.example:443").unwrap();
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!name.admits(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["104.16.1.34", "172.32.0.1", "100.128.0.1", "2606:4700::6810:122", "64:ff9b::6810:122"]
        {
            assert!(name.admits(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_entry_that_names_this_machine_means_it() {
        let admits =
            |entry: &str, address: &str| Allowed::parse(entry).unwrap().admits(address.parse().unwrap());
        assert!(admits("127.0.0.1:4873", "127.0.0.1") && admits("localhost:4873", "::1"));
        assert!(!admits("127.0.0.1:4873", "127.0.0.2") && !admits("localhost:4873", "10.0.0.1"));
    }
}

//! A request → the address that it came from, as far as the settings let us believe it.
//!
//! Behind a proxy every request comes from the proxy, which says in `X-Forwarded-For` for whom. Anybody can write that
//! header, so that it is believed only of the proxies that the settings name, and only as far back as the first address
//! that is none of them.

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue},
};
use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(IpAddr);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Source {
    /// Whom tries and requests are counted for: the address, of IPv6 its network, of which a machine has a whole one.
    pub fn counted(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address => address,
        }
    }
}

/// The proxies whose word is taken. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Those of the settings.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether that address is one of theirs.
    pub fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let mut source = peer.to_canonical();
        let values: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).into_iter().collect();
        let mut hops = values.into_iter().rev().flat_map(|value| value.to_str().unwrap_or("").rsplit(','));
        while self.include(source) {
            // What a proxy of ours did not write as an address says nothing.
            let Some(hop) = hops.next().and_then(address) else { break };
            source = hop;
        }
        Source(source)
    }
}

/// An address, which some proxies write with its port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text.parse::<IpAddr>().ok();
    alone
        .or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        .map(|ip| ip.to_canonical())
}

/// An address or a network in the settings: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
///
/// # Errors
/// A sentence for whoever wrote it.
pub fn network(text: &str) -> Result<IpNet, String> {
    let alone = text.parse::<IpAddr>().map(IpNet::from);
    alone
        .or_else(|_| text.parse())
        .map_err(|_| "an IP address or a network such as 10.0.0.0/8 is needed".to_owned())
}

/// The same request, with its [`Source`], when the server knows who is at the other end.
pub async fn note(State(proxies): State<TrustedProxies>, mut request: Request) -> Request {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let source = proxies.source(peer.ip(), request.headers());
        request.extensions_mut().insert(source);
    }
    request
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use rstest::rstest;

    fn seen(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks: Vec<IpNet> = trusted.iter().map(|text| network(text).unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        TrustedProxies::new(&networks).source(peer.parse().unwrap(), &headers).0.to_string()
    }

    #[rstest]
    #[case::nobody_is_trusted(&[], &["203.0.113.7"], "10.0.0.1")]
    #[case::another_is_trusted(&["10.0.0.2"], &["203.0.113.7"], "10.0.0.1")]
    #[case::the_peer_is_trusted(&["10.0.0.1"], &["203.0.113.7"], "203.0.113.7")]
    #[case::written_by_the_client(&["10.0.0.1"], &["198.51.100.1, 203.0.113.7"], "203.0.113.7")]
    #[case::two_proxies(&["10.0.0.0/8"], &["198.51.100.1, 203.0.113.7, 10.0.0.9"], "203.0.113.7")]
    #[case::two_headers(&["10.0.0.0/8"], &["203.0.113.7", "10.0.0.9"], "203.0.113.7")]
    #[case::only_proxies(&["10.0.0.0/8"], &["10.0.0.9"], "10.0.0.9")]
    #[case::no_header(&["10.0.0.0/8"], &[], "10.0.0.1")]
    #[case::no_address(&["10.0.0.0/8"], &["203.0.113.7, unknown"], "10.0.0.1")]
    #[case::with_a_port(&["10.0.0.0/8"], &["203.0.113.7:4711"], "203.0.113.7")]
    #[case::version_six(&["10.0.0.0/8"], &["[2001:db8::7]:4711"], "2001:db8::7")]
    fn only_trusted_proxies_are_believed(
        #[case] trusted: &[&str],
        #[case] forwarded: &[&str],
        #[case] source: &str,
    ) {
        assert_eq!(seen(trusted, "10.0.0.1", forwarded), source);
    }

    #[test]
    fn addresses_of_version_four_in_disguise_are_themselves() {
        assert_eq!(seen(&["10.0.0.1"], "::ffff:10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn a_network_of_version_six_counts_as_one() {
        let counted = |text: &str| Source(text.parse().unwrap()).counted().to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("203.0.113.7"), "203.0.113.7");
    }
}

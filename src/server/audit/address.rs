//! Where a request came from.

use crate::server::addresses::is_public;
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The machine at the other end. A proxy of ours is a neighbour, and the last address that it names is the one that it
/// saw itself: then both are told. What anybody else claims to be is left out.
pub(super) fn of(headers: &HeaderMap, extensions: &Extensions) -> Option<String> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let told = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
    let told = told.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    Some(match told.filter(|_| !is_public(peer)) {
        Some(told) => format!("{} by {peer}", told.to_canonical()),
        None => peer.to_string(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("203.0.113.9:1", None, "203.0.113.9")]
    #[case("[::ffff:203.0.113.9]:1", None, "203.0.113.9")]
    #[case("127.0.0.1:1", Some("198.51.100.1, 203.0.113.9"), "203.0.113.9 by 127.0.0.1")]
    #[case("10.0.0.2:1", Some("2001:db8::1"), "2001:db8::1 by 10.0.0.2")]
    #[case("127.0.0.1:1", Some("nonsense"), "127.0.0.1")]
    #[case("203.0.113.9:1", Some("198.51.100.1"), "203.0.113.9")]
    fn only_a_neighbour_names_somebody_else(
        #[case] peer: &str,
        #[case] told: Option<&str>,
        #[case] expected: &str,
    ) {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let headers = told.map(|told| (FORWARDED_FOR.parse().unwrap(), told.parse().unwrap()));
        assert_eq!(of(&HeaderMap::from_iter(headers), &extensions).as_deref(), Some(expected));
        assert_eq!(of(&HeaderMap::new(), &Extensions::new()), None);
    }
}

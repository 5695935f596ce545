//! What a command may reach → Vercel's network policy.

use crate::server::sandbox::Network;
use serde_json::{Value, json};
use url::{Host, Url};

/// Nothing at all.
pub(super) fn closed() -> Value {
    json!({ "mode": "deny-all" })
}

/// The policy for `network`, with the registries' hosts and the address under which the model gateway is reached.
pub(super) fn policy(network: Network, registries: &[String], gateway: Option<&Url>) -> Value {
    let mut hosts: Vec<String> = Vec::new();
    let mut networks: Vec<String> = Vec::new();
    if network.registries() {
        hosts.extend_from_slice(registries);
    }
    match gateway.filter(|_| network.model()).and_then(Url::host) {
        Some(Host::Domain(host)) => hosts.push(host.to_owned()),
        // Policies name hosts; an address is a network of one.
        Some(Host::Ipv4(address)) => networks.push(format!("{address}/32")),
        Some(Host::Ipv6(address)) => networks.push(format!("{address}/128")),
        None => {}
    }
    hosts.dedup();
    match (hosts.is_empty(), networks.is_empty()) {
        (true, true) => closed(),
        (_, true) => json!({ "allow": hosts }),
        _ => json!({ "allow": hosts, "subnets": { "allow": networks } }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing(Network::None, "https://fix.example.com", json!({ "mode": "deny-all" }))]
    #[case::registries(Network::Registries, "https://fix.example.com", json!({ "allow": ["registry.npmjs.org"] }))]
    #[case::model(Network::Model, "https://fix.example.com:8443/base", json!({ "allow": ["fix.example.com"] }))]
    #[case::both(
        Network::Both,
        "https://fix.example.com",
        json!({ "allow": ["registry.npmjs.org", "fix.example.com"] })
    )]
    #[case::by_number(
        Network::Both,
        "http://127.0.0.1:3000",
        json!({ "allow": ["registry.npmjs.org"], "subnets": { "allow": ["127.0.0.1/32"] } })
    )]
    #[case::by_long_number(Network::Model, "http://[::1]:3000", json!({ "allow": [], "subnets": { "allow": ["::1/128"] } }))]
    fn policies(#[case] network: Network, #[case] gateway: &str, #[case] expected: Value) {
        let registries = ["registry.npmjs.org".to_owned()];
        assert_eq!(policy(network, &registries, Some(&gateway.parse().unwrap())), expected);
    }

    #[test]
    fn without_an_address_the_model_is_out_of_reach() {
        assert_eq!(policy(Network::Model, &[], None), closed());
    }
}

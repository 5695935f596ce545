//! The public address of this server → the address for a platform's deliveries, or the sentence that says why there
//! is none. What runs elsewhere needs the same address.

use crate::{model::Provider, server::config::Config};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Why what is outside cannot reach this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// `DEPLOYMEND_PUBLIC_URL` is not set.
    Unset,
    /// It is not https.
    NotHttps,
    /// It leads to this machine or into its network.
    Private,
}

impl Unreachable {
    /// Why no webhook is registered, in one sentence.
    const fn no_webhooks(self) -> &'static str {
        match self {
            Self::Unset => {
                "No public address is set (DEPLOYMEND_PUBLIC_URL), so failures are found by polling."
            }
            Self::NotHttps => "The public address is not https, so failures are found by polling.",
            Self::Private => {
                "The public address cannot be reached from outside this network, so failures are found by polling."
            }
        }
    }

    /// Why no build can run elsewhere, in one sentence.
    pub const fn no_builds_elsewhere(self) -> &'static str {
        match self {
            Self::Unset => {
                "No public address is set (DEPLOYMEND_PUBLIC_URL), so the agent there could not ask the model."
            }
            Self::NotHttps => "The public address is not https, so the agent there could not ask the model.",
            Self::Private => {
                "The public address cannot be reached from outside this network, so the agent there could not ask the \
                 model."
            }
        }
    }
}

/// The address under which what is outside reaches this server.
///
/// # Errors
/// Why it does not.
pub fn public_url(config: &Config) -> Result<Url, Unreachable> {
    reachable(config, config.public_url.as_ref())
}

/// The address under which agents elsewhere reach this process.
///
/// # Errors
/// Why they do not.
pub fn gateway_url(config: &Config) -> Result<Url, Unreachable> {
    reachable(config, config.gateway_url.as_ref().or(config.public_url.as_ref()))
}

fn reachable(config: &Config, url: Option<&Url>) -> Result<Url, Unreachable> {
    let mut url = url.cloned().ok_or(Unreachable::Unset)?;
    let reach = reach(&url);
    let local_work = config.allow_loopback_webhooks && reach == Reach::Loopback;
    if reach != Reach::Public && !local_work {
        return Err(Unreachable::Private);
    }
    match url.scheme() {
        "https" => {}
        "http" if local_work => {}
        _ => return Err(Unreachable::NotHttps),
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// Where `provider` delivers to.
///
/// # Errors
/// The sentence for the page, when platforms cannot reach this server.
pub fn webhook_url(config: &Config, provider: Provider) -> Result<Url, &'static str> {
    let mut url = public_url(config).map_err(Unreachable::no_webhooks)?;
    url.path_segments_mut().map_err(|()| Unreachable::NotHttps.no_webhooks())?.pop_if_empty().extend([
        "api",
        "integrations",
        provider.as_str(),
        "webhooks",
    ]);
    Ok(url)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    Private,
    Loopback,
}

fn reach(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Ipv4(address)) => address_reach(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => {
            address_reach(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
        }
        Some(Host::Domain(name)) => name_reach(name.trim_end_matches('.')),
        None => Reach::Private,
    }
}

fn address_reach(address: IpAddr) -> Reach {
    let private = match address {
        address if address.is_loopback() => return Reach::Loopback,
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is the shared space behind carriers' address translation.
            let carrier = address.octets()[0] == 100 && address.octets()[1] & 0b1100_0000 == 64;
            address.is_private() || address.is_link_local() || address == Ipv4Addr::UNSPECIFIED || carrier
        }
        IpAddr::V6(address) => {
            address.is_unique_local() || address.is_unicast_link_local() || address == Ipv6Addr::UNSPECIFIED
        }
    };
    if private { Reach::Private } else { Reach::Public }
}

fn name_reach(name: &str) -> Reach {
    if name == "localhost" || name.ends_with(".localhost") {
        return Reach::Loopback;
    }
    let internal = ["local", "internal", "lan", "home.arpa", "intranet"];
    let is_internal =
        internal.iter().any(|zone| name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.')));
    if is_internal || !name.contains('.') { Reach::Private } else { Reach::Public }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use clap::Parser;
    use rstest::rstest;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        config: Config,
    }

    fn config(public_url: Option<&str>, allow_loopback: bool) -> Config {
        let mut config = Settings::parse_from(["deploymend"]).config;
        config.public_url = public_url.map(|url| url.parse().unwrap());
        config.allow_loopback_webhooks = allow_loopback;
        config
    }

    #[rstest]
    #[case("https://fix.acme.dev", false, Ok("https://fix.acme.dev/api/integrations/vercel/webhooks"))]
    #[case("https://acme.dev/fix/?a=b#c", false, Ok("https://acme.dev/fix/api/integrations/vercel/webhooks"))]
    #[case("https://8.8.8.8:8443", false, Ok("https://8.8.8.8:8443/api/integrations/vercel/webhooks"))]
    #[case("http://127.0.0.1:3000", true, Ok("http://127.0.0.1:3000/api/integrations/vercel/webhooks"))]
    #[case("http://localhost:3000", true, Ok("http://localhost:3000/api/integrations/vercel/webhooks"))]
    #[case("http://[::1]:3000", true, Ok("http://[::1]:3000/api/integrations/vercel/webhooks"))]
    #[case("http://127.0.0.1:3000", false, Err(Unreachable::Private))]
    #[case("https://localhost", false, Err(Unreachable::Private))]
    #[case("https://[::ffff:10.0.0.1]", true, Err(Unreachable::Private))]
    #[case("https://192.168.0.7", true, Err(Unreachable::Private))]
    #[case("https://172.16.0.1", false, Err(Unreachable::Private))]
    #[case("https://100.64.3.4", false, Err(Unreachable::Private))]
    #[case("https://169.254.1.1", false, Err(Unreachable::Private))]
    #[case("https://[fd00::1]", false, Err(Unreachable::Private))]
    #[case("https://buildbox", false, Err(Unreachable::Private))]
    #[case("https://fix.local", false, Err(Unreachable::Private))]
    #[case("http://fix.acme.dev", true, Err(Unreachable::NotHttps))]
    fn only_reachable_addresses(
        #[case] public: &str,
        #[case] allow: bool,
        #[case] expected: Result<&str, Unreachable>,
    ) {
        let config = config(Some(public), allow);
        let url = webhook_url(&config, Provider::VERCEL);
        let expected_note = expected.map_err(Unreachable::no_webhooks);
        assert_eq!(url.as_ref().map(Url::as_str).map_err(|note| *note), expected_note);
        // What runs elsewhere comes back to the same server.
        assert_eq!(public_url(&config).err(), expected.err());
    }

    #[test]
    fn none_is_said() {
        let config = config(None, true);
        assert_eq!(public_url(&config), Err(Unreachable::Unset));
        assert_eq!(webhook_url(&config, Provider::VERCEL), Err(Unreachable::Unset.no_webhooks()));
    }
}

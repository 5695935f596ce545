//! An address that a user typed → the network addresses that may be called for it. Looked up again for every message:
//! whoever controls the name does not get to point into our network.

use crate::server::addresses::is_public;
use std::{net::SocketAddr, time::Duration};
use url::{Host, Url};

const MAX_CHARS: usize = 2_000;
const LOOK_UP: Duration = Duration::from_secs(5);

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no address, or not one of a web server.
    #[error("The address has to begin with https:// and have no user name, password or fragment in it.")]
    Form,
    /// Its name leads nowhere.
    #[error("The address has a name that leads nowhere.")]
    Unknown,
    /// It is in a private network, or is this machine.
    #[error("The address leads into a private network. Only public ones are called.")]
    Private,
}

/// Reads an address: https, or http where this machine may be called.
///
/// # Errors
/// [`Refused::Form`].
pub fn read(text: &str, loopback: bool) -> Result<Url, Refused> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| Refused::Form)?;
    let scheme = url.scheme() == "https" || (loopback && url.scheme() == "http");
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !scheme || !plain || url.host().is_none() || text.chars().count() > MAX_CHARS {
        return Err(Refused::Form);
    }
    Ok(url)
}

/// Where the address leads now.
///
/// # Errors
/// [`Refused::Unknown`], [`Refused::Private`].
pub async fn resolve(url: &Url, loopback: bool) -> Result<Vec<SocketAddr>, Refused> {
    let port = url.port_or_known_default().ok_or(Refused::Form)?;
    let found: Vec<SocketAddr> = match url.host().ok_or(Refused::Form)? {
        Host::Ipv4(address) => vec![SocketAddr::from((address, port))],
        Host::Ipv6(address) => vec![SocketAddr::from((address, port))],
        Host::Domain(name) => {
            let looked_up = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((name, port))).await;
            looked_up.map_err(|_| Refused::Unknown)?.map_err(|_| Refused::Unknown)?.collect()
        }
    };
    if found.is_empty() {
        return Err(Refused::Unknown);
    }
    // One private address among public ones is no accident.
    if found.iter().all(|address| may_be_called(url.scheme(), *address, loopback)) {
        Ok(found)
    } else {
        Err(Refused::Private)
    }
}

/// Without TLS only this machine.
fn may_be_called(scheme: &str, address: SocketAddr, loopback: bool) -> bool {
    (loopback && address.ip().is_loopback()) || (scheme == "https" && is_public(address.ip()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_web_servers_are_read() {
        for (text, loopback, fine) in [
            ("https://hooks.example.com/a?b=c", false, true),
            (" https://hooks.example.com ", false, true),
            ("http://hooks.example.com/", false, false),
            ("http://127.0.0.1:9/", true, true),
            ("ftp://hooks.example.com/", true, false),
            ("file:///etc/passwd", true, false),
            ("https://user@hooks.example.com/", true, false),
            ("https://user:password@hooks.example.com/", true, false),
            ("https://hooks.example.com/#part", true, false),
            ("https://", true, false),
            ("hooks.example.com", true, false),
            ("", true, false),
        ] {
            assert_eq!(read(text, loopback).is_ok(), fine, "{text}");
        }
        assert!(read(&format!("https://a.example/{}", "a".repeat(MAX_CHARS)), false).is_err());
    }

    async fn leads(text: &str, loopback: bool) -> Result<Vec<SocketAddr>, Refused> {
        resolve(&read(text, loopback).unwrap(), loopback).await
    }

    #[tokio::test]
    async fn private_networks_are_not_called_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "localhost",
        ] {
            assert_eq!(leads(&format!("https://{host}/"), false).await, Err(Refused::Private), "{host}");
        }
        let public = leads("https://104.16.1.34/", false).await.unwrap();
        assert_eq!(public, ["104.16.1.34:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn this_machine_is_called_where_that_is_allowed_and_nothing_else_without_tls() {
        assert!(leads("http://127.0.0.1:9/", true).await.is_ok());
        assert!(leads("http://localhost:9/", true).await.is_ok());
        for elsewhere in ["http://10.1.2.3/", "https://10.1.2.3/", "http://104.16.1.34/"] {
            assert_eq!(leads(elsewhere, true).await, Err(Refused::Private), "{elsewhere}");
        }
    }
}

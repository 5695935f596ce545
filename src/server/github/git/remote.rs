//! Turns a host, a repository and a token into what a `git` run may talk to.

use super::{error::GitError, process::Run};
use crate::server::github::RepositoryName;
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// A repository on a Git host, with the right to use it.
#[derive(Clone, Debug)]
pub struct Remote {
    address: String,
    /// The only transport that git may use.
    protocol: &'static str,
    /// The host's root, to which alone the token is sent, and the token.
    access: Option<(String, SecretString)>,
}

impl Remote {
    /// The repository on `host` (`https://github.com`). The protocol is https; http is taken on loopback only.
    ///
    /// git follows no redirect, so that the token reaches no other host: resolve a renamed repository through
    /// [`Client::repository`](crate::server::github::Client::repository) first.
    pub fn new(host: &Url, repository: &RepositoryName, token: &SecretString) -> Result<Self, GitError> {
        let protocol = match host.scheme() {
            "https" => "https",
            "http" if is_loopback(host) => "http",
            _ => return Err(GitError::Protocol),
        };
        if !host.username().is_empty() || host.password().is_some() || host.query().is_some() {
            return Err(GitError::Protocol);
        }
        let base = host.as_str().trim_end_matches('/');
        Ok(Self {
            address: format!("{base}/{repository}.git"),
            protocol,
            access: Some((format!("{base}/"), token.clone())),
        })
    }

    /// A bare repository on this machine.
    #[cfg(test)]
    pub(super) fn folder(path: &std::path::Path) -> Self {
        Self { address: format!("file://{}", path.display()), protocol: "file", access: None }
    }

    /// The address without the token.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Lets one run talk to the repository. The token goes into the run's environment: not into its arguments,
    /// which every process may read, and not into the clone's `.git/config`.
    pub(super) fn open<'a>(&self, run: Run<'a>) -> Run<'a> {
        let run = run.env("GIT_ALLOW_PROTOCOL", self.protocol);
        let Some((host, token)) = &self.access else { return run };
        let credentials = BASE64_STANDARD.encode(format!("x-access-token:{}", token.expose_secret()));
        run.secret_setting(
            format!("http.{host}.extraHeader"),
            format!("Authorization: Basic {credentials}"),
            [token.expose_secret().to_owned(), credentials],
        )
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://github.com", Some("https://github.com/acme/shop.git"))]
    #[case("https://git.example.com/base/", Some("https://git.example.com/base/acme/shop.git"))]
    #[case("http://127.0.0.1:4000", Some("http://127.0.0.1:4000/acme/shop.git"))]
    #[case("http://[::1]:4000", Some("http://[::1]:4000/acme/shop.git"))]
    #[case("http://localhost:4000", Some("http://localhost:4000/acme/shop.git"))]
    #[case("http://github.com", None)]
    #[case("http://127.0.0.1.example.com", None)]
    #[case("file:///srv/git", None)]
    #[case("ssh://git@github.com", None)]
    #[case("https://user:password@github.com", None)]
    fn takes_https_and_loopback(#[case] host: Url, #[case] expected: Option<&str>) {
        let name: RepositoryName = "acme/shop".parse().expect("a name");
        let remote = Remote::new(&host, &name, &SecretString::from("t0ken"));
        assert_eq!(remote.as_ref().ok().map(Remote::address), expected);
        assert!(!format!("{remote:?}").contains("t0ken"));
    }
}

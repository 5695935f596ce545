//! GitHub's OAuth web flow: an address to send a browser to, and the code it comes back with → a token.
//!
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use super::GithubError;
use crate::server::{config::Config, integrations::http};
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

/// Reading and writing repositories: what a pull request needs. OAuth apps know no finer scope.
pub const REPOSITORIES: &str = "repo";

/// The OAuth app of this installation.
#[derive(Clone, Copy, Debug)]
pub struct App<'a> {
    id: &'a str,
    secret: &'a SecretString,
    base: &'a Url,
}

/// Where a browser goes, and how it comes back.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    /// Our callback, as it is registered with the app.
    pub redirect_uri: &'a str,
    /// Comes back unchanged.
    pub state: &'a str,
    /// SHA-256 of the verifier, in base64url.
    pub challenge: &'a str,
    /// What the token may do; empty: read what is public.
    pub scope: &'a str,
}

/// A token, and what it may do.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: SecretString,
    /// Separated by commas; may be less than what was asked for.
    pub scopes: String,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<SecretString>,
    #[serde(default)]
    scope: String,
    /// GitHub refuses with status 200 and this.
    error: Option<String>,
}

impl<'a> App<'a> {
    /// The app, when it is configured.
    pub fn of(config: &'a Config) -> Option<Self> {
        let (id, secret) = config.github_client_id.as_deref().zip(config.github_client_secret.as_ref())?;
        Some(Self { id, secret, base: &config.github_url })
    }

    fn page(&self, name: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["login", "oauth", name]);
        }
        url
    }

    /// The page on which a person agrees.
    pub fn authorize(&self, journey: Journey<'_>) -> Url {
        let mut url = self.page("authorize");
        url.query_pairs_mut()
            .append_pair("client_id", self.id)
            .append_pair("redirect_uri", journey.redirect_uri)
            .append_pair("state", journey.state)
            .append_pair("code_challenge", journey.challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("allow_signup", "false");
        if !journey.scope.is_empty() {
            url.query_pairs_mut().append_pair("scope", journey.scope);
        }
        url
    }

    /// The token for a code. GitHub takes each code once, for 10 minutes.
    ///
    /// # Errors
    /// `Rejected` with GitHub's name of the error: `bad_verification_code`, `incorrect_client_credentials`,
    /// `redirect_uri_mismatch`, ….
    pub async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Granted, GithubError> {
        let client =
            http::client().map_err(|_| GithubError::Setup("no usable root certificates were found"))?;
        let form = [
            ("client_id", self.id),
            ("client_secret", self.secret.expose_secret()),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let request = client.post(self.page("access_token")).header(ACCEPT, "application/json").form(&form);
        let transient = GithubError::Transient { retry_after: None };
        let answer = request.send().await.map_err(|_| transient.clone())?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|_| transient.clone())?;
        if status.is_server_error() {
            return Err(transient);
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| GithubError::Malformed)?;
        match (answer.error, answer.access_token) {
            (Some(error), _) => Err(GithubError::Rejected { status: status.as_u16(), message: error }),
            (None, Some(token)) => Ok(Granted { token, scopes: answer.scope }),
            (None, None) => Err(GithubError::Malformed),
        }
    }
}

impl Granted {
    /// Whether pull requests can be opened with it.
    pub fn reaches_repositories(&self) -> bool {
        self.scopes.split([',', ' ']).any(|scope| scope == REPOSITORIES)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_with_everything_that_github_asks_for() {
        let (base, secret) = ("https://git.example.test/at/".parse().unwrap(), SecretString::from("s3cret"));
        let app = App { id: "Iv1 &", secret: &secret, base: &base };
        let journey = Journey {
            redirect_uri: "https://fix.example.test/api/auth/github/callback",
            state: "s",
            challenge: "c",
            scope: "",
        };
        let url = app.authorize(journey).to_string();
        assert_eq!(
            url,
            "https://git.example.test/at/login/oauth/authorize?client_id=Iv1+%26&redirect_uri=https%3A%2F%2Ffix.\
             example.test%2Fapi%2Fauth%2Fgithub%2Fcallback&state=s&code_challenge=c&code_challenge_method=S256&\
             allow_signup=false"
        );
        assert!(app.authorize(Journey { scope: "repo", ..journey }).as_str().ends_with("&scope=repo"));
        assert!(!format!("{app:?}").contains("s3cret"));
    }

    #[test]
    fn scopes_are_whole_words() {
        for (scopes, reaches) in [
            ("repo", true),
            ("repo,user:email", true),
            ("", false),
            ("public_repo", false),
            ("repo:status", false),
        ] {
            let granted = Granted { token: "t".into(), scopes: scopes.into() };
            assert_eq!(granted.reaches_repositories(), reaches, "{scopes}");
        }
    }
}

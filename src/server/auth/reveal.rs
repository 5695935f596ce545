//! A new secret → a sealed cookie → the one page that shows it. Nothing of it is kept on the server, and it stands in
//! no address.

use crate::server::crypto::{CryptoError, KeyRing};
use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use secrecy::SecretString;

/// Only the settings get it.
const PATH: &str = "/settings";
const SECONDS: u32 = 60;

/// What is shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// A new API token.
    Token,
    /// The link of a new invitation.
    Invitation,
    /// The secret of a new outgoing webhook.
    Webhook,
}

impl Reveal {
    const fn cookie(self) -> &'static str {
        match self {
            Self::Token => "deploymend_new_token",
            Self::Invitation => "deploymend_new_invitation",
            Self::Webhook => "deploymend_new_webhook",
        }
    }

    fn identity(self, user_id: &str) -> String {
        format!("reveal:{}:{user_id}", self.cookie())
    }

    /// `Set-Cookie` that hands the secret to the browser of that user, for the next page.
    ///
    /// # Errors
    /// It cannot be sealed.
    pub fn hand_over(
        self,
        keys: &KeyRing,
        user_id: &str,
        secret: &SecretString,
        https: bool,
    ) -> Result<HeaderValue, CryptoError> {
        let sealed = keys.seal(&self.identity(user_id), secret)?;
        cookie(self.cookie(), &sealed, PATH, SECONDS, "Strict", https).ok_or(CryptoError::Damaged)
    }

    /// The secret that the browser brings back, if it is that user's.
    pub fn take(self, keys: &KeyRing, user_id: &str, headers: &HeaderMap) -> Option<SecretString> {
        keys.open(&self.identity(user_id), cookie_of(headers, self.cookie())?).ok()
    }

    /// `Set-Cookie` after which the browser has forgotten it.
    pub fn forget(self) -> Option<HeaderValue> {
        cookie(self.cookie(), "", PATH, 0, "Strict", false)
    }
}

/// `Set-Cookie` of a short-lived cookie that scripts cannot read.
pub(super) fn cookie(
    name: &str,
    value: &str,
    path: &str,
    seconds: u32,
    same_site: &str,
    https: bool,
) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
    HeaderValue::from_str(&text).ok()
}

/// The value of a cookie.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_secret_reaches_the_browser_of_its_user_only_and_is_not_readable_there() {
        let keys = KeyRing::parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let set = Reveal::Token.hand_over(&keys, "u1", &"dpm_secret".into(), true).unwrap();
        let set = set.to_str().unwrap();
        assert!(!set.contains("dpm_secret"), "{set}");
        for part in ["Path=/settings", "Max-Age=60", "HttpOnly", "SameSite=Strict", "Secure"] {
            assert!(set.contains(part), "{set}");
        }
        let pair = set.split(';').next().unwrap();
        let headers = HeaderMap::from_iter([(COOKIE, format!("a=b; {pair}; c=d").parse().unwrap())]);
        let taken = |reveal: Reveal, user| reveal.take(&keys, user, &headers);
        assert_eq!(taken(Reveal::Token, "u1").unwrap().expose_secret(), "dpm_secret");
        assert!(taken(Reveal::Token, "u2").is_none());
        assert!(taken(Reveal::Invitation, "u1").is_none());
        assert!(Reveal::Token.forget().unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}

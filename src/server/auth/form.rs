//! What the forms of the sign-in share: reading them, refusing them, and what their fields may hold.

use super::{AuthError, problem};
use crate::{
    model::{ApiError, ErrorCode},
    server::source::Source,
};
use axum::{
    extract::{Request, rejection::FormRejection},
    http::{Extensions, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::net::IpAddr;
use url::Url;

const MIN_PASSWORD_CHARS: usize = 12;
/// Longer ones would only make the hash slower to make.
const MAX_PASSWORD_BYTES: usize = 1024;
const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 100;

/// Where a person lands who did not want to go anywhere else.
pub(super) const HOME: &str = "/deployments";

/// Why a form comes back: a person's mistake, or ours.
pub(super) enum Refused {
    Code(ErrorCode),
    Ours(AuthError),
    TooLarge,
}

impl<E: Into<AuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// A field that is not to be printed.
pub(super) fn secret<'de, D: Deserializer<'de>>(value: D) -> Result<SecretString, D::Error> {
    String::deserialize(value).map(SecretString::from)
}

/// `application/x-www-form-urlencoded` of the pages that make an account: the set-up's and the invitation's.
#[derive(Deserialize)]
pub(super) struct NewAccountForm {
    /// What lets somebody make one.
    #[serde(alias = "setup_token")]
    pub token: String,
    email: String,
    #[serde(deserialize_with = "secret")]
    password: SecretString,
    #[serde(default)]
    name: String,
}

/// An account that may be made.
pub(super) struct NewAccount {
    pub email: String,
    pub name: String,
    pub password: SecretString,
}

impl NewAccountForm {
    /// The account, if its fields hold what they may.
    pub fn checked(self) -> Result<NewAccount, Refused> {
        let email = self.email.trim();
        if !is_email(email) || !is_new_password(self.password.expose_secret()) {
            return Err(Refused::Code(ErrorCode::Invalid));
        }
        Ok(NewAccount { email: email.to_owned(), name: name_of(&self.name, email), password: self.password })
    }
}

/// Where the outcome leads: on, or back to the page with `?error=CODE`.
pub(super) fn answer(page: &str, outcome: Result<String, Refused>) -> Response {
    let code = match outcome {
        Ok(next) => return Redirect::to(&next).into_response(),
        Err(Refused::Code(code)) => code,
        Err(Refused::TooLarge) => {
            return problem(&ApiError::new(ErrorCode::PayloadTooLarge, "The form is too large."));
        }
        Err(Refused::Ours(error)) => {
            tracing::error!(%error, "A form of the sign-in could not be handled");
            ErrorCode::Internal
        }
    };
    let joint = if page.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{page}{joint}error={}", code.as_str())).into_response()
}

/// The form in the body.
pub(super) async fn read<T: DeserializeOwned + 'static>(request: Request) -> Result<T, Refused> {
    use axum::{Form, RequestExt as _};
    match request.extract::<Form<T>, _>().await {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(refused(&rejection)),
    }
}

fn refused(rejection: &FormRejection) -> Refused {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
        _ => Refused::Code(ErrorCode::BadRequest),
    }
}

/// Whom tries are counted for, when the server was started so that it knows.
pub(super) fn source(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Source>().map(|source| source.counted())
}

/// A shape check only: whether mail arrives there is not asked.
fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= MAX_EMAIL_BYTES
        && !text.chars().any(|char| char.is_whitespace() || char.is_control())
        && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// What to call a person: what they wrote, else the first part of their address.
fn name_of(name: &str, email: &str) -> String {
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email));
    name.chars().filter(|char| !char.is_control()).take(MAX_NAME_CHARS).collect()
}

/// What the hash may be made of, or compared with.
pub(super) fn is_possible_password(text: &str) -> bool {
    text.len() <= MAX_PASSWORD_BYTES
}

/// What may be chosen as a password.
fn is_new_password(text: &str) -> bool {
    is_possible_password(text) && text.chars().count() >= MIN_PASSWORD_CHARS
}

/// A path of this site, or nothing: a link to the sign-in page must not lead elsewhere afterwards.
pub(super) fn local(next: &str) -> Option<&str> {
    let base = Url::parse("http://here.invalid/").ok()?;
    let stays = next.starts_with('/')
        && !next.chars().any(|char| char.is_control() || char == '\\')
        && base.join(next).is_ok_and(|url| url.origin() == base.origin());
    stays.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_come_back_to() {
        for (next, stays) in [
            ("/deployments", true),
            ("/deployments/1?tab=log#x", true),
            ("", false),
            ("deployments", false),
            ("//evil.test/", false),
            ("/\\evil.test/", false),
            ("/\t/evil.test/", false),
            ("https://evil.test/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(local(next).is_some(), stays, "{next}");
        }
    }

    #[test]
    fn addresses_have_a_name_and_a_host() {
        for (text, fine) in [
            ("a@example.test", true),
            ("a.b+c@localhost", true),
            ("", false),
            ("a", false),
            ("@b", false),
            ("a@", false),
            ("a@b@c", false),
            ("a b@c", false),
        ] {
            assert_eq!(is_email(text), fine, "{text}");
        }
        assert!(!is_email(&format!("{}@b", "a".repeat(300))));
    }
}

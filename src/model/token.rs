//! A token on its way to a connection: what is sent, and what the platform says about it.

use super::{Provider, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A secret on its way. It is never printed. One that was stored is never sent; one that was just made is, once.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Text that cannot be a token of any platform. The message is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFormatError {
    /// Nothing, or too little.
    TooShort,
    /// Much more than any token has.
    TooLong,
    /// Blanks or characters that no token has.
    Characters,
}

impl fmt::Display for TokenFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "A token has at least 10 characters.",
            Self::TooLong => "This is longer than any token. Copy the token alone.",
            Self::Characters => "A token has no spaces, line breaks or special characters. Copy it again.",
        })
    }
}

impl std::error::Error for TokenFormatError {}

/// Whether `token` may be a token at all, without asking anybody.
///
/// # Errors
/// What is wrong with it.
pub fn check_format(token: &str) -> Result<(), TokenFormatError> {
    match token.len() {
        0..10 => Err(TokenFormatError::TooShort),
        10..=4096 if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        10..=4096 => Err(TokenFormatError::Characters),
        _ => Err(TokenFormatError::TooLong),
    }
}

/// Everything that a person says when they connect a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectInput {
    /// The platform.
    pub provider: Provider,
    /// The token.
    pub token: Secret,
    /// The person's own note about it; may be empty.
    pub note: String,
    /// The day on which it expires, `YYYY-MM-DD`; may be empty.
    pub expires_on: String,
    /// Only this team's projects; `None` means all that the token reaches.
    pub team_id: Option<String>,
    /// Fixes of newly watched projects start by themselves.
    pub auto_fix: bool,
}

/// The owner of a token, as the platform names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenOwner {
    /// The platform's id of the user.
    pub id: String,
    /// The name shown as `@name`.
    pub username: String,
    /// Mail address, if the token may see it.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Address or hash of the picture, as the platform gives it.
    pub avatar: Option<String>,
}

/// Whether a token may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// It may.
    Works,
    /// It may not, or not everywhere, and there is another way.
    Limited,
    /// It may not, and that is needed.
    Missing,
}

/// One thing that a token has to be able to do, tried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenCheck {
    /// What it is, in a few words.
    pub name: String,
    /// Whether it works.
    pub permission: Permission,
    /// What does not, and what to do about it.
    pub note: Option<String>,
}

/// A team, or the personal account, whose projects a token reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenScope {
    /// The platform's id of the team; `None` is the personal account.
    pub team_id: Option<String>,
    /// Its name.
    pub name: String,
    /// How many projects it has.
    pub projects: usize,
    /// Those on github.com, `owner/name` each once, whose failures can be repaired.
    pub repositories: Vec<String>,
}

/// What a platform says about a token before anything is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReport {
    /// Whose it is.
    pub owner: TokenOwner,
    /// When it expires, if the platform says so.
    pub expires_at: Option<Timestamp>,
    /// What it may do.
    pub checks: Vec<TokenCheck>,
    /// Whose projects it reaches.
    pub scopes: Vec<TokenScope>,
    /// The account whose connection it would end: it belongs to somebody else.
    pub replaces: Option<String>,
}

impl TokenReport {
    /// Whether connecting would lead to anything.
    pub fn usable(&self) -> bool {
        self.checks.iter().all(|check| check.permission != Permission::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_passes() {
        assert_eq!(check_format("vcp_0123456789"), Ok(()));
        assert_eq!(check_format("vcp_"), Err(TokenFormatError::TooShort));
        assert_eq!(check_format("Bearer vcp_0123456789"), Err(TokenFormatError::Characters));
        assert_eq!(check_format(&"x".repeat(4097)), Err(TokenFormatError::TooLong));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let input = ConnectInput {
            provider: Provider::VERCEL,
            token: Secret("vcp_secret".to_owned()),
            note: String::new(),
            expires_on: String::new(),
            team_id: None,
            auto_fix: true,
        };
        assert!(!format!("{input:?}").contains("vcp_secret"));
    }
}

//! What can go wrong with a connection, and how people are told.

use super::public_url::Unreachable;
use crate::{
    model::{ApiError, ErrorCode, Provider, TokenFormatError},
    server::{crypto::CryptoError, db::DbError, integrations::PlatformError},
};

/// Why a connection could not be made, changed or asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// This server has no client for the platform.
    #[error("{0} cannot be connected")]
    Unsupported(Provider),
    /// The user has no connection to the platform.
    #[error("{0} is not connected")]
    NotConnected(Provider),
    /// The platform has no such project, or this token does not see it.
    #[error("the project is not known")]
    UnknownProject,
    /// The platform does not show this team with this token.
    #[error("the team is not known")]
    UnknownTeam,
    /// What a person said about the token cannot be.
    #[error("{0}")]
    Input(&'static str),
    /// The platform offers no machine for builds.
    #[error("{0} runs no builds of ours")]
    NotVercel(Provider),
    /// Builds elsewhere need an address that leads back here.
    #[error("{}", .0.no_builds_elsewhere())]
    Unreachable(Unreachable),
    /// The text cannot be a token.
    #[error(transparent)]
    Format(#[from] TokenFormatError),
    /// The platform did not do its part.
    #[error("{provider}: {error}")]
    Platform {
        /// Which one.
        provider: Provider,
        /// What it answered.
        error: PlatformError,
    },
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The database did not do its part.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ConnectionError {
    /// Names the platform that answered.
    pub fn from_platform(provider: Provider) -> impl Fn(PlatformError) -> Self {
        move |error| Self::Platform { provider, error }
    }
}

impl From<ConnectionError> for ApiError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Unsupported(_) => Self::not_found(),
            ConnectionError::NotConnected(provider) => {
                Self::new(ErrorCode::NotFound, format!("{} is not connected.", provider.display_name()))
            }
            ConnectionError::UnknownProject => {
                Self::new(ErrorCode::NotFound, "The connected account has no such project.")
            }
            ConnectionError::UnknownTeam => Self::new(
                ErrorCode::NotFound,
                "This token does not reach such a team. Check the token again.",
            ),
            ConnectionError::Input(message) => Self::new(ErrorCode::Invalid, message),
            ConnectionError::NotVercel(provider) => Self::new(
                ErrorCode::NotVercel,
                format!(
                    "Builds of {} projects run on this server: there is no choice.",
                    provider.display_name()
                ),
            ),
            ConnectionError::Unreachable(why) => Self::new(ErrorCode::NoPublicUrl, why.no_builds_elsewhere()),
            ConnectionError::Format(error) => Self::new(ErrorCode::Invalid, error.to_string()),
            ConnectionError::Platform { provider, error } => platform(provider.display_name(), &error),
            ConnectionError::Db(error) => error.into(),
            ConnectionError::Crypto(error) => {
                tracing::error!(%error, "a token cannot be sealed or opened");
                Self::internal()
            }
        }
    }
}

fn platform(name: &str, error: &PlatformError) -> ApiError {
    match error {
        PlatformError::TokenRefused => ApiError::new(
            ErrorCode::TokenRefused,
            format!(
                "{name} refused this token: it is mistyped, expired, revoked, or has no access to any project. Paste \
                 it again whole, or create a new one."
            ),
        ),
        PlatformError::NotFound => ApiError::not_found(),
        PlatformError::Transient { retry_after: Some(wait) } if !wait.is_zero() => ApiError::new(
            ErrorCode::PlatformUnavailable,
            format!("{name} asks for patience. Try again in {} seconds.", wait.as_secs().max(1)),
        ),
        PlatformError::Transient { .. } => ApiError::new(
            ErrorCode::PlatformUnavailable,
            format!("{name} did not answer. Try again in a minute."),
        ),
        PlatformError::Rejected { status, .. } => ApiError::new(
            ErrorCode::PlatformUnavailable,
            format!("{name} refused the request with status {status}."),
        ),
        PlatformError::Malformed => ApiError::new(
            ErrorCode::PlatformUnavailable,
            format!("{name} gave an answer that is not understood. Try again in a minute."),
        ),
    }
}

//! The one error that crosses the wire.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Stable names of what went wrong; documented and never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request cannot be understood.
    BadRequest,
    /// A field has a value that is not allowed.
    Invalid,
    /// Nobody is signed in.
    Unauthorized,
    /// The signature does not match the body.
    BadSignature,
    /// The user may not do this.
    Forbidden,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// It is in a state in which this cannot be done.
    Conflict,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The server gave up on it.
    Timeout,
    /// Too many requests.
    RateLimited,
    /// The server has as much to do as it takes on.
    Overloaded,
    /// The database takes nothing in at the moment.
    Unavailable,
    /// The server cannot be reached from outside, which this needs.
    NoPublicUrl,
    /// Connections to Vercel alone have this.
    NotVercel,
    /// A platform refused the token.
    TokenRefused,
    /// A platform did not answer as documented.
    PlatformUnavailable,
    /// Our fault; the log has the details.
    Internal,
}

impl ErrorCode {
    /// The name on the wire and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::BadSignature => "bad_signature",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::PayloadTooLarge => "payload_too_large",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::NoPublicUrl => "no_public_url",
            Self::NotVercel => "not_vercel",
            Self::TokenRefused => "token_refused",
            Self::PlatformUnavailable => "platform_unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Invalid | Self::NotVercel | Self::TokenRefused => 422,
            Self::Unauthorized | Self::BadSignature => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Timeout => 408,
            Self::Conflict | Self::NoPublicUrl => 409,
            Self::PayloadTooLarge => 413,
            Self::RateLimited => 429,
            Self::PlatformUnavailable => 502,
            Self::Overloaded | Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// An error for people and programs. Carries no inner text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened and what to do.
    pub message: String,
}

impl ApiError {
    /// An error with that code and message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing here, or it belongs to somebody else.")
    }

    /// Nobody is signed in.
    pub fn unauthorized() -> Self {
        Self::new(ErrorCode::Unauthorized, "Sign in first.")
    }

    /// Our fault.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "Something failed on the server. Its log says what; try again.")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

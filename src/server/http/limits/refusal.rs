//! Why a delivery is not taken on, and when its sender may come again.

use crate::{
    model::{ApiError, ErrorCode},
    server::http::error::ApiFailure,
};
use axum::{
    http::{HeaderValue, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};

/// Seconds after which the forged deliveries of an address are forgotten.
const LATER: u64 = super::suspects::WINDOW.as_secs();

/// Why a delivery is not taken on. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server has as much to do as it takes on.
    Overloaded,
    /// Too many forged deliveries came from that address.
    Suspect,
    /// The body is over the limit.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The body ended before its end.
    Broken,
}

impl Refusal {
    /// The name in the metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::Suspect => "suspect",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Broken => "broken",
        }
    }

    fn error(self) -> ApiError {
        let (code, message) = match self {
            Self::Overloaded => {
                (ErrorCode::Overloaded, "The server has too much to do at the moment. Deliver it again.")
            }
            Self::Suspect => (
                ErrorCode::RateLimited,
                "Too many forged deliveries came from this address. Deliver it again.",
            ),
            Self::TooLarge => (ErrorCode::PayloadTooLarge, "The body is too large."),
            Self::TooSlow => (ErrorCode::Timeout, "The body took too long."),
            Self::Broken => (ErrorCode::BadRequest, "The body ended too early."),
        };
        ApiError::new(code, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = ApiFailure(self.error()).into_response();
        if self == Self::Suspect {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(LATER));
        }
        response
    }
}

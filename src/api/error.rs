//! [`ApiError`] as the error of server functions: JSON on the wire, the fitting status on the response.

use crate::model::{ApiError, ErrorCode};
use leptos::server_fn::{codec::JsonEncoding, error::FromServerFnError, error::ServerFnErrorErr};

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    /// Failures of the transport: the request did not arrive, or the answer was not understood.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::new(
                ErrorCode::PlatformUnavailable,
                "The server did not answer. Check your connection and try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::new(ErrorCode::BadRequest, "The request could not be understood.")
            }
            _ => Self::internal(),
        }
    }
}

/// Gives the response the status of the error. Nobody signed in: the visitor is sent to the sign-in page.
#[cfg(feature = "ssr")]
pub(crate) fn answer<T>(result: Result<T, ApiError>) -> Result<T, ApiError> {
    use axum::http::StatusCode;
    use leptos::prelude::use_context;

    if let Err(error) = &result
        && let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(error.code.status())
    {
        response.set_status(status);
    }
    result
}

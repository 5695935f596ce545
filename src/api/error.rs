//! [`ApiError`] as the error of server functions: JSON on the wire, the fitting status on the response.

use super::json::JsonText;
use crate::model::{ApiError, ErrorCode};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

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

/// Gives the response the status of the error. Where nobody is signed in, the visitor is sent to the sign-in page
/// and comes back afterwards.
#[cfg(feature = "ssr")]
pub(crate) fn answer<T>(result: Result<T, ApiError>) -> Result<T, ApiError> {
    use axum::http::{StatusCode, request::Parts};
    use leptos::prelude::use_context;

    if let Err(error) = &result
        && let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(error.code.status())
    {
        response.set_status(status);
        if error.code == ErrorCode::Unauthorized {
            let page = use_context::<Parts>().filter(|parts| parts.method.is_safe());
            let page = page.map_or("/".to_owned(), |parts| parts.uri.to_string());
            let query =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &page).finish();
            leptos_axum::redirect(&format!("/sign-in?{query}"));
        }
    }
    result
}

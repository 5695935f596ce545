//! Vercel's error bodies: `{"error":{"code","message",…}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal with its status.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    error: Value,
}

impl ApiError {
    fn new(status: StatusCode, code: &str, message: &str) -> ApiError {
        ApiError { status, error: json!({"code": code, "message": message}) }
    }

    /// No token, an unknown one, or one without access to the team.
    pub fn not_authorized() -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Not authorized")
    }

    /// A token the platform does not know.
    pub fn invalid_token() -> ApiError {
        ApiError {
            status: StatusCode::FORBIDDEN,
            error: json!({"code": "forbidden", "message": "Not authorized", "invalidToken": true}),
        }
    }

    /// Known caller, but not for this.
    pub fn forbidden(message: &str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// The request's form is wrong.
    pub fn bad_request(message: &str) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 400 with a code of its own, such as `invalid_url`.
    pub fn invalid(code: &str, message: &str) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Nothing there, or nothing that this caller may see.
    pub fn not_found(message: &str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The name is taken.
    pub fn conflict(message: &str) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// It was there, and will not come back.
    pub fn gone(code: &str, message: &str) -> ApiError {
        ApiError::new(StatusCode::GONE, code, message)
    }

    /// Not now.
    pub fn unprocessable(code: &str, message: &str) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// Too many at once.
    pub fn rate_limited(message: &str) -> ApiError {
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    /// The stand-in itself cannot do what it should.
    pub fn internal(message: &str) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message)
    }

    /// The path exists, with other methods.
    pub fn method_unknown() -> ApiError {
        ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_unknown",
            "The requested method is not supported",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.error}))).into_response()
    }
}

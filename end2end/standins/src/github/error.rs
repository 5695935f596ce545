//! GitHub's error bodies: `{"message","documentation_url","status"}`, and the 422 with `errors`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal with its status and body.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: Value,
}

/// What a handler answers.
pub type Answer = Result<Response, ApiError>;

impl ApiError {
    /// Any status with only a message.
    pub fn new(status: StatusCode, message: &str) -> ApiError {
        let body = json!({"message": message, "documentation_url": "https://docs.github.com/rest",
            "status": status.as_str()});
        ApiError { status, body }
    }

    /// 404: not there, or private and not for this caller.
    pub fn not_found() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 401.
    pub fn bad_credentials() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    /// 403 for a token without the permission.
    pub fn forbidden() -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "Resource not accessible by personal access token")
    }

    /// 422 with only a message.
    pub fn unprocessable(message: &str) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 422 "Validation Failed" with one entry in `errors`.
    pub fn validation(entry: Value) -> ApiError {
        let body = json!({"message": "Validation Failed", "errors": [entry],
            "documentation_url": "https://docs.github.com/rest/pulls/pulls#create-a-pull-request", "status": "422"});
        ApiError { status: StatusCode::UNPROCESSABLE_ENTITY, body }
    }

    /// git itself failed.
    pub fn internal() -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

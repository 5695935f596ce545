//! Turns every refusal into `{"error":{"code","message"}}` with the status that fits its code.

use crate::model::{ApiError, ErrorCode};
use axum::{
    Extension, Form, Json,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, FailedToBufferBody, FormRejection, JsonRejection},
    },
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

/// Seconds after which a 503 may have passed.
const SOON: u64 = 10;

/// An [`ApiError`] as the answer of a handler. Anything that becomes an [`ApiError`] becomes one by `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiFailure(pub ApiError);

impl<E: Into<ApiError>> From<E> for ApiFailure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let code = self.0.code;
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // For the layers around: the body is for the client.
        let mut response = (status, Extension(code), Json(ErrorBody { error: self.0 })).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(SOON));
        }
        response
    }
}

/// What every refusal looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ApiError,
}

/// The fallback for addresses that nobody answers.
pub async fn not_found() -> ApiFailure {
    ApiFailure(ApiError::not_found())
}

/// The fallback for addresses that answer to other methods.
pub async fn method_not_allowed() -> impl IntoResponse {
    let error = ApiError::new(ErrorCode::BadRequest, "This address does not answer to this method.");
    (StatusCode::METHOD_NOT_ALLOWED, Json(ErrorBody { error }))
}

/// Puts the refusals of the limits around the routes, which know no JSON, into our form.
pub async fn in_words(response: Response) -> Response {
    let is_ours = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let error = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_ours => too_large(),
        StatusCode::REQUEST_TIMEOUT if !is_ours => {
            ApiError::new(ErrorCode::Timeout, "This took too long. Try again in a minute.")
        }
        _ => return response,
    };
    ApiFailure(error).into_response()
}

fn too_large() -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large.")
}

/// A body that could not be taken in as bytes.
pub fn body_failure(rejection: &BytesRejection) -> ApiFailure {
    ApiFailure(match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => too_large(),
        _ => ApiError::new(ErrorCode::BadRequest, "The body ended too early."),
    })
}

/// A JSON body. What cannot be read is refused with the name of the field, never with its value.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(rejection)) => Err(body_failure(&rejection)),
            Err(JsonRejection::JsonDataError(_)) => {
                let message = "A field is missing, unknown or of another type than documented.";
                Err(ApiFailure(ApiError::new(ErrorCode::Invalid, message)))
            }
            Err(JsonRejection::MissingJsonContentType(_)) => {
                let message = "Send JSON with the content type application/json.";
                Err(ApiFailure(ApiError::new(ErrorCode::BadRequest, message)))
            }
            Err(_) => Err(ApiFailure(ApiError::new(ErrorCode::BadRequest, "The body is not JSON."))),
        }
    }
}

/// A form. What cannot be read is refused, never with its value.
#[derive(Clone, Copy, Debug)]
pub struct ApiForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiForm<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        match Form::<T>::from_request(request, state).await {
            Ok(Form(value)) => Ok(Self(value)),
            Err(FormRejection::BytesRejection(rejection)) => Err(body_failure(&rejection)),
            Err(_) => {
                let message = "A field of the form is missing or has a value that is not allowed.";
                Err(ApiFailure(ApiError::new(ErrorCode::BadRequest, message)))
            }
        }
    }
}

/// The parameters in the path. One that cannot be read names nothing that exists.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|_| ApiFailure(ApiError::not_found()))
    }
}

/// The parameters after the question mark.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|_| {
            ApiFailure(ApiError::new(
                ErrorCode::BadRequest,
                "The address has a parameter that is not understood.",
            ))
        })
    }
}

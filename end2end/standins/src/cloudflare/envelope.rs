//! Cloudflare's envelope: `{"success","errors","messages","result","result_info"}` around every answer and refusal.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a handler answers.
pub type Answer = Result<Json<Value>, ApiError>;

/// A refusal with its status.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: u32,
    message: String,
    chain: Vec<Value>,
}

impl ApiError {
    /// Any refusal.
    pub fn new(status: StatusCode, code: u32, message: &str) -> ApiError {
        ApiError { status, code, message: message.to_owned(), chain: Vec::new() }
    }

    /// No header that could hold a token.
    pub fn no_headers() -> ApiError {
        let message = "Missing X-Auth-Key, X-Auth-Email or Authorization headers";
        ApiError::new(StatusCode::BAD_REQUEST, 9106, message)
    }

    /// A header that cannot hold a token.
    pub fn malformed_headers() -> ApiError {
        ApiError {
            chain: vec![json!({"code": 6111, "message": "Invalid format for Authorization header"})],
            ..ApiError::new(StatusCode::BAD_REQUEST, 6003, "Invalid request headers")
        }
    }

    /// Verifying a token that is none.
    pub fn no_such_token() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, 1000, "Invalid API Token")
    }

    /// An unknown token, or one without the permission.
    pub fn not_allowed() -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, 10000, "Authentication error")
    }

    /// What Workers Builds says to tokens that are not a user's.
    pub fn not_for_builds() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, 12005, "Invalid token")
    }

    /// The request's form is wrong.
    pub fn bad_request(code: u32, message: &str) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Nothing there, or nothing that this caller may see.
    pub fn not_found(code: u32, message: &str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, code, message)
    }

    /// A path with an id that cannot be one, or that does not exist at all.
    pub fn no_route(path: &str) -> ApiError {
        let message = format!("Could not route to {path}, perhaps your object identifier is invalid?");
        ApiError::not_found(7003, &message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.chain.is_empty() {
            error["error_chain"] = json!(self.chain);
        }
        let body = json!({"success": false, "errors": [error], "messages": [], "result": null});
        (self.status, Json(body)).into_response()
    }
}

/// One thing.
pub fn one(result: Value) -> Json<Value> {
    Json(json!({"success": true, "errors": [], "messages": [], "result": result}))
}

/// The `page` and `per_page` of a query.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    page: usize,
    per_page: usize,
}

/// How a list is paged.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// `per_page` without one in the query.
    pub usual: usize,
    /// The largest `per_page` that is taken.
    pub most: usize,
    /// The code that refuses anything else.
    pub code: u32,
}

impl Paging {
    /// Reads the paging part of a query; `known` are its other keys.
    pub fn window(self, pairs: &[(String, String)], known: &[&str]) -> Result<Window, ApiError> {
        let refused = || {
            let message = "Invalid list options provided. Review the `page` or `per_page` parameter.";
            ApiError::bad_request(self.code, message)
        };
        let mut window = Window { page: 1, per_page: self.usual };
        for (key, value) in pairs {
            let number = || value.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(refused);
            match key.as_str() {
                "page" => window.page = number()?,
                "per_page" => window.per_page = number()?,
                other if known.contains(&other) => {}
                _ => return Err(refused()),
            }
        }
        if window.per_page > self.most { Err(refused()) } else { Ok(window) }
    }
}

/// One page of a list, never more than `most` of it, with its place in the list. Only what is on it is written out.
pub fn page<T>(list: Vec<T>, shown: impl Fn(T) -> Value, window: Window, most: usize) -> Json<Value> {
    let total = list.len();
    let per_page = window.per_page.min(most.max(1));
    let page = list.into_iter().skip((window.page - 1) * per_page).take(per_page);
    let items: Vec<Value> = page.map(shown).collect();
    Json(json!({
        "success": true, "errors": [], "messages": [],
        "result_info": {"page": window.page, "per_page": per_page, "count": items.len(), "total_count": total,
            "total_pages": total.div_ceil(per_page)},
        "result": items,
    }))
}

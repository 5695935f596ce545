//! An answer of GitHub → its bytes, of which there are never more than an answer can have: octocrab reads to the end,
//! and what answers in GitHub's place may have none.

use axum::{body::Bytes, http::Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, combinators::BoxBody};

/// The largest answer that is read. A page of a hundred pull requests has about two megabytes.
const MAX_BYTES: usize = 16 << 20;

/// What octocrab hands out before it reads the body.
pub(super) type Raw = Response<BoxBody<Bytes, octocrab::Error>>;

/// The body of a success; `None` when it is too large.
///
/// # Errors
/// The transfer broke off, or the answer is no success.
pub(super) async fn read(raw: Raw) -> octocrab::Result<Option<Bytes>> {
    let (head, body) = raw.into_parts();
    let body = match Limited::new(body, MAX_BYTES).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(None),
        Err(error) => match error.downcast::<octocrab::Error>() {
            Ok(error) => return Err(*error),
            Err(_) => return Ok(None),
        },
    };
    let whole = Full::new(body.clone()).map_err(|never| match never {}).boxed();
    octocrab::map_github_error(Response::from_parts(head, whole)).await?;
    Ok(Some(body))
}

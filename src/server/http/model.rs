//! The model gateway for agents in sandboxes elsewhere: what is asked at a door of [`Doors`] is handed to the gateway
//! behind it, and its answer is streamed back. Where no door is open, the answer is that of a wrong token.

use super::error::ApiFailure;
use crate::{
    model::{ApiError, ErrorCode},
    server::{
        sandbox::doors::{self, Doors},
        state::AppState,
    },
};
use axum::{
    Router,
    body::Body,
    extract::{FromRef, Path, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};

/// What a model's client says in its head; everything else is between it and the proxies on the way.
const PASSED_ON: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::ACCEPT,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
];
const PASSED_BACK: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

impl FromRef<AppState> for Doors {
    fn from_ref(state: &AppState) -> Self {
        state.fixes.doors.clone()
    }
}

/// Its only route.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Doors: FromRef<S>,
{
    Router::new().route(&format!("{}/{{door}}/{{*path}}", doors::PATH), post(pass))
}

async fn pass(
    State(doors): State<Doors>,
    Path((door, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(gateway) = doors.find(&door) else {
        let error = ApiError::new(ErrorCode::Unauthorized, "This is not the way to a model.");
        return ApiFailure(error).into_response();
    };
    let (head, body) = request.into_parts();
    let asked = gateway
        .post(format!("http://gateway/{path}"))
        .headers(only(&head.headers, &PASSED_ON))
        .body(reqwest::Body::wrap_stream(body.into_data_stream()));
    let Ok(answer) = asked.send().await else {
        // The attempt has just ended, or the request broke off.
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, headers) = (answer.status(), only(answer.headers(), &PASSED_BACK));
    (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
}

fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    names.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::{body::to_bytes, routing::any};
    use futures::StreamExt as _;
    use std::sync::Arc;
    use tempfile::TempDir;
    use tokio::{net::UnixListener, sync::Notify};
    use tower::ServiceExt as _;

    /// A gateway that says what it was asked.
    async fn echo(request: Request) -> Response {
        let (head, body) = request.into_parts();
        let names: Vec<&str> = head.headers.keys().map(HeaderName::as_str).collect();
        let names = names.join(" ");
        let body = to_bytes(body, 1024).await.unwrap();
        let text = format!("{} {} {}", head.uri.path(), names, String::from_utf8_lossy(&body));
        (StatusCode::ACCEPTED, [("retry-after", "7"), ("set-cookie", "a=b")], text).into_response()
    }

    /// A gateway whose answer begins, and breaks off when it is told to.
    async fn broken(State(heard): State<Arc<Notify>>) -> Response {
        let begun = futures::stream::iter([Ok("begun")]);
        let rest = futures::stream::once(async move {
            heard.notified().await;
            Err(std::io::Error::other("broken"))
        });
        Body::from_stream(begun.chain(rest).boxed()).into_response()
    }

    fn gateway(folder: &TempDir, heard: &Arc<Notify>) -> std::path::PathBuf {
        let socket = folder.path().join("model.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let app = Router::new().route("/v1/broken", any(broken)).fallback(echo).with_state(Arc::clone(heard));
        tokio::spawn(async move { axum::serve(listener, app).await });
        socket
    }

    async fn ask(doors: &Doors, door: &str, path: &str) -> Response {
        drop(rustls::crypto::ring::default_provider().install_default());
        let request = Request::post(format!("/api/model/{door}/{path}"))
            .header("authorization", "Bearer t")
            .header("cookie", "session=1")
            .header("x-forwarded-for", "10.0.0.1")
            .body(Body::from("question"))
            .unwrap();
        router::<Doors>().with_state(doors.clone()).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_door_leads_to_its_gateway_until_it_is_closed() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (folder, doors) = (TempDir::new().unwrap(), Doors::default());
        let door = doors.open(&gateway(&folder, &Arc::default())).unwrap();
        let name = door.name().to_owned();
        let answer = ask(&doors, &name, "v1/chat/completions").await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let headers: Vec<&str> = answer.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(headers, ["content-type", "retry-after"], "what is not the model's is not passed back");
        let text = to_bytes(answer.into_body(), 1024).await.unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.starts_with("/v1/chat/completions ") && text.ends_with(" question"), "{text}");
        assert!(
            text.contains("authorization") && !text.contains("cookie") && !text.contains("forwarded"),
            "{text}"
        );
        drop(door);
        assert_eq!(ask(&doors, &name, "v1/chat/completions").await.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_arrives_broken() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (folder, doors) = (TempDir::new().unwrap(), Doors::default());
        let heard = Arc::new(Notify::new());
        let door = doors.open(&gateway(&folder, &heard)).unwrap();
        let answer = ask(&doors, door.name(), "v1/broken").await;
        heard.notify_one();
        assert!(to_bytes(answer.into_body(), 1024).await.is_err());
    }

    #[tokio::test]
    async fn doors_have_names_of_their_own() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let doors = Doors::default();
        let (one, other) = (doors.open("/a".as_ref()).unwrap(), doors.open("/a".as_ref()).unwrap());
        assert!(one.name() != other.name() && one.name().len() == 32);
        let answer = ask(&doors, &"0".repeat(32), "v1/chat/completions").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

//! git over HTTP: passes `/{owner}/{repo}.git/…` to `git http-backend` on the bare repository, after
//! checking Basic auth, and lets pull requests follow a push.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncWriteExt;

use super::auth::token;
use super::error::ApiError;
use super::state::{Permission, Push};
use super::{deliveries, pages, pulls};
use crate::git;
use crate::ids::now_ms;
use crate::world::World;

/// Whatever is not a REST route: git, a page for people, or 404.
pub async fn fallback(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((full_name, rest)) = repository_path(uri.path()) else {
        return pages::page(&world, &method, uri.path())
            .await
            .unwrap_or_else(|| ApiError::not_found().into_response());
    };
    let query = uri.query().unwrap_or_default();
    let writes = rest == "/git-receive-pack" || query.contains("service=git-receive-pack");
    let login = match allow(&world, &full_name, &headers, writes) {
        Ok(login) => login,
        Err(response) => return *response,
    };
    let before = if writes {
        git::branches(&world.bare(&full_name)).await.unwrap_or_default()
    } else {
        BTreeMap::new()
    };
    let call =
        Call { world: &world, method, path: format!("/{full_name}.git{rest}"), query, headers: &headers };
    let response = match call.backend(body, login.as_deref()).await {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    };
    if rest == "/git-receive-pack" {
        after_push(&world, &full_name, login.as_deref().unwrap_or_default(), &before).await;
    }
    response
}

/// `/acme/shop.git/info/refs` as (`acme/shop`, `/info/refs`); `.git` may be missing before a service.
fn repository_path(path: &str) -> Option<(String, String)> {
    let services = ["/info/refs", "/git-upload-pack", "/git-receive-pack"];
    let service = services.into_iter().find(|service| path.ends_with(service))?;
    let name = path.strip_suffix(service)?.strip_prefix('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let (owner, repo) = name.split_once('/')?;
    let plain = |text: &str| !text.is_empty() && !text.starts_with('.') && !text.contains('/');
    (plain(owner) && plain(repo)).then(|| (name.to_owned(), service.to_owned()))
}

fn allow(
    world: &World,
    name: &str,
    headers: &HeaderMap,
    writes: bool,
) -> Result<Option<String>, Box<Response>> {
    let state = world.state();
    let wanted = || {
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")];
        (StatusCode::UNAUTHORIZED, challenge, "Invalid username or token.").into_response().into()
    };
    let token = token(&state.github, headers).map_err(|_| wanted())?;
    let missing = || {
        let status = if token.is_some() { StatusCode::NOT_FOUND } else { StatusCode::UNAUTHORIZED };
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")];
        Box::new((status, challenge, "Repository not found.").into_response())
    };
    let repository = state.github.repository(name).ok_or_else(missing)?;
    let permission = repository.permission(token.as_ref()).ok_or_else(missing)?;
    if writes && token.is_none() {
        return Err(wanted());
    }
    if writes && permission < Permission::Push {
        return Err((StatusCode::FORBIDDEN, "Write access to repository not granted.")
            .into_response()
            .into());
    }
    Ok(token.map(|token| token.login))
}

async fn after_push(world: &Arc<World>, full_name: &str, login: &str, before: &BTreeMap<String, String>) {
    let after = git::branches(&world.bare(full_name)).await.unwrap_or_default();
    let mut changes: BTreeMap<String, (String, String)> = BTreeMap::new();
    for name in before.keys().chain(after.keys()) {
        let (old, new) =
            (before.get(name).cloned().unwrap_or_default(), after.get(name).cloned().unwrap_or_default());
        if old != new {
            changes.insert(name.clone(), (old, new));
        }
    }
    if changes.is_empty() {
        return;
    }
    let push = Push { repository: full_name.to_owned(), login: login.to_owned(), changes, at: now_ms() };
    world.state().github.pushes.push(push);
    let moved = pulls::follow_heads(world, full_name).await;
    deliveries::pull_events(world, full_name, &moved, "synchronize");
    let closed = pulls::close_headless(world, full_name).await;
    deliveries::pull_events(world, full_name, &closed, "closed");
}

struct Call<'a> {
    world: &'a World,
    method: Method,
    path: String,
    query: &'a str,
    headers: &'a HeaderMap,
}

impl Call<'_> {
    /// Runs the CGI program and turns its output into a response.
    async fn backend(&self, body: Bytes, login: Option<&str>) -> anyhow::Result<Response> {
        let header =
            |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut command = git::command(&self.world.repositories);
        command
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.world.repositories)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", &self.path)
            .env("QUERY_STRING", self.query)
            .env("REQUEST_METHOD", self.method.as_str())
            .env("CONTENT_TYPE", header("content-type"))
            .env("CONTENT_LENGTH", body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
            .env("GIT_PROTOCOL", header("git-protocol"))
            .env("REMOTE_ADDR", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(login) = login {
            command.env("REMOTE_USER", login);
        }
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // The program may answer (for instance refuse) without reading everything.
                let _ = stdin.write_all(&body).await;
            }
        };
        let (output, ()) = tokio::join!(child.wait_with_output(), feed);
        cgi(output?.stdout)
    }
}

fn cgi(output: Vec<u8>) -> anyhow::Result<Response> {
    let end = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| anyhow::anyhow!("git http-backend gave no headers"))?;
    let head = std::str::from_utf8(&output[..end])?;
    let mut builder = Response::builder();
    for line in head.lines() {
        match line.split_once(": ") {
            Some(("Status", status)) => {
                builder = builder.status(status.split(' ').next().unwrap_or("500"));
            }
            Some((name, value)) => builder = builder.header(name, value),
            None => {}
        }
    }
    let has_type = builder.headers_ref().is_some_and(|headers| headers.contains_key(CONTENT_TYPE));
    if !has_type {
        builder = builder.header(CONTENT_TYPE, "text/plain");
    }
    Ok(builder.body(Body::from(output[end + 4..].to_vec()))?)
}

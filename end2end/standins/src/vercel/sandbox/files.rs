//! `…/{id}/fs`: write an archive, read a file, make a folder.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Strict, invalid, is_type};
use super::channel::{Channel, Refused};
use super::commands::absolute;
use super::sessions::{gone, machine, running};
use crate::vercel::error::ApiError;
use crate::world::World;

/// Body that names a file or folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    path: String,
    cwd: Option<String>,
}

impl Place {
    fn path(&self) -> Result<String, ApiError> {
        if self.path.is_empty() {
            return Err(invalid("`path` should NOT be empty."));
        }
        Ok(absolute(&self.path, self.cwd.as_deref()))
    }
}

/// `POST …/fs/write`: unpacks a compressed archive below the folder that the header `x-cwd` names.
pub async fn write(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(session): Path<String>,
    headers: HeaderMap,
    archive: Body,
) -> Result<Json<Value>, ApiError> {
    let (cwd, channel) = match target(&world, &asked, &session, &headers) {
        Ok(target) => target,
        Err(refusal) => {
            // Else the connection breaks while the client still sends, and it never sees the answer.
            let mut rest = archive.into_data_stream();
            while rest.next().await.is_some_and(|piece| piece.is_ok()) {}
            return Err(refusal);
        }
    };
    channel.unpack(&cwd, archive).await.map_err(|refused| match refused {
        Refused::Gone => gone(),
        Refused::Inside(reason) => invalid(&format!("the archive cannot be unpacked: {}.", reason.trim())),
    })?;
    Ok(Json(json!({})))
}

/// Where an archive is to be unpacked.
fn target(
    world: &World,
    asked: &Asked,
    session: &str,
    headers: &HeaderMap,
) -> Result<(String, Channel), ApiError> {
    asked.only(&[])?;
    if !is_type(headers.get(CONTENT_TYPE), "application/gzip") {
        return Err(invalid("`Content-Type` should be `application/gzip`."));
    }
    let cwd = headers.get("x-cwd").and_then(|value| value.to_str().ok()).filter(|cwd| cwd.starts_with('/'));
    let cwd = cwd.ok_or_else(|| invalid("`x-cwd` should be an absolute path."))?;
    Ok((cwd.to_owned(), channel(world, asked, session)?))
}

/// `POST …/fs/read`: a file's bytes, or 404.
pub async fn read(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(session): Path<String>,
    Strict(place): Strict<Place>,
) -> Result<Response, ApiError> {
    asked.only(&[])?;
    let path = place.path()?;
    let channel = channel(&world, &asked, &session)?;
    let bytes = channel.read(&path).await.map_err(|refused| match refused {
        Refused::Gone => gone(),
        Refused::Inside(reason) if reason == "ENOENT" || reason == "ENOTDIR" => {
            ApiError::not_found("The file could not be found.")
        }
        Refused::Inside(reason) => invalid(&format!("the file cannot be read: {reason}.")),
    })?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(bytes)).into_response())
}

/// `POST …/fs/mkdir`: one folder, which may not be there yet, in one that is.
pub async fn mkdir(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(session): Path<String>,
    Strict(place): Strict<Place>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let path = place.path()?;
    let channel = channel(&world, &asked, &session)?;
    channel.mkdir(&path).await.map_err(|refused| match refused {
        Refused::Gone => gone(),
        Refused::Inside(reason) => invalid(&format!("the folder cannot be made: {reason}.")),
    })?;
    Ok(Json(json!({})))
}

fn channel(world: &World, asked: &Asked, session: &str) -> Result<Channel, ApiError> {
    let mut state = world.state();
    let (sandbox, index) = running(&mut state.vercel.sandboxes, &asked.team, session)?;
    Ok(machine(sandbox, index)?.channel.clone())
}

//! Orders to the first program of a machine, `init.mjs`: one connection to its socket for each.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::output::Writer;

/// Name of the socket in the folder that the machine shares with the stand-in.
const SOCKET: &str = "init.sock";
/// Bytes of a file that are sent at once.
const PIECE: usize = 64 << 10;

/// The way to a machine.
#[derive(Debug, Clone)]
pub(super) struct Channel(PathBuf);

/// What went wrong with an order.
#[derive(Debug)]
pub(super) enum Refused {
    /// Inside the machine: a name such as `ENOENT`, or a program's words.
    Inside(String),
    /// The machine is gone.
    Gone,
}

impl From<io::Error> for Refused {
    fn from(_: io::Error) -> Self {
        Refused::Gone
    }
}

/// A command to start.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub id: &'a str,
    pub command: &'a str,
    pub args: &'a [String],
    pub cwd: &'a str,
    pub env: &'a BTreeMap<String, String>,
    /// Killed after so many ms.
    pub timeout: Option<u64>,
}

impl Channel {
    /// The machine that shares this folder.
    pub(super) fn new(shared: &Path) -> Self {
        Self(shared.join(SOCKET))
    }

    async fn order(&self, order: &Value) -> Result<BufReader<UnixStream>, Refused> {
        let mut stream = UnixStream::connect(&self.0).await?;
        stream.write_all(format!("{order}\n").as_bytes()).await?;
        Ok(BufReader::new(stream))
    }

    /// Starts a command; [`follow`] what comes from it.
    pub(super) async fn run(&self, start: &Start<'_>) -> Result<BufReader<UnixStream>, Refused> {
        let order = json!({
            "op": "run", "id": start.id, "command": start.command, "args": start.args, "cwd": start.cwd,
            "env": start.env, "timeout": start.timeout,
        });
        let mut stream = self.order(&order).await?;
        answer(&mut stream).await?;
        Ok(stream)
    }

    /// Sends a signal to a command and what it has started. Nothing happens if it has ended.
    pub(super) async fn kill(&self, id: &str, signal: i32) -> Result<(), Refused> {
        let mut stream = self.order(&json!({"op": "kill", "id": id, "signal": signal})).await?;
        answer(&mut stream).await.map(drop)
    }

    /// Makes one folder.
    pub(super) async fn mkdir(&self, path: &str) -> Result<(), Refused> {
        let mut stream = self.order(&json!({"op": "mkdir", "path": path})).await?;
        answer(&mut stream).await.map(drop)
    }

    /// Unpacks a compressed archive below a folder.
    pub(super) async fn unpack(&self, cwd: &str, archive: Body) -> Result<(), Refused> {
        let mut stream = self.order(&json!({"op": "write", "cwd": cwd})).await?;
        let mut archive = archive.into_data_stream();
        while let Some(piece) = archive.next().await {
            let Ok(piece) = piece else { return Err(Refused::Inside("the body broke off".to_owned())) };
            stream.get_mut().write_all(&piece).await?;
        }
        stream.get_mut().shutdown().await?;
        answer(&mut stream).await.map(drop)
    }

    /// A file's bytes.
    pub(super) async fn read(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, Refused> {
        let mut stream = self.order(&json!({"op": "read", "path": path})).await?;
        answer(&mut stream).await?;
        Ok(stream::try_unfold(stream, async |mut stream| {
            let mut piece = vec![0; PIECE];
            let read = stream.read(&mut piece).await?;
            piece.truncate(read);
            Ok((read > 0).then(|| (Bytes::from(piece), stream)))
        }))
    }

    /// Ends the machine. There is no answer.
    pub(super) async fn end(&self) -> Result<(), Refused> {
        self.order(&json!({"op": "end"})).await.map(drop)
    }
}

/// The first line of an answer.
async fn answer(stream: &mut BufReader<UnixStream>) -> Result<Value, Refused> {
    let answer = line(stream).await.ok_or(Refused::Gone)?;
    match answer["error"].as_str() {
        Some(error) => Err(Refused::Inside(error.to_owned())),
        None => Ok(answer),
    }
}

async fn line(stream: &mut BufReader<UnixStream>) -> Option<Value> {
    let mut text = String::new();
    stream.read_line(&mut text).await.ok().filter(|read| *read > 0)?;
    serde_json::from_str(&text).ok()
}

/// Writes down all that a command says, until it or its machine ends.
pub(super) async fn follow(mut stream: BufReader<UnixStream>, mut writer: Writer) {
    let mut code = None;
    while let Some(said) = line(&mut stream).await {
        if let Some(exit) = said["exit"].as_i64() {
            code = i32::try_from(exit).ok();
            break;
        }
        if writer.append(&said).await.is_err() {
            break;
        }
    }
    writer.end(code);
}

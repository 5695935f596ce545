//! What a command has written: lines of JSON in a file, which any number of streams read from its beginning while it
//! still grows. So a talkative command takes no memory.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures::stream;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

/// Bytes of a command that are kept. The rest is thrown away, and the command goes on.
const MOST: u64 = 64 << 20;
/// Bytes that a stream sends at once.
const PIECE: u64 = 64 << 10;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself or by a signal, which makes 128 and its number.
    Exit {
        /// What it returned.
        code: i32,
        /// From its start on.
        ms: u64,
    },
    /// The session ended first.
    Lost,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Whole lines of the file that may be read.
    bytes: u64,
    end: Option<End>,
}

/// The reading side; clones read on their own.
#[derive(Debug, Clone)]
pub(super) struct Output {
    path: PathBuf,
    progress: watch::Receiver<Progress>,
}

/// The writing side.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    started: Instant,
    progress: watch::Sender<Progress>,
}

/// An empty file at this path.
pub(super) async fn open(path: &Path) -> io::Result<(Writer, Output)> {
    let file = File::create(path).await?;
    let (sender, receiver) = watch::channel(Progress::default());
    let writer = Writer { file, started: Instant::now(), progress: sender };
    Ok((writer, Output { path: path.to_owned(), progress: receiver }))
}

impl Writer {
    /// Appends a line.
    pub(super) async fn append(&mut self, line: &Value) -> io::Result<()> {
        let text = format!("{line}\n");
        let length = text.len() as u64;
        if self.progress.borrow().bytes + length <= MOST {
            self.file.write_all(text.as_bytes()).await?;
            self.file.flush().await?;
            self.progress.send_modify(|progress| progress.bytes += length);
        }
        Ok(())
    }

    /// Tells the readers that nothing comes any more: the exit code, or none where the session ended first.
    pub(super) fn end(self, code: Option<i32>) {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let end = code.map_or(End::Lost, |code| End::Exit { code, ms });
        self.progress.send_modify(|progress| progress.end = Some(end));
    }
}

impl Output {
    /// How the command ended, if it has.
    pub(super) fn end(&self) -> Option<End> {
        self.progress.borrow().end
    }

    /// The exit code, if there is one.
    pub(super) fn exit_code(&self) -> Option<i32> {
        match self.end() {
            Some(End::Exit { code, .. }) => Some(code),
            _ => None,
        }
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) -> End {
        let mut progress = self.progress.clone();
        let last = progress.wait_for(|progress| progress.end.is_some()).await.map(|last| last.end);
        last.ok().flatten().unwrap_or(End::Lost)
    }

    /// A body of `first`, all lines from the beginning on, and after the end what `last` makes of it. With `breaks`,
    /// the connection breaks in the middle of a line.
    pub(super) fn stream(
        self,
        first: Option<Value>,
        last: impl FnOnce(End) -> Option<Value> + Send + 'static,
        breaks: bool,
    ) -> Body {
        let reader =
            Reader { file: None, read: 0, output: self, first, last: Some(last), breaks, broken: false };
        Body::from_stream(stream::unfold(reader, async |mut reader| {
            let piece = reader.next().await.transpose()?;
            Some((piece, reader))
        }))
    }
}

/// One stream's place.
struct Reader<F> {
    file: Option<File>,
    read: u64,
    output: Output,
    first: Option<Value>,
    last: Option<F>,
    breaks: bool,
    broken: bool,
}

impl<F: FnOnce(End) -> Option<Value>> Reader<F> {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(line(&first)));
        }
        if self.broken {
            // Else the server drops the bytes with the connection before it has written them.
            tokio::time::sleep(Duration::from_millis(30)).await;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        loop {
            let now = *self.output.progress.borrow_and_update();
            if self.read < now.bytes {
                let mut piece = self.read_up_to(now.bytes).await?;
                if self.breaks {
                    self.broken = true;
                    piece.truncate(piece.len() / 2);
                }
                return Ok(Some(piece.into()));
            }
            if let Some(end) = now.end {
                if self.breaks && self.last.is_some() {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                return Ok(self.last.take().and_then(|last| last(end)).map(|last| line(&last)));
            }
            if self.output.progress.changed().await.is_err() {
                // The writer is gone without a word: the stand-in ends.
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
    }

    async fn read_up_to(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.output.path).await?,
        };
        let mut piece = Vec::new();
        let read = (&mut file).take((end - self.read).min(PIECE)).read_to_end(&mut piece).await?;
        self.file = Some(file);
        self.read += read as u64;
        if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(piece) }
    }
}

fn line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}

/// What a stream says when the session ended before the command.
pub(super) fn lost() -> Value {
    json!({"stream": "error", "data": {"code": "sandbox_stopped", "message": "The sandbox has stopped."}})
}

//! A command's stream of lines → its output, whole and in order, and its exit code, also where the line breaks off.

use super::{
    Place,
    client::Client,
    wire::{Event, Line},
};
use crate::server::{integrations::PlatformError, sandbox::Stream};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use reqwest::Response;
use std::{io, time::Duration};
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
};

/// A longer line of the stream is no line of Vercel's.
const MAX_LINE: usize = 16 * 1024 * 1024;
/// How often a stream that broke off is taken up again without a new line in between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// What a stream says next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Bytes of the output.
    Output(Stream, String),
    /// The command has ended.
    Exit(i32),
}

/// The stream of one command.
pub(super) struct Follow<'a> {
    client: &'a Client,
    place: &'a Place,
    session: &'a str,
    id: String,
    lines: BoxStream<'a, Result<String, PlatformError>>,
    heard: [usize; 2],
    /// Bytes that a stream taken up again repeats.
    known: [usize; 2],
    tries: u32,
}

impl<'a> Follow<'a> {
    /// Follows a command from the answer to its start.
    pub(super) async fn begin(
        client: &'a Client,
        place: &'a Place,
        session: &'a str,
        started: Response,
    ) -> Result<Self, PlatformError> {
        let mut lines = lines(started);
        let first = lines.next().await.ok_or(PlatformError::Malformed)??;
        let Ok(Line::Command { command }) = serde_json::from_str(&first) else {
            return Err(PlatformError::Malformed);
        };
        Ok(Self { client, place, session, id: command.id, lines, heard: [0; 2], known: [0; 2], tries: 0 })
    }

    /// The command's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What comes next. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Heard, PlatformError> {
        loop {
            let line = match self.lines.next().await {
                Some(Ok(line)) => serde_json::from_str(&line).map_err(|_| PlatformError::Malformed)?,
                Some(Err(PlatformError::Transient { .. })) | None => match self.take_up().await? {
                    Some(code) => return Ok(Heard::Exit(code)),
                    None => continue,
                },
                Some(Err(error)) => return Err(error),
            };
            let mut news = None;
            match line {
                Line::Command { command } => {
                    if let Some(code) = command.exit_code {
                        return Ok(Heard::Exit(code));
                    }
                }
                Line::Event(Event::Stdout(data)) => news = self.news(Stream::Stdout, data),
                Line::Event(Event::Stderr(data)) => news = self.news(Stream::Stderr, data),
                Line::Event(Event::Error(reason)) => {
                    tracing::warn!(reason.code, "A stream of a sandbox at Vercel was ended");
                    // The machine stops, or is gone.
                    return Err(PlatformError::NotFound);
                }
            }
            if let Some(news) = news {
                self.tries = 0;
                return Ok(news);
            }
        }
    }

    /// What of a piece was not heard before.
    fn news(&mut self, stream: Stream, mut data: String) -> Option<Heard> {
        let number = match stream {
            Stream::Stdout => 0,
            Stream::Stderr => 1,
        };
        let known = self.known[number].min(data.len());
        self.known[number] -= known;
        if known > 0 {
            // Where Vercel cuts is its own choice, and never within a character.
            data = data.get(known..).unwrap_or_default().to_owned();
        }
        self.heard[number] += data.len();
        (!data.is_empty()).then_some(Heard::Output(stream, data))
    }

    /// Asks for the output again after the stream has ended. Gives the exit code where the command is over and all of
    /// its output was heard.
    async fn take_up(&mut self) -> Result<Option<i32>, PlatformError> {
        if self.tries == TRIES {
            return Err(PlatformError::Transient { retry_after: None });
        }
        if self.tries > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        self.tries += 1;
        // Asked first: what it printed before it ended is in the output that is asked for then.
        let state = self.client.command(self.place, self.session, &self.id).await?;
        let answer = self.client.logs(self.place, self.session, &self.id).await?;
        self.known = self.heard;
        self.lines = lines(answer);
        if let Some(code) = state.exit_code {
            // The stream of the output may end without a word about the command.
            let over = serde_json::json!({ "command": { "id": self.id, "exitCode": code } }).to_string();
            let rest = std::mem::replace(&mut self.lines, futures::stream::empty().boxed());
            self.lines = rest.chain(futures::stream::once(async { Ok(over) })).boxed();
        }
        Ok(None)
    }
}

fn lines(response: Response) -> BoxStream<'static, Result<String, PlatformError>> {
    let bytes = response.bytes_stream().map_err(io::Error::other);
    let lines = FramedRead::new(StreamReader::new(bytes), LinesCodec::new_with_max_length(MAX_LINE));
    lines
        .map_err(|error| match error {
            tokio_util::codec::LinesCodecError::MaxLineLengthExceeded => PlatformError::Malformed,
            tokio_util::codec::LinesCodecError::Io(_) => PlatformError::Transient { retry_after: None },
        })
        .try_filter(|line| futures::future::ready(!line.trim().is_empty()))
        .boxed()
}

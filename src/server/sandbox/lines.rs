//! A command's streams of bytes → lines for who reads them, and the last ones kept, in bounded memory whatever comes.

use crate::server::sandbox::{OutputLine, Stream};
use std::collections::VecDeque;

/// A longer line is cut here. OpenCode prints whole tool outputs as one line.
const MAX_LINE: usize = 1024 * 1024;
/// Nobody reads more of a command, in bytes.
pub(super) const MAX_OUTPUT: usize = 32 * 1024 * 1024;
const TAIL_LINES: usize = 200;
/// A longer line is cut here in the tail.
const TAIL_LINE: usize = 2000;

/// Takes the bytes of both streams.
pub(super) type Sink<'a> = &'a mut (dyn FnMut(Stream, &[u8]) + Send);

/// What a command prints, on its way to who reads its lines.
pub(super) struct Told<'a> {
    out: Lines,
    err: Lines,
    tail: Tail,
    output: &'a mut (dyn FnMut(OutputLine) + Send),
}

impl<'a> Told<'a> {
    pub(super) fn new(output: &'a mut (dyn FnMut(OutputLine) + Send)) -> Self {
        Self {
            out: Lines::new(Stream::Stdout),
            err: Lines::new(Stream::Stderr),
            tail: Tail::default(),
            output,
        }
    }

    /// Takes bytes of a stream in.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let lines = match stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        };
        lines.push(bytes, &mut |line| {
            self.tail.push(&line.text);
            (self.output)(line);
        });
    }

    /// Hands out the lines that were not ended, and gives the last lines of both streams.
    pub(super) fn finish(mut self) -> String {
        for lines in [&mut self.out, &mut self.err] {
            lines.finish(&mut |line| {
                self.tail.push(&line.text);
                (self.output)(line);
            });
        }
        self.tail.into_text()
    }
}

/// One stream's unfinished line.
pub(super) struct Lines {
    stream: Stream,
    open: Vec<u8>,
}

impl Lines {
    pub(super) const fn new(stream: Stream) -> Self {
        Self { stream, open: Vec::new() }
    }

    /// Takes bytes in and hands out the lines they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(OutputLine)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..end]);
            out(self.take());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    /// Hands out what came after the last line end.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(OutputLine)) {
        if !self.open.is_empty() {
            out(self.take());
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.open.len());
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self) -> OutputLine {
        let line = self.open.strip_suffix(b"\r").unwrap_or(&self.open);
        let text = String::from_utf8_lossy(line).into_owned();
        self.open.clear();
        OutputLine { stream: self.stream, text }
    }
}

/// The last lines of both streams.
#[derive(Default)]
pub(super) struct Tail(VecDeque<String>);

impl Tail {
    pub(super) fn push(&mut self, line: &str) {
        if self.0.len() == TAIL_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line[..line.floor_char_boundary(TAIL_LINE)].to_owned());
    }

    pub(super) fn into_text(self) -> String {
        Vec::from(self.0).join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(Stream::Stdout);
        let mut all = Vec::new();
        let mut out = |line: OutputLine| all.push(line.text);
        for chunk in chunks {
            lines.push(chunk, &mut out);
        }
        lines.finish(&mut out);
        all
    }

    #[test]
    fn lines_come_out_whole_however_they_went_in() {
        assert_eq!(split(&[b"a\r\nb", b"c\n\nd"]), ["a", "bc", "", "d"]);
        assert_eq!(split(&[b"\xffx\n"]), ["\u{fffd}x"]);
        assert_eq!(split(&[&vec![b'x'; MAX_LINE + 5], b"y\nz"]), [&"x".repeat(MAX_LINE), "z"]);
    }

    #[test]
    fn the_tail_is_short() {
        let mut tail = Tail::default();
        for number in 0..1000 {
            tail.push(&number.to_string());
        }
        tail.push(&"ä".repeat(5000));
        let text = tail.into_text();
        assert!(text.starts_with("801\n") && text.len() < 4000);
    }

    proptest! {
        #[test]
        fn chunk_borders_do_not_matter(bytes: Vec<u8>, at in 0_usize..64) {
            let at = at.min(bytes.len());
            prop_assert_eq!(split(&[&bytes[..at], &bytes[at..]]), split(&[&bytes]));
        }
    }
}

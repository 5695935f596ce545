//! A log of any length, read once → what the stages need of it, in bounded memory.
//!
//! ```text
//! reader ─► Window (the lines around the newest) ─► Scanner ─► Near (the lines around candidates)
//! ```

use super::{
    catalogue::Catalogue,
    clean,
    lines::Lines,
    scan::{Scan, Scanner},
};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, BufRead},
    ops::Range,
};

/// Lines before and after a candidate that the stages may ask for (`locate`'s reach).
const REACH: (usize, usize) = (200, 60);
/// What is kept of them when there are too many: the context, then next to nothing.
const LESS: [(usize, usize); 2] = [super::CONTEXT, (0, 1)];
/// Bytes of text around candidates before some is let go.
const BUDGET: usize = 24 << 20;
/// Private keys before those far from every candidate are forgotten.
const KEY_LIMIT: usize = 4_096;
/// A longer line around a candidate is kept this far, in bytes.
const NEAR_LIMIT: usize = 2_000;

/// What is left of a log that went by.
pub(super) struct Read {
    pub scan: Scan,
    pub near: Near,
    /// Bytes read.
    pub bytes: u64,
}

/// Reads to the end.
pub(super) fn read(catalogue: &Catalogue, mut reader: impl BufRead) -> io::Result<Read> {
    let mut scanner = Scanner::new(catalogue);
    let mut window = Window::default();
    let mut near = Near::default();
    let mut key_limit = KEY_LIMIT;
    let mut next = 0;
    let mut bytes = 0;
    loop {
        let read = window.read_line(&mut reader)?;
        bytes += read as u64;
        while next < window.count() && (read == 0 || next + REACH.1 < window.count()) {
            if scanner.look(&window, next) {
                near.keep(&window, next);
                near.stay_bounded(&mut scanner.scan, window.first);
            }
            next += 1;
        }
        if scanner.scan.key_count() > key_limit {
            near.forget_keys(&mut scanner.scan, window.first);
            key_limit = KEY_LIMIT.max(2 * scanner.scan.key_count());
        }
        if read == 0 {
            break;
        }
    }
    near.end(window);
    let scan = scanner.finish(near.count());
    Ok(Read { scan, near, bytes })
}

/// The newest lines.
#[derive(Default)]
struct Window {
    lines: VecDeque<String>,
    /// The index of the first of them.
    first: usize,
    /// The last line with text that has left it.
    spoken: Option<(usize, String)>,
    bytes: Vec<u8>,
}

impl Window {
    /// Reads a line without its end; 0 at the end of the stream. What is beyond [`clean::LINE_LIMIT`] is not kept.
    fn read_line(&mut self, reader: &mut impl BufRead) -> io::Result<usize> {
        self.bytes.clear();
        let mut read = 0;
        loop {
            let part = match reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                part => part?,
            };
            if part.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', part);
            let text = &part[..end.unwrap_or(part.len())];
            let room = clean::LINE_LIMIT.saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(&text[..text.len().min(room)]);
            let used = end.map_or(part.len(), |end| end + 1);
            reader.consume(used);
            read += used;
            if end.is_some() {
                break;
            }
        }
        if read > 0 {
            let mut line = self.recycled();
            match std::str::from_utf8(&self.bytes) {
                Ok(text) => line.push_str(text),
                Err(_) => line.push_str(&String::from_utf8_lossy(&self.bytes)),
            }
            self.lines.push_back(line);
        }
        Ok(read)
    }

    /// An empty line, made of the oldest where that is out of reach.
    fn recycled(&mut self) -> String {
        if self.lines.len() <= REACH.0 + REACH.1 {
            return String::new();
        }
        let Some(oldest) = self.lines.pop_front() else { return String::new() };
        let index = self.first;
        self.first += 1;
        let mut free = if oldest.bytes().all(|byte| byte.is_ascii_whitespace()) {
            oldest
        } else {
            self.spoken.replace((index, oldest)).map_or_else(String::new, |(_, line)| line)
        };
        free.clear();
        free
    }
}

impl Lines for Window {
    fn line(&self, index: usize) -> Option<&str> {
        self.lines.get(index.checked_sub(self.first)?).map(String::as_str)
    }

    fn count(&self) -> usize {
        self.first + self.lines.len()
    }
}

/// The lines around candidates, and the last ones.
#[derive(Default)]
pub(super) struct Near {
    lines: BTreeMap<usize, Box<str>>,
    bytes: usize,
    /// Bytes at which some are let go.
    limit: usize,
    /// Lines that need not be looked at again: they are kept.
    whole: Range<usize>,
    count: usize,
}

impl Near {
    fn keep(&mut self, window: &Window, candidate: usize) {
        let wanted = candidate.saturating_sub(REACH.0)..candidate + REACH.1 + 1;
        let known = self.whole.contains(&wanted.start);
        for index in if known { self.whole.end } else { wanted.start }..wanted.end {
            let Some(line) = window.line(index) else { continue };
            self.insert(index, clean::cut(line, NEAR_LIMIT));
        }
        self.whole = if known { self.whole.start } else { wanted.start }..wanted.end;
        if let Some(line) = window.line(candidate) {
            self.insert(candidate, line);
        }
    }

    fn insert(&mut self, index: usize, line: &str) {
        if self.lines.get(&index).is_some_and(|kept| kept.len() >= line.len()) {
            return;
        }
        self.bytes += line.len();
        if let Some(shorter) = self.lines.insert(index, line.into()) {
            self.bytes -= shorter.len();
        }
    }

    /// Lets go what is far from every candidate, then ever more. `open` and what follows may still be asked for.
    fn stay_bounded(&mut self, scan: &mut Scan, open: usize) {
        if self.bytes <= self.limit.max(BUDGET) {
            return;
        }
        for (before, after) in [REACH].into_iter().chain(LESS) {
            let mut kept = BTreeMap::new();
            for candidate in &scan.candidates {
                for index in candidate.line.saturating_sub(before)..=candidate.line + after {
                    if let Some(line) = self.lines.remove(&index) {
                        kept.insert(index, line);
                    }
                }
            }
            self.lines = kept;
            self.bytes = self.lines.values().map(|line| line.len()).sum();
            // Half of it, or the next candidates begin this again.
            if self.bytes <= BUDGET / 2 {
                break;
            }
        }
        self.limit = 2 * self.bytes;
        self.whole = 0..0;
        self.forget_keys(scan, open);
    }

    fn forget_keys(&self, scan: &mut Scan, open: usize) {
        scan.retain_keys(|key| *key.end() >= open || self.lines.range(key.clone()).next().is_some());
    }

    /// A log that reports nothing is told by its last words.
    fn end(&mut self, window: Window) {
        self.count = window.count();
        if let Some((index, line)) = &window.spoken {
            self.insert(*index, line);
        }
        for (index, line) in (window.first..).zip(&window.lines) {
            self.insert(index, line);
        }
    }
}

impl Lines for Near {
    fn line(&self, index: usize) -> Option<&str> {
        self.lines.get(&index).map(AsRef::as_ref)
    }

    fn count(&self) -> usize {
        self.count
    }
}

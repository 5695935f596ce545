//! Turns lines that arrive one by one, in any amount, into a [`BuildLog`] of bounded size: head and tail, and a
//! line between them that says what was left out.

use super::BuildLog;
use std::collections::VecDeque;

/// Bytes of the head that are kept.
const HEAD_BYTES: usize = 1 << 20;
/// Bytes of the tail that are kept: the cause of a failure is mostly there.
const TAIL_BYTES: usize = 3 << 20;
/// A longer line is cut.
const MAX_LINE_BYTES: usize = 16 << 10;

/// Collects lines and forgets the middle.
#[derive(Debug)]
pub struct Collector {
    head: Vec<String>,
    head_room: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
    tail_limit: usize,
    dropped: usize,
    more_dropped: bool,
}

impl Default for Collector {
    fn default() -> Self {
        Self::with_limits(HEAD_BYTES, TAIL_BYTES)
    }
}

impl Collector {
    /// Keeps at most these many bytes at each end.
    pub fn with_limits(head: usize, tail: usize) -> Self {
        Self {
            head: Vec::new(),
            head_room: head,
            tail: VecDeque::new(),
            tail_bytes: 0,
            tail_limit: tail,
            dropped: 0,
            more_dropped: false,
        }
    }

    /// Takes in the next text. Line ends inside it separate lines; the last one may be missing.
    pub fn push(&mut self, text: &str) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        for line in text.split('\n') {
            self.push_line(line.strip_suffix('\r').unwrap_or(line));
        }
    }

    fn push_line(&mut self, line: &str) {
        let line = cut(line);
        let bytes = line.len() + 1;
        if self.tail.is_empty() && self.dropped == 0 && !self.more_dropped && bytes <= self.head_room {
            self.head_room -= bytes;
            self.head.push(line);
            return;
        }
        self.tail_bytes += bytes;
        self.tail.push_back(line);
        while self.tail_bytes > self.tail_limit
            && let Some(oldest) = self.tail.pop_front()
        {
            self.tail_bytes -= oldest.len() + 1;
            self.dropped += 1;
        }
    }

    /// The head is complete: what comes now belongs to the tail.
    pub fn is_head_full(&self) -> bool {
        !self.tail.is_empty() || self.dropped > 0
    }

    /// Says that lines between the ones pushed so far and the next ones were never seen.
    pub fn skip(&mut self) {
        // What is in the tail so far lies before the gap, so it goes with it.
        self.dropped += self.tail.len();
        self.tail.clear();
        self.tail_bytes = 0;
        self.more_dropped = true;
    }

    /// The log.
    pub fn finish(self) -> BuildLog {
        let mut lines = self.head;
        let gap_after = (self.dropped > 0 || self.more_dropped).then_some(lines.len());
        if gap_after.is_some() {
            lines.push(if self.more_dropped {
                "[... the middle of the log was left out ...]".to_owned()
            } else {
                format!("[... {} lines were left out ...]", self.dropped)
            });
        }
        lines.extend(self.tail);
        BuildLog { lines, gap_after }
    }
}

fn cut(line: &str) -> String {
    if line.len() <= MAX_LINE_BYTES {
        return line.to_owned();
    }
    let mut end = MAX_LINE_BYTES;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} [... line cut ...]", &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_log_is_whole() {
        let mut log = Collector::default();
        log.push("one\r\ntwo\n");
        log.push("");
        log.push("three");
        assert_eq!(
            log.finish(),
            BuildLog { lines: ["one", "two", "", "three"].map(String::from).into(), gap_after: None }
        );
    }

    #[test]
    fn a_long_log_keeps_its_ends() {
        let mut log = Collector::with_limits(8, 8);
        (0..100).for_each(|n| log.push(&format!("{n:03}")));
        let log = log.finish();
        assert_eq!(log.lines, ["000", "001", "[... 96 lines were left out ...]", "098", "099"]);
        assert_eq!(log.gap_after, Some(2));
    }

    #[test]
    fn a_gap_that_nobody_counted_is_marked() {
        let mut log = Collector::with_limits(8, 80);
        (0..5).for_each(|n| log.push(&format!("{n:03}")));
        log.skip();
        log.push("end");
        let log = log.finish();
        assert_eq!(log.lines, ["000", "001", "[... the middle of the log was left out ...]", "end"]);
    }

    proptest! {
        #[test]
        fn never_more_than_the_limits(lines in prop::collection::vec("[a-zé]{0,40}", 0..200), head in 0usize..300, tail in 0usize..300) {
            let mut log = Collector::with_limits(head, tail);
            lines.iter().for_each(|line| log.push(line));
            let log = log.finish();
            let kept: usize = log.lines.iter().enumerate().filter(|(at, _)| Some(*at) != log.gap_after).map(|(_, line)| line.len() + 1).sum();
            prop_assert!(kept <= head + tail);
            match log.gap_after {
                None => prop_assert_eq!(&log.lines, &lines),
                Some(at) => {
                    prop_assert!(lines.starts_with(&log.lines[..at]));
                    prop_assert!(lines.ends_with(&log.lines[at + 1..]));
                }
            }
        }
    }
}

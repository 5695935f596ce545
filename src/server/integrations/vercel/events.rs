//! From the build events of a deployment to a [`BuildLog`]: three shapes of events, as a JSON array or one JSON
//! object a line, parsed while they arrive and kept within a bound.

use crate::server::integrations::BuildLog;
use serde_json::Value;
use std::collections::VecDeque;

/// Bytes of text kept from the start of a log.
const HEAD_BYTES: usize = 512 << 10;
/// Bytes of text kept from its end: that is where builds fail.
const TAIL_BYTES: usize = 1536 << 10;
/// An event that is longer is cut: no line of a build log is.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// Lines with the first and the last bytes kept. Memory stays below head and tail together.
#[derive(Default)]
pub struct BoundedLines {
    head: Vec<String>,
    head_bytes: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
    dropped: usize,
}

impl BoundedLines {
    /// Adds a text of one or more lines.
    pub fn push(&mut self, text: &str) {
        for line in text.trim_end_matches(['\n', '\r']).split('\n') {
            let line = line.trim_end_matches('\r').to_owned();
            if self.tail.is_empty() && self.head_bytes + line.len() < HEAD_BYTES {
                self.head_bytes += line.len() + 1;
                self.head.push(line);
                continue;
            }
            self.tail_bytes += line.len() + 1;
            self.tail.push_back(line);
            while self.tail_bytes > TAIL_BYTES {
                let Some(first) = self.tail.pop_front() else { break };
                self.tail_bytes -= first.len() + 1;
                self.dropped += 1;
            }
        }
    }

    /// The log, with a line in the gap that says how much is missing.
    pub fn finish(mut self) -> BuildLog {
        let gap_after = (self.dropped > 0).then_some(self.head.len());
        if self.dropped > 0 {
            self.head.push(format!("[… {} lines left out …]", self.dropped));
        }
        self.head.extend(self.tail);
        BuildLog { lines: self.head, gap_after }
    }
}

/// Finds the JSON objects in a stream of bytes: the items of an array, or one object after the other.
///
/// Only as much as the object being read is held.
#[derive(Default)]
pub struct ObjectSplitter {
    current: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    too_long: bool,
}

impl ObjectSplitter {
    /// Feeds bytes; calls `found` with each complete top-level object.
    pub fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(&[u8])) {
        for &byte in bytes {
            if self.depth > 0 {
                if self.current.len() < MAX_EVENT_BYTES {
                    self.current.push(byte);
                } else {
                    self.too_long = true;
                }
            }
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if self.depth > 0 => self.in_string = true,
                b'{' => {
                    if self.depth == 0 {
                        self.current.clear();
                        self.current.push(byte);
                        self.too_long = false;
                    }
                    self.depth += 1;
                }
                b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 && !self.too_long {
                        found(&self.current);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the stream ended inside an object: it was cut.
    pub fn is_cut(&self) -> bool {
        self.depth > 0
    }
}

/// A line of the log with its place in the order: `date`, then `serial`.
pub struct LogEvent {
    pub order: (i64, u64),
    pub text: String,
}

/// The text of an event, if it belongs to the log. Flat and wrapped events are told apart by `payload`.
pub fn parse_event(bytes: &[u8]) -> Option<LogEvent> {
    let event: Value = serde_json::from_slice(bytes).ok()?;
    let kind = event.get("type")?.as_str()?;
    if !matches!(kind, "command" | "stdout" | "stderr" | "fatal" | "exit") {
        return None;
    }
    let inner = event.get("payload").filter(|payload| payload.is_object()).unwrap_or(&event);
    let text = event.get("text").or_else(|| inner.get("text"))?.as_str()?;
    let number = |key: &str| inner.get(key).or_else(|| event.get(key)).and_then(Value::as_i64);
    let date = number("date").or_else(|| number("created")).unwrap_or_default();
    let serial = inner.get("serial").and_then(|serial| match serial {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    Some(LogEvent { order: (date, serial.unwrap_or_default()), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn objects(text: &str, chunk: usize) -> Vec<String> {
        let mut splitter = ObjectSplitter::default();
        let mut found = Vec::new();
        for part in text.as_bytes().chunks(chunk.max(1)) {
            splitter.feed(part, |object| found.push(String::from_utf8_lossy(object).into_owned()));
        }
        found
    }

    #[rstest]
    #[case::array(r#"[{"a":"}\"{"},null,{"b":{"c":1}}]"#, &[r#"{"a":"}\"{"}"#, r#"{"b":{"c":1}}"#])]
    #[case::lines("{\"a\":1}\n{\"b\":2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#])]
    #[case::cut(r#"[{"a":1},{"b":"#, &[r#"{"a":1}"#])]
    fn objects_are_found_however_the_bytes_arrive(#[case] text: &str, #[case] expected: &[&str]) {
        for chunk in 1..=text.len() {
            assert_eq!(objects(text, chunk), expected, "in parts of {chunk}");
        }
    }

    #[rstest]
    #[case::flat(r#"{"type":"stderr","date":7,"serial":"2","text":"oops","level":"error"}"#, Some(((7, 2), "oops")))]
    #[case::wrapped(r#"{"type":"command","created":5,"payload":{"date":6,"serial":"1","text":"npm run build"}}"#, Some(((6, 1), "npm run build")))]
    #[case::alias(r#"{"type":"alias-assigned","date":7,"alias":[]}"#, None)]
    #[case::metric(r#"{"type":"metric","date":7,"text":"x"}"#, None)]
    #[case::no_text(r#"{"type":"stdout","date":7}"#, None)]
    fn the_three_shapes_are_read(#[case] text: &str, #[case] expected: Option<((i64, u64), &str)>) {
        let event = parse_event(text.as_bytes());
        assert_eq!(event.as_ref().map(|event| (event.order, event.text.as_str())), expected);
    }

    #[test]
    fn a_long_log_keeps_its_head_and_its_tail_in_bounded_memory() {
        let mut lines = BoundedLines::default();
        let line = "x".repeat(99);
        for number in 0..500_000 {
            lines.push(&format!("{number} {line}"));
            assert!(lines.head_bytes + lines.tail_bytes <= HEAD_BYTES + TAIL_BYTES);
        }
        let log = lines.finish();
        let gap = log.gap_after.unwrap_or_default();
        assert!(log.lines[0].starts_with("0 "));
        assert!(log.lines[gap].contains("lines left out"));
        assert!(log.lines.last().is_some_and(|last| last.starts_with("499999 ")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, chunk in 1usize..9) {
            let mut splitter = ObjectSplitter::default();
            for part in bytes.chunks(chunk) {
                splitter.feed(part, |object| { let _ = parse_event(object); });
            }
        }

        #[test]
        fn short_logs_come_through_whole(texts in prop::collection::vec("[a-z{}\"\\\\ ]{0,30}", 0..20)) {
            let mut lines = BoundedLines::default();
            texts.iter().for_each(|text| lines.push(text));
            let log = lines.finish();
            prop_assert_eq!(log.lines, texts);
            prop_assert_eq!(log.gap_after, None);
        }
    }
}

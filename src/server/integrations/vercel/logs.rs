//! Turns a deployment's build events into a [`BuildLog`].
//!
//! `GET /v3/deployments/{id}/events` is paged by `since`, oldest first; the answer is an array or one event per
//! line, read as a stream. A log with more pages than [`MAX_PAGES`] is joined with its last page by a gap.

use super::{Vercel, wire::BuildEvent};
use crate::server::integrations::{
    Access, BuildLog, PlatformError, build_log::Collector, http, json_items::Splitter,
};
use reqwest::{Method, RequestBuilder, header::ACCEPT};
use std::{collections::HashSet, mem};

const PAGE_SIZE: usize = 1000;
const MAX_PAGES: usize = 100;
/// An event longer than this is left out.
const MAX_EVENT_BYTES: usize = 1 << 20;
/// Texts that wait for their order; a page is rarely larger.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// A text of the log with what puts it in order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    date: i64,
    serial: u128,
    arrival: usize,
    text: String,
}

/// Takes in events in any order within a page and sees each one once.
#[derive(Default)]
struct Reader {
    seen: HashSet<String>,
    waiting: Vec<Entry>,
    waiting_bytes: usize,
    arrivals: usize,
    last_date: i64,
    log: Collector,
}

/// What a page brought.
#[derive(Default)]
struct Page {
    items: usize,
    new: usize,
    overlap: bool,
}

impl Reader {
    /// Takes in one element of the answer: an event of any shape, or `null`.
    fn take(&mut self, json: &[u8], page: &mut Page) {
        page.items += 1;
        let Ok(Some(mut event)) = serde_json::from_slice::<Option<BuildEvent>>(json) else { return };
        let inner = event.payload.take().map(|inner| *inner).unwrap_or_default();
        let date = event.date.or(inner.date).or(event.created).or(inner.created).unwrap_or(self.last_date);
        let serial = event.serial.or(inner.serial);
        let text = event.text.or(inner.text);
        let id = event.id.or(inner.id).unwrap_or_else(|| format!("{date} {serial:?} {text:?}"));
        if !self.seen.insert(id) {
            page.overlap = true;
            return;
        }
        page.new += 1;
        self.last_date = self.last_date.max(date);
        let shown = matches!(event.kind.as_deref(), Some("command" | "stdout" | "stderr" | "fatal" | "exit"));
        let Some(text) = text.filter(|text| shown && !text.is_empty()) else { return };
        self.waiting_bytes += text.len();
        self.arrivals += 1;
        let serial = serial.and_then(|serial| serial.parse().ok()).unwrap_or_default();
        self.waiting.push(Entry { date, serial, arrival: self.arrivals, text });
        if self.waiting_bytes > MAX_WAITING_BYTES {
            self.settle(self.waiting.len() / 2);
        }
    }

    /// Moves the oldest of the waiting texts into the log and keeps `keep` waiting.
    fn settle(&mut self, keep: usize) {
        self.waiting.sort_unstable();
        let rest = self.waiting.split_off(self.waiting.len().saturating_sub(keep));
        for entry in mem::replace(&mut self.waiting, rest) {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(entry.text.len());
            self.log.push(&entry.text);
        }
    }
}

impl Vercel {
    pub(super) async fn read_build_log(&self, access: &Access, id: &str) -> Result<BuildLog, PlatformError> {
        let mut reader = Reader::default();
        let mut since = None;
        for _ in 0..MAX_PAGES {
            let request = self.events(access, id, "forward").query(&[("since", since)]);
            let page = self.read_page(request, &mut reader).await?;
            // Fewer events than asked for: the end. More: the limit was ignored, so this is everything.
            if page.items != PAGE_SIZE {
                reader.settle(0);
                return Ok(reader.log.finish());
            }
            if page.new == 0 {
                break;
            }
            // One millisecond earlier, whether `since` includes its bound or not; `seen` drops the repetition.
            since = Some(reader.last_date - 1);
        }
        reader.settle(0);
        let page = self.read_page(self.events(access, id, "backward"), &mut reader).await?;
        if page.new > 0 && !page.overlap {
            reader.log.skip();
        }
        reader.settle(0);
        Ok(reader.log.finish())
    }

    fn events(&self, access: &Access, id: &str, direction: &str) -> RequestBuilder {
        self.request(Method::GET, &["v3", "deployments", id, "events"], access)
            .query(&[("builds", "1"), ("follow", "0"), ("direction", direction)])
            .query(&[("limit", PAGE_SIZE)])
            .header(ACCEPT, "application/json")
    }

    async fn read_page(&self, request: RequestBuilder, reader: &mut Reader) -> Result<Page, PlatformError> {
        let mut response = self.api.send(request).await?;
        let mut page = Page::default();
        let mut splitter = Splitter::new(MAX_EVENT_BYTES);
        let mut sink = |json: &[u8]| reader.take(json, &mut page);
        while let Some(chunk) = response.chunk().await.map_err(http::transport)? {
            splitter.push(&chunk, &mut sink).map_err(|_| PlatformError::Malformed)?;
        }
        let left_out = splitter.finish(&mut sink).map_err(|_| PlatformError::Malformed)?;
        if left_out > 0 {
            tracing::warn!(left_out, "build events are too large and were left out");
        }
        page.items += left_out;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(events: &[Value]) -> Vec<String> {
        let mut reader = Reader::default();
        let mut page = Page::default();
        events.iter().for_each(|event| reader.take(event.to_string().as_bytes(), &mut page));
        assert_eq!(page.items, events.len());
        reader.settle(0);
        reader.log.finish().lines
    }

    #[test]
    fn all_shapes_in_order() {
        let lines = read(&[
            Value::Null,
            json!({"type": "stderr", "created": 9, "date": 9, "deploymentId": "dpl_1", "id": "b", "serial": "10",
                   "level": "error", "text": "src/a.ts(3,7): error TS2322", "info": {"type": "build"}}),
            json!({"type": "alias-assigned", "date": 20, "deploymentId": "dpl_1", "alias": ["a.test"]}),
            json!({"type": "command", "created": 1, "payload": {"deploymentId": "dpl_1", "id": "a", "date": 1,
                   "serial": "1", "text": "Running \"npm run build\""}}),
            json!({"type": "stdout", "created": 9, "payload": {"id": "c", "date": 9, "serial": 2, "text": "two\nlines\n"}}),
            json!({"type": "stdout", "id": "c", "date": 9, "text": "the same event again"}),
            json!({"type": "deployment-state", "date": 30, "id": "d", "text": "not a line"}),
            json!({"type": "of-tomorrow", "date": 30, "id": "e", "text": "not a line"}),
            json!({"type": "exit", "date": 40, "id": "f", "text": ""}),
            json!({"type": "fatal", "date": "50", "id": 7, "text": "Command exited with 1"}),
        ]);
        insta::assert_debug_snapshot!(lines, @r#"
            [
                "Running \"npm run build\"",
                "two",
                "lines",
                "src/a.ts(3,7): error TS2322",
                "Command exited with 1",
            ]
        "#);
    }

    #[test]
    fn memory_is_bounded() {
        let mut reader = Reader::default();
        let mut page = Page::default();
        let text = "x".repeat(100_000);
        for n in 0..400 {
            let event = json!({"type": "stdout", "id": n.to_string(), "date": n, "text": text});
            reader.take(event.to_string().as_bytes(), &mut page);
            assert!(reader.waiting_bytes <= MAX_WAITING_BYTES);
        }
        reader.settle(0);
        let log = reader.log.finish();
        assert!(log.gap_after.is_some());
        assert!(log.lines.iter().map(String::len).sum::<usize>() < 5 << 20);
    }

    proptest! {
        #[test]
        fn any_arrival_gives_the_same_log(order in Just((0..40i64).collect::<Vec<_>>()).prop_shuffle()) {
            let events: Vec<Value> = order
                .iter()
                .map(|n| json!({"type": "stdout", "id": n.to_string(), "date": n / 5, "serial": n.to_string(), "text": format!("line {n}")}))
                .collect();
            let expected: Vec<String> = (0..40).map(|n| format!("line {n}")).collect();
            prop_assert_eq!(read(&events), expected);
        }

        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            Reader::default().take(&bytes, &mut Page::default());
        }
    }
}

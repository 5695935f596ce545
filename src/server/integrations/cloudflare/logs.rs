//! Turns the build logs of both products into a [`BuildLog`].
//!
//! Pages sends a whole log as one JSON object, of whatever size: its lines are read as they arrive. Workers Builds sends
//! it in pages with a cursor.

use super::{Cloudflare, wire};
use crate::server::integrations::{
    Access, BuildLog, PlatformError, build_log::Collector, http, json_items::Descent,
};
use reqwest::Method;
use std::collections::HashSet;

/// Where the lines of a Pages log are, in the envelope of every answer.
const LINES: &[&str] = &["result", "data"];
/// A line longer than this is left out.
const MAX_LINE_BYTES: usize = 1 << 20;
/// More pages than any log has; ends a log whose cursor never does.
const MAX_PAGES: usize = 1000;

impl Cloudflare {
    pub(super) async fn pages_log(
        &self,
        access: &Access,
        name: &str,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        let request = self.pages_request(Method::GET, access, name, id, &["history", "logs"])?;
        let mut response = self.response(request).await?;
        let mut log = Collector::default();
        let mut lines = Descent::new(LINES, MAX_LINE_BYTES);
        let mut sink = |json: &[u8]| take(json, &mut log);
        while let Some(chunk) = response.chunk().await.map_err(http::transport)? {
            lines.push(&chunk, &mut sink).map_err(|_| PlatformError::Malformed)?;
        }
        let left_out = lines.finish().map_err(|_| PlatformError::Malformed)?;
        if left_out > 0 {
            tracing::warn!(left_out, "lines of a build log are too large and were left out");
        }
        Ok(log.finish())
    }

    pub(super) async fn worker_log(&self, access: &Access, uuid: &str) -> Result<BuildLog, PlatformError> {
        let mut log = Collector::default();
        let (mut cursor, mut seen) = (None, HashSet::new());
        for _ in 0..MAX_PAGES {
            let request = self.build_request(access, uuid, &["logs"])?.query(&[("cursor", &cursor)]);
            let page: wire::WorkerLog = self.result(request).await?;
            let lines = page.lines.map_or_else(Vec::new, |lines| lines.items);
            lines.iter().filter_map(wire::WorkerLine::text).for_each(|text| log.push(text));
            // A cursor that was there before leads in a circle.
            match page.cursor.filter(|next| !next.is_empty() && seen.insert(next.clone())) {
                Some(next) if !lines.is_empty() => cursor = Some(next),
                _ => return Ok(log.finish()),
            }
        }
        tracing::warn!("a build log has more pages than are read");
        log.push("[... the rest of the log was not read ...]");
        Ok(log.finish())
    }
}

/// Takes in one element of a Pages log. What is no line is passed over.
fn take(json: &[u8], log: &mut Collector) {
    if let Ok(wire::LogLine { line: Some(line) }) = serde_json::from_slice(json) {
        log.push(&line);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{super::client::tests::answering, *};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!([1_767_323_045_000_i64, "npm ERR!"]), Some("npm ERR!"))]
    #[case(json!(["1767323045000", "npm ERR!"]), Some("npm ERR!"))]
    #[case(json!([1_767_323_045.5, "", null]), Some(""))]
    #[case(json!("bare"), Some("bare"))]
    #[case(json!([1]), None)]
    #[case(json!({"line": "x"}), None)]
    #[case(Value::Null, None)]
    fn lines_of_workers(#[case] line: Value, #[case] expected: Option<&str>) {
        let line: wire::WorkerLine = serde_json::from_value(line).unwrap();
        assert_eq!(line.text(), expected);
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        let mut log = Collector::default();
        for element in [
            json!({"ts": "2026-01-02T03:04:05Z", "line": "one"}),
            json!({"ts": "x"}),
            Value::Null,
            json!({"line": 7}),
            json!({"line": "two"}),
        ] {
            take(element.to_string().as_bytes(), &mut log);
        }
        assert_eq!(log.finish().lines, ["one", "two"]);
    }

    #[tokio::test]
    async fn a_log_that_goes_in_circles_ends() {
        let body =
            json!({"success": true, "result": {"cursor": "c", "truncated": true, "lines": [[1, "a"]]}});
        let cloudflare = answering(body).await;
        let access = Access { token: "t".into(), team_id: Some("acc1".to_owned()) };
        let log = cloudflare.worker_log(&access, "b1").await.unwrap();
        assert_eq!(log.lines, ["a", "a"], "the cursor is followed once");
    }

    #[test]
    fn memory_is_bounded() {
        let mut log = Collector::default();
        let mut lines = Descent::new(LINES, MAX_LINE_BYTES);
        let mut sink = |json: &[u8]| take(json, &mut log);
        lines.push(br#"{"success":true,"result":{"total":500,"data":["#, &mut sink).unwrap();
        let text = "x".repeat(10_000);
        for n in 0..1000 {
            let element = json!({"ts": "2026-01-02T03:04:05Z", "line": format!("{n} {text}")});
            let comma = if n == 0 { "" } else { "," };
            lines.push(format!("{comma}{element}").as_bytes(), &mut sink).unwrap();
        }
        lines.push(b"]}}", &mut sink).unwrap();
        assert_eq!(lines.finish(), Ok(0));
        let log = log.finish();
        assert!(log.gap_after.is_some());
        assert!(log.lines.last().unwrap().starts_with("999 "));
        assert!(log.lines.iter().map(String::len).sum::<usize>() < 5 << 20);
    }

    proptest! {
        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            take(&bytes, &mut Collector::default());
        }
    }
}

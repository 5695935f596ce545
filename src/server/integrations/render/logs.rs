//! Turns the lines that a service wrote during a deploy into a [`BuildLog`].
//!
//! `GET /logs` knows no deploys: the deploy's own times bound the window. Pages are read oldest first and each line
//! counts once, since windows overlap. A log with more pages than [`MAX_PAGES`] is joined with its last page by a gap.

use super::{
    Render,
    client::{PAGE_SIZE, query_time},
    wire::{LogLine, LogPage},
};
use crate::{
    model::Timestamp,
    server::integrations::{Access, BuildLog, PlatformError, build_log::Collector, lenient::filled},
};
use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

const MAX_PAGES: usize = 600;
/// Lines come a little before the deploy says that it began, and after it says that it ended.
const MARGIN: TimeDelta = TimeDelta::seconds(5);

/// Which lines are wanted.
#[derive(Clone, Debug)]
struct Lines {
    workspace: String,
    service: String,
    /// `build` or `app`.
    kind: &'static str,
    start: Timestamp,
    end: Timestamp,
}

impl Lines {
    /// Holds the platform to the question: a filter that it ignores must not mix in other lines.
    fn have(&self, line: &LogLine) -> bool {
        line.label("resource").is_none_or(|resource| resource == self.service)
            && line.label("type").is_none_or(|kind| kind == self.kind)
            && line.timestamp.is_none_or(|at| (self.start..=self.end).contains(&at))
    }
}

/// Takes in pages and sees each line once.
#[derive(Default)]
struct Reader {
    /// Digests, so that a long log costs eight bytes a line.
    seen: HashSet<u64>,
    log: Collector,
}

/// The lines of a page that no page before it had, oldest first.
struct Fresh {
    lines: Vec<LogLine>,
    /// Some of its lines were known: nothing is missing in between.
    overlap: bool,
}

impl Reader {
    fn fresh(&mut self, page: LogPage) -> Fresh {
        let mut lines: Vec<LogLine> = page
            .logs
            .unwrap_or_default()
            .into_iter()
            .filter_map(|line| serde_json::from_value(line).ok())
            .collect();
        let total = lines.len();
        lines.retain(|line| self.seen.insert(identity(line)));
        let overlap = lines.len() < total;
        in_order(&mut lines);
        Fresh { lines, overlap }
    }

    fn take(&mut self, fresh: Fresh, wanted: &Lines) {
        for line in fresh.lines.into_iter().filter(|line| wanted.have(line)) {
            if let Some(message) = line.message {
                self.log.push(&message);
            }
        }
    }
}

/// What tells a line from others. Lines without an id are told apart by all that they say.
fn identity(line: &LogLine) -> u64 {
    let mut hasher = DefaultHasher::new();
    match filled(line.id.clone()) {
        Some(id) => id.hash(&mut hasher),
        None => (line.timestamp, &line.message).hash(&mut hasher),
    }
    hasher.finish()
}

/// Oldest first, whichever way the platform went. A line without a time stays behind the one before it.
fn in_order(lines: &mut [LogLine]) {
    let times = || lines.iter().filter_map(|line| line.timestamp);
    if times().next() > times().next_back() {
        lines.reverse();
    }
    let mut latest = None;
    for line in lines.iter_mut() {
        latest = line.timestamp.or(latest);
        line.timestamp = latest;
    }
    lines.sort_by_key(|line| line.timestamp);
}

impl Render {
    pub(super) async fn read_build_log(
        &self,
        access: &Access,
        service: &str,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        let deploy = self.get_deploy(access, service, id).await?;
        let facts = self.facts(access, service).await?;
        let workspace = facts.owner_id.clone().or_else(|| access.team_id.clone());
        let now = self.api.now();
        let wanted = Lines {
            workspace: workspace.ok_or(PlatformError::Malformed)?,
            service: service.to_owned(),
            kind: "build",
            start: deploy.started_at.or(deploy.created_at).unwrap_or(now) - MARGIN,
            end: deploy.finished_at.unwrap_or(now) + MARGIN,
        };
        let mut reader = Reader::default();
        self.read_lines(access, &wanted, &mut reader).await?;
        // Here the build was done: what went wrong was said by the program that was to start, or to prepare.
        if matches!(deploy.status.as_deref(), Some("update_failed" | "pre_deploy_failed")) {
            self.read_lines(access, &Lines { kind: "app", ..wanted }, &mut reader).await?;
        }
        Ok(reader.log.finish())
    }

    async fn read_lines(
        &self,
        access: &Access,
        wanted: &Lines,
        reader: &mut Reader,
    ) -> Result<(), PlatformError> {
        let (mut start, mut end) = (query_time(wanted.start), query_time(wanted.end));
        for _ in 0..MAX_PAGES {
            let request = self.lines(access, wanted, "forward", &start, &end);
            let mut page: LogPage = self.api.json(request).await?;
            let has_more = page.has_more;
            let next = page.next_start_time.take().zip(page.next_end_time.take());
            let fresh = reader.fresh(page);
            let nothing_new = fresh.lines.is_empty();
            reader.take(fresh, wanted);
            match (has_more, next) {
                (false, _) => return Ok(()),
                (true, Some(window)) if !nothing_new => (start, end) = window,
                // There is more, and no way on from here.
                _ => break,
            }
        }
        let (start, end) = (query_time(wanted.start), query_time(wanted.end));
        let page = self.api.json(self.lines(access, wanted, "backward", &start, &end)).await?;
        let fresh = reader.fresh(page);
        if !fresh.lines.is_empty() && !fresh.overlap {
            reader.log.skip();
        }
        reader.take(fresh, wanted);
        Ok(())
    }

    fn lines(
        &self,
        access: &Access,
        wanted: &Lines,
        direction: &str,
        start: &str,
        end: &str,
    ) -> RequestBuilder {
        self.request(Method::GET, &["logs"], access)
            .query(&[("ownerId", wanted.workspace.as_str()), ("resource", &wanted.service)])
            .query(&[("type", wanted.kind), ("direction", direction), ("limit", PAGE_SIZE)])
            .query(&[("startTime", start), ("endTime", end)])
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn wanted() -> Lines {
        Lines {
            workspace: "tea-1".to_owned(),
            service: "srv-1".to_owned(),
            kind: "build",
            start: "2026-01-02T03:00:00Z".parse().unwrap(),
            end: "2026-01-02T03:10:00Z".parse().unwrap(),
        }
    }

    fn line(n: i64, message: &str) -> Value {
        json!({"id": format!("log{n}"), "timestamp": format!("2026-01-02T03:00:{n:02}.5Z"), "message": message,
            "labels": [{"name": "resource", "value": "srv-1"}, {"name": "type", "value": "build"}]})
    }

    fn read(pages: &[Vec<Value>]) -> Vec<String> {
        let mut reader = Reader::default();
        for page in pages {
            let fresh = reader.fresh(LogPage { logs: Some(page.clone()), ..LogPage::default() });
            reader.take(fresh, &wanted());
        }
        reader.log.finish().lines
    }

    #[test]
    fn each_wanted_line_once() {
        let mut other_service = line(4, "of another service");
        other_service["labels"][0]["value"] = json!("srv-2");
        let mut app = line(5, "of the program");
        app["labels"][1]["value"] = json!("app");
        let mut early = line(6, "of an earlier deploy");
        early["timestamp"] = json!("2026-01-02T02:59:59Z");
        let pages = [
            vec![line(1, "==> Cloning"), line(2, "two\nlines"), Value::Null, json!("rubbish")],
            vec![
                line(2, "two\nlines"),
                other_service,
                app,
                early,
                line(7, "==> Build failed"),
                json!({"id": "x"}),
            ],
        ];
        assert_eq!(read(&pages), ["==> Cloning", "two", "lines", "==> Build failed"]);
    }

    #[test]
    fn a_page_in_the_other_direction_is_turned_round() {
        assert_eq!(read(&[vec![line(3, "c"), line(2, "b"), line(1, "a")]]), ["a", "b", "c"]);
    }

    #[test]
    fn lines_without_ids_are_told_apart_by_what_they_say() {
        let mut lines = [line(1, "a"), line(1, "a"), line(1, "b")];
        lines.iter_mut().for_each(|line| line["id"] = Value::Null);
        assert_eq!(read(&[lines.to_vec()]), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn pages_that_overlap_give_the_same_log(cut in 1usize..30, overlap in 0usize..30) {
            let all: Vec<Value> = (0..30).map(|n| line(n, &format!("line {n}"))).collect();
            let pages = [all[..cut].to_vec(), all[cut.saturating_sub(overlap)..].to_vec()];
            let expected: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
            prop_assert_eq!(read(&pages), expected);
        }

        #[test]
        fn rubbish_never_panics(id in ".{0,9}", time in ".{0,30}", message in ".{0,40}", n in any::<i64>()) {
            read(&[vec![json!({"id": id, "timestamp": time, "message": message, "labels": n}), json!(n), json!([time])]]);
        }
    }
}

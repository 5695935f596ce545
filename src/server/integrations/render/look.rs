//! Turns a poll over many services into a few requests.
//!
//! Render has no list of deploys over a workspace: asking every service costs a request each. But one request for
//! logs covers many services, and a build writes lines. So a look at many services asks for build lines first, and
//! lists deploys only of services that have some, of those where something is known to go on, and of a tenth that
//! changes every minute, since a deploy may end without a line (canceled, an image).

use super::{
    Render,
    client::{PAGE_SIZE, query_time},
    wire,
};
use crate::{
    model::{PlatformDeployment, Timestamp},
    server::integrations::{Access, DeploymentsQuery, Look, PlatformError, ProjectRef},
};
use chrono::TimeDelta;
use reqwest::Method;
use std::collections::HashSet;

/// So few services are asked one by one.
const FEW: usize = 20;
/// Services of one request for logs.
const PER_REQUEST: usize = 50;
/// Requests for the logs of one such group.
const MAX_REQUESTS: usize = 5;
/// Lines may be stored later than they were written.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// No log is searched further back: whoever was not looked at for so long is asked anyway.
const FURTHEST: TimeDelta = TimeDelta::minutes(15);
/// Minutes until every service was asked whatever its log says.
const ROUND: i64 = 10;

impl Render {
    pub(super) async fn look_around(
        &self,
        access: &Access,
        look: Look,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let (Some(last), Some(workspace)) = (look.last, &access.team_id) else {
            return self.list_deployments(access, look.query()).await;
        };
        if look.projects.len() <= FEW {
            return self.list_deployments(access, look.query()).await;
        }
        let now = self.api.now();
        let since = (last - OVERLAP).max(now - FURTHEST);
        let lively = match self.lively(access, workspace, &look.projects, since, now).await {
            // One service that is gone may spoil the question about all. The long way still works.
            Err(PlatformError::NotFound | PlatformError::Rejected { .. }) => {
                return self.list_deployments(access, look.query()).await;
            }
            lively => lively?,
        };
        let projects = choose(&look, last, &lively, now);
        self.list_deployments(access, DeploymentsQuery { projects, ..look.query() }).await
    }

    /// The services that wrote build lines since then.
    async fn lively(
        &self,
        access: &Access,
        workspace: &str,
        projects: &[ProjectRef],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<HashSet<String>, PlatformError> {
        let mut lively = HashSet::new();
        for group in projects.chunks(PER_REQUEST) {
            let mut silent: HashSet<&str> = group.iter().map(|project| project.id.as_str()).collect();
            // Each request is about those that were not seen yet, so that one long build does not hide the others.
            for _ in 0..MAX_REQUESTS {
                let resources: Vec<(&str, &str)> = silent.iter().map(|id| ("resource", *id)).collect();
                let request = self
                    .request(Method::GET, &["logs"], access)
                    .query(&[("ownerId", workspace), ("type", "build"), ("direction", "backward")])
                    .query(&[("startTime", query_time(since)), ("endTime", query_time(now))])
                    .query(&[("limit", PAGE_SIZE)])
                    .query(&resources);
                let page: wire::LogPage = self.api.json(request).await?;
                let before = silent.len();
                for line in page.logs.unwrap_or_default() {
                    let line: wire::LogLine = serde_json::from_value(line).unwrap_or_default();
                    if let Some(id) = line.label("resource").and_then(|id| silent.take(id)) {
                        lively.insert(id.to_owned());
                    }
                }
                if !page.has_more || silent.is_empty() || silent.len() == before {
                    break;
                }
            }
        }
        Ok(lively)
    }
}

/// The services of which deploys are listed: lively, known to be busy, or due.
///
/// A service is due in one minute of [`ROUND`]. Every minute since the last look counts, so that each service has its
/// turn however often somebody looks.
fn choose(look: &Look, last: Timestamp, lively: &HashSet<String>, now: Timestamp) -> Vec<ProjectRef> {
    let minute = |at: Timestamp| at.timestamp().div_euclid(60);
    let passed = minute(now) - minute(last);
    let due = |id: &str| (minute(now) - turn(id)).rem_euclid(ROUND) < passed;
    let chosen = |project: &&ProjectRef| {
        lively.contains(&project.id) || look.busy.contains(&project.id) || due(&project.id)
    };
    look.projects.iter().filter(chosen).cloned().collect()
}

/// The minute of a round in which a service is due: always the same, whichever others are watched beside it.
fn turn(id: &str) -> i64 {
    id.bytes().fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % 9973) % ROUND
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn look(count: usize) -> Look {
        let service = |n| ProjectRef { id: format!("srv-{n:020}"), name: format!("service-{n}") };
        Look {
            projects: (0..count).map(service).collect(),
            since: start() - TimeDelta::days(1),
            last: None,
            busy: HashSet::new(),
        }
    }

    fn chosen(look: &Look, last: Timestamp, lively: &[&str], now: Timestamp) -> Vec<String> {
        let lively = lively.iter().map(|id| (*id).to_owned()).collect();
        choose(look, last, &lively, now).into_iter().map(|project| project.id).collect()
    }

    #[test]
    fn what_moves_is_asked_and_the_rest_waits_for_its_minute() {
        let mut look = look(60);
        let (lively, busy) = (look.projects[3].id.clone(), look.projects[7].id.clone());
        look.busy.insert(busy.clone());
        let now = start() + TimeDelta::seconds(20);
        assert_eq!(chosen(&look, start(), &[&lively], now), [lively.clone(), busy.clone()]);
        let next = start() + TimeDelta::minutes(1);
        let some = chosen(&look, start(), &[&lively], next);
        assert!(some.contains(&lively) && some.contains(&busy));
        assert!((3..20).contains(&some.len()), "{}", some.len());
    }

    #[test]
    fn strangers_in_the_log_are_not_asked() {
        assert_eq!(chosen(&look(30), start(), &["srv-elsewhere"], start()), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn everyone_has_a_turn_in_ten_minutes(steps in prop::collection::vec(1i64..400, 1..200), count in 1usize..120) {
            let look = look(count);
            let mut asked = HashSet::new();
            let (end, mut last) = (start() + TimeDelta::minutes(ROUND), start());
            for step in steps.into_iter().chain([600]) {
                if last >= end {
                    break;
                }
                let now = last + TimeDelta::seconds(step);
                asked.extend(chosen(&look, last, &[], now));
                last = now;
            }
            prop_assert_eq!(asked.len(), count);
        }

        #[test]
        fn a_minute_asks_about_a_tenth(minute in 0i64..1000) {
            let look = look(1000);
            let last = start() + TimeDelta::minutes(minute);
            let some = chosen(&look, last, &[], last + TimeDelta::minutes(1));
            prop_assert!((50..200).contains(&some.len()), "{}", some.len());
        }
    }
}

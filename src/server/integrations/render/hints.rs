//! Turns the id of an event into the deploy that it is about: a delivery says whose service it was, and no more.

use super::{
    Render,
    client::{PAGE_SIZE, query_time},
    convert, wire,
};
use crate::{
    model::{PlatformDeployment, Timestamp},
    server::integrations::{Access, PlatformError},
};
use chrono::TimeDelta;
use reqwest::Method;

/// How far the end of a deploy may lie from the end of its build.
const NEAR: TimeDelta = TimeDelta::minutes(10);

impl Render {
    /// The deploy of the event; `None` when the event is unknown, of another service, or about no deploy.
    pub(super) async fn follow_hint(
        &self,
        access: &Access,
        service: &str,
        event_id: &str,
    ) -> Result<Option<PlatformDeployment>, PlatformError> {
        let request = self.request(Method::GET, &["events", event_id], access);
        let event: wire::Event = match self.api.json(request).await {
            // 400 is what an id gets that cannot be one.
            Err(PlatformError::NotFound | PlatformError::Rejected { status: 400, .. }) => return Ok(None),
            answer => answer?,
        };
        if event.service_id.as_deref() != Some(service) {
            return Ok(None);
        }
        let found = match (event.kind.as_deref(), event.details.deploy_id, event.timestamp) {
            (Some("deploy_ended"), Some(id), _) => self.get_deployment(access, service, &id).await.map(Some),
            (Some("build_ended"), _, Some(at)) if may_have_failed(event.details.build_status.as_deref()) => {
                self.failed_build_near(access, service, at).await
            }
            _ => Ok(None),
        };
        match found {
            Err(PlatformError::NotFound) => Ok(None),
            found => found,
        }
    }

    /// The newest deploy whose build failed about that time: `build_ended` names its build, which no deploy does.
    async fn failed_build_near(
        &self,
        access: &Access,
        service: &str,
        at: Timestamp,
    ) -> Result<Option<PlatformDeployment>, PlatformError> {
        let facts = self.facts(access, service).await?;
        let request = self
            .request(Method::GET, &["services", service, "deploys"], access)
            .query(&[("limit", PAGE_SIZE), ("status", "build_failed")])
            .query(&[("finishedAfter", query_time(at - NEAR)), ("finishedBefore", query_time(at + NEAR))]);
        let mut newest: Option<PlatformDeployment> = None;
        let take = |deploy: wire::Deploy| {
            if is_it(&deploy, at) {
                let deployment = convert::deployment(deploy, service, &facts);
                if newest.as_ref().is_none_or(|known| known.created_at < deployment.created_at) {
                    newest = Some(deployment);
                }
            }
            true
        };
        self.each("deploy", request, take).await?;
        Ok(newest)
    }
}

fn may_have_failed(build_status: Option<&str>) -> bool {
    !matches!(build_status, Some("succeeded" | "canceled"))
}

fn is_it(deploy: &wire::Deploy, at: Timestamp) -> bool {
    deploy.status.as_deref() == Some("build_failed")
        && deploy.finished_at.is_some_and(|end| (end - at).abs() <= NEAR)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"status": "build_failed", "finishedAt": "2026-01-02T03:04:05Z"}), true)]
    #[case(json!({"status": "build_failed", "finishedAt": "2026-01-02T03:14:05Z"}), true)]
    #[case(json!({"status": "build_failed", "finishedAt": "2026-01-02T02:53:00Z"}), false)]
    #[case(json!({"status": "build_failed"}), false)]
    #[case(json!({"status": "live", "finishedAt": "2026-01-02T03:04:05Z"}), false)]
    fn only_failed_builds_of_that_time_count(#[case] mut deploy: Value, #[case] expected: bool) {
        deploy["id"] = json!("dep-1");
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(is_it(&serde_json::from_value(deploy).unwrap(), at), expected);
    }
}

//! Pages notifications as webhooks: a destination that holds our address and a secret of ours, and policies that send
//! to it what happens to projects.

use super::{
    Cloudflare, id,
    wire::{self, Policy},
};
use crate::server::integrations::{Access, CreatedWebhook, PlatformError, ProjectRef, RegisteredWebhook};
use rand::RngExt as _;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use url::Url;

/// The notification about Pages.
pub const ALERT: &str = "pages_event_alert";
const EVENTS: [&str; 3] = ["EVENT_DEPLOYMENT_STARTED", "EVENT_DEPLOYMENT_FAILED", "EVENT_DEPLOYMENT_SUCCESS"];
const ENVIRONMENTS: [&str; 2] = ["ENVIRONMENT_PRODUCTION", "ENVIRONMENT_PREVIEW"];
const NAME: &str = "Deploymend";

impl Cloudflare {
    /// Makes a destination with a secret of ours, and a policy that sends it what happens to `projects`.
    pub(super) async fn make_webhook(
        &self,
        access: &Access,
        url: &Url,
        projects: &[ProjectRef],
    ) -> Result<CreatedWebhook, PlatformError> {
        let uuids: Vec<&str> = projects.iter().filter_map(|project| id::pages_uuid(&project.id)).collect();
        let secret = SecretString::from(hex::encode(rand::rng().random::<[u8; 32]>()));
        let body = json!({"name": NAME, "url": url.as_str(), "secret": secret.expose_secret()});
        let segments = ["alerting", "v3", "destinations", "webhooks"];
        let request = self.request(Method::POST, access, &segments)?.json(&body);
        let destination: wire::Created = self.result(request).await?;
        match self.make_policy(access, &destination.id, &uuids).await {
            Ok(()) => Ok(CreatedWebhook { id: destination.id, secret }),
            Err(error) => {
                // The policy may exist all the same: an answer can get lost.
                if let Err(error) = self.remove_webhook(access, &destination.id).await {
                    tracing::warn!(webhook_id = destination.id, %error, "a destination is left at Cloudflare");
                }
                Err(error)
            }
        }
    }

    async fn make_policy(
        &self,
        access: &Access,
        destination: &str,
        uuids: &[&str],
    ) -> Result<(), PlatformError> {
        let body = json!({
            "name": NAME, "description": "Tells Deploymend about deployments.", "enabled": true, "alert_type": ALERT,
            "mechanisms": {"webhooks": [{"id": destination}]},
            "filters": {"project_id": uuids, "environment": ENVIRONMENTS, "event": EVENTS},
        });
        let request = self.request(Method::POST, access, &["alerting", "v3", "policies"])?.json(&body);
        self.result::<wire::Created>(request).await.map(drop)
    }

    /// The destinations, each with the projects that enabled policies send to it about.
    pub(super) async fn list_webhooks(
        &self,
        access: &Access,
    ) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        let destinations = self.destinations(access).await?;
        let policies = self.policies(access).await?;
        let registered = |destination: wire::Destination| RegisteredWebhook {
            project_ids: covered(&policies, &destination.id),
            url: destination.url.unwrap_or_default(),
            id: destination.id,
        };
        Ok(destinations.into_iter().map(registered).collect())
    }

    pub(super) async fn destinations(
        &self,
        access: &Access,
    ) -> Result<Vec<wire::Destination>, PlatformError> {
        let segments = ["alerting", "v3", "destinations", "webhooks"];
        self.all(&self.request(Method::GET, access, &segments)?, None).await
    }

    async fn policies(&self, access: &Access) -> Result<Vec<Policy>, PlatformError> {
        self.all(&self.request(Method::GET, access, &["alerting", "v3", "policies"])?, None).await
    }

    /// Removes the policies that send to this destination alone, then the destination.
    pub(super) async fn remove_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        let policies = self.policies(access).await?;
        for policy in policies.iter().filter(|policy| sends_only_to(policy, id)) {
            let segments = ["alerting", "v3", "policies", &policy.id];
            match self.send(self.request(Method::DELETE, access, &segments)?).await {
                Ok(()) | Err(PlatformError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let segments = ["alerting", "v3", "destinations", "webhooks", id];
        self.send(self.request(Method::DELETE, access, &segments)?).await
    }
}

/// Our ids of the projects that enabled policies send to `destination` about. Empty means all of the account.
fn covered(policies: &[Policy], destination: &str) -> Vec<String> {
    let mut covered = Vec::new();
    for policy in policies.iter().filter(|policy| tells_enough(policy) && sends_to(policy, destination)) {
        match filter(policy, "project_id") {
            [] => return Vec::new(),
            uuids => covered.extend(uuids.iter().map(|uuid| id::pages(uuid))),
        }
    }
    if covered.is_empty() {
        // An empty list would mean all projects; no project has this id.
        covered.push(String::new());
    }
    covered.sort_unstable();
    covered.dedup();
    covered
}

/// Whether a policy tells how deployments of every environment end.
fn tells_enough(policy: &Policy) -> bool {
    let holds = |key: &str, needed: &[&str]| {
        let values = filter(policy, key);
        values.is_empty() || needed.iter().all(|needed| values.iter().any(|value| value == needed))
    };
    policy.enabled == Some(true)
        && policy.alert_type.as_deref() == Some(ALERT)
        && holds("event", &EVENTS[1..])
        && holds("environment", &ENVIRONMENTS)
}

/// The values that a policy is limited to; none means that it is not.
fn filter<'a>(policy: &'a Policy, key: &str) -> &'a [String] {
    policy.filters.as_ref().and_then(|filters| filters.get(key)).map_or(&[], Vec::as_slice)
}

fn sends_to(policy: &Policy, destination: &str) -> bool {
    let webhooks = policy.mechanisms.as_ref().and_then(|mechanisms| mechanisms.get("webhooks"));
    let ids = webhooks.into_iter().flatten().filter_map(|webhook| webhook.id.as_deref());
    ids.into_iter().any(|id| is_same_id(id, destination))
}

fn sends_only_to(policy: &Policy, destination: &str) -> bool {
    let mechanisms = policy.mechanisms.as_ref();
    sends_to(policy, destination)
        && mechanisms.is_some_and(|mechanisms| mechanisms.values().map(Vec::len).sum::<usize>() == 1)
}

/// Ids are read back with dashes in one place and without them in another.
fn is_same_id(a: &str, b: &str) -> bool {
    let bare = |id: &str| id.replace('-', "").to_ascii_lowercase();
    bare(a) == bare(b)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::Value;

    const DESTINATION: &str = "01234567-89ab-cdef-0123-456789abcdef";

    /// A policy as Cloudflare shows ours, with some of it changed.
    fn policy(changes: Value) -> Policy {
        let mut policy = json!({
            "id": "p1", "name": NAME, "enabled": true, "alert_type": ALERT,
            "mechanisms": {"webhooks": [{"id": "0123456789abcdef0123456789abcdef"}]},
            "filters": {"project_id": ["11-22"], "environment": ENVIRONMENTS, "event": EVENTS},
        });
        for (key, value) in changes.as_object().unwrap() {
            policy[key] = value.clone();
        }
        serde_json::from_value(policy).unwrap()
    }

    #[rstest]
    #[case::ours(json!({}), &["pages:11-22"])]
    #[case::all_projects(json!({"filters": {"event": EVENTS}}), &[])]
    #[case::no_filters(json!({"filters": null}), &[])]
    #[case::disabled(json!({"enabled": false}), &[""])]
    #[case::another_alert(json!({"alert_type": "http_alert_edge_error"}), &[""])]
    #[case::to_somebody_else(json!({"mechanisms": {"webhooks": [{"id": "ffffffffffffffffffffffffffffffff"}]}}), &[""])]
    #[case::by_mail(json!({"mechanisms": {"email": [{"id": DESTINATION}]}}), &[""])]
    #[case::no_failures(json!({"filters": {"project_id": ["11-22"], "event": ["EVENT_DEPLOYMENT_STARTED"]}}), &[""])]
    #[case::no_previews(json!({"filters": {"project_id": ["11-22"], "environment": ["ENVIRONMENT_PRODUCTION"]}}), &[""])]
    #[case::another_shape(json!({"mechanisms": 7}), &[""])]
    fn coverage(#[case] changes: Value, #[case] expected: &[&str]) {
        let registered = RegisteredWebhook {
            id: DESTINATION.to_owned(),
            url: String::new(),
            project_ids: covered(&[policy(changes)], DESTINATION),
        };
        assert_eq!(registered.project_ids, expected);
        let project = ProjectRef { id: "pages:11-22".to_owned(), name: "shop".to_owned() };
        assert_eq!(registered.covers(&[project]), expected != [""]);
    }

    #[test]
    fn policies_add_up_and_none_cover_nothing() {
        let other = policy(json!({"filters": {"project_id": ["33", "11-22"]}}));
        assert_eq!(covered(&[policy(json!({})), other], DESTINATION), ["pages:11-22", "pages:33"]);
        assert_eq!(covered(&[], DESTINATION), [""]);
    }

    #[rstest]
    #[case::ours(json!({}), true)]
    #[case::disabled(json!({"enabled": false}), true)]
    #[case::and_by_mail(json!({"mechanisms": {"webhooks": [{"id": DESTINATION}], "email": [{"id": "a@example.com"}]}}), false)]
    #[case::two_webhooks(json!({"mechanisms": {"webhooks": [{"id": DESTINATION}, {"id": "ff"}]}}), false)]
    #[case::another(json!({"mechanisms": {"webhooks": [{"id": "ff"}]}}), false)]
    fn only_policies_of_this_destination_alone_go(#[case] changes: Value, #[case] expected: bool) {
        assert_eq!(sends_only_to(&policy(changes), DESTINATION), expected);
    }
}

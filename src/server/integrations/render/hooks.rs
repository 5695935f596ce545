//! Keeps our one webhook of a workspace: Render has none for single services, and on the Professional plan no second.

use super::{Render, client::PAGE_SIZE, webhooks::EVENTS, wire};
use crate::server::integrations::{
    Access, CreatedWebhook, PlatformError, RegisteredWebhook, lenient::filled,
};
use reqwest::Method;
use serde_json::json;
use url::Url;

impl Render {
    /// Takes the webhook at our address into use again, or makes it. Those of others are left alone: where the plan
    /// has no room beside them, the refusal says so.
    pub(super) async fn keep_webhook(
        &self,
        access: &Access,
        url: &Url,
    ) -> Result<CreatedWebhook, PlatformError> {
        let Some(workspace) = &access.team_id else { return Err(PlatformError::NotFound) };
        let known = self.read_webhooks(access, workspace).await?;
        let ours = known.into_iter().find(|webhook| webhook.url.as_deref() == Some(url.as_str()));
        let (request, secret) = match ours {
            Some(ours) => {
                let body = json!({"enabled": true, "eventFilter": EVENTS});
                (self.request(Method::PATCH, &["webhooks", &ours.id], access).json(&body), ours.secret)
            }
            None => {
                let body = json!({"ownerId": workspace, "name": "Deploymend", "url": url.as_str(),
                    "enabled": true, "eventFilter": EVENTS});
                (self.request(Method::POST, &["webhooks"], access).json(&body), None)
            }
        };
        let webhook: wire::Webhook = self.api.json(request).await?;
        let secret = filled(webhook.secret).or_else(|| filled(secret)).ok_or(PlatformError::Malformed)?;
        Ok(CreatedWebhook { id: webhook.id, secret: secret.into() })
    }

    pub(super) async fn list_webhooks(
        &self,
        access: &Access,
    ) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        let Some(workspace) = &access.team_id else { return Ok(Vec::new()) };
        Ok(self.read_webhooks(access, workspace).await?.into_iter().map(registered).collect())
    }

    async fn read_webhooks(
        &self,
        access: &Access,
        workspace: &str,
    ) -> Result<Vec<wire::Webhook>, PlatformError> {
        let mut webhooks = Vec::new();
        let request = self
            .request(Method::GET, &["webhooks"], access)
            .query(&[("limit", PAGE_SIZE), ("ownerId", workspace)]);
        let take = |webhook| {
            webhooks.push(webhook);
            true
        };
        self.each("webhook", request, take).await?;
        Ok(webhooks)
    }

    pub(super) async fn remove_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.api.send(self.request(Method::DELETE, &["webhooks", id], access)).await.map(drop)
    }
}

fn registered(webhook: wire::Webhook) -> RegisteredWebhook {
    let filter = &webhook.event_filter;
    let tells = webhook.enabled != Some(false)
        // An empty filter lets every event through.
        && (filter.is_empty() || EVENTS.iter().all(|event| filter.iter().any(|known| known == event)));
    RegisteredWebhook {
        id: webhook.id,
        url: webhook.url.unwrap_or_default(),
        // No service has an empty id: a webhook that tells us nothing covers no project, so it is switched on again.
        project_ids: if tells { Vec::new() } else { vec![String::new()] },
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::integrations::ProjectRef;
    use rstest::rstest;
    use serde_json::Value;

    #[rstest]
    #[case(json!({"enabled": true, "eventFilter": ["deploy_ended", "build_ended"]}), true)]
    #[case(json!({"enabled": true, "eventFilter": []}), true)]
    #[case(json!({}), true)]
    #[case(json!({"enabled": false, "eventFilter": []}), false)]
    #[case(json!({"enabled": true, "eventFilter": ["server_failed"]}), false)]
    fn only_a_webhook_that_tells_covers(#[case] mut webhook: Value, #[case] expected: bool) {
        webhook["id"] = json!("whk-1");
        let webhook = registered(serde_json::from_value(webhook).unwrap());
        let service = ProjectRef { id: "srv-1".to_owned(), name: "api".to_owned() };
        assert_eq!(webhook.covers(&[service]), expected);
    }
}

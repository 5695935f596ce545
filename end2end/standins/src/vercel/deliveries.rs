//! Deployment webhooks: who is to be told, the body, the signature.

use std::sync::Arc;

use serde_json::{Value, json};

use super::state::{DeliveryMode, Deployment, Plan, Vercel, Webhook};
use crate::ids::{now_ms, random};
use crate::record::Server;
use crate::webhook::{self, Delivery, sha1_hex};
use crate::world::World;

/// The event that a deployment's state calls for.
#[must_use]
pub fn event_of(state: &str) -> &'static str {
    match state {
        "READY" => "deployment.succeeded",
        "ERROR" => "deployment.error",
        "CANCELED" => "deployment.canceled",
        "BLOCKED" => "deployment.blocked",
        _ => "deployment.created",
    }
}

/// The deliveries that `event` of a deployment makes, one per webhook that covers it.
#[must_use]
pub fn prepare(vercel: &Vercel, deployment: &Deployment, event: &str, mode: DeliveryMode) -> Vec<Delivery> {
    let Some(project) = vercel.project(&deployment.project_id) else { return Vec::new() };
    let covers = |webhook: &&Webhook| {
        webhook.owner_id == project.account_id
            && webhook.events.iter().any(|wanted| wanted == event)
            && webhook.project_ids.as_ref().is_none_or(|projects| projects.contains(&project.id))
    };
    vercel
        .webhooks
        .iter()
        .filter(covers)
        .map(|webhook| {
            let id = format!("uev_{}", random(24));
            let body = body(vercel, deployment, event, &id).to_string();
            Delivery {
                id,
                server: Server::Vercel,
                webhook_id: webhook.id.clone(),
                event: event.to_owned(),
                url: webhook.url.clone(),
                headers: vec![
                    ("x-vercel-signature".to_owned(), sha1_hex(&webhook.secret, body.as_bytes())),
                    ("user-agent".to_owned(), "Vercel-Webhook".to_owned()),
                ],
                body,
                dropped: mode == DeliveryMode::Drop,
                attempts: Vec::new(),
            }
        })
        .collect()
}

/// Sends `event` of a deployment to every webhook that covers it, as the delivery mode says, and
/// returns the deliveries with what they were answered.
pub async fn announce(world: &Arc<World>, deployment_id: &str, event: Option<&str>) -> Vec<Delivery> {
    let (deliveries, copies) = {
        let state = world.state();
        let mode = state.vercel.delivery_mode;
        let Some(deployment) = state.vercel.deployment(deployment_id) else { return Vec::new() };
        let event = event.unwrap_or_else(|| event_of(&deployment.state));
        let copies = if mode == DeliveryMode::Duplicate { 2 } else { 1 };
        (prepare(&state.vercel, deployment, event, mode), copies)
    };
    let all =
        deliveries.into_iter().flat_map(|delivery| std::iter::repeat_n(delivery, copies)).map(|delivery| {
            let delays = world.options.retry_delays.clone();
            webhook::deliver(world.clone(), delivery, delays)
        });
    futures::future::join_all(all).await
}

fn body(vercel: &Vercel, deployment: &Deployment, event: &str, id: &str) -> Value {
    let project = vercel.project(&deployment.project_id);
    let team = project.and_then(|project| vercel.teams.iter().find(|team| team.id == project.account_id));
    let plan = match team.map(|team| team.plan) {
        Some(Plan::Pro) => "pro",
        Some(Plan::Enterprise) => "enterprise",
        _ => "hobby",
    };
    let name = project.map(|project| project.name.as_str()).unwrap_or_default();
    let slug = team.map(|team| team.slug.as_str()).unwrap_or_default();
    let short = deployment.id.trim_start_matches("dpl_");
    let mut payload = json!({
        "user": {"id": deployment.creator_id},
        "deployment": {"id": deployment.id, "name": name, "url": deployment.url, "meta": deployment.meta},
        "links": {"deployment": format!("https://vercel.com/{slug}/{name}/{short}"),
                  "project": format!("https://vercel.com/{slug}/{name}")},
        "target": deployment.target, "project": {"id": deployment.project_id}, "plan": plan,
        "regions": ["iad1"],
    });
    if let Some(team) = team {
        payload["team"] = json!({"id": team.id});
    }
    json!({"id": id, "type": event, "createdAt": now_ms(), "region": "iad1", "payload": payload})
}

//! Webhook deliveries: which policies tell about a Pages deployment, the body, and what proves the sender.

use std::sync::Arc;

use serde_json::{Value, json};

use super::alerting::new_id;
use super::state::{Cloudflare, Deployment, Destination, Policy, Project};
use crate::ids::now_ms;
use crate::record::Server;
use crate::vercel::state::DeliveryMode;
use crate::webhook::{self, Delivery};
use crate::world::World;

/// The header with the destination's secret.
const SECRET_HEADER: &str = "cf-webhook-auth";

/// The secret of a delivery's webhook, if that still exists.
#[must_use]
pub fn secret_of(state: &Cloudflare, webhook_id: &str) -> Option<String> {
    state.destinations.iter().find(|it| it.id == webhook_id)?.secret.clone()
}

/// Proves a delivery again with this secret. The body is not part of the proof.
pub fn sign(delivery: &mut Delivery, secret: &str) {
    for (name, value) in &mut delivery.headers {
        if name == SECRET_HEADER {
            secret.clone_into(value);
        }
    }
}

/// The event that a deployment's state calls for; none when it was canceled.
#[must_use]
pub fn event_of(deployment: &Deployment) -> Option<&'static str> {
    match (deployment.stage.as_str(), deployment.status.as_str()) {
        _ if deployment.is_skipped => None,
        (_, "failure") => Some("EVENT_DEPLOYMENT_FAILED"),
        ("deploy", "success") => Some("EVENT_DEPLOYMENT_SUCCESS"),
        (_, "canceled" | "skipped") => None,
        _ => Some("EVENT_DEPLOYMENT_STARTED"),
    }
}

/// Tells every destination whose policies cover the deployment, as the delivery mode says, and returns the deliveries
/// with what they were answered.
pub async fn announce(world: &Arc<World>, deployment_id: &str) -> Vec<Delivery> {
    let (deliveries, copies) = {
        let state = world.state();
        let mode = state.cloudflare.delivery_mode;
        (prepare(&state.cloudflare, deployment_id, mode), if mode == DeliveryMode::Duplicate { 2 } else { 1 })
    };
    let all =
        deliveries.into_iter().flat_map(|delivery| std::iter::repeat_n(delivery, copies)).map(|delivery| {
            let delays = world.options.retry_delays.clone();
            webhook::deliver(world.clone(), delivery, delays)
        });
    futures::future::join_all(all).await
}

fn prepare(cloudflare: &Cloudflare, deployment_id: &str, mode: DeliveryMode) -> Vec<Delivery> {
    let Some(deployment) = cloudflare.deployments.iter().find(|it| it.id == deployment_id) else {
        return Vec::new();
    };
    let (Some(project), Some(event)) = (cloudflare.project(&deployment.project_id), event_of(deployment))
    else {
        return Vec::new();
    };
    let covers = |policy: &&Policy| covers(policy, project, deployment, event);
    let to = |policy: &Policy| -> Vec<Delivery> {
        let ids = policy.mechanisms.get("webhooks").into_iter().flatten();
        let destinations = ids.filter_map(|id| cloudflare.destinations.iter().find(|it| it.id == *id));
        destinations.map(|it| delivery(it, policy, project, deployment, event, mode)).collect()
    };
    cloudflare.policies.iter().filter(covers).flat_map(to).collect()
}

fn covers(policy: &Policy, project: &Project, deployment: &Deployment, event: &str) -> bool {
    let lets = |key: &str, value: &str| {
        policy.filters.get(key).is_none_or(|values| values.iter().any(|wanted| wanted == value))
    };
    policy.enabled
        && policy.account_id == project.account_id
        && lets("project_id", &project.id)
        && lets("event", event)
        && lets("environment", &environment(deployment))
}

fn environment(deployment: &Deployment) -> String {
    format!("ENVIRONMENT_{}", deployment.environment.to_uppercase())
}

fn delivery(
    destination: &Destination,
    policy: &Policy,
    project: &Project,
    deployment: &Deployment,
    event: &str,
    mode: DeliveryMode,
) -> Delivery {
    let alert = new_id();
    let seconds = now_ms() / 1000;
    let what = if event == "EVENT_DEPLOYMENT_FAILED" { "failed" } else { "changed" };
    let body: Value = json!({
        "name": policy.name, "text": format!("Deployment {what} for {}", project.name),
        "data": {"project_name": project.name, "environment": environment(deployment), "event": event,
            "deployment_id": deployment.id},
        "ts": seconds, "account_id": policy.account_id, "policy_id": policy.id, "policy_name": policy.name,
        "alert_type": policy.alert_type, "alert_correlation_id": alert, "alert_event": "ALERT_STATE_EVENT_START",
    });
    let secret = destination.secret.iter().map(|secret| (SECRET_HEADER.to_owned(), secret.clone()));
    Delivery {
        id: format!("{alert}-{seconds}"),
        server: Server::Cloudflare,
        webhook_id: destination.id.clone(),
        event: event.to_owned(),
        url: destination.url.clone(),
        body: body.to_string(),
        headers: secret.collect(),
        dropped: mode == DeliveryMode::Drop,
        attempts: Vec::new(),
    }
}

//! Webhook deliveries: what happened, who is to be told, the body, and what proves the sender (Standard Webhooks).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use super::actions::{id, is_over};
use super::state::{Deploy, Event, Render, Service, Webhook};
use super::wire::iso;
use crate::ids::now_ms;
use crate::record::Server;
use crate::vercel::state::DeliveryMode;
use crate::webhook::{self, Delivery};
use crate::world::World;

/// The secret of a delivery's webhook, if that still exists.
#[must_use]
pub fn secret_of(state: &Render, webhook_id: &str) -> Option<String> {
    state.webhooks.iter().find(|webhook| webhook.id == webhook_id).map(|webhook| webhook.secret.clone())
}

/// Proves a delivery again with this secret, as sent now, after its body was changed.
pub fn sign(delivery: &mut Delivery, secret: &str) {
    let sent = (now_ms() / 1000).to_string();
    let signature = signature(secret, &delivery.id, &sent, &delivery.body);
    for (name, value) in &mut delivery.headers {
        match name.as_str() {
            "webhook-timestamp" => value.clone_from(&sent),
            "webhook-signature" => value.clone_from(&signature),
            _ => {}
        }
    }
}

/// `v1,` and the base64 HMAC-SHA256 of `{id}.{sent}.{body}`; the secret is the key's base64 behind `whsec_`.
#[must_use]
pub fn signature(secret: &str, id: &str, sent: &str, body: &str) -> String {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    Hmac::<sha2::Sha256>::new_from_slice(&key).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(format!("{id}.{sent}.{body}").as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        },
    )
}

/// What a deploy's status says has happened: beginnings while it runs, else the end of its build and its own.
fn events_of(service: &Service, deploy: &Deploy) -> Vec<Event> {
    let event = |kind: &str, details: Value, status| Event {
        id: id("evt"),
        kind: kind.to_owned(),
        service_id: service.id.clone(),
        at: deploy.updated_at,
        details,
        status,
    };
    if !is_over(&deploy.status) {
        let trigger = json!({"manual": deploy.trigger == "manual", "newCommit": deploy.commit});
        return vec![event("deploy_started", json!({"deployId": deploy.id, "trigger": trigger}), None)];
    }
    let (build, end) = match deploy.status.as_str() {
        "build_failed" => ("failed", "failed"),
        "pre_deploy_failed" | "update_failed" => ("succeeded", "failed"),
        "canceled" => ("canceled", "canceled"),
        _ => ("succeeded", "succeeded"),
    };
    let code = |word: &str| match word {
        "succeeded" => 2,
        "failed" => 3,
        _ => 4,
    };
    let reason = match end {
        "failed" => json!({"failure": {"nonZeroExit": 1, "evicted": false}}),
        _ => json!({}),
    };
    let mut events = Vec::new();
    // An image is not built.
    if service.repo.is_some() {
        let details =
            json!({"buildId": id("bld"), "buildStatus": build, "reason": reason, "status": code(build)});
        events.push(event("build_ended", details, Some(build)));
    }
    let details = json!({"deployId": deploy.id, "deployStatus": end, "reason": reason, "status": code(end)});
    events.push(event("deploy_ended", details, Some(end)));
    events
}

/// The deliveries that an event makes, one per webhook of the workspace that wants it.
fn prepare(render: &Render, service: &Service, event: &Event) -> Vec<Delivery> {
    let wants = |webhook: &&Webhook| {
        webhook.owner_id == service.owner_id
            && webhook.enabled
            && (webhook.event_filter.is_empty() || webhook.event_filter.contains(&event.kind))
    };
    let mut data = json!({"id": event.id, "serviceId": service.id, "serviceName": service.name});
    if let Some(status) = event.status {
        data["status"] = json!(status);
    }
    let body = json!({"type": event.kind, "timestamp": iso(event.at), "data": data}).to_string();
    let deliver = |webhook: &Webhook| {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut delivery = Delivery {
            id: event.id.clone(),
            server: Server::Render,
            webhook_id: webhook.id.clone(),
            event: event.kind.clone(),
            url: webhook.url.clone(),
            headers: vec![
                header("webhook-id", &event.id),
                header("webhook-timestamp", ""),
                header("webhook-signature", ""),
                header("user-agent", "Render-Webhooks"),
            ],
            body: body.clone(),
            dropped: render.delivery_mode == DeliveryMode::Drop,
            attempts: Vec::new(),
        };
        sign(&mut delivery, &webhook.secret);
        delivery
    };
    render.webhooks.iter().filter(wants).map(deliver).collect()
}

/// Notes what has happened to a deploy and tells every webhook that wants to know, as the delivery mode says, the end
/// of the build before the end of the deploy. Returns the deliveries with what they were answered.
pub async fn announce(world: &Arc<World>, deploy_id: &str) -> Vec<Delivery> {
    let (rounds, copies) = {
        let render = &mut world.state().render;
        let Some(deploy) = render.deploy(deploy_id).cloned() else { return Vec::new() };
        let Some(service) = render.service(&deploy.service_id).cloned() else { return Vec::new() };
        let events = events_of(&service, &deploy);
        let rounds: Vec<Vec<Delivery>> =
            events.iter().map(|event| prepare(render, &service, event)).collect();
        render.events.extend(events);
        (rounds, if render.delivery_mode == DeliveryMode::Duplicate { 2 } else { 1 })
    };
    let mut made = Vec::new();
    for round in rounds {
        let copies = round.into_iter().flat_map(|delivery| std::iter::repeat_n(delivery, copies));
        let sent = copies
            .map(|delivery| webhook::deliver(world.clone(), delivery, world.options.retry_delays.clone()));
        made.extend(futures::future::join_all(sent).await);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn signatures_match_the_platforms_vector() {
        let body = r#"{"type":"build_ended","timestamp":"2026-01-02T03:04:05.000000Z","data":{"id":"evt-test000000000000001","serviceId":"srv-test000000000000001","serviceName":"api","status":"failed"}}"#;
        let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
        assert_eq!(
            signature(secret, "evt-test000000000000001", "1767323045", body),
            "v1,yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw="
        );
    }
}

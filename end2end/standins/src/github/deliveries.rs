//! Webhook deliveries: `ping` and `pull_request`. GitHub sends each once and never again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::hooks::hook_json;
use super::state::Hook;
use super::wire;
use crate::ids::guid;
use crate::record::Server;
use crate::webhook::{self, Delivery, sha256_hex};
use crate::world::World;

/// The delivery of `event` to one hook.
#[must_use]
pub fn prepare(hook: &Hook, event: &str, body: String, dropped: bool) -> Delivery {
    let id = guid();
    let mut headers = vec![
        ("x-github-event".to_owned(), event.to_owned()),
        ("x-github-delivery".to_owned(), id.clone()),
        ("x-github-hook-id".to_owned(), hook.id.to_string()),
        ("x-github-hook-installation-target-type".to_owned(), "repository".to_owned()),
        ("user-agent".to_owned(), "GitHub-Hookshot/044aadd".to_owned()),
    ];
    if let Some(secret) = &hook.secret {
        headers.push((
            "x-hub-signature-256".to_owned(),
            format!("sha256={}", sha256_hex(secret, body.as_bytes())),
        ));
    }
    Delivery {
        id,
        server: Server::Github,
        webhook_id: hook.id.to_string(),
        event: event.to_owned(),
        url: hook.url.clone(),
        body,
        headers,
        dropped,
        attempts: Vec::new(),
    }
}

/// Tells a new hook that it exists, in the background.
pub fn ping(world: &Arc<World>, full_name: &str, hook: &Hook) {
    let body = json!({"zen": "Keep it logically awesome.", "hook_id": hook.id,
        "hook": hook_json(&world.github_url(), full_name, hook)});
    send(world, vec![prepare(hook, "ping", body.to_string(), world.state().github.drop_deliveries)]);
}

/// Tells the repository's hooks what happened to these pull requests, in the background.
pub fn pull_events(world: &Arc<World>, full_name: &str, numbers: &[u64], action: &str) {
    let base = world.github_url();
    let deliveries = {
        let state = world.state();
        let Some(repository) = state.github.repository(full_name) else { return };
        let mut deliveries = Vec::new();
        for pull in repository.pulls.iter().filter(|pull| numbers.contains(&pull.number)) {
            let sender = pull.merged_by.as_ref().unwrap_or(&pull.login);
            let body: Value = json!({"action": action, "number": pull.number,
                "pull_request": wire::pull(&state.github, &base, repository, pull, true),
                "repository": wire::repository(&state.github, &base, repository, None),
                "sender": wire::account(&state.github, &base, sender)});
            let listening = repository.hooks.iter().filter(|hook| {
                hook.active && hook.events.iter().any(|event| event == "pull_request" || event == "*")
            });
            let dropped = state.github.drop_deliveries;
            deliveries.extend(listening.map(|hook| prepare(hook, "pull_request", body.to_string(), dropped)));
        }
        deliveries
    };
    send(world, deliveries);
}

fn send(world: &Arc<World>, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        tokio::spawn(webhook::deliver(world.clone(), delivery, Vec::new()));
    }
}

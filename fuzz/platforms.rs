//! Any bytes as an answer of a platform: no panic, what is read has what everything else relies on, and a list reads the
//! same however it arrives.
//!
//! The first byte says which answer it is meant to be, the second in what pieces it comes.
#![no_main]

use deploymend_fuzz::server::integrations::{
    Access, Project, ProjectRef, RepositoryLink, cloudflare, json_items::Splitter, render, vercel,
};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Values of a list that are longer are left out.
const LONGEST: usize = 4096;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [answer, pieces, json @ ..] = bytes else { return Corpus::Reject };
    match answer {
        b'v' => vercel(json),
        b'c' => cloudflare(json),
        b'r' => render(json),
        b'l' => list(json, usize::from(*pieces) + 1),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}

fn access() -> Access {
    Access { token: "token".into(), team_id: None }
}

fn checked(project: &Project) {
    if let RepositoryLink::Github { full_name, .. } = &project.link {
        assert!(full_name.contains('/'), "{full_name}");
    }
}

fn vercel(json: &[u8]) {
    use vercel::{convert, wire};
    let _ = read::<wire::UserAnswer>(json);
    let _ = read::<wire::TokenAnswer>(json);
    let _ = read::<wire::TeamsAnswer>(json);
    let _ = read::<wire::ProjectsAnswer>(json);
    let _ = read::<wire::DeploymentsAnswer>(json);
    let _ = read::<wire::CreatedWebhook>(json);
    let _ = read::<wire::WebhooksAnswer>(json);
    let _ = read::<wire::BuildEvent>(json);
    if let Some(project) = read::<wire::Project>(json) {
        checked(&convert::project(project, &access()));
    }
    if let Some(deployment) = read::<wire::Deployment>(json).and_then(convert::deployment) {
        assert!(!deployment.platform_id.is_empty());
    }
}

fn cloudflare(json: &[u8]) {
    use cloudflare::{convert, wire};
    let project = ProjectRef { id: "worker:tag".into(), name: "shop".into() };
    let _ = read::<wire::Envelope<Vec<wire::Account>>>(json);
    let _ = read::<wire::Envelope<wire::Verified>>(json);
    let _ = read::<wire::Envelope<wire::LatestBuilds>>(json);
    let _ = read::<wire::WorkerLog>(json);
    let _ = read::<wire::Policy>(json);
    if let Some(pages) = read::<wire::Project>(json) {
        checked(&convert::pages_project(pages, "account"));
    }
    if let Some(trigger) = read::<wire::Trigger>(json)
        && let Some(worker) = convert::worker_project(&project, &[trigger], "account")
    {
        checked(&worker);
    }
    if let Some(build) = read::<wire::Build>(json) {
        assert!(!convert::build(build, &project, "account").platform_id.is_empty());
    }
}

fn render(json: &[u8]) {
    use render::{convert, wire};
    let _ = read::<wire::User>(json);
    let _ = read::<wire::Owner>(json);
    let _ = read::<wire::LogPage>(json);
    let _ = read::<wire::Event>(json);
    let _ = read::<wire::Webhook>(json);
    if let Some(service) = read::<wire::Service>(json) {
        checked(&convert::project(service, &access()));
    }
}

/// The elements of a list, whose bytes come in pieces of that size.
fn list(json: &[u8], piece: usize) {
    let split = |piece: usize| {
        let (mut splitter, mut values) = (Splitter::new(LONGEST), Vec::new());
        let mut sink = |value: &[u8]| values.push(value.to_vec());
        let pushed = json.chunks(piece).try_for_each(|bytes| splitter.push(bytes, &mut sink));
        let ended = pushed.and_then(|()| splitter.finish(&mut sink));
        (ended, values)
    };
    let (ended, values) = split(json.len().max(1));
    assert_eq!(split(piece), (ended, values.clone()));
    if let (Ok(0), Some(Value::Array(elements))) = (ended, read::<Value>(json)) {
        let read: Option<Vec<Value>> = values.iter().map(|value| read(value)).collect();
        assert_eq!(read, Some(elements));
    }
}

//! The platform's JSON of services, deploys, events and log lines.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::state::{Deploy, Event, Kind, LogLine, Render, Service, Webhook};

/// RFC 3339 with milliseconds.
pub fn iso(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A service in full.
pub fn service(render: &Render, service: &Service) -> Value {
    let settings = &service.settings;
    let short = service.id.rsplit('-').next().unwrap_or_default();
    let mut body = json!({
        "id": service.id, "name": service.name, "slug": format!("{}-{}", service.name, &short[..4.min(short.len())]),
        "ownerId": service.owner_id, "type": settings.kind.word(), "repo": service.repo, "branch": service.branch,
        "rootDir": settings.root_dir, "autoDeploy": "yes", "autoDeployTrigger": "commit", "imagePath": service.image,
        "suspended": if settings.suspended { "suspended" } else { "not_suspended" },
        "suspenders": if settings.suspended { json!(["user"]) } else { json!([]) },
        "dashboardUrl": format!("https://dashboard.render.com/{}/{}", page_of(settings.kind), service.id),
        "notifyOnFail": "default", "createdAt": iso(service.created_at), "updatedAt": iso(service.created_at),
        "serviceDetails": details(render, service),
    });
    without_nulls(&mut body);
    body
}

fn page_of(kind: Kind) -> &'static str {
    match kind {
        Kind::WebService => "web",
        Kind::StaticSite => "static",
        Kind::PrivateService => "pserv",
        Kind::BackgroundWorker => "worker",
        Kind::CronJob => "cron",
    }
}

fn details(render: &Render, service: &Service) -> Value {
    let settings = &service.settings;
    let parent = service.preview_of.as_deref().and_then(|id| render.service(id));
    let parent = parent.map(|parent| json!({"id": parent.id, "name": parent.name}));
    let url = format!("https://{}.onrender.com", service.name);
    let mut body = if settings.kind == Kind::StaticSite {
        json!({
            "buildCommand": service.build_command(),
            "publishPath": settings.publish_path.as_deref().unwrap_or("dist"),
            "url": url, "parentServer": parent,
        })
    } else {
        let runtime = match &service.image {
            Some(_) => "image",
            None => settings.runtime.as_deref().unwrap_or("node"),
        };
        let commands = json!({
            "buildCommand": service.build_command(),
            "startCommand": settings.start_command.as_deref().unwrap_or("npm start"),
        });
        let serves = settings.kind == Kind::WebService;
        json!({
            "env": runtime, "runtime": runtime, "region": "oregon", "plan": "starter",
            "envSpecificDetails": service.image.is_none().then_some(commands),
            "url": serves.then_some(url), "parentServer": parent,
        })
    };
    without_nulls(&mut body);
    body
}

/// A deploy.
pub fn deploy(deploy: &Deploy) -> Value {
    let commit = deploy
        .commit
        .as_ref()
        .map(|sha| json!({"id": sha, "message": deploy.message, "createdAt": iso(deploy.created_at)}));
    let image = deploy.image.as_ref().map(|image| json!({"ref": image, "sha": "sha256:0"}));
    let mut body = json!({
        "id": deploy.id, "status": deploy.status, "trigger": deploy.trigger, "commit": commit, "image": image,
        "createdAt": iso(deploy.created_at), "startedAt": deploy.started_at.map(iso),
        "updatedAt": iso(deploy.updated_at), "finishedAt": deploy.finished_at.map(iso),
    });
    without_nulls(&mut body);
    body
}

/// A line of a log.
pub fn log_line(line: &LogLine) -> Value {
    let level = if line.message.to_lowercase().contains("error") { "error" } else { "info" };
    let label = |name: &str, value: &str| json!({"name": name, "value": value});
    json!({
        "id": line.id, "timestamp": iso(line.at), "message": line.message,
        "labels": [label("resource", &line.service_id), label("type", line.kind), label("level", level)],
    })
}

/// An event.
pub fn event(event: &Event) -> Value {
    json!({
        "id": event.id, "type": event.kind, "timestamp": iso(event.at), "serviceId": event.service_id,
        "details": event.details,
    })
}

/// A webhook; the secret is part of it in every answer.
pub fn webhook(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id, "name": webhook.name, "url": webhook.url, "enabled": webhook.enabled,
        "eventFilter": webhook.event_filter, "secret": webhook.secret,
    })
}

/// What the platform does not know, it leaves out.
fn without_nulls(body: &mut Value) {
    if let Some(object) = body.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
}

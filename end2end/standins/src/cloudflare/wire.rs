//! Projects, deployments, Workers and builds in the platform's JSON.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::state::{Build, Cloudflare, Deployment, Project, Trigger, Worker};

/// The stages of a Pages deployment, in order.
pub const STAGES: [&str; 5] = ["queued", "initialize", "clone_repo", "build", "deploy"];

/// RFC 3339 with fractions of a second, as Pages writes times.
pub fn time(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A Pages project with its newest deployment.
pub fn project(cloudflare: &Cloudflare, project: &Project) -> Value {
    let latest = cloudflare.deployments_of(&project.id).first().map(|newest| deployment(project, newest));
    let mut body = json!({
        "id": project.id, "name": project.name, "subdomain": format!("{}.pages.dev", project.name),
        "domains": [format!("{}.pages.dev", project.name)], "production_branch": project.production_branch,
        "build_config": build_config(project), "created_on": time(project.created_at), "latest_deployment": latest,
        "canonical_deployment": null, "framework": "", "framework_version": "", "uses_functions": false,
        "deployment_configs": {"production": environment(), "preview": environment()},
        "production_script_name": format!("pages-worker--{}-production", project.name),
        "preview_script_name": format!("pages-worker--{}-preview", project.name),
    });
    if let Some(source) = &project.source {
        body["source"] = source.clone();
    }
    body
}

/// How a project is built: all that can be said of it, set or not.
fn build_config(project: &Project) -> Value {
    let mut config = json!({"build_command": null, "destination_dir": null, "root_dir": "", "build_caching": false,
        "web_analytics_tag": null, "web_analytics_token": null});
    if let Some(object) = config.as_object_mut() {
        object.extend(project.build_config.clone());
    }
    config
}

/// The settings of an environment in which nobody set anything.
fn environment() -> Value {
    json!({"env_vars": null, "fail_open": true, "always_use_latest_compatibility_date": false,
        "compatibility_date": "2026-01-01", "compatibility_flags": [], "build_image_major_version": 3,
        "usage_model": "standard"})
}

/// A Pages deployment. The stages before the newest one have succeeded, those behind it wait.
pub fn deployment(project: &Project, deployment: &Deployment) -> Value {
    let at = STAGES.iter().position(|stage| *stage == deployment.stage).unwrap_or_default();
    let stage = |name: &str, status: &str| {
        let started = (status != "idle").then(|| time(deployment.created_at));
        let ended = ["success", "failure", "canceled", "skipped"].contains(&status);
        json!({"name": name, "status": status, "started_on": started,
            "ended_on": ended.then(|| time(deployment.modified_at))})
    };
    let stages: Vec<Value> = STAGES
        .iter()
        .enumerate()
        .map(|(index, name)| match index.cmp(&at) {
            std::cmp::Ordering::Less => stage(name, "success"),
            std::cmp::Ordering::Equal => stage(name, &deployment.status),
            std::cmp::Ordering::Greater => stage(name, "idle"),
        })
        .collect();
    let short: String = deployment.id.chars().take(8).collect();
    let commit = &deployment.commit;
    let mut body = json!({
        "id": deployment.id, "short_id": short, "project_id": project.id, "project_name": project.name,
        "environment": deployment.environment, "url": format!("https://{short}.{}.pages.dev", project.name),
        "created_on": time(deployment.created_at), "modified_on": time(deployment.modified_at), "aliases": null,
        "is_skipped": deployment.is_skipped, "latest_stage": stage(&deployment.stage, &deployment.status),
        "stages": stages, "build_config": build_config(project), "uses_functions": false,
        "env_vars": {"NODE_VERSION": {"type": "plain_text", "value": "22"}},
        "deployment_trigger": {"type": "ad_hoc", "metadata": {"branch": commit.branch, "commit_hash": commit.sha,
            "commit_message": commit.message, "commit_dirty": false}},
    });
    if let Some(source) = &project.source {
        body["source"] = source.clone();
        body["deployment_trigger"]["type"] = json!("github:push");
    }
    body
}

/// A Worker as the list of scripts shows it.
pub fn script(worker: &Worker) -> Value {
    json!({"id": worker.name, "tag": worker.tag, "etag": worker.tag, "handlers": ["fetch"], "has_assets": false,
        "has_modules": true, "usage_model": "standard", "created_on": time(worker.created_at),
        "modified_on": time(worker.created_at), "tags": []})
}

/// A trigger of a Worker.
pub fn trigger(worker: &Worker, trigger: &Trigger) -> Value {
    let (owner, name) = trigger.repository.split_once('/').unwrap_or_default();
    json!({
        "trigger_uuid": trigger.uuid, "trigger_name": trigger.name, "external_script_id": worker.tag,
        "branch_includes": trigger.branch_includes, "branch_excludes": trigger.branch_excludes,
        "path_includes": ["*"], "path_excludes": [], "build_command": trigger.build_command,
        "deploy_command": trigger.deploy_command, "root_directory": trigger.root_directory,
        "build_caching_enabled": true, "created_on": time(worker.created_at), "modified_on": time(worker.created_at),
        "deleted_on": null, "build_token_uuid": worker.tag, "build_token_name": "Workers Builds",
        "repo_connection": {"repo_connection_uuid": trigger.uuid, "provider_type": trigger.provider_type,
            "provider_account_id": "1", "provider_account_name": owner, "repo_id": "1", "repo_name": name},
    })
}

/// A build of a Worker.
pub fn build(worker: &Worker, build: &Build) -> Value {
    let of = worker.triggers.iter().find(|trigger| trigger.uuid == build.trigger);
    let (owner, name) = of.and_then(|trigger| trigger.repository.split_once('/')).unwrap_or_default();
    let commit = &build.commit;
    let stopped = build.status == "stopped";
    json!({
        "build_uuid": build.uuid, "status": build.status, "build_outcome": build.outcome,
        "created_on": time(build.created_at), "modified_on": time(build.modified_at),
        "initializing_on": null, "running_on": null, "stopped_on": stopped.then(|| time(build.modified_at)),
        "preview_url": null, "pull_request": null, "trigger": of.map(|of| trigger(worker, of)),
        "build_trigger_metadata": {"build_trigger_source": build.source, "branch": commit.branch,
            "commit_hash": commit.sha, "commit_message": commit.message, "author": commit.author,
            "repo_name": name, "provider_account_name": owner,
            "provider_type": of.map(|trigger| &trigger.provider_type),
            "build_command": of.map(|trigger| &trigger.build_command),
            "deploy_command": of.map(|trigger| &trigger.deploy_command),
            "root_directory": of.map(|trigger| &trigger.root_directory), "environment_variables": {}},
    })
}

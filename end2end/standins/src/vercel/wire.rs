//! Shared shapes: paging by time, and the list and detail forms of a deployment.

use serde_json::{Value, json};

use super::error::ApiError;
use super::state::{Deployment, Plan, Project, Vercel};
use crate::ids::rfc3339;

/// Largest `limit` that the platform takes.
const MAX_LIMIT: i64 = 100;
/// Page size without `limit`.
const DEFAULT_LIMIT: i64 = 20;

/// The paging part of a query. Times in ms.
#[derive(Debug, Default)]
pub struct Window {
    /// `limit`.
    pub limit: Option<i64>,
    /// Only what was created after this.
    pub since: Option<i64>,
    /// Only what was created before this: the previous page's `next`.
    pub until: Option<i64>,
}

/// RFC 3339 of a time in ms.
pub fn iso(ms: i64) -> String {
    rfc3339(ms)
}

/// How many items a page may have, or why the `limit` is refused.
pub fn page_length(limit: Option<i64>, most: usize) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request("Invalid request: `limit` should be a number between 1 and 100."));
    }
    Ok(usize::try_from(limit).unwrap_or(1).min(most.max(1)))
}

/// One page, newest first, with `{"count","next","prev"}`; `next` is to be passed on as `until`.
pub fn page<T>(
    mut items: Vec<T>,
    created: impl Fn(&T) -> i64,
    window: &Window,
    most: usize,
) -> Result<(Vec<T>, Value), ApiError> {
    let length = page_length(window.limit, most)?;
    items.retain(|item| {
        window.since.is_none_or(|since| created(item) > since)
            && window.until.is_none_or(|until| created(item) < until)
    });
    items.sort_by_key(|item| std::cmp::Reverse(created(item)));
    let more = items.len() > length;
    items.truncate(length);
    let next = if more { items.last().map(&created) } else { None };
    let prev = items.first().map(&created);
    let count = items.len();
    Ok((items, json!({"count": count, "next": next, "prev": prev})))
}

/// A deployment as the list shows it: `uid`, `state`.
pub fn list_item(vercel: &Vercel, deployment: &Deployment) -> Value {
    let mut body = common(vercel, deployment);
    body["uid"] = json!(deployment.id);
    body["state"] = json!(deployment.state);
    body["created"] = json!(deployment.created_at);
    body["source"] = json!("git");
    body["readySubstate"] = if deployment.state == "READY" { json!("STAGED") } else { Value::Null };
    without_nulls(&mut body);
    body["target"] = json!(deployment.target);
    body
}

/// A deployment as the detail call shows it to its owner: `id`, `status`.
pub fn detail(vercel: &Vercel, deployment: &Deployment, with_git: bool) -> Value {
    let project = vercel.project(&deployment.project_id);
    let mut body = common(vercel, deployment);
    body["id"] = json!(deployment.id);
    body["status"] = json!(deployment.state);
    body["ownerId"] = json!(project.map(|project| &project.account_id));
    body["plan"] = json!(plan(vercel, project));
    body["alias"] = json!([]);
    body["aliasAssigned"] = json!(deployment.state == "READY");
    body["regions"] = json!(["iad1"]);
    body["createdIn"] = json!("iad1");
    body["version"] = json!(2);
    for key in ["public", "buildSkipped", "isInConcurrentBuildsQueue", "isInSystemBuildsQueue"] {
        body[key] = json!(false);
    }
    body["env"] = json!([]);
    body["build"] = json!({"env": []});
    // The schema wants both times, even of a build that waits.
    body["bootedAt"] = json!(deployment.created_at);
    body["buildingAt"] = json!(deployment.created_at + 1);
    let setting = |key: &str| project.and_then(|project| project.settings.get(key));
    body["projectSettings"] = json!({
        "framework": setting("framework"), "buildCommand": setting("buildCommand"),
        "installCommand": setting("installCommand"), "outputDirectory": setting("outputDirectory"),
        "devCommand": null, "commandForIgnoringBuildStep": null,
    });
    let team = project.and_then(|project| vercel.teams.iter().find(|team| team.id == project.account_id));
    body["team"] = json!(team.map(|team| json!({"id": team.id, "name": team.name, "slug": team.slug})));
    if deployment.state == "ERROR" {
        body["errorStep"] = json!("buildStep");
        body["buildErrorAt"] = json!(deployment.finished_at);
    }
    if deployment.state == "CANCELED" {
        body["canceledAt"] = json!(deployment.finished_at);
    }
    let text = |key: &str| deployment.meta.get(key).and_then(Value::as_str);
    let repo_id = text("githubRepoId").and_then(|id| id.parse::<i64>().ok());
    if let Some(sha) = text("githubCommitSha") {
        body["gitSource"] =
            json!({"type": "github", "ref": text("githubCommitRef"), "sha": sha, "repoId": repo_id});
        if with_git {
            body["gitRepo"] = json!({
                "type": "github", "org": text("githubOrg"), "repo": text("githubRepo"), "repoId": repo_id,
                "repoOwnerId": 1, "name": text("githubRepo"), "path": "", "defaultBranch": "main",
                "private": true, "ownerType": "team",
            });
        }
    }
    without_nulls(&mut body);
    body["target"] = json!(deployment.target);
    body["routes"] = Value::Null;
    body
}

/// A deployment as its project shows it: neither where it stands in the platform nor why it failed.
pub fn latest(vercel: &Vercel, deployment: &Deployment) -> Value {
    let mut body = common(vercel, deployment);
    if let Some(object) = body.as_object_mut() {
        for key in ["projectId", "ready", "inspectorUrl", "errorCode", "errorMessage"] {
            object.remove(key);
        }
    }
    body["id"] = json!(deployment.id);
    body["alias"] = json!([]);
    body["createdIn"] = json!("iad1");
    body["deploymentHostname"] = json!(deployment.url.trim_end_matches(".vercel.app"));
    body["plan"] = json!(plan(vercel, vercel.project(&deployment.project_id)));
    body["private"] = json!(true);
    body["userId"] = json!(deployment.creator_id);
    without_nulls(&mut body);
    body["target"] = json!(deployment.target);
    body
}

/// What the account of a project has paid for.
fn plan(vercel: &Vercel, project: Option<&Project>) -> Plan {
    let team = project.and_then(|project| vercel.teams.iter().find(|team| team.id == project.account_id));
    team.map_or(Plan::Hobby, |team| team.plan)
}

/// What the platform does not know, it leaves out.
fn without_nulls(body: &mut Value) {
    if let Some(object) = body.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
}

fn common(vercel: &Vercel, deployment: &Deployment) -> Value {
    let project = vercel.project(&deployment.project_id);
    let creator = vercel.users.iter().find(|user| user.id == deployment.creator_id);
    let started = matches!(deployment.state.as_str(), "BUILDING" | "READY" | "ERROR" | "CANCELED");
    let team = project.and_then(|project| vercel.teams.iter().find(|team| team.id == project.account_id));
    let slug = team.map(|team| &team.slug).or_else(|| creator.map(|user| &user.username));
    let inspector = project
        .zip(slug)
        .map(|(project, slug)| format!("https://vercel.com/{slug}/{}/{}", project.name, deployment.id));
    json!({
        "name": project.map(|project| &project.name),
        "projectId": deployment.project_id,
        "type": "LAMBDAS",
        "url": deployment.url,
        "readyState": deployment.state,
        "createdAt": deployment.created_at,
        "buildingAt": started.then_some(deployment.created_at + 1),
        "ready": if deployment.state == "READY" { deployment.finished_at } else { None },
        "creator": {"uid": deployment.creator_id, "username": creator.map(|user| &user.username),
                    "email": creator.map(|user| &user.email)},
        "meta": deployment.meta,
        "inspectorUrl": inspector,
        "errorCode": deployment.error_code,
        "errorMessage": deployment.error_message,
    })
}

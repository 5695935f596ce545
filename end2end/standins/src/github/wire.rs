//! GitHub's JSON: users, repositories, pull requests, labels, with their many addresses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::state::{Comment, Github, Permission, Pull, Repository, Status};
use crate::ids::rfc3339;

/// A user in short form, as embedded everywhere.
pub fn account(github: &Github, base: &str, login: &str) -> Value {
    let id = github.user(login).map_or(9_999, |user| user.id);
    let url = format!("{base}/users/{login}");
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": "User", "site_admin": false,
        "avatar_url": format!("{base}/avatars/{id}"), "gravatar_id": "", "url": url,
        "html_url": format!("{base}/{login}"), "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following"), "gists_url": format!("{url}/gists"),
        "starred_url": format!("{url}/starred"), "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"), "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"), "received_events_url": format!("{url}/received_events"),
    })
}

/// A repository; `permission` is the caller's.
pub fn repository(github: &Github, base: &str, repo: &Repository, permission: Option<Permission>) -> Value {
    let full_name = repo.full_name();
    let url = format!("{base}/repos/{full_name}");
    let mut body = json!({
        "id": repo.id, "node_id": format!("R_{}", repo.id), "name": repo.name, "full_name": full_name,
        "owner": account(github, base, &repo.owner), "private": repo.private,
        "visibility": if repo.private { "private" } else { "public" },
        "html_url": format!("{base}/{full_name}"), "description": null, "fork": false, "url": url,
        "clone_url": format!("{base}/{full_name}.git"), "git_url": format!("{base}/{full_name}.git"),
        "pulls_url": format!("{url}/pulls{{/number}}"), "hooks_url": format!("{url}/hooks"),
        "default_branch": repo.default_branch, "archived": false, "disabled": false, "is_template": false,
        "has_issues": true, "has_projects": true, "has_wiki": false, "has_downloads": true,
        "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "open_issues_count": 0, "size": 1,
        "created_at": rfc3339(repo.created_at), "updated_at": rfc3339(repo.created_at),
        "pushed_at": rfc3339(repo.created_at), "allow_rebase_merge": false, "allow_squash_merge": true,
        "allow_merge_commit": true,
    });
    if let Some(permission) = permission {
        body["permissions"] = json!({
            "admin": permission >= Permission::Admin, "maintain": permission >= Permission::Admin,
            "push": permission >= Permission::Push, "triage": permission >= Permission::Push, "pull": true,
        });
    }
    body
}

/// A pull request. `full` adds what only the single form has.
pub fn pull(github: &Github, base: &str, repo: &Repository, pull: &Pull, full: bool) -> Value {
    let full_name = repo.full_name();
    let number = pull.number;
    let url = format!("{base}/repos/{full_name}/pulls/{number}");
    let issue = format!("{base}/repos/{full_name}/issues/{number}");
    let html = format!("{base}/{full_name}/pull/{number}");
    let side = |branch: &str, sha: &str| {
        json!({"label": format!("{}:{branch}", repo.owner), "ref": branch, "sha": sha,
            "user": account(github, base, &repo.owner), "repo": repository(github, base, repo, None)})
    };
    let labels: Vec<Value> = pull.labels.iter().map(|name| label(base, &full_name, name)).collect();
    let mut body = json!({
        "id": pull.id, "node_id": format!("PR_{}", pull.id), "number": number, "url": url, "html_url": html,
        "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "issue_url": issue,
        "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{url}/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
        "statuses_url": format!("{base}/repos/{full_name}/statuses/{}", pull.head_sha),
        "state": if pull.open { "open" } else { "closed" }, "locked": false, "title": pull.title,
        "user": account(github, base, &pull.login), "body": pull.body, "labels": labels, "milestone": null,
        "active_lock_reason": null, "created_at": rfc3339(pull.created_at),
        "updated_at": rfc3339(pull.updated_at), "closed_at": pull.closed_at.map(rfc3339),
        "merged_at": pull.merged_at.map(rfc3339), "merge_commit_sha": pull.merge_commit_sha, "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
        "head": side(&pull.head, &pull.head_sha), "base": side(&pull.base, &pull.base_sha),
        "author_association": "COLLABORATOR", "auto_merge": null, "draft": pull.draft,
    });
    body["_links"] = json!({"self": {"href": url}, "html": {"href": html}, "issue": {"href": issue},
        "comments": {"href": format!("{issue}/comments")}, "commits": {"href": format!("{url}/commits")}});
    if full {
        body["merged"] = json!(pull.merged_at.is_some());
        body["mergeable"] = Value::Null;
        body["mergeable_state"] = json!("unknown");
        body["rebaseable"] = Value::Null;
        body["merged_by"] = json!(pull.merged_by.as_ref().map(|login| account(github, base, login)));
        body["comments"] = json!(pull.comments.len());
        body["review_comments"] = json!(0);
        body["maintainer_can_modify"] = json!(false);
    }
    body
}

/// A label.
pub fn label(base: &str, full_name: &str, name: &str) -> Value {
    let id: u64 = name.bytes().fold(7, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_000_007);
    json!({"id": id, "node_id": format!("LA_{id}"), "url": format!("{base}/repos/{full_name}/labels/{id}"),
        "name": name, "description": null, "color": "ededed", "default": false})
}

/// A comment on an issue or pull request.
pub fn comment(github: &Github, base: &str, full_name: &str, number: u64, comment: &Comment) -> Value {
    let id = comment.id;
    json!({"id": id, "node_id": format!("IC_{id}"), "url": format!("{base}/repos/{full_name}/issues/comments/{id}"),
        "html_url": format!("{base}/{full_name}/pull/{number}#issuecomment-{id}"),
        "issue_url": format!("{base}/repos/{full_name}/issues/{number}"), "body": comment.body,
        "user": account(github, base, &comment.login), "author_association": "COLLABORATOR",
        "created_at": rfc3339(comment.created_at), "updated_at": rfc3339(comment.created_at)})
}

/// A commit status.
pub fn status(github: &Github, base: &str, repo: &Repository, status: &Status) -> Value {
    json!({"id": status.id, "node_id": format!("S_{}", status.id), "state": status.state,
        "context": status.context, "description": status.description, "target_url": status.target_url,
        "url": format!("{base}/repos/{}/statuses/{}", repo.full_name(), status.sha), "avatar_url": null,
        "creator": account(github, base, &repo.owner),
        "created_at": rfc3339(status.created_at), "updated_at": rfc3339(status.created_at)})
}

/// JSON with a status.
pub fn answer(status: StatusCode, body: Value) -> Response {
    (status, Json(body)).into_response()
}

/// One page of a list with `Link: rel="next"`; `url` is the address without paging.
pub fn paged(items: Vec<Value>, url: &str, query: &[(String, String)]) -> Response {
    let number = |key: &str| {
        query.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let per_page = number("per_page").unwrap_or(30).clamp(1, 100);
    let page = number("page").unwrap_or(1).max(1);
    let more = items.len() > page * per_page;
    let items: Vec<Value> = items.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let mut response = Json(items).into_response();
    if more && let Ok(mut next) = reqwest::Url::parse(url) {
        let kept = query.iter().filter(|(name, _)| name != "page");
        next.query_pairs_mut().extend_pairs(kept).append_pair("page", &(page + 1).to_string());
        if let Ok(value) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")) {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    response
}

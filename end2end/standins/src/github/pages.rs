//! The few pages that people open: a pull request with its text and diff, and a repository's list.

use std::sync::Arc;

use axum::http::Method;
use axum::response::{Html, IntoResponse, Response};

use super::state::{Pull, Repository};
use crate::git;
use crate::world::World;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}\
pre{background:#f6f8fa;padding:1rem;overflow:auto;border-radius:6px;white-space:pre-wrap}.add{background:#dafbe1}.del{background:#ffebe9}\
.tag{border:1px solid #d0d7de;border-radius:1rem;padding:0 .6rem;margin-right:.4rem}";

/// The page at `/{owner}/{repo}` or `/{owner}/{repo}/pull/{number}`, if there is one.
pub async fn page(world: &Arc<World>, method: &Method, path: &str) -> Option<Response> {
    if method != Method::GET {
        return None;
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (owner, name) = (parts.first()?, parts.get(1)?);
    let repository = world.state().github.repository(&format!("{owner}/{name}"))?.clone();
    match parts.get(2..)? {
        [] => Some(Html(list(&repository)).into_response()),
        ["pull", number, ..] => {
            let number: u64 = number.parse().ok()?;
            let pull = repository.pulls.iter().find(|pull| pull.number == number)?;
            let bare = world.bare(&repository.full_name());
            let diff = git::diff(&bare, &pull.base_sha, &pull.head_sha).await.unwrap_or_default();
            Some(Html(show(&repository, pull, &diff)).into_response())
        }
        _ => None,
    }
}

fn list(repository: &Repository) -> String {
    let name = escape(&repository.full_name());
    let rows: String = repository
        .pulls
        .iter()
        .rev()
        .map(|pull| {
            format!(
                "<li><a href=\"/{name}/pull/{}\">#{} {}</a> ({})</li>",
                pull.number,
                pull.number,
                escape(&pull.title),
                state(pull)
            )
        })
        .collect();
    document(&name, &format!("<h1>{name}</h1><h2>Pull requests</h2><ul>{rows}</ul>"))
}

fn show(repository: &Repository, pull: &Pull, diff: &str) -> String {
    let lines: String = diff
        .lines()
        .map(|line| {
            let class = match line.as_bytes().first() {
                Some(b'+') => "add",
                Some(b'-') => "del",
                _ => "",
            };
            format!("<div class=\"{class}\">{}&nbsp;</div>", escape(line))
        })
        .collect();
    let labels: String =
        pull.labels.iter().map(|name| format!("<span class=\"tag\">{}</span>", escape(name))).collect();
    let comments: String = pull
        .comments
        .iter()
        .map(|comment| format!("<h3>{}</h3><pre>{}</pre>", escape(&comment.login), escape(&comment.body)))
        .collect();
    let body = format!(
        "<p><a href=\"/{0}\">{0}</a></p><h1>{1} <small>#{2}</small></h1><p><span class=\"tag\">{3}</span>{4} wants to merge <code>{5}</code> into <code>{6}</code> {labels}</p><pre>{7}</pre>{comments}<h2>Files changed</h2><pre>{lines}</pre>",
        escape(&repository.full_name()),
        escape(&pull.title),
        pull.number,
        state(pull),
        escape(&pull.login),
        escape(&pull.head),
        escape(&pull.base),
        escape(pull.body.as_deref().unwrap_or_default()),
    );
    document(&format!("{} #{}", escape(&pull.title), pull.number), &body)
}

fn state(pull: &Pull) -> &'static str {
    match (pull.open, pull.draft, pull.merged_at) {
        (_, _, Some(_)) => "merged",
        (true, true, _) => "draft",
        (true, false, _) => "open",
        (false, ..) => "closed",
    }
}

/// A whole page.
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style><body>{body}</body></html>"
    )
}

/// Text that stays text.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

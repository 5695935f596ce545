//! What the list says when it is empty: why, and the way out.

use super::board::Board;
use crate::{
    components::panel::EmptyState,
    model::{ListQuery, Tab},
};
use leptos::prelude::*;

/// Why there is nothing.
#[component]
pub fn Nothing(
    /// The page.
    board: Board,
) -> impl IntoView {
    move || {
        let (connected, projects, more) =
            board.page.with(|page| (page.platform_connected, page.projects.len(), page.list.next.is_some()));
        let query = board.query.get();
        let (title, text, href, label) = words(&query, connected, projects, more);
        view! {
            <EmptyState title text>
                <a class="button" class:primary=!connected href=href>
                    {label}
                </a>
            </EmptyState>
        }
    }
}

type Words = (String, String, String, &'static str);

fn words(query: &ListQuery, connected: bool, projects: usize, more: bool) -> Words {
    let say = |title: &str, text: &str, href: &str, label| {
        (title.to_owned(), text.to_owned(), href.to_owned(), label)
    };
    let all = match &query.repository {
        Some(name) => format!("/repos/{name}/deployments"),
        None => "/deployments".to_owned(),
    };
    if !connected {
        let text =
            "Deployments of your projects appear here, and those that fail are diagnosed and repaired.";
        return say("Nothing is watched yet", text, "/integrations", "Connect a platform");
    }
    if let (Some(name), 0) = (&query.repository, projects) {
        let title = format!("No project is linked to {name}");
        let text = "Link a project to it at Vercel, Cloudflare or Render, and its deployments appear here.";
        return say(&title, text, "/integrations", "See what is watched");
    }
    if query.is_narrowed() {
        let text = if more {
            "The newest deployments do not fit these filters. Older ones may: search further below."
        } else {
            "No deployment fits all of these filters."
        };
        return say(
            "Nothing fits",
            text,
            &ListQuery { tab: query.tab, ..ListQuery::default() }.href(&all),
            "Clear filters",
        );
    }
    let (title, text) = match query.tab {
        Tab::Projects => ("No projects", "Projects that are linked to a GitHub repository appear here."),
        Tab::All => {
            ("No deployments yet", "The next deployment of a watched project appears here by itself.")
        }
        Tab::Success => ("Nothing is live yet", "Deployments that succeed appear here."),
        Tab::Failed => ("Nothing is failing", "Failed deployments appear here by themselves."),
        Tab::Fixed => ("Nothing was fixed yet", "Failed deployments with a pull request appear here."),
    };
    match query.tab {
        Tab::All | Tab::Projects => say(title, text, "/integrations", "See what is watched"),
        _ => say(title, text, &all, "All deployments"),
    }
}

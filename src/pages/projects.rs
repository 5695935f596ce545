//! `/integrations/{provider}/projects`: which projects of a connection are watched, and how each of them stands.

use crate::{
    api,
    components::{
        icon::{Glyph, Icon},
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel, Notice, PostButton},
        project::ProjectList,
    },
    model::{self, ApiError, ProjectRow, ProjectStanding, Provider},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The page of the connection in the address.
#[component]
pub fn ProjectsPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.read().get("provider").unwrap_or_default());
    let page = Resource::new(
        move || name.get(),
        |name| async move {
            let provider: Provider = name.parse().map_err(|_| ApiError::not_found())?;
            api::list_projects(provider).await
        },
    );
    view! {
        <div class="page page-form">
            <a class="back" href="/integrations">
                <Glyph icon=Icon::Back />
                "Integrations"
            </a>
            <FormNotice place=Place::Integrations />
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Projects page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// `5 of 8 watched`, with what is new and what is gone.
fn summary(projects: &[ProjectRow]) -> String {
    let count = |standing| projects.iter().filter(|row| row.standing == standing).count();
    let gone = count(ProjectStanding::Gone);
    let mut parts = vec![format!("{} of {} watched", count(ProjectStanding::Watched) + gone, projects.len())];
    for (number, word) in [(count(ProjectStanding::New), "new"), (gone, "gone")] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    parts.join(" · ")
}

#[component]
fn Projects(
    /// What there is.
    page: model::ProjectsPage,
) -> impl IntoView {
    let model::ProjectsPage { provider, projects, trouble, refused_teams } = page;
    let name = provider.display_name();
    let settings = || projects.iter().filter_map(|row| row.settings.as_ref());
    let off = settings().filter(|settings| !settings.auto_fix_enabled).count();
    let any = settings().next().is_some();
    let on = off > 0;
    let body = if projects.is_empty() {
        let text =
            format!("Projects appear here as soon as {name} has one that the token reaches. Then sync.");
        view! {
            <EmptyState title="No projects" text>
                <PostButton label="Sync projects" action=format!("/integrations/{provider}/sync") primary=true />
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <ProjectList provider projects=projects.clone() /> }.into_any()
    };
    view! {
        <Title text=format!("{name} projects") />
        <header class="page-head">
            <div>
                <h1>{format!("{name} projects")}</h1>
                <p class="muted">{summary(&projects)}</p>
            </div>
            <div class="actions">
                {any
                    .then(|| {
                        view! {
                            <PostButton
                                label=if on { "Turn auto-fix on" } else { "Turn auto-fix off" }
                                action=format!("/integrations/{provider}/auto-fix")
                                fields=vec![("on", on.to_string())]
                            />
                        }
                    })}
                <PostButton label="Sync projects" action=format!("/integrations/{provider}/sync") />
            </div>
        </header>
        {trouble
            .map(|message| {
                view! { <Notice tone="tone-amber">{message} " Until then, only watched projects are listed."</Notice> }
            })}
        {(!refused_teams.is_empty())
            .then(|| {
                let text = format!(
                    "{name} refuses this token for {}. Reconnect with a token whose scope includes it to see those projects.",
                    refused_teams.join(", "),
                );
                view! { <Notice tone="tone-amber">{text}</Notice> }
            })}
        {body}
    }
    .into_any()
}

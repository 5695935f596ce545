//! Projects as a form: one row with a box for each. Searching and ticking all need the browser; the rest does not.

use super::{
    browser,
    icon::{Glyph, Icon},
};
use crate::model::{ProjectRow, ProjectSettings, ProjectStanding, Provider};
use leptos::prelude::*;

/// All projects of a connection, to choose from.
#[component]
pub fn ProjectList(
    /// The platform.
    provider: Provider,
    /// The projects, in their order.
    projects: Vec<ProjectRow>,
) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let rows = projects.into_iter().map(|row| view! { <Row provider row query /> }).collect_view();
    view! {
        <form method="post" action=format!("/integrations/{provider}/projects")>
            <div class="project-tools">
                <label class="search needs-browser">
                    <span class="sr-only">"Search projects"</span>
                    <Glyph icon=Icon::Search />
                    <input
                        type="search"
                        placeholder="Search by name, team or repository"
                        autocomplete="off"
                        on:input=move |event| query.set(event_target_value(&event).to_ascii_lowercase())
                    />
                </label>
                <button class="button needs-browser" type="button" on:click=move |_| browser::tick_all("project", true)>
                    "Select all"
                </button>
                <button class="button needs-browser" type="button" on:click=move |_| browser::tick_all("project", false)>
                    "Select none"
                </button>
                <button class="button primary" type="submit">
                    "Watch selected"
                </button>
            </div>
            <ul class="projects" aria-label="Projects">
                {rows}
            </ul>
        </form>
    }
    .into_any()
}

#[component]
fn Row(
    /// The platform.
    provider: Provider,
    /// The project.
    row: ProjectRow,
    /// What is searched for, in small letters.
    query: RwSignal<String>,
) -> impl IntoView {
    let ProjectRow { platform_id, name, team, kind, repository, root_directory, standing, settings } = row;
    let text = [Some(&name), team.as_ref(), repository.as_ref()].into_iter().flatten();
    let text = text.map(|part| part.to_ascii_lowercase()).collect::<Vec<_>>().join("\n");
    let hidden = move || !text.contains(query.read().trim());
    let watched = settings.is_some();
    let place = match repository {
        Some(repository) => view! { <code>{repository}</code> }.into_any(),
        None => view! { <span>{kind.label()}</span> }.into_any(),
    };
    let limit = (standing != ProjectStanding::Gone).then(|| kind.limit()).flatten();
    let id = format!("project-{platform_id}");
    view! {
        <li class="project" hidden=hidden>
            <input type="checkbox" id=id.clone() name="project" value=platform_id.clone() checked=watched />
            <input type="hidden" name="listed" value=platform_id />
            <div class="project-main">
                <label for=id>{name}</label>
                <p class="muted">
                    {team.map(|team| format!("{team} · "))} {place}
                    {root_directory.map(|folder| view! { " in " <code>{folder}</code> })}
                </p>
                {limit.map(|limit| view! { <p class="project-limit">"Failures are shown, not repaired. " {limit}</p> })}
            </div>
            <Standing standing settings=settings.clone() limited=limit.is_some() />
            {settings
                .map(|settings| {
                    view! {
                        <a class="button" href=format!("/integrations/{provider}/projects/{}", settings.id)>
                            "Settings"
                        </a>
                    }
                })}
        </li>
    }
    .into_any()
}

#[component]
fn Standing(
    /// How the project stands.
    standing: ProjectStanding,
    /// Its settings, when it is watched.
    settings: Option<ProjectSettings>,
    /// It cannot get pull requests.
    limited: bool,
) -> impl IntoView {
    let (tone, word) = match standing {
        ProjectStanding::New => ("tone-blue", "New"),
        ProjectStanding::LeftOut => ("tone-gray", "Not watched"),
        ProjectStanding::Gone => ("tone-amber", "Gone from the platform"),
        ProjectStanding::Watched if limited => ("tone-gray", "Watched"),
        ProjectStanding::Watched => match settings {
            Some(settings) if settings.auto_fix_enabled => ("tone-green", "Auto-fix on"),
            _ => ("tone-gray", "Auto-fix off"),
        },
    };
    view! { <span class=format!("badge plain {tone}")>{word}</span> }
}

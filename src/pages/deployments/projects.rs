//! The tab of projects: what is watched, and how it is doing.

use super::{board::Board, empty::Nothing};
use crate::{
    components::{badge::StateBadge, icon::PlatformGlyph, time::Ago},
    model::ProjectSummary,
};
use leptos::prelude::*;

/// The watched projects that the filters leave.
#[component]
pub fn Projects(
    /// The page.
    board: Board,
) -> impl IntoView {
    let shown = move || {
        board.page.with(|page| {
            board.query.with(|query| {
                page.projects
                    .iter()
                    .filter(|project| query.takes_project(project))
                    .cloned()
                    .collect::<Vec<_>>()
            })
        })
    };
    view! {
        <div class="list">
            <ul class="rows" aria-label="Projects">
                {move || shown().into_iter().map(|project| view! { <Project project board /> }).collect_view()}
            </ul>
            {move || shown().is_empty().then(|| view! { <Nothing board /> })}
        </div>
    }
    .into_any()
}

#[component]
fn Project(
    /// The project.
    project: ProjectSummary,
    /// The page.
    board: Board,
) -> impl IntoView {
    let href = board.href(|query| {
        query.tab = crate::model::Tab::All;
        query.text = None;
        query.platform = Some(project.provider);
        query.project = Some(project.name.clone());
    });
    let newest = match (project.newest, project.unreachable) {
        (Some((state, _)), _) => view! { <StateBadge state /> }.into_any(),
        (None, true) => view! { <span class="chip">"No answer"</span> }.into_any(),
        (None, false) => view! { <span class="muted">"No deployment"</span> }.into_any(),
    };
    let tally = match (project.failed, project.fixed) {
        (0, _) => "No failures".to_owned(),
        (failed, fixed) => format!("{failed} failed, {fixed} fixed"),
    };
    view! {
        <li class="row row-of-project">
            <span class="row-platform">
                <PlatformGlyph provider=project.provider />
            </span>
            <span class="row-project">
                <a class="row-link" href=href>
                    {project.name}
                </a>
            </span>
            <span class="row-state">{newest}</span>
            <span class="row-repository">
                <a class="row-pr" href=format!("/repos/{}/deployments", project.repository)>
                    {project.repository.clone()}
                </a>
            </span>
            <span class="row-tally">{tally}</span>
            <span class="row-auto">{(!project.auto_fix).then(|| view! { <span class="chip">"Auto-fix off"</span> })}</span>
            <span class="row-age">{project.newest.map(|(_, at)| view! { <Ago at /> })}</span>
        </li>
    }
    .into_any()
}

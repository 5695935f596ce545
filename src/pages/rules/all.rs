//! `/rules`: every watched project with its rules.

use crate::{
    api,
    components::{
        icon::PlatformGlyph,
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel},
        rules::{count, gist},
    },
    model::{ProjectRules, RuleRow},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page, once its data is there.
#[component]
pub fn RulesPage() -> impl IntoView {
    let projects = Resource::new(|| (), |()| api::list_rules());
    view! {
        <Title text="Rules" />
        <div class="page page-form">
            <FormNotice place=Place::Rules />
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match projects.await {
                        Ok(projects) => view! { <Projects projects /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Projects(
    /// What there is.
    projects: Vec<ProjectRules>,
) -> impl IntoView {
    let none = projects.is_empty();
    let (with, without): (Vec<_>, Vec<_>) =
        projects.into_iter().partition(|project| !project.rules.is_empty());
    let any = !with.is_empty();
    let empty = none.then(|| {
        view! {
            <EmptyState
                title="No watched projects"
                text="Rules belong to projects. Connect a platform, and its projects stand here."
            >
                <a class="button primary" href="/integrations">
                    "Integrations"
                </a>
            </EmptyState>
        }
    });
    let rest = (!without.is_empty()).then(|| {
        view! {
            <section aria-labelledby="without-title">
                <h2 class="section-title" id="without-title">
                    {if any { "Without rules" } else { "No rules yet" }}
                </h2>
                <p class="lead">
                    {if any {
                        "Every failure of these projects that code can repair is fixed."
                    } else {
                        "Every failure that code can repair is fixed. Make a rule where one should be skipped, or where the agent should know more."
                    }}
                </p>
                <ul class="items" aria-label="Projects without rules">
                    {without.into_iter().map(bare).collect_view()}
                </ul>
            </section>
        }
    });
    view! {
        <header class="page-head">
            <div>
                <h1>"Rules"</h1>
                <p class="muted">"What is skipped, and what the agent is told beside the error. The first rule that matches decides."</p>
            </div>
        </header>
        {empty}
        {with.into_iter().map(project).collect_view()}
        {rest}
    }
    .into_any()
}

/// A project with its rules, each a link.
fn project(project: ProjectRules) -> AnyView {
    let (path, id) = (project.path(), format!("rules-{}", project.id));
    let labelledby = id.clone();
    let said = count(project.rules.iter().map(|row| row.rule.enabled));
    let row = |row: RuleRow| {
        view! {
            <li class="item rule" class:rule-off=!row.rule.enabled>
                <div class="item-main">
                    <p class="item-name">
                        <a class="row-link" href=format!("{path}/{}", row.id)>
                            {row.rule.name.clone()}
                        </a>
                        {(!row.rule.enabled).then(|| view! { <span class="chip">"Off"</span> })}
                    </p>
                    {gist(&row.rule)}
                </div>
            </li>
        }
    };
    let rows = project.rules.into_iter().map(row).collect_view();
    view! {
        <section aria-labelledby=labelledby>
            <header class="rules-head">
                <PlatformGlyph provider=project.provider />
                <h2 class="section-title" id=id>
                    <a href=path.clone()>{project.project.clone()}</a>
                </h2>
                <span class="muted">{said}</span>
                <div class="actions">
                    <a class="button" href=path.clone() aria-label=format!("Put the rules of {} in order", project.project)>
                        "Order"
                    </a>
                    {new(&path, &project.project)}
                </div>
            </header>
            <ol class="items" aria-label=format!("Rules of {}", project.project)>
                {rows}
            </ol>
        </section>
    }
    .into_any()
}

/// A project that has none.
fn bare(project: ProjectRules) -> AnyView {
    let path = project.path();
    view! {
        <li class="item">
            <PlatformGlyph provider=project.provider />
            <div class="item-main">
                <p class="item-name">{project.project.clone()}</p>
            </div>
            {new(&path, &project.project)}
        </li>
    }
    .into_any()
}

fn new(path: &str, project: &str) -> AnyView {
    view! {
        <a class="button" href=format!("{path}/new") aria-label=format!("New rule for {project}")>
            "New rule"
        </a>
    }
    .into_any()
}

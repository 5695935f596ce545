//! `/integrations/{provider}/projects/{id}/rules`: a project's rules in the order in which they are asked.

use super::address;
use crate::{
    api,
    components::{
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel},
        rules::RuleList,
    },
    model::ProjectRules,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page of the project in the address.
#[component]
pub fn ProjectRulesPage() -> impl IntoView {
    let address = address();
    let project = Resource::new(
        move || address.get(),
        |address| async move {
            let (provider, id) = address?;
            api::list_project_rules(provider, id).await
        },
    );
    view! {
        <div class="page page-form">
            <a class="back" href="/rules">
                <Glyph icon=Icon::Back />
                "Rules"
            </a>
            <FormNotice place=Place::Rules />
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match project.await {
                        Ok(project) => view! { <Rules project /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Rules(
    /// The project.
    project: ProjectRules,
) -> impl IntoView {
    let (provider, name, path) = (project.provider, project.project.clone(), project.path());
    let (new, settings) =
        (format!("{path}/new"), format!("/integrations/{provider}/projects/{}", project.id));
    let list = if project.rules.is_empty() {
        let new = new.clone();
        view! {
            <EmptyState
                title="No rules yet"
                text="Every failure of this project that code can repair is fixed. A rule skips some of them, or tells the agent more."
            >
                <a class="button primary" href=new>
                    "New rule"
                </a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <RuleList project /> }.into_any()
    };
    view! {
        <Title text=format!("{name} · Rules") />
        <header class="page-head">
            <PlatformGlyph provider />
            <div>
                <h1>{format!("Rules of {name}")}</h1>
                <p class="muted">"The first rule that is on and matches decides."</p>
            </div>
            <div class="actions">
                <a class="button" href=settings>
                    "Project settings"
                </a>
                <a class="button primary" href=new>
                    "New rule"
                </a>
            </div>
        </header>
        {list}
    }
    .into_any()
}

//! `/integrations/{provider}/projects/{id}`: what is set for one watched project.

use crate::{
    api,
    components::{
        icon::{Glyph, Icon},
        notice::{FormNotice, Place},
        panel::{ErrorPanel, Notice},
    },
    model::{ApiError, Delivery, ProjectRow, Provider, rules_path},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The page of the project in the address.
#[component]
pub fn ProjectPage() -> impl IntoView {
    let params = use_params_map();
    let param = move |name: &str| params.read().get(name).unwrap_or_default();
    let provider = Memo::new(move |_| param("provider"));
    let project = Resource::new(
        move || (param("provider"), param("id")),
        |(name, id)| async move {
            let provider: Provider = name.parse().map_err(|_| ApiError::not_found())?;
            Ok((provider, api::get_project(provider, id).await?))
        },
    );
    view! {
        <div class="page page-form">
            <a class="back" href=move || format!("/integrations/{}/projects", provider.get())>
                <Glyph icon=Icon::Back />
                "Projects"
            </a>
            <FormNotice place=Place::Project />
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    match project.await {
                        Ok((provider, row)) => view! { <Settings provider row /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Settings(
    /// The platform.
    provider: Provider,
    /// The project.
    row: ProjectRow,
) -> impl IntoView {
    let Some(settings) = row.settings else {
        return view! { <ErrorPanel error=ApiError::not_found() /> }.into_any();
    };
    let place = row.repository.unwrap_or_else(|| row.kind.label().to_owned());
    let arrival = match settings.delivery {
        Delivery::Webhook => "by webhook",
        Delivery::Polling => "by polling",
    };
    view! {
        <Title text=format!("{} · Settings", row.name) />
        <header class="page-head">
            <div>
                <h1>{row.name}</h1>
                <p class="muted">{format!("{place} · failures arrive {arrival}")}</p>
            </div>
            <div class="actions">
                <a class="button" href=rules_path(provider, &settings.id)>
                    <Glyph icon=Icon::Rules />
                    "Rules"
                </a>
            </div>
        </header>
        {row.kind.limit().map(|limit| view! { <Notice tone="tone-blue">"Failures are shown and not repaired. " {limit}</Notice> })}
        <article class="panel">
            <div class="panel-body">
                <form class="form" method="post" action=format!("/integrations/{provider}/projects/{}", settings.id)>
                    <div class="switch">
                        <label>
                            <input type="checkbox" name="auto_fix" value="on" checked=settings.auto_fix_enabled aria-describedby="auto-fix-hint" />
                            "Auto-fix"
                        </label>
                        <small id="auto-fix-hint">
                            "A fix starts by itself when a deployment fails. Off: failures wait for a person."
                        </small>
                    </div>
                    <label class="field">
                        <span>"Branch prefix"</span>
                        <input
                            class="mono"
                            type="text"
                            name="prefix"
                            required
                            maxlength="60"
                            autocomplete="off"
                            spellcheck="false"
                            value=settings.fix_branch_prefix
                            aria-describedby="prefix-hint"
                        />
                        <small id="prefix-hint">"What the names of fix branches begin with: letters, digits, dots, dashes, slashes."</small>
                    </label>
                    <label class="field">
                        <span>"Attempts per fix"</span>
                        <input type="number" name="attempts" required min="1" max="10" value=settings.max_fix_attempts.to_string() aria-describedby="attempts-hint" />
                        <small id="attempts-hint">"Each attempt starts from what the one before left failing. 1 to 10."</small>
                    </label>
                    <div class="switch">
                        <label>
                            <input type="checkbox" name="redeploy" value="on" checked=settings.redeploy_flaky aria-describedby="redeploy-hint" />
                            "Build again when nothing is wrong"
                        </label>
                        <small id="redeploy-hint">
                            "A build that failed for want of a registry or a network is started once more by itself: once per commit. Off: the page says what to press."
                        </small>
                    </div>
                    <div class="switch">
                        <label>
                            <input type="checkbox" name="notify" value="on" checked=settings.notify_on_fix />
                            "Tell me about pull requests"
                        </label>
                    </div>
                    <button class="button primary" type="submit">
                        "Save"
                    </button>
                </form>
            </div>
        </article>
    }
    .into_any()
}

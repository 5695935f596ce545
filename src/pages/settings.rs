//! `/settings`: a person's account, the ways into it, and who else may have one.

use crate::{
    api,
    components::{
        notice::{FormNotice, Place},
        panel::ErrorPanel,
        settings::{Github, Invitations, Sessions, Tokens, Webhook},
    },
    model,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page, once its data is there.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| api::get_settings());
    view! {
        <Title text="Settings" />
        <div class="page page-form">
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Settings page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Settings(
    /// What there is to settle.
    page: model::SettingsPage,
) -> impl IntoView {
    let model::SettingsPage {
        name,
        email,
        github,
        sessions,
        tokens,
        new_token,
        webhook,
        new_webhook,
        invitations,
        new_invitation,
    } = page;
    view! {
        <header class="page-head">
            <div>
                <h1>"Settings"</h1>
                <p class="muted">{format!("Signed in as {name}, {email}")}</p>
            </div>
            <div class="head-action">
                <a class="button" href="/settings/audit">
                    "Audit log"
                </a>
            </div>
        </header>
        <FormNotice place=Place::Settings />
        <Sessions sessions />
        <Tokens tokens new=new_token />
        <Webhook webhook new=new_webhook />
        {github.map(|github| view! { <Github github /> })}
        {invitations.map(|invitations| view! { <Invitations invitations new=new_invitation /> })}
    }
    .into_any()
}

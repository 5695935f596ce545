//! `/integrations/{provider}`: what connecting means, and the form.

use crate::{
    api,
    components::{
        connect::PlatformForm,
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::ErrorPanel,
    },
    model::{ApiError, IntegrationsPage, PlatformCard, Provider},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The page of the platform in the address.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.read().get("provider").unwrap_or_default());
    let page = Resource::new(|| (), |()| api::list_integrations());
    view! {
        <div class="page page-form">
            <a class="back" href="/integrations">
                <Glyph icon=Icon::Back />
                "Integrations"
            </a>
            <FormNotice place=Place::Integrations />
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    match page.await.and_then(|page| card(page, &name.get())) {
                        Ok((provider, token_page)) => view! { <Connect provider token_page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The platform of that name, if it can be connected.
fn card(page: IntegrationsPage, name: &str) -> Result<(Provider, String), ApiError> {
    let wanted = |card: &PlatformCard| card.provider.as_str() == name;
    let card = page.platforms.into_iter().find(wanted);
    card.and_then(|card| Some((card.provider, card.token_page?))).ok_or_else(ApiError::not_found)
}

#[component]
fn Connect(
    /// The platform.
    provider: Provider,
    /// The page on which a token is made.
    token_page: String,
) -> impl IntoView {
    let name = provider.display_name();
    view! {
        <Title text=format!("Connect {name}") />
        <header class="page-head">
            <PlatformGlyph provider />
            <h1>{format!("Connect {name}")}</h1>
        </header>
        <div class="promises">
            <section>
                <h2>"It will"</h2>
                <ul>
                    <li>"Read projects, deployments and build logs"</li>
                    <li>"Ask to be told when a deployment fails"</li>
                    <li>"Repair failures of projects with a GitHub repository, by pull request"</li>
                </ul>
            </section>
            <section>
                <h2>"It will never"</h2>
                <ul>
                    <li>"Change a setting, a variable or a domain"</li>
                    <li>"Push to a branch that is not its own, or merge"</li>
                    <li>"Let the token into the sandbox or near the model"</li>
                </ul>
            </section>
        </div>
        <article class="panel">
            <div class="panel-body">
                <PlatformForm provider token_page />
            </div>
        </article>
    }
}

//! `/integrations/{provider}`: the token wizard as a page of its own. `?step=` names a step, for browsers without scripts.

use crate::{
    api,
    components::{
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::ErrorPanel,
        wizard::{Step, Subject, Wizard, WizardSteps},
    },
    model::{ApiError, IntegrationsPage, PlatformCard},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

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
                    match page.await.and_then(|page| subject(page, &name.get())) {
                        Ok(subject) => view! { <Connect subject /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The platform of that name, if it can be connected.
fn subject(page: IntegrationsPage, name: &str) -> Result<Subject, ApiError> {
    let wanted = |card: &PlatformCard| card.provider.as_str() == name;
    let card = page.platforms.into_iter().find(wanted).ok_or_else(ApiError::not_found)?;
    let token_page = card.token_page.ok_or_else(ApiError::not_found)?;
    Ok(Subject { provider: card.provider, token_page, again: card.connection.is_some() })
}

#[component]
fn Connect(
    /// The platform.
    subject: Subject,
) -> impl IntoView {
    let wizard = Wizard::new();
    let (provider, title) = (subject.provider, subject.title());
    let step = use_query_map().read_untracked().get("step");
    wizard.start(subject, Step::of_query(step.as_deref()));
    view! {
        <Title text=title.clone() />
        <header class="page-head">
            <PlatformGlyph provider />
            <h1>{title}</h1>
        </header>
        <article class="panel wizard-page">
            <WizardSteps wizard />
        </article>
    }
}

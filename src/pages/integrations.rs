//! `/integrations`: what is connected, how failures arrive, and how to connect the rest.

use crate::{
    api,
    components::{
        connect::GithubForm,
        connection::{Connected, Health},
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::ErrorPanel,
        wizard::{Subject, Wizard, WizardButton, WizardDialog},
    },
    model::{self, ConnectionHealth, GithubConnection, PlatformCard},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page, once its data is there.
#[component]
pub fn IntegrationsPage() -> impl IntoView {
    let wizard = Wizard::new();
    let page = Resource::new(move || wizard.connected.get(), |_| api::list_integrations());
    view! {
        <Title text="Integrations" />
        <div class="page page-form">
            <header class="page-head">
                <h1>"Integrations"</h1>
            </header>
            <FormNotice place=Place::Integrations />
            <Transition fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Cards page wizard /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Transition>
            <WizardDialog wizard />
        </div>
    }
}

#[component]
fn Cards(
    /// What is connected.
    page: model::IntegrationsPage,
    /// Connects another platform.
    wizard: Wizard,
) -> impl IntoView {
    view! {
        <section aria-labelledby="platforms-title">
            <h2 class="section-title" id="platforms-title">
                "Platforms"
            </h2>
            <p class="lead">"Where deployments fail. Their logs are read, and failures arrive here."</p>
            {page.platforms.into_iter().map(|card| view! { <Platform card wizard /> }).collect_view()}
        </section>
        <section id="github" aria-labelledby="github-title">
            <h2 class="section-title" id="github-title">
                "GitHub"
            </h2>
            <p class="lead">"Where the code is. Repairs arrive there as pull requests in your name."</p>
            <Github connection=page.github />
        </section>
    }
}

#[component]
fn Platform(
    /// The platform.
    card: PlatformCard,
    /// Connects it.
    wizard: Wizard,
) -> impl IntoView {
    let PlatformCard { provider, token_page, connection } = card;
    let coming = token_page.is_none() && connection.is_none();
    let state = match &connection {
        Some(connection) => view! { <Health health=connection.health /> }.into_any(),
        None if coming => view! { <span class="badge tone-gray">"Coming"</span> }.into_any(),
        None => view! { <span class="badge tone-gray">"Not connected"</span> }.into_any(),
    };
    let body = match (connection, token_page) {
        (Some(connection), token_page) => view! { <Connected connection token_page wizard /> }.into_any(),
        (None, Some(token_page)) => {
            let subject = Subject { provider, token_page, again: false };
            view! {
                <footer class="card-foot">
                    <WizardButton wizard subject label=format!("Connect {}", provider.display_name()) primary=true />
                </footer>
            }
            .into_any()
        }
        (None, None) => ().into_any(),
    };
    view! {
        <article class="panel card" class:coming=coming aria-label=provider.display_name()>
            <header class="card-head">
                <PlatformGlyph provider />
                <div>
                    <h3>{provider.display_name()}</h3>
                    <p class="muted">{provider.tagline()}</p>
                </div>
                {state}
            </header>
            {body}
        </article>
    }
    .into_any()
}

#[component]
fn Github(
    /// The connected user.
    connection: Option<GithubConnection>,
) -> impl IntoView {
    view! {
        <article class="panel card" aria-label="GitHub">
            {match connection {
                Some(github) => {
                    view! {
                        <header class="card-head">
                            <Glyph icon=Icon::PullRequest />
                            <div>
                                <h3>{format!("@{}", github.login)}</h3>
                                <p class="muted">{format!("Commits are made as {}", github.email)}</p>
                            </div>
                            <Health health=ConnectionHealth::Ok />
                        </header>
                        {github
                            .trouble
                            .map(|trouble| {
                                view! {
                                    <p class="broken">
                                        {trouble.sentence("GitHub")}
                                        " Fixes wait for it and go on by themselves."
                                    </p>
                                }
                            })}
                        <div class="panel-body">
                            <details class="replace">
                                <summary>"Replace the token"</summary>
                                <GithubForm />
                            </details>
                        </div>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <div class="panel-body">
                            <GithubForm />
                        </div>
                    }
                        .into_any()
                }
            }}
        </article>
    }
}

//! `/integrations`: what is connected, how failures arrive, and how to connect the rest.

use crate::{
    api,
    components::{
        connect::{GithubForm, PlatformForm},
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::{Confirm, ErrorPanel},
        time::Ago,
    },
    model::{self, Connection, ConnectionHealth, Delivery, GithubConnection, PlatformCard, Provider},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page, once its data is there.
#[component]
pub fn IntegrationsPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| api::list_integrations());
    view! {
        <Title text="Integrations" />
        <div class="page page-form">
            <header class="page-head">
                <h1>"Integrations"</h1>
            </header>
            <FormNotice place=Place::Integrations />
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Cards page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Cards(
    /// What is connected.
    page: model::IntegrationsPage,
) -> impl IntoView {
    view! {
        <section aria-labelledby="platforms-title">
            <h2 class="section-title" id="platforms-title">
                "Platforms"
            </h2>
            <p class="lead">"Where deployments fail. Their logs are read, and failures arrive here."</p>
            {page.platforms.into_iter().map(|card| view! { <Platform card /> }).collect_view()}
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

/// What is read where, in a few words.
const fn purpose(provider: Provider) -> &'static str {
    match provider {
        Provider::Vercel => "Projects, deployments and build logs of your Vercel teams",
        Provider::Cloudflare => "Cloudflare Pages and Workers Builds",
        Provider::Render => "Services and deploys on Render",
    }
}

#[component]
fn Platform(
    /// The platform.
    card: PlatformCard,
) -> impl IntoView {
    let provider = card.provider;
    let coming = card.token_page.is_none() && card.connection.is_none();
    view! {
        <article class="panel card" class:coming=coming aria-label=provider.display_name()>
            <header class="card-head">
                <PlatformGlyph provider />
                <div>
                    <h3>{provider.display_name()}</h3>
                    <p class="muted">{purpose(provider)}</p>
                </div>
                {match &card.connection {
                    Some(connection) => view! { <Health health=connection.health /> }.into_any(),
                    None if coming => view! { <span class="badge tone-gray">"Coming"</span> }.into_any(),
                    None => ().into_any(),
                }}
            </header>
            {match (card.connection, card.token_page) {
                (Some(connection), token_page) => view! { <Connected connection token_page /> }.into_any(),
                (None, Some(token_page)) => {
                    view! {
                        <div class="panel-body">
                            <PlatformForm provider token_page />
                        </div>
                    }
                        .into_any()
                }
                (None, None) => ().into_any(),
            }}
        </article>
    }
}

#[component]
fn Health(
    /// Whether the token works.
    health: ConnectionHealth,
) -> impl IntoView {
    match health {
        ConnectionHealth::Ok => view! {
            <span class="badge tone-green">
                <Glyph icon=Icon::Check />
                "Connected"
            </span>
        },
        ConnectionHealth::NeedsNewToken => view! {
            <span class="badge tone-red">
                <Glyph icon=Icon::Alert />
                "Needs a new token"
            </span>
        },
    }
}

#[component]
fn Connected(
    /// The connection.
    connection: Connection,
    /// The page on which a token is made.
    token_page: Option<String>,
) -> impl IntoView {
    let provider = connection.provider;
    let name = provider.display_name();
    let delivery = match connection.delivery {
        Delivery::Webhook => "By webhook at once; polling is the safety net",
        Delivery::Polling => "By polling",
    };
    let projects = match connection.projects {
        1 => "1 project".to_owned(),
        count => format!("{count} projects"),
    };
    let broken = connection.health == ConnectionHealth::NeedsNewToken;
    view! {
        <dl class="card-facts">
            <div>
                <dt>"User"</dt>
                <dd>{format!("@{}", connection.username)}</dd>
            </div>
            <div>
                <dt>"Watched"</dt>
                <dd>{projects}</dd>
            </div>
            <div>
                <dt>"Failures arrive"</dt>
                <dd>
                    {delivery}
                    {connection.delivery_note.map(|note| view! { <p class="muted">{note}</p> })}
                </dd>
            </div>
            <div>
                <dt>"Connected"</dt>
                <dd>
                    <Ago at=connection.created_at />
                </dd>
            </div>
        </dl>
        {(broken)
            .then(|| token_page.map(|token_page| {
                view! {
                    <div class="panel-body broken">
                        <p>{format!("{name} refused the stored token. Until there is a new one, nothing arrives from there.")}</p>
                        <PlatformForm provider token_page />
                    </div>
                }
            }))}
        <footer class="card-foot">
            <Confirm
                id=format!("disconnect-{provider}")
                label="Disconnect"
                question=format!("Its webhooks are removed at {name}, the token is erased, and its projects are no longer watched.")
                action=format!("/integrations/{provider}/disconnect")
            />
        </footer>
    }
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

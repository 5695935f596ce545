//! The document shell, the router and the layout of every page.

use crate::{
    components::{browser::Browser, layout::Frame},
    pages::{deployments::DeploymentsPage, lazy, not_found::NotFound, repository::RepositoryPage},
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    Lazy, ParamSegment, SsrMode, StaticSegment,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

/// The document around the application, as the server sends it. Also sets the headers that depend on the page:
/// the policy names this response's nonce.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use crate::components::browser::Theme;
    use leptos_meta::MetaTags;

    policy();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=Theme::current().as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href="/pkg/deploymend.css" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="modulepreload" href="/pkg/__wasm_split.js" />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Only this server's files and the inline scripts that carry the nonce may run; nothing is fetched elsewhere.
#[cfg(feature = "ssr")]
fn policy() {
    use axum::http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
    use leptos::nonce::use_nonce;
    use leptos_axum::ResponseOptions;

    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' \
         data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}

/// The application inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Browser::provide();
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Deploymend".to_owned() } else { format!("{title} · Deploymend") }
        } />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=|| view! { <Redirect path="/deployments" /> } />
                <Route path=path!("/sign-in") view={Lazy::<lazy::SignIn>::new()} ssr=SsrMode::Async />
                <Route path=path!("/setup") view={Lazy::<lazy::Setup>::new()} ssr=SsrMode::Async />
                <Route path=path!("/invitation") view={Lazy::<lazy::Invitation>::new()} ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=StaticSegment("deployments") view=DeploymentsPage ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("deployments"), ParamSegment("id"))
                        view={Lazy::<lazy::Deployment>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/repos/:owner/:repo/deployments") view=RepositoryPage ssr=SsrMode::Async />
                    <Route path=StaticSegment("notifications") view={Lazy::<lazy::Notifications>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("rules") view={Lazy::<lazy::Rules>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("settings") view={Lazy::<lazy::Settings>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings/audit") view={Lazy::<lazy::Audit>::new()} ssr=SsrMode::Async />
                    <Route path=StaticSegment("integrations") view={Lazy::<lazy::Integrations>::new()} ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("integrations"), ParamSegment("provider"))
                        view={Lazy::<lazy::Connect>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("integrations"), ParamSegment("provider"), StaticSegment("projects"))
                        view={Lazy::<lazy::Projects>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(
                            StaticSegment("integrations"),
                            ParamSegment("provider"),
                            StaticSegment("projects"),
                            ParamSegment("id"),
                        )
                        view={Lazy::<lazy::Project>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules")
                        view={Lazy::<lazy::ProjectRules>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules/new")
                        view={Lazy::<lazy::Rule>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules/:rule")
                        view={Lazy::<lazy::Rule>::new()}
                        ssr=SsrMode::Async
                    />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

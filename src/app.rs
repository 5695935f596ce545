//! The document shell, the router and the layout of every page.

use crate::{
    components::{browser::Browser, layout::Frame},
    pages::{
        connect::ConnectPage,
        deployment::DeploymentPage,
        deployments::DeploymentsPage,
        integrations::IntegrationsPage,
        invitation::InvitationPage,
        not_found::NotFound,
        notifications::NotificationsPage,
        project::ProjectPage,
        projects::ProjectsPage,
        repository::RepositoryPage,
        rules::{ProjectRulesPage, RulePage, RulesPage},
        settings::SettingsPage,
        setup::SetupPage,
        sign_in::SignInPage,
    },
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
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
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async />
                <Route path=path!("/invitation") view=InvitationPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=StaticSegment("deployments") view=DeploymentsPage ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("deployments"), ParamSegment("id"))
                        view=DeploymentPage
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/repos/:owner/:repo/deployments") view=RepositoryPage ssr=SsrMode::Async />
                    <Route path=StaticSegment("notifications") view=NotificationsPage ssr=SsrMode::Async />
                    <Route path=StaticSegment("rules") view=RulesPage ssr=SsrMode::Async />
                    <Route path=StaticSegment("settings") view=SettingsPage ssr=SsrMode::Async />
                    <Route path=StaticSegment("integrations") view=IntegrationsPage ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("integrations"), ParamSegment("provider"))
                        view=ConnectPage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("integrations"), ParamSegment("provider"), StaticSegment("projects"))
                        view=ProjectsPage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(
                            StaticSegment("integrations"),
                            ParamSegment("provider"),
                            StaticSegment("projects"),
                            ParamSegment("id"),
                        )
                        view=ProjectPage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules")
                        view=ProjectRulesPage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules/new")
                        view=RulePage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/integrations/:provider/projects/:id/rules/:rule")
                        view=RulePage
                        ssr=SsrMode::Async
                    />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

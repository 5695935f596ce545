//! Pages whose code the browser loads when it first shows one of them. `scripts/build-site.sh` cuts the module at the
//! functions marked `#[lazy]`; the server names the parts that a page needs in its answer, so that they are fetched
//! together with the rest.
//!
//! Each cut doubles the pieces that parts can share, so there are only three: the page of a deployment with its log and
//! its diff, the pages of platforms and their projects, and what a person sets up and reads. Lists are in the module
//! itself.

use super::{
    audit::AuditPage,
    connect::ConnectPage,
    deployment::DeploymentPage,
    integrations::IntegrationsPage,
    invitation::InvitationPage,
    notifications::NotificationsPage,
    project::ProjectPage,
    projects::ProjectsPage,
    rules::{ProjectRulesPage, RulePage, RulesPage},
    settings::SettingsPage,
    setup::SetupPage,
    sign_in::SignInPage,
};
#[cfg(feature = "ssr")]
use crate::server::parts::Parts;
use leptos::{lazy, prelude::*};
use leptos_router::LazyRoute;

#[lazy]
fn deployment() -> AnyView {
    #[cfg(feature = "ssr")]
    Parts::announce("deployment");
    view! { <DeploymentPage /> }.into_any()
}

#[derive(Clone, Copy)]
enum OfPlatforms {
    Connect,
    Integrations,
    Project,
    Projects,
}

#[lazy]
fn platforms(page: OfPlatforms) -> AnyView {
    #[cfg(feature = "ssr")]
    Parts::announce("platforms");
    match page {
        OfPlatforms::Connect => view! { <ConnectPage /> }.into_any(),
        OfPlatforms::Integrations => view! { <IntegrationsPage /> }.into_any(),
        OfPlatforms::Project => view! { <ProjectPage /> }.into_any(),
        OfPlatforms::Projects => view! { <ProjectsPage /> }.into_any(),
    }
}

#[derive(Clone, Copy)]
enum OfPerson {
    Audit,
    Invitation,
    Notifications,
    ProjectRules,
    Rule,
    Rules,
    Settings,
    Setup,
    SignIn,
}

#[lazy]
fn personal(page: OfPerson) -> AnyView {
    #[cfg(feature = "ssr")]
    Parts::announce("personal");
    match page {
        OfPerson::Audit => view! { <AuditPage /> }.into_any(),
        OfPerson::Invitation => view! { <InvitationPage /> }.into_any(),
        OfPerson::Notifications => view! { <NotificationsPage /> }.into_any(),
        OfPerson::ProjectRules => view! { <ProjectRulesPage /> }.into_any(),
        OfPerson::Rule => view! { <RulePage /> }.into_any(),
        OfPerson::Rules => view! { <RulesPage /> }.into_any(),
        OfPerson::Settings => view! { <SettingsPage /> }.into_any(),
        OfPerson::Setup => view! { <SetupPage /> }.into_any(),
        OfPerson::SignIn => view! { <SignInPage /> }.into_any(),
    }
}

macro_rules! routes {
    ($($(#[$doc:meta])* $route:ident => $view:expr, $preload:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $route;

        impl LazyRoute for $route {
            fn data() -> Self {
                Self
            }

            async fn view(_: Self) -> AnyView {
                $view.await
            }

            // `#[lazy]` makes that function. Without it the page would be there twice: the browser takes over what is
            // ready, and renders anew what is not.
            async fn preload() {
                #[cfg(feature = "hydrate")]
                $preload().await;
            }
        }
    )*};
}

routes! {
    /// `/deployments/{id}`
    Deployment => deployment(), __preload_deployment;
    /// `/integrations/{provider}`
    Connect => platforms(OfPlatforms::Connect), __preload_platforms;
    /// `/integrations`
    Integrations => platforms(OfPlatforms::Integrations), __preload_platforms;
    /// `/integrations/{provider}/projects/{id}`
    Project => platforms(OfPlatforms::Project), __preload_platforms;
    /// `/integrations/{provider}/projects`
    Projects => platforms(OfPlatforms::Projects), __preload_platforms;
    /// `/settings/audit`
    Audit => personal(OfPerson::Audit), __preload_personal;
    /// `/invitation`
    Invitation => personal(OfPerson::Invitation), __preload_personal;
    /// `/notifications`
    Notifications => personal(OfPerson::Notifications), __preload_personal;
    /// `/integrations/{provider}/projects/{id}/rules`
    ProjectRules => personal(OfPerson::ProjectRules), __preload_personal;
    /// `/integrations/{provider}/projects/{id}/rules/{rule}`
    Rule => personal(OfPerson::Rule), __preload_personal;
    /// `/rules`
    Rules => personal(OfPerson::Rules), __preload_personal;
    /// `/settings`
    Settings => personal(OfPerson::Settings), __preload_personal;
    /// `/setup`
    Setup => personal(OfPerson::Setup), __preload_personal;
    /// `/sign-in`
    SignIn => personal(OfPerson::SignIn), __preload_personal;
}

//! Pages whose code the browser loads when it first shows one of them. `scripts/build-site.sh` cuts the module at the
//! functions marked `#[lazy]`; the server names the parts that a page needs in its head, so that they are fetched
//! together with the rest.
//!
//! Each cut doubles the pieces that parts can share, so there are only two: the page of a deployment with its log and
//! its diff, and the pages where people set things up. Lists are in the module itself.

use super::{
    connect::ConnectPage, deployment::DeploymentPage, integrations::IntegrationsPage,
    invitation::InvitationPage, notifications::NotificationsPage, project::ProjectPage,
    projects::ProjectsPage, settings::SettingsPage, setup::SetupPage, sign_in::SignInPage,
};
use leptos::{lazy, prelude::*};
use leptos_router::LazyRoute;

#[lazy]
fn deployment() -> AnyView {
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
    match page {
        OfPlatforms::Connect => view! { <ConnectPage /> }.into_any(),
        OfPlatforms::Integrations => view! { <IntegrationsPage /> }.into_any(),
        OfPlatforms::Project => view! { <ProjectPage /> }.into_any(),
        OfPlatforms::Projects => view! { <ProjectsPage /> }.into_any(),
    }
}

#[derive(Clone, Copy)]
enum OfAccount {
    Invitation,
    Notifications,
    Settings,
    Setup,
    SignIn,
}

#[lazy]
fn account(page: OfAccount) -> AnyView {
    match page {
        OfAccount::Invitation => view! { <InvitationPage /> }.into_any(),
        OfAccount::Notifications => view! { <NotificationsPage /> }.into_any(),
        OfAccount::Settings => view! { <SettingsPage /> }.into_any(),
        OfAccount::Setup => view! { <SetupPage /> }.into_any(),
        OfAccount::SignIn => view! { <SignInPage /> }.into_any(),
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
    /// `/invitation`
    Invitation => account(OfAccount::Invitation), __preload_account;
    /// `/notifications`
    Notifications => account(OfAccount::Notifications), __preload_account;
    /// `/settings`
    Settings => account(OfAccount::Settings), __preload_account;
    /// `/setup`
    Setup => account(OfAccount::Setup), __preload_account;
    /// `/sign-in`
    SignIn => account(OfAccount::SignIn), __preload_account;
}

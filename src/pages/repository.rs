//! `/repos/{owner}/{repo}/deployments`: the list of deployments, for one repository over all platforms.

use super::deployments::Deployments;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// One repository's deployments.
#[component]
pub fn RepositoryPage() -> impl IntoView {
    let params = use_params_map();
    let repository = Memo::new(move |_| {
        let params = params.read();
        let part = |name| params.get(name).unwrap_or_default();
        Some(format!("{}/{}", part("owner"), part("repo")))
    });
    view! {
        <Title text=move || format!("Deployments of {}", repository.get().unwrap_or_default()) />
        <Deployments repository=repository.into() />
    }
}

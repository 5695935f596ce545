//! Signing in with GitHub.

use super::{Section, item};
use crate::{components::panel::PostButton, model::GithubSignIn};
use leptos::prelude::*;

/// Whether GitHub signs the person in, and the way to change it.
#[component]
pub fn Github(
    /// How it stands.
    github: GithubSignIn,
) -> impl IntoView {
    let GithubSignIn { login, signs_in } = github;
    let facts = match (signs_in, &login) {
        (true, _) => "Signs you in",
        (false, Some(_)) => "Opens pull requests for you. Linked, it signs you in, too.",
        (false, None) => {
            "Linking also lets Deploymend open pull requests in your name: GitHub will ask for access to repositories."
        }
    };
    let name = login.map_or_else(|| "Not linked".to_owned(), |login| format!("@{login}"));
    let action = if signs_in {
        view! { <PostButton label="Unlink" action="/settings/github/unlink".to_owned() /> }.into_any()
    } else {
        view! {
            <a class="button" href="/api/auth/github?link=true" rel="external">
                "Link GitHub"
            </a>
        }
        .into_any()
    };
    view! {
        <Section id="github" title="GitHub" lead="Sign in with your GitHub account instead of the password.">
            <ul class="items" aria-label="GitHub">
                {item(name.into_any(), facts.into_any(), action)}
            </ul>
        </Section>
    }
}

//! `/sign-in`

use crate::{
    api,
    components::{
        layout::Narrow,
        notice::{FormNotice, Place},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Redirect, hooks::use_query_map, location::Url};

/// Address and password, or GitHub where it is offered. Where no account exists yet, the way leads to the set-up.
#[component]
pub fn SignInPage() -> impl IntoView {
    let visitor = Resource::new(|| (), |()| api::current_user());
    let next = move || use_query_map().get().get("next").unwrap_or_default();
    view! {
        <Title text="Sign in" />
        <Narrow>
            <h1>"Sign in"</h1>
            <FormNotice place=Place::SignIn />
            <Suspense>
                {move || Suspend::new(async move {
                    visitor.await.unwrap_or_default().setup_needed.then(|| view! { <Redirect path="/setup" /> })
                })}
            </Suspense>
            <form class="form" method="post" action="/auth/sign-in">
                <input type="hidden" name="next" value=next />
                <label class="field">
                    <span>"Email"</span>
                    <input type="email" name="email" required autocomplete="username" autofocus />
                </label>
                <label class="field">
                    <span>"Password"</span>
                    <input type="password" name="password" required autocomplete="current-password" />
                </label>
                <button class="button primary" type="submit">
                    "Sign in"
                </button>
            </form>
            <Suspense>
                {move || Suspend::new(async move {
                    visitor.await.unwrap_or_default().github.then(|| view! { <Github next=next() /> })
                })}
            </Suspense>
        </Narrow>
    }
}

/// A link, since the policy of the page lets forms go to this server only.
#[component]
fn Github(
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    view! {
        <p class="or">"or"</p>
        <a class="button wide" href=format!("/api/auth/github?next={}", Url::escape(&next)) rel="external">
            "Sign in with GitHub"
        </a>
    }
}

//! `/setup`

use crate::{
    api,
    components::{
        layout::{Narrow, NewPassword},
        notice::{FormNotice, Place},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;

/// The owner's account, made once. The token proves that whoever makes it can read the server's log.
#[component]
pub fn SetupPage() -> impl IntoView {
    let visitor = Resource::new(|| (), |()| api::current_user());
    view! {
        <Title text="Set up" />
        <Narrow>
            <h1>"Make the owner's account"</h1>
            <p class="lead">
                "This server has no account yet. It printed a set-up token in its log when it started: it shows that you run it."
            </p>
            <FormNotice place=Place::Setup />
            <Suspense>
                {move || Suspend::new(async move {
                    let done = visitor.await.is_ok_and(|visitor| !visitor.setup_needed);
                    done.then(|| view! { <Redirect path="/sign-in" /> })
                })}
            </Suspense>
            <form class="form" method="post" action="/auth/setup">
                <label class="field">
                    <span>"Set-up token"</span>
                    <input class="mono" type="text" name="token" required autocomplete="off" spellcheck="false" autofocus />
                </label>
                <label class="field">
                    <span>"Email"</span>
                    <input type="email" name="email" required autocomplete="username" />
                </label>
                <NewPassword />
                <button class="button primary" type="submit">
                    "Make account"
                </button>
            </form>
        </Narrow>
    }
}

//! `/invitation?token=…`

use crate::{
    api,
    components::{
        layout::{Narrow, NewPassword},
        notice::{FormNotice, Place},
        panel::ErrorPanel,
    },
    model::{ApiError, ErrorCode, Secret},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// An account for somebody who was invited.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = move || use_query_map().get().get("token").unwrap_or_default();
    let open = Resource::new(token, |token| api::check_invitation(Secret(token)));
    view! {
        <Title text="Invitation" />
        <Narrow>
            <Suspense>
                {move || Suspend::new(async move {
                    match open.await {
                        Ok(true) => view! { <Accept token=token() /> }.into_any(),
                        Ok(false) => {
                            let message = "This invitation has been used or taken back, or is older than a week. Ask for a new one.";
                            view! { <ErrorPanel error=ApiError::new(ErrorCode::NotFound, message) /> }.into_any()
                        }
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </Narrow>
    }
}

#[component]
fn Accept(
    /// What the link carries.
    token: String,
) -> impl IntoView {
    view! {
        <h1>"Make your account"</h1>
        <p class="lead">"You were invited to this server. What you connect here is yours alone."</p>
        <FormNotice place=Place::Invitation />
        <form class="form" method="post" action="/auth/accept">
            <input type="hidden" name="token" value=token />
            <label class="field">
                <span>"Email"</span>
                <input type="email" name="email" required autocomplete="username" autofocus />
            </label>
            <label class="field">
                <span>"Name"</span>
                <input type="text" name="name" maxlength="100" autocomplete="name" />
            </label>
            <NewPassword />
            <button class="button primary" type="submit">
                "Make account"
            </button>
        </form>
    }
    .into_any()
}

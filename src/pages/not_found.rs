//! Any other address.

use crate::{
    components::{layout::Narrow, panel::ErrorPanel},
    model::ApiError,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// There is nothing at this address.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <Narrow>
            <ErrorPanel error=ApiError::not_found() />
        </Narrow>
    }
}

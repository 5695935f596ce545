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
    view! {
        <Title text="Not found" />
        <Narrow>
            <ErrorPanel error=ApiError::not_found() />
        </Narrow>
    }
}

//! The document shell, the router and the layout of every page.

use leptos::prelude::*;

/// The application inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    view! { <main>"Deploymend"</main> }
}

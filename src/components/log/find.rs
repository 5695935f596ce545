//! A search in the log: a form that asks the server, and the lines that it found as links.

use crate::{
    api,
    components::icon::{Glyph, Icon},
    model::LogMatches,
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;

/// The field and what was found.
#[component]
pub fn Find(
    /// The deployment, as its page's address names it.
    id: Signal<String>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let in_address = use_query_map().get_untracked().get("find").unwrap_or_default();
    let text = RwSignal::new(in_address.clone());
    let found = Resource::new(
        move || (id.get(), text.get()),
        async |(id, text)| match text.trim() {
            "" => Ok(None),
            text => api::find_in_log(id, text.to_owned()).await.map(Some),
        },
    );
    // In the browser the page stays; without it the form asks for the page anew.
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        text.set(field.get().map(|field| field.value()).unwrap_or_default());
    };
    view! {
        <form class="log-find" role="search" aria-label="Find in the build log" method="get" on:submit=submit>
            <Glyph icon=Icon::Search />
            <input
                id="search"
                type="search"
                name="find"
                maxlength="200"
                placeholder="Find in the log"
                aria-label="Find in the log"
                value=in_address
                node_ref=field
            />
            <button class="button no-browser" type="submit">
                "Find"
            </button>
        </form>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(None) => ().into_any(),
                    Ok(Some(found)) => view! { <Found found /> }.into_any(),
                    Err(error) => view! { <p class="panel-note" role="alert">{error.message}</p> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Found(found: LogMatches) -> impl IntoView {
    let LogMatches { count, lines } = found;
    let said = match count {
        0 => "No line has it.".to_owned(),
        1 => "1 line has it.".to_owned(),
        count if count > lines.len() => {
            format!("{count} lines have it; the first {} are listed.", lines.len())
        }
        count => format!("{count} lines have it."),
    };
    let lines = lines
        .into_iter()
        .map(|(number, text)| {
            view! {
                <a class="quote" href=format!("#L{number}") rel="external">
                    <span class="quote-number">{number}</span>
                    <span class="quote-text">{text}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <p class="panel-note" role="status">
            {said}
        </p>
        <div class="quotes log-found" role="group" aria-label="Lines found" tabindex="0">
            {lines}
        </div>
    }
}

//! Keys that work on every page; [`super::keys`] lists them for people. `Enter` opens a row by itself: rows are links.

/// Listens until the page is left.
#[cfg(feature = "hydrate")]
pub fn listen() {
    use leptos::{ev, prelude::*};
    use leptos_router::hooks::use_navigate;

    let navigate = use_navigate();
    let after_g = StoredValue::new(false);
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing()
        {
            return;
        }
        let key = event.key();
        let page = match (after_g.get_value(), key.as_str()) {
            (true, "d") => Some("/deployments"),
            (true, "i") => Some("/integrations"),
            (true, "r") => Some("/rules"),
            (true, "n") => Some("/notifications"),
            (true, "s") => Some("/settings"),
            _ => None,
        };
        after_g.set_value(key == "g");
        if let Some(page) = page {
            navigate(page, leptos_router::NavigateOptions::default());
        } else {
            let done = match key.as_str() {
                "/" => focus_search(),
                "j" | "k" => move_focus(key == "j"),
                "?" => toggle_sheet(),
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        }
    });
    on_cleanup(move || handle.remove());
}

/// There are no keys on the server.
#[cfg(not(feature = "hydrate"))]
pub fn listen() {}

/// Letters belong to the field that has the focus.
#[cfg(feature = "hydrate")]
fn is_typing() -> bool {
    leptos::prelude::document()
        .active_element()
        .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

/// Focuses the field with the id `search`. Says whether there is one.
#[cfg(feature = "hydrate")]
fn focus_search() -> bool {
    use wasm_bindgen::JsCast;
    let field = leptos::prelude::document().get_element_by_id("search");
    field
        .and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok())
        .is_some_and(|field| field.focus().is_ok())
}

/// Shows the sheet of the keys, or hides it. Says whether there is one.
#[cfg(feature = "hydrate")]
fn toggle_sheet() -> bool {
    use wasm_bindgen::JsCast;
    let sheet = leptos::prelude::document().get_element_by_id(super::keys::KEYS);
    sheet
        .and_then(|sheet| sheet.dyn_into::<web_sys::HtmlElement>().ok())
        .is_some_and(|sheet| sheet.toggle_popover().is_ok())
}

/// Focuses the next or the previous row. Says whether there was one.
#[cfg(feature = "hydrate")]
fn move_focus(down: bool) -> bool {
    use wasm_bindgen::JsCast;
    let document = leptos::prelude::document();
    let Ok(rows) = document.query_selector_all(".row-link") else { return false };
    let rows: Vec<_> = (0..rows.length()).filter_map(|index| rows.item(index)).collect();
    let here = document.active_element().and_then(|focused| rows.iter().position(|row| **row == **focused));
    let next = match (here, down) {
        (Some(index), true) => index + 1,
        (Some(index), false) => index.saturating_sub(1),
        (None, _) => 0,
    };
    let row = rows.get(next).and_then(|row| row.dyn_ref::<web_sys::HtmlElement>());
    row.is_some_and(|row| row.focus().is_ok())
}

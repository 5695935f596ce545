//! Where the pointer is among the rows of a list. There is no pointer on the server.

use leptos::{ev::PointerEvent, html::Ol, prelude::*};

/// The list gets all events of the pointer until it lets go, also those beside the list.
#[cfg(feature = "hydrate")]
pub fn hold(list: NodeRef<Ol>, event: &PointerEvent) {
    if let Some(list) = list.get_untracked() {
        let _ = list.set_pointer_capture(event.pointer_id());
    }
}

/// There is no pointer on the server.
#[cfg(not(feature = "hydrate"))]
pub fn hold(_list: NodeRef<Ol>, _event: &PointerEvent) {}

/// The place that a row gets which is let go here: after all others whose middle is above the pointer.
#[cfg(feature = "hydrate")]
pub fn place(list: NodeRef<Ol>, row: usize, event: &PointerEvent) -> Option<usize> {
    use wasm_bindgen::JsCast;
    let rows = list.get_untracked()?.query_selector_all(":scope > li").ok()?;
    let middles = (0..rows.length()).filter(|index| *index as usize != row).filter_map(|index| {
        let place = rows.item(index)?.dyn_into::<web_sys::Element>().ok()?.get_bounding_client_rect();
        Some(place.top() + place.height() / 2.0)
    });
    Some(middles.filter(|middle| *middle < f64::from(event.client_y())).count())
}

/// There is no pointer on the server.
#[cfg(not(feature = "hydrate"))]
pub fn place(_list: NodeRef<Ol>, _row: usize, _event: &PointerEvent) -> Option<usize> {
    None
}

//! The gaps of a long log: filled when they come into view, or when a link leads into one.

use leptos::{html, prelude::*};

/// Fills the gaps below `place` while it is there.
#[cfg(feature = "hydrate")]
pub fn fill(place: NodeRef<html::Div>, id: Signal<String>) {
    let watch = StoredValue::new_local(None::<browser::Watch>);
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            watch.set_value(browser::Watch::start(&place, id));
            browser::follow_hash(id);
        }
    });
    let handle = window_event_listener(leptos::ev::hashchange, move |_| browser::follow_hash(id));
    on_cleanup(move || {
        handle.remove();
        watch.set_value(None);
    });
}

/// The server leaves the gaps open.
#[cfg(not(feature = "hydrate"))]
pub fn fill(_place: NodeRef<html::Div>, _id: Signal<String>) {}

#[cfg(feature = "hydrate")]
mod browser {
    use crate::{api, components::log::lines};
    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};

    /// Looks which gaps come into view, until it is dropped.
    pub struct Watch {
        observer: IntersectionObserver,
        _seen: Closure<dyn FnMut(js_sys::Array, IntersectionObserver)>,
    }

    impl Watch {
        /// `None` where the browser cannot do that; links into gaps still work.
        pub fn start(place: &Element, id: Signal<String>) -> Option<Self> {
            let seen = Closure::new(move |entries: js_sys::Array, observer: IntersectionObserver| {
                for entry in entries.iter() {
                    let entry: IntersectionObserverEntry = entry.unchecked_into();
                    if entry.is_intersecting() {
                        observer.unobserve(&entry.target());
                        spawn_local(load(entry.target(), id.get_untracked()));
                    }
                }
            });
            let observer = IntersectionObserver::new(seen.as_ref().unchecked_ref()).ok()?;
            let gaps = place.query_selector_all(".log-gap").ok()?;
            for index in 0..gaps.length() {
                let gap = gaps.item(index).and_then(|gap| gap.dyn_into::<Element>().ok());
                gap.iter().for_each(|gap| observer.observe(gap));
            }
            Some(Self { observer, _seen: seen })
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            self.observer.disconnect();
        }
    }

    /// The address names a line: if it is in a gap, the gap is filled.
    pub fn follow_hash(id: Signal<String>) {
        let Some(number) = line_in_address() else { return };
        let Ok(gaps) = document().query_selector_all(".log-gap") else { return };
        let gaps = (0..gaps.length()).filter_map(|index| gaps.item(index)?.dyn_into::<Element>().ok());
        for gap in gaps.into_iter().filter(|gap| Gap::of(gap).is_some_and(|lines| lines.has(number))) {
            if let Some(fold) = gap.closest("details").ok().flatten() {
                let _ = fold.set_attribute("open", "");
            }
            spawn_local(load(gap, id.get_untracked()));
        }
    }

    fn line_in_address() -> Option<usize> {
        location().hash().ok()?.strip_prefix("#L")?.parse().ok()
    }

    /// Where the lines of a gap are in the log.
    struct Gap {
        before: usize,
        end: usize,
    }

    impl Gap {
        /// `None` while somebody fills it.
        fn of(element: &Element) -> Option<Self> {
            let number = |name| element.get_attribute(name)?.parse().ok();
            Some(Self { before: number("data-before")?, end: number("data-end")? })
        }

        const fn has(&self, number: usize) -> bool {
            self.before < number && number <= self.end
        }
    }

    async fn load(element: Element, id: String) {
        let Some(gap) = Gap::of(&element) else { return };
        // Coming into view and being linked to may be one and the same.
        let _ = element.remove_attribute("data-before");
        let Ok(mut loaded) = api::get_log_lines(id, gap.before).await else {
            let _ = element.set_attribute("data-before", &gap.before.to_string());
            return;
        };
        loaded.truncate(gap.end - gap.before);
        element.set_class_name("");
        element.set_inner_html(&lines::fill(gap.before, loaded));
        if line_in_address().is_some_and(|number| gap.has(number)) {
            // Again, so that the browser scrolls to what is there now and marks it.
            let _ = location().replace(&location().hash().unwrap_or_default());
        }
    }
}

//! Server-sent events → calls on the page, and a dot that says whether they flow.
//!
//! A lost connection resumes by itself: the browser repeats the last event's id. Where the browser gives up (a
//! proxy answered with an error while the server was away), a new stream is opened from the page's own cursor.

use leptos::prelude::*;

/// Whether events flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveState {
    /// Not connected yet.
    Connecting,
    /// They flow.
    Connected,
    /// The connection was lost; it is being made again.
    Reconnecting,
}

/// Says whether events flow, by a dot and a word.
#[component]
pub fn LiveDot(
    /// Whether they do.
    state: Signal<LiveState>,
) -> impl IntoView {
    let class = move || match state.get() {
        LiveState::Connecting => "live connecting",
        LiveState::Connected => "live connected",
        LiveState::Reconnecting => "live reconnecting",
    };
    let word = move || match state.get() {
        LiveState::Connecting => "Connecting",
        LiveState::Connected => "Live",
        LiveState::Reconnecting => "Reconnecting",
    };
    view! {
        <span class=class role="status">
            {word}
        </span>
    }
}

/// Opens the stream at `url` once the browser has taken over, and closes it with the page. `url` is asked again
/// for each new stream, so that it carries the newest cursor. `on_event` gets the data of each event of that name.
#[cfg(feature = "hydrate")]
pub fn subscribe(
    event: &'static str,
    url: impl Fn() -> String + 'static,
    on_event: impl Fn(String) + 'static,
) -> Signal<LiveState> {
    let state = RwSignal::new(LiveState::Connecting);
    let stream = StoredValue::new_local(None::<browser::Stream>);
    let source = browser::Source { event, url: std::rc::Rc::new(url), on_event: std::rc::Rc::new(on_event) };
    Effect::new(move |_| stream.set_value(browser::Stream::open(source.clone(), state, stream)));
    on_cleanup(move || stream.set_value(None));
    state.into()
}

/// The server renders one moment; nothing flows there.
#[cfg(not(feature = "hydrate"))]
pub fn subscribe(
    _event: &'static str,
    _url: impl Fn() -> String + 'static,
    _on_event: impl Fn(String) + 'static,
) -> Signal<LiveState> {
    Signal::stored(LiveState::Connecting)
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::LiveState;
    use leptos::prelude::*;
    use std::{rc::Rc, time::Duration};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent};

    /// The pause before a stream that the browser gave up on is opened anew.
    const PAUSE: Duration = Duration::from_secs(2);

    /// Where events come from, and where they go.
    #[derive(Clone)]
    pub struct Source {
        pub event: &'static str,
        pub url: Rc<dyn Fn() -> String>,
        pub on_event: Rc<dyn Fn(String)>,
    }

    /// An open stream; closed when dropped.
    pub struct Stream {
        source: EventSource,
        _opened: Closure<dyn FnMut()>,
        _failed: Closure<dyn FnMut()>,
        _event: Closure<dyn FnMut(MessageEvent)>,
    }

    impl Stream {
        pub fn open(
            from: Source,
            state: RwSignal<LiveState>,
            slot: StoredValue<Option<Self>, LocalStorage>,
        ) -> Option<Self> {
            let source = EventSource::new(&(from.url)()).ok()?;
            let opened = Closure::new(move || state.set(LiveState::Connected));
            let arrived = {
                let on_event = from.on_event.clone();
                Closure::new(move |event: MessageEvent| {
                    event.data().as_string().into_iter().for_each(|data| on_event(data))
                })
            };
            let name = from.event;
            let failed = {
                let source = source.clone();
                Closure::new(move || {
                    state.set(LiveState::Reconnecting);
                    if source.ready_state() == EventSource::CLOSED {
                        let from = from.clone();
                        set_timeout(move || reopen(from, state, slot), PAUSE);
                    }
                })
            };
            source.set_onopen(Some(opened.as_ref().unchecked_ref()));
            source.set_onerror(Some(failed.as_ref().unchecked_ref()));
            let _ = source.add_event_listener_with_callback(name, arrived.as_ref().unchecked_ref());
            Some(Self { source, _opened: opened, _failed: failed, _event: arrived })
        }
    }

    /// Replaces the stream, unless its page is gone.
    fn reopen(from: Source, state: RwSignal<LiveState>, slot: StoredValue<Option<Stream>, LocalStorage>) {
        let _ = slot.try_update_value(|slot| {
            if let Some(old) = slot.take() {
                drop(old);
            }
        });
        if !slot.is_disposed() && !state.is_disposed() {
            slot.set_value(Stream::open(from, state, slot));
        }
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            self.source.close();
        }
    }
}

//! Server-sent events → calls on the page, and a dot that says whether they flow.
//!
//! A lost connection resumes by itself: the browser repeats the last event's id. Where the browser gives up (a
//! proxy answered with an error while the server was away), a new stream is opened from the page's own cursor. A page
//! that nobody sees has no stream: over all its tabs a browser allows six connections to a server.

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

/// Opens the stream at `url` once the browser has taken over, and closes it with the page and while it is hidden. `url` is asked again
/// for each new stream, so that it carries the newest cursor. `on_event` gets the data of each event of that name.
#[cfg(feature = "hydrate")]
pub fn subscribe(
    event: &'static str,
    url: impl Fn() -> String + 'static,
    on_event: impl Fn(String) + 'static,
) -> Signal<LiveState> {
    let state = RwSignal::new(LiveState::Connecting);
    let stream = StoredValue::new_local(None::<browser::Stream>);
    let source = browser::Source::new(event, url, on_event);
    Effect::new(move |_| {
        browser::renew(source.clone(), state, stream);
        let source = source.clone();
        let seen = window_event_listener_untyped("visibilitychange", move |_| {
            browser::renew(source.clone(), state, stream);
        });
        on_cleanup(move || seen.remove());
    });
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
    use std::{cell::Cell, rc::Rc, time::Duration};
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent};

    /// The pauses before a stream that the browser gave up on is opened anew: the first, and the longest of those that
    /// follow, each twice as long as the one before.
    const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(32));

    /// Where events come from, and where they go.
    #[derive(Clone)]
    pub struct Source {
        event: &'static str,
        url: Rc<dyn Fn() -> String>,
        on_event: Rc<dyn Fn(String)>,
        pause: Rc<Cell<Duration>>,
    }

    impl Source {
        pub fn new(
            event: &'static str,
            url: impl Fn() -> String + 'static,
            on_event: impl Fn(String) + 'static,
        ) -> Self {
            Self {
                event,
                url: Rc::new(url),
                on_event: Rc::new(on_event),
                pause: Rc::new(Cell::new(PAUSES.0)),
            }
        }

        /// The pause before the next try.
        fn next_pause(&self) -> Duration {
            self.pause.replace((self.pause.get() * 2).min(PAUSES.1))
        }
    }

    /// An open stream; closed when dropped.
    pub struct Stream {
        source: EventSource,
        _opened: Closure<dyn FnMut()>,
        _failed: Closure<dyn FnMut()>,
        _event: Closure<dyn FnMut(MessageEvent)>,
    }

    impl Stream {
        fn open(
            from: Source,
            state: RwSignal<LiveState>,
            slot: StoredValue<Option<Self>, LocalStorage>,
        ) -> Option<Self> {
            let source = EventSource::new(&(from.url)()).ok()?;
            let opened = {
                let pause = from.pause.clone();
                Closure::new(move || {
                    pause.set(PAUSES.0);
                    state.set(LiveState::Connected);
                })
            };
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
                        let (from, pause) = (from.clone(), from.next_pause());
                        set_timeout(move || renew(from, state, slot), pause);
                    }
                })
            };
            source.set_onopen(Some(opened.as_ref().unchecked_ref()));
            source.set_onerror(Some(failed.as_ref().unchecked_ref()));
            let _ = source.add_event_listener_with_callback(name, arrived.as_ref().unchecked_ref());
            Some(Self { source, _opened: opened, _failed: failed, _event: arrived })
        }
    }

    /// Replaces the stream, unless its page is gone. A page that is hidden gets none until it is seen again.
    pub fn renew(from: Source, state: RwSignal<LiveState>, slot: StoredValue<Option<Stream>, LocalStorage>) {
        if slot.is_disposed() || state.is_disposed() {
            return;
        }
        let old = slot.try_update_value(Option::take).flatten();
        if document().hidden() {
            if old.is_some() {
                state.set(LiveState::Reconnecting);
            }
        } else {
            slot.set_value(Stream::open(from, state, slot));
        }
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            self.source.close();
        }
    }
}

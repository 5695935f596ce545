//! What pages need to know of the browser they run in: the time, whether it has taken over, its theme.
//! On the server the same questions have quiet answers.

use crate::model::Timestamp;
use leptos::prelude::*;

/// The browser, as the pages see it. Provided once, by the application.
#[derive(Clone, Copy, Debug)]
pub struct Browser {
    /// The time, moving once a second after the take-over.
    pub now: RwSignal<Timestamp>,
    /// The browser has taken over the page.
    pub hydrated: RwSignal<bool>,
}

impl Browser {
    /// Makes it known to the pages.
    pub fn provide() {
        provide_context(Self { now: RwSignal::new(now()), hydrated: RwSignal::new(false) });
    }

    /// Starts the clock, once the browser has taken over the page.
    #[cfg(feature = "hydrate")]
    pub fn take_over(self) {
        self.hydrated.set(true);
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-hydrated", "");
        }
        set_interval(move || self.now.set(now()), std::time::Duration::from_secs(1));
    }

    /// The one that was provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// The exact time in the browser's zone and language; `None` before the take-over.
    pub fn local(&self, at: Timestamp) -> Option<String> {
        self.hydrated.get().then(|| local(at)).flatten()
    }
}

#[cfg(feature = "hydrate")]
fn now() -> Timestamp {
    Timestamp::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
}

#[cfg(not(feature = "hydrate"))]
fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

#[cfg(feature = "hydrate")]
fn local(at: Timestamp) -> Option<String> {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.timestamp_millis() as f64));
    date.to_locale_string("default", &js_sys::Object::new()).as_string()
}

#[cfg(not(feature = "hydrate"))]
fn local(_at: Timestamp) -> Option<String> {
    None
}

/// Focuses the first element that fits, once the page shows what has just changed.
#[cfg(feature = "hydrate")]
pub fn focus_soon(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || focus(&selector));
}

/// There is no focus on the server.
#[cfg(not(feature = "hydrate"))]
pub fn focus_soon(_selector: impl Into<String>) {}

/// The same, if nothing has the focus.
#[cfg(feature = "hydrate")]
pub fn focus_if_lost(selector: &'static str) {
    request_animation_frame(move || {
        if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            focus(selector);
        }
    });
}

/// There is no focus on the server.
#[cfg(not(feature = "hydrate"))]
pub fn focus_if_lost(_selector: &'static str) {}

#[cfg(feature = "hydrate")]
fn focus(selector: &str) {
    use wasm_bindgen::JsCast;
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Copies what is selected. Says whether that worked; it does so on addresses without https, too.
#[cfg(feature = "hydrate")]
pub fn copy_selection() -> bool {
    use wasm_bindgen::JsCast;
    let page = document().dyn_into::<web_sys::HtmlDocument>();
    page.is_ok_and(|page| page.exec_command("copy").unwrap_or(false))
}

/// There is nothing to copy on the server.
#[cfg(not(feature = "hydrate"))]
pub fn copy_selection() -> bool {
    false
}

/// Ticks or unticks every box with that name that is on show.
#[cfg(feature = "hydrate")]
pub fn tick_all(name: &str, ticked: bool) {
    use wasm_bindgen::JsCast;
    let selector = format!("li:not([hidden]) > input[name={name}]");
    let Ok(boxes) = document().query_selector_all(&selector) else { return };
    for index in 0..boxes.length() {
        let found = boxes.item(index).and_then(|node| node.dyn_into::<web_sys::HtmlInputElement>().ok());
        found.into_iter().for_each(|field| field.set_checked(ticked));
    }
}

/// There is nothing to tick on the server.
#[cfg(not(feature = "hydrate"))]
pub fn tick_all(_name: &str, _ticked: bool) {}

/// Light or dark, as the person chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The cookie in which the browser keeps the choice, so that the server renders it without a flash.
    pub const COOKIE: &str = "theme";

    /// Every choice, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word on the switch, and the value of the attribute and of the cookie.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The choice with that name; anything else is the system's.
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name).unwrap_or(Self::System)
    }

    /// The choice that the request's cookie carries.
    #[cfg(feature = "ssr")]
    pub fn current() -> Self {
        use axum::http::{header::COOKIE, request::Parts};
        use_context::<Parts>()
            .and_then(|parts| {
                let cookies = parts.headers.get(COOKIE)?.to_str().ok()?;
                let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
                pairs.filter(|(name, _)| *name == Self::COOKIE).map(|(_, value)| Self::parse(value)).next()
            })
            .unwrap_or(Self::System)
    }

    /// The choice that the page shows now.
    #[cfg(not(feature = "ssr"))]
    pub fn current() -> Self {
        let root = document().document_element();
        Self::parse(&root.and_then(|root| root.get_attribute("data-theme")).unwrap_or_default())
    }

    /// Shows it and keeps it for a year.
    #[cfg(feature = "hydrate")]
    pub fn choose(self) {
        use wasm_bindgen::JsCast;
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", self.as_str());
        }
        if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
            let cookie =
                format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax", Self::COOKIE, self.as_str());
            let _ = page.set_cookie(&cookie);
        }
    }

    /// There is no browser here.
    #[cfg(not(feature = "hydrate"))]
    pub fn choose(self) {}
}

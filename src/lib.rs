//! Deploymend repairs failed deployments: it reads the build log, lets an agent repair the code in a
//! sandbox, proves the repair by building again, and opens a pull request.
//!
//! [`model`] is what server and browser share, [`pages`] and [`components`] are what people see, [`api`] is
//! how pages ask the server, and `server` is everything behind it.

#![recursion_limit = "512"]

// Server and browser have to agree on it, or the browser cannot take over the page.
#[cfg(not(erase_components))]
compile_error!(
    "build with --cfg erase_components, as .cargo/config.toml does (RUSTFLAGS replaces what it says)"
);

pub mod api;
pub mod app;
pub mod components;
pub mod model;
pub mod pages;
pub mod platforms;
#[cfg(feature = "ssr")]
pub mod server;

/// Takes over the server-rendered page in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use components::browser::Browser;
    use leptos::{mount::hydrate_from_async, prelude::*};

    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let Some(body) = document().body() else { return };
        let browser = std::rc::Rc::new(std::cell::Cell::new(None));
        let provided = browser.clone();
        let application = move || {
            let application = app::App();
            provided.set(use_context::<Browser>());
            application
        };
        hydrate_from_async(body, application).await.forget();
        // Only now: until here the code of the page may still have been on its way.
        browser.take().into_iter().for_each(Browser::take_over);
    });
}

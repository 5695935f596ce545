//! The frame around every page: navigation at the side, under 768 px at the bottom.

use super::{
    browser::Theme,
    icon::{Glyph, Icon, Logo},
    keyboard,
    keys::{KEYS, KeySheet},
    live,
};
use crate::{
    api,
    model::{AtLeast, CurrentUser},
};
use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet, Redirect},
    hooks::use_location,
    location::Url,
};

/// Navigation, and the page beside it.
#[component]
pub fn Frame() -> impl IntoView {
    keyboard::listen();
    let location = use_location();
    let (path, query) = (location.pathname, location.search);
    let here = Memo::new(move |_| match query.get() {
        query if query.is_empty() => path.get(),
        query => format!("{}?{query}", path.get()),
    });
    // Newer than what came with the page, once it flows.
    let unread = RwSignal::new(None::<u64>);
    live::subscribe(
        "unread",
        || "/api/notifications/events".to_owned(),
        move |count| unread.set(count.parse().ok()),
    );
    let visitor = Resource::new(move || path.get(), |_| api::current_user());
    view! {
        <a class="skip" href="#content" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <Transition fallback=move || {
                view! { <Navigation user=None unread /> }
            }>
                {move || Suspend::new(async move {
                    let visitor = visitor.await.unwrap_or_default();
                    let elsewhere = match (&visitor.user, visitor.setup_needed) {
                        (None, true) => Some("/setup".to_owned()),
                        (None, false) => Some(format!("/sign-in?next={}", Url::escape(&here.get_untracked()))),
                        _ => None,
                    };
                    view! {
                        {elsewhere.map(|path| view! { <Redirect path /> })}
                        {visitor
                            .disorder
                            .map(|disorder| {
                                view! {
                                    <p class="notice disorder tone-amber" role="status">
                                        <Glyph icon=Icon::Alert />
                                        {disorder}
                                    </p>
                                }
                            })}
                        <Navigation user=visitor.user unread />
                    }
                })}
            </Transition>
            <main id="content" tabindex="-1">
                <Outlet />
            </main>
        </div>
        <KeySheet />
    }
}

#[component]
fn Navigation(
    /// Who is signed in.
    user: Option<CurrentUser>,
    /// How many notifications are unread, as far as the live stream has told.
    unread: RwSignal<Option<u64>>,
) -> impl IntoView {
    let with_page = user.as_ref().map_or(0, |user| user.unread);
    let unread = move || unread.get().unwrap_or(with_page);
    // The rules of a project lie below its integration.
    let path = use_location().pathname;
    let at = move |place: &str| path.with(|path| path.starts_with(place));
    let at_rules = move || at("/rules") || (at("/integrations") && path.with(|path| path.contains("/rules")));
    let failing = user.as_ref().map_or(AtLeast::default(), |user| user.failing);
    view! {
        <header class="side">
            <a class="brand" href="/deployments">
                <Logo />
                <span>"Deploymend"</span>
            </a>
            <nav aria-label="Main">
                <A href="/deployments">
                    <Glyph icon=Icon::Deployments />
                    <span>"Deployments"</span>
                    {(failing.count > 0)
                        .then(|| {
                            view! {
                                <span class="count">
                                    {failing.to_string()} <span class="sr-only">" failed in 24 hours"</span>
                                </span>
                            }
                        })}
                </A>
                <a href="/integrations" aria-current=move || (at("/integrations") && !at_rules()).then_some("page")>
                    <Glyph icon=Icon::Integrations />
                    <span>"Integrations"</span>
                </a>
                <a href="/rules" aria-current=move || at_rules().then_some("page")>
                    <Glyph icon=Icon::Rules />
                    <span>"Rules"</span>
                </a>
                <A href="/notifications">
                    <Glyph icon=Icon::Bell />
                    <span>"Notifications"</span>
                    {move || {
                        (unread() > 0)
                            .then(|| {
                                view! {
                                    <span class="count count-unread">
                                        {unread()} <span class="sr-only">" unread"</span>
                                    </span>
                                }
                            })
                    }}
                </A>
                <A href="/settings">
                    <Glyph icon=Icon::Settings />
                    <span>"Settings"</span>
                </A>
            </nav>
            {user.map(|user| view! { <UserMenu user /> })}
        </header>
    }
}

#[component]
fn UserMenu(
    /// Who is signed in.
    user: CurrentUser,
) -> impl IntoView {
    view! {
        <button class="user" type="button" popovertarget="user-menu">
            <Glyph icon=Icon::User />
            <span class="user-name">{user.email.clone()}</span>
        </button>
        <div class="user-menu" id="user-menu" popover="auto">
            <p class="user-mail">{user.email}</p>
            <ThemeSwitch />
            <button class="menu-item needs-browser" type="button" popovertarget=KEYS>
                <Glyph icon=Icon::Keyboard />
                "Keyboard shortcuts"
            </button>
            <form method="post" action="/auth/sign-out">
                <button class="menu-item" type="submit">
                    <Glyph icon=Icon::SignOut />
                    "Sign out"
                </button>
            </form>
        </div>
    }
}

/// System, light or dark. Needs the browser: it stays out of sight until the page is taken over.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::current());
    let buttons = Theme::ALL
        .into_iter()
        .map(|theme| {
            let (icon, label) = match theme {
                Theme::System => (Icon::Screen, "System"),
                Theme::Light => (Icon::Sun, "Light"),
                Theme::Dark => (Icon::Moon, "Dark"),
            };
            let choose = move |_| {
                theme.choose();
                chosen.set(theme);
            };
            view! {
                <button type="button" title=label aria-label=label aria-pressed=move || (chosen.get() == theme).to_string() on:click=choose>
                    <Glyph icon />
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="theme needs-browser" role="group" aria-label="Theme">
            {buttons}
        </div>
    }
}

/// The field for the password of a new account.
#[component]
pub fn NewPassword() -> impl IntoView {
    view! {
        <label class="field">
            <span>"Password"</span>
            <input type="password" name="password" required minlength="12" autocomplete="new-password" aria-describedby="password-hint" />
            <small id="password-hint">"At least 12 characters."</small>
        </label>
    }
}

/// The frame of pages before the sign-in: one narrow column.
#[component]
pub fn Narrow(
    /// The page.
    children: Children,
) -> impl IntoView {
    view! {
        <main id="content" class="narrow" tabindex="-1">
            <div class="brand">
                <Logo />
                <span>"Deploymend"</span>
            </div>
            {children()}
        </main>
    }
}

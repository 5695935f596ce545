//! Our own small marks: the logo, the platforms, and line icons on a 16-unit grid.

use crate::model::Provider;
use leptos::prelude::*;

/// A line icon. Always beside a word, so it is hidden from screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Stacked bars: the list of deployments.
    Deployments,
    /// A bell: notifications.
    Bell,
    /// A plug: integrations.
    Integrations,
    /// A funnel: rules.
    Rules,
    /// Sliders: settings.
    Settings,
    /// A person.
    User,
    /// Leaves this site.
    External,
    /// A Git branch.
    Branch,
    /// A tick.
    Check,
    /// A cross.
    Cross,
    /// Points to what folds out.
    Chevron,
    /// Earlier in an order.
    Up,
    /// Later in an order.
    Down,
    /// Dots to take hold of.
    Grip,
    /// Goes back.
    Back,
    /// A prompt: a command.
    Terminal,
    /// A sheet: a file was read.
    File,
    /// A pen: a file was changed.
    Pencil,
    /// A magnifier: something was searched.
    Search,
    /// A speech bubble: words of the agent.
    Words,
    /// A shield: a check.
    Shield,
    /// A pull request.
    PullRequest,
    /// A spark: the agent.
    Agent,
    /// An i: a note.
    Note,
    /// A triangle: needs attention.
    Alert,
    /// Keys.
    Keyboard,
    /// A sun.
    Sun,
    /// A moon.
    Moon,
    /// A screen: as the system says.
    Screen,
    /// A door.
    SignOut,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Deployments => "M2.5 4h11M2.5 8h7M2.5 12h9",
            Self::Bell => {
                "M3.5 11.5h9c-1-1-1.25-2-1.25-4a3.25 3.25 0 0 0-6.5 0c0 2-.25 3-1.25 4zM6.75 13.75h2.5M8 4.25V2.75"
            }
            Self::Integrations => "M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5V14",
            Self::Rules => "M2.5 3h11L9.5 8.25v4.25l-3 1.25v-5.5z",
            Self::Settings => {
                "M2.5 5h5M11.5 5h2M9.5 6.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5zM2.5 11h1.5M8 11h5.5M6 12.75a1.75 1.75 0 1 0 \
                 0-3.5 1.75 1.75 0 0 0 0 3.5z"
            }
            Self::User => "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.75 14a5.25 5.25 0 0 1 10.5 0",
            Self::External => "M6 3.5H3.5v9h9V10M9 3h4v4M13 3 7.5 8.5",
            Self::Branch => {
                "M4.5 5.5v5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 \
                 3zM11.5 6.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 6.5c0 3-7 1.5-7 4"
            }
            Self::Check => "M3.5 8.5 6.5 11.5 12.5 4.5",
            Self::Cross => "M4.5 4.5l7 7M11.5 4.5l-7 7",
            Self::Chevron => "M6 4l4 4-4 4",
            Self::Up => "M4 10l4-4 4 4",
            Self::Down => "M4 6l4 4 4-4",
            Self::Grip => "M6 3.5v.1M6 8v.1M6 12.5v.1M10 3.5v.1M10 8v.1M10 12.5v.1",
            Self::Back => "M10 3.5 5.5 8l4.5 4.5",
            Self::Terminal => "M3 4.5 6.5 8 3 11.5M8.5 12H13",
            Self::File => "M9 2H4.5v12h7V4.5zM9 2v2.5h2.5M6.5 8h3M6.5 10.5h3",
            Self::Pencil => "M3 13l.7-3L10.8 2.9a1 1 0 0 1 1.4 0l.9.9a1 1 0 0 1 0 1.4L6 12.3z",
            Self::Search => "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5",
            Self::Words => "M2.5 3.5h11v7.5h-6L4.5 13.5V11h-2zM5.5 6.25h5M5.5 8.5h3",
            Self::Shield => {
                "M8 2l5 1.8v3.7c0 3.2-2.1 5.4-5 6.5-2.9-1.1-5-3.3-5-6.5V3.8zM5.8 8l1.6 1.6 2.9-3.1"
            }
            Self::PullRequest => {
                "M4.5 5.5v5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 \
                 3zM11.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 10.5V6a2 2 0 0 0-2-2H8M9.5 2 7.5 4l2 2"
            }
            Self::Agent => "M8 2l1.5 4.5L14 8l-4.5 1.5L8 14l-1.5-4.5L2 8l4.5-1.5z",
            Self::Note => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5v.2",
            Self::Alert => "M8 2.5 14.5 13.5h-13zM8 6.5v3.25M8 11.6v.2",
            Self::Keyboard => {
                "M1.75 4h12.5v8.5H1.75zM4.25 6.75v.1M7 6.75v.1M9.5 6.75v.1M12 6.75v.1M4.75 9.75h6.5"
            }
            Self::Sun => {
                "M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 \
                 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7"
            }
            Self::Moon => "M13.5 9.6A5.75 5.75 0 0 1 6.4 2.5a5.75 5.75 0 1 0 7.1 7.1z",
            Self::Screen => "M2 3h12v8H2zM5.5 13.5h5M8 11v2.5",
            Self::SignOut => "M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6",
        }
    }
}

/// Draws a line icon in the colour of the text around it.
#[component]
pub fn Glyph(
    /// Which one.
    icon: Icon,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=icon.path()></path>
        </svg>
    }
}

/// The mark of a platform. Its name stands beside it or in `title`.
#[component]
pub fn PlatformGlyph(
    /// The platform.
    provider: Provider,
) -> impl IntoView {
    view! {
        <svg class="platform" viewBox="0 0 16 16" role="img" aria-label=provider.display_name()>
            <title>{provider.display_name()}</title>
            <path d=provider.icon()></path>
        </svg>
    }
}

/// The product's mark: a broken ring that closes.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
            <path class="logo-ring" d="M17.8 5.2A9 9 0 1 0 21 12"></path>
            <path class="logo-close" d="M17.8 5.2A9 9 0 0 1 21 12"></path>
            <path class="logo-tick" d="M8.2 12.3l2.7 2.7 5-5.6"></path>
        </svg>
    }
}

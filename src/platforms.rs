//! The platforms that people can connect: what is said about each, to server and browser alike.
//!
//! A platform's [`Profile`] lies in its folder beside its client, and its client is for the server alone: so the
//! files are included from there.

#[path = "server/integrations/cloudflare/profile.rs"]
mod cloudflare;
#[path = "server/integrations/render/profile.rs"]
mod render;
#[cfg(feature = "ssr")]
#[path = "platforms/screens.rs"]
mod screens;
#[path = "server/integrations/vercel/profile.rs"]
mod vercel;

#[cfg(feature = "ssr")]
pub use screens::{Place, Screen, Screens};

/// The platforms of this program, in the order in which pages list them.
pub static BUILT_IN: [&Profile; 3] = [&vercel::PROFILE, &cloudflare::PROFILE, &render::PROFILE];

/// Everything that is said about a platform. A [`Provider`](crate::model::Provider) is a handle on one.
#[derive(Debug)]
pub struct Profile {
    /// The name in URLs, in the database and in job keys: lowercase letters.
    pub name: &'static str,
    /// The name that people read.
    pub display_name: &'static str,
    /// What is read there, in a few words.
    pub tagline: &'static str,
    /// Its mark: the `d` of a path on a grid of 16 units.
    pub icon: &'static str,
    /// How it is connected.
    pub guide: Guide,
    /// Where it keeps what advice talks about.
    #[cfg(feature = "ssr")]
    pub screens: Screens,
}

/// What the wizard says about a platform: the look of its tokens, and how one is made, step by step.
#[derive(Debug)]
pub struct Guide {
    /// The label of the token's field.
    pub field: &'static str,
    /// The id of that field.
    pub field_id: &'static str,
    /// How a token looks.
    pub format: &'static str,
    /// What a token begins with; older ones may not.
    pub prefix: &'static str,
    /// Beginnings of what is no such token, with what it is.
    pub others: &'static [(&'static str, &'static str)],
    /// What to choose on the platform's form, and why.
    pub choices: &'static [(&'static str, &'static str)],
    /// What to do when a token lacks something that is needed.
    pub lacking: &'static str,
    /// How a token is made, with the pictures of `public/guides/{platform}.svg`.
    pub pictures: &'static [(&'static str, &'static str)],
}

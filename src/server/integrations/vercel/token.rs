//! Turns Vercel's user and teams into ours.
//!
//! A token has no dependable look: new ones begin with `vcp_`, older ones are 24 letters and digits. Only
//! asking for its user tells.

use super::wire;
use crate::server::integrations::{ProviderUser, Team};

/// Where a token is made.
pub const TOKEN_PAGE: &str = "https://vercel.com/account/settings/tokens";

/// The permissions to choose there. Vercel has one choice: the account or team that the token is for.
pub const TOKEN_SCOPES: &[&str] = &["Full Account"];

/// The owner of a token. A limited token may not see the name.
pub fn user(user: wire::User) -> ProviderUser {
    ProviderUser {
        username: user.username.unwrap_or_else(|| user.id.clone()),
        external_id: user.id,
        email: user.email,
        name: user.name,
        avatar_url: user.avatar,
    }
}

/// A team; its id stands in for names that are missing.
pub fn team(team: wire::Team) -> Team {
    let slug = team.slug.unwrap_or_else(|| team.id.clone());
    Team { name: team.name.unwrap_or_else(|| slug.clone()), slug, accessible: !team.limited, id: team.id }
}

//! Vercel's tokens: where they are made, and whose they are.

use super::wire;
use crate::server::integrations::ProviderUser;

/// Where a user makes a token. Vercel pre-fills nothing.
pub const PAGE: &str = "https://vercel.com/account/settings/tokens";

/// Vercel's tokens have a scope of teams, not of permissions.
pub const SCOPES: [&str; 1] = ["Full Account, or the team whose projects are to be watched"];

pub fn user(user: wire::User) -> ProviderUser {
    ProviderUser {
        external_id: user.id,
        username: user.username,
        email: user.email,
        name: user.name,
        avatar_url: user.avatar,
    }
}

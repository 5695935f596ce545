//! Turns what Cloudflare tells about a token, its user and its accounts into ours.
//!
//! New user tokens begin with `cfut_`; older ones are 40 characters without a prefix. A token of an account (`cfat_`)
//! cannot be used: Workers Builds refuses it, and so does the question whose it is.

use super::wire;
use crate::server::integrations::{ProviderUser, Team};

/// Where a token is made, with the form filled in as far as a link can: Notifications has no documented key.
pub const TOKEN_PAGE: &str = "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22page%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22account_settings%22%2C%22type%22%3A%22read%22%7D%2C%7B%22key%22%3A%22workers_ci%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22workers_scripts%22%2C%22type%22%3A%22read%22%7D%5D&accountId=*&zoneId=all&name=Deploymend";

/// The permissions to choose there.
pub const TOKEN_SCOPES: &[&str] = &[
    "Account → Cloudflare Pages → Edit",
    "Account → Workers Builds Configuration → Edit",
    "Account → Workers Scripts → Read",
    "Account → Account Settings → Read",
    "Account → Notifications → Edit",
    "User → User Details → Read",
];

/// The owner of a token.
pub fn user(user: wire::User) -> ProviderUser {
    let name = [user.first_name, user.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let email = user.email.filter(|email| !email.is_empty());
    ProviderUser {
        username: email.clone().or_else(|| name.clone()).unwrap_or_else(|| user.id.clone()),
        external_id: user.id,
        email,
        name,
        avatar_url: None,
    }
}

/// The owner of a token that may not tell who that is: the token itself.
pub fn nameless(token: &wire::Verified) -> ProviderUser {
    let start: String = token.id.chars().take(8).collect();
    ProviderUser {
        external_id: token.id.clone(),
        username: format!("token {start}"),
        email: None,
        name: None,
        avatar_url: None,
    }
}

/// An account. Its id is its name in addresses.
pub fn team(account: wire::Account) -> Team {
    let name = account.name.filter(|name| !name.is_empty()).unwrap_or_else(|| account.id.clone());
    Team { slug: account.id.clone(), name, accessible: true, id: account.id }
}

//! Turns Render's user and workspaces into ours.
//!
//! A key begins with `rnd_`, has no scopes and no end, and reaches every workspace that its user belongs to.

use super::wire;
use crate::server::integrations::{PlatformError, ProviderUser, Team, lenient::filled};

/// Where a key is made.
pub const TOKEN_PAGE: &str = "https://dashboard.render.com/u/settings#api-keys";

/// What there is to choose on that page: nothing.
pub const TOKEN_SCOPES: &[&str] = &["A key has no scopes: it reaches every workspace that you belong to"];

/// The owner of a key. Render tells no id, so the mail address stands in for it.
///
/// # Errors
/// An answer without a mail address.
pub fn user(user: wire::User) -> Result<ProviderUser, PlatformError> {
    let email = filled(user.email).ok_or(PlatformError::Malformed)?;
    let name = filled(user.name);
    let username = name.clone().or_else(|| filled(email.split('@').next().map(str::to_owned)));
    Ok(ProviderUser {
        username: username.unwrap_or_else(|| email.clone()),
        external_id: email.clone(),
        email: Some(email),
        name,
        avatar_url: None,
    })
}

/// A workspace. It has no name in addresses but its id.
pub fn team(owner: wire::Owner) -> Team {
    let name = filled(owner.name).unwrap_or_else(|| owner.id.clone());
    Team { slug: owner.id.clone(), id: owner.id, name, accessible: true }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"email": "ada@acme.test", "name": "Ada"}), Some(("ada@acme.test", "Ada")))]
    #[case(json!({"email": "ada@acme.test", "name": " "}), Some(("ada@acme.test", "ada")))]
    #[case(json!({"email": "@acme.test"}), Some(("@acme.test", "@acme.test")))]
    #[case(json!({"email": "ada@acme.test", "name": 7, "twoFactor": true}), Some(("ada@acme.test", "ada")))]
    #[case(json!({"name": "Ada"}), None)]
    fn users(#[case] answer: Value, #[case] expected: Option<(&str, &str)>) {
        let read = user(serde_json::from_value(answer).unwrap()).ok();
        let read = read.as_ref().map(|user| (user.external_id.as_str(), user.username.as_str()));
        assert_eq!(read, expected);
    }

    #[test]
    fn a_workspace_without_a_name_has_its_id() {
        let owner = serde_json::from_value(json!({"id": "tea-1", "type": "team"})).unwrap();
        assert_eq!(team(owner).name, "tea-1");
    }
}

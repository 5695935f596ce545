//! What the wizard says about each platform: its permissions, the look of its tokens, and how one is made, step by step.

use crate::model::Provider;

/// The name that is suggested for a token.
pub const TOKEN_NAME: &str = "Deploymend";

/// What is particular to a platform.
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

/// The guide of a platform that can be connected.
pub const fn guide(provider: Provider) -> Option<&'static Guide> {
    match provider {
        Provider::Vercel => Some(&VERCEL),
        Provider::Cloudflare => Some(&CLOUDFLARE),
        Provider::Render => Some(&RENDER),
    }
}

static VERCEL: Guide = Guide {
    field: "Vercel token",
    field_id: "vercel-token",
    format: "A token begins with vcp_; older ones are 24 letters and digits.",
    prefix: "vcp_",
    others: &[
        ("vck_", "This is a key of Vercel's AI gateway, not an access token."),
        ("vci_", "This is a token of a Vercel integration, not an access token of yours."),
        ("vca_", "This is a token of a Vercel app, not an access token of yours."),
        ("vcr_", "This is a refresh token of a Vercel app, not an access token of yours."),
        ("ghp_", "This is a GitHub token. It belongs in the form for GitHub."),
        ("github_pat_", "This is a GitHub token. It belongs in the form for GitHub."),
    ],
    choices: &[
        ("Scope", "“Full Account”, or the one team whose projects are to be watched"),
        ("Expiration", "as your rules ask for; the page reminds you before it ends"),
    ],
    lacking: "Create a token with the scope “Full Account”, or with the team whose projects are to be watched.",
    pictures: &[
        ("open", "Open the token page and find “Create Token”."),
        ("fill", "Give it the name below, choose scope and expiration, then press “Create”."),
        ("copy", "Copy the token. Vercel shows it this once."),
    ],
};

static CLOUDFLARE: Guide = Guide {
    field: "Cloudflare token",
    field_id: "cloudflare-token",
    format: "A user token begins with cfut_; older ones are 40 letters, digits, dashes and underscores.",
    prefix: "cfut_",
    others: &[
        ("cfat_", "This is an account token, which Workers Builds refuses. Make a user token instead."),
        ("cfk_", "This is a global API key, which may do everything. Make a user token instead."),
        ("vcp_", "This is a Vercel token. It belongs in the form for Vercel."),
        ("rnd_", "This is a Render key. It belongs in the form for Render."),
        ("ghp_", "This is a GitHub token. It belongs in the form for GitHub."),
        ("github_pat_", "This is a GitHub token. It belongs in the form for GitHub."),
    ],
    choices: &[
        (
            "Filled in",
            "Cloudflare Pages: Edit, Workers Builds Configuration: Edit, Workers Scripts: Read, Account Settings: Read",
        ),
        (
            "To be added",
            "Account → Notifications → Edit, so that failures are told at once, and User → User Details → Read, for your name. The link cannot fill these in.",
        ),
        ("Account Resources", "the accounts whose projects are to be watched"),
        ("TTL", "as your rules ask for; the page reminds you before it ends"),
    ],
    lacking: "Create a user token with the permissions of the step before, for the account whose projects are to be watched.",
    pictures: &[
        ("open", "Open the token page: its form has the name and most permissions filled in."),
        (
            "fill",
            "Press “Add more” and choose Account, Notifications, Edit: no link can fill that in. Then press “Continue to summary”.",
        ),
        ("copy", "Press “Create Token” and copy it. Cloudflare shows it this once."),
    ],
};

static RENDER: Guide = Guide {
    field: "Render API key",
    field_id: "render-token",
    format: "A key begins with rnd_.",
    prefix: "rnd_",
    others: &[
        ("vcp_", "This is a token of Vercel. It belongs in the form for Vercel."),
        ("cfut_", "This is a token of Cloudflare. It belongs in the form for Cloudflare."),
        ("cfat_", "This is a token of Cloudflare. It belongs in the form for Cloudflare."),
        ("ghp_", "This is a GitHub token. It belongs in the form for GitHub."),
        ("github_pat_", "This is a GitHub token. It belongs in the form for GitHub."),
    ],
    choices: &[
        ("Permissions", "none to choose: a key reaches every workspace that you belong to"),
        ("Expiration", "none: a key works until you revoke it on that page"),
    ],
    lacking: "Create a key as a member of the workspace whose services are to be watched.",
    pictures: &[
        ("open", "Open your account settings, go to “API Keys” and press “Create API Key”."),
        ("fill", "Give it the name below, then press “Create API Key” again."),
        ("copy", "Copy the key. Render shows it this once."),
    ],
};
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::components::wizard::hint::Hint;

    #[test]
    fn tokens_that_cloudflare_does_not_take_are_told_apart() {
        let tone = |typed: &str| Hint::of(guide(Provider::Cloudflare).unwrap(), typed).tone;
        assert_eq!(tone("cfut_0123456789"), "tone-green");
        assert_eq!(tone("0123456789abcdefghijklmnopqrstuvwxyzABCD"), "tone-green");
        for other in
            ["cfat_0123456789", "cfk_0123456789", "vcp_0123456789", "rnd_0123456789", "ghp_0123456789"]
        {
            assert_eq!(tone(other), "tone-red", "{other}");
        }
    }
}

//! What Vercel is called, how it looks, and what people are told about it.
//!
//! Compiled for the browser, too: `crate::platforms` includes this file.

#[cfg(feature = "ssr")]
use crate::platforms::Screens;
use crate::{
    model::Provider,
    platforms::{Guide, Profile},
};

impl Provider {
    /// <https://vercel.com>
    pub const VERCEL: Self = Self::of(&PROFILE);
}

/// For the table of platforms.
pub static PROFILE: Profile = Profile {
    name: "vercel",
    display_name: "Vercel",
    tagline: "Projects, deployments and build logs of your Vercel teams",
    icon: "M8 2.5 14.5 13.5h-13z",
    guide: Guide {
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
    },
    #[cfg(feature = "ssr")]
    screens: Screens {
        env: "in Vercel under the project's Settings → Environment Variables",
        build: "in Vercel under the project's Settings → Build and Deployment → Build Command",
        root: "in Vercel under the project's Settings → Build and Deployment → Root Directory",
        output: "in Vercel under the project's Settings → Build and Deployment → Output Directory",
        node: "in Vercel under the project's Settings → Build and Deployment → Node.js Version",
        git: "in Vercel under the project's Settings → Git",
        usage: "in Vercel under the team's Settings → Billing",
        members: "in Vercel under the team's Settings → Members",
        redeploy: "in Vercel with Redeploy in the deployment's menu",
    },
};

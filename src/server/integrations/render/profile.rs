//! What Render is called, how it looks, and what people are told about it.
//!
//! Compiled for the browser, too: `crate::platforms` includes this file.

#[cfg(feature = "ssr")]
use crate::platforms::Screens;
use crate::{
    model::Provider,
    platforms::{Guide, Profile},
};

impl Provider {
    /// <https://render.com>
    pub const RENDER: Self = Self::of(&PROFILE);
}

/// For the table of platforms.
pub static PROFILE: Profile = Profile {
    name: "render",
    display_name: "Render",
    tagline: "Services, deploys and build logs of your Render workspaces",
    icon: "M8 1.8 13.4 4.9v6.2L8 14.2 2.6 11.1V4.9z",
    guide: Guide {
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
    },
    #[cfg(feature = "ssr")]
    screens: Screens {
        env: "in Render under the service's Environment",
        build: "in Render under the service's Settings → Build & Deploy → Build Command",
        root: "in Render under the service's Settings → Build & Deploy → Root Directory",
        output: "in Render under the service's Settings → Build & Deploy → Publish Directory",
        node: "in Render with the variable NODE_VERSION under the service's Environment",
        git: "in Render under the service's Settings → Build & Deploy → Repository",
        usage: "in Render under the workspace's Billing",
        members: "in Render under the workspace's Settings → Team",
        redeploy: "in Render with Manual Deploy → Deploy latest commit",
    },
};

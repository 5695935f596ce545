//! What Render is called, how it looks, and what people are told about it.
//!
//! Compiled for the browser, too: `crate::platforms` includes this file.

#[cfg(feature = "ssr")]
use crate::platforms::{Place, Screen, Screens};
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
        host: "dashboard.render.com",
        docs_host: "render.com",
        path,
        env: Screen {
            words: "in Render under the service's Environment",
            docs: Some("https://render.com/docs/configure-environment-variables"),
        },
        build: Screen {
            words: "in Render under the service's Settings → Build & Deploy → Build Command",
            docs: Some("https://render.com/docs/deploys"),
        },
        root: Screen {
            words: "in Render under the service's Settings → Build & Deploy → Root Directory",
            docs: Some("https://render.com/docs/monorepo-support"),
        },
        output: Screen {
            words: "in Render under the service's Settings → Build & Deploy → Publish Directory",
            docs: Some("https://render.com/docs/static-sites"),
        },
        node: Screen {
            words: "in Render with the variable NODE_VERSION under the service's Environment",
            docs: Some("https://render.com/docs/node-version"),
        },
        git: Screen {
            words: "in Render under the service's Settings → Build & Deploy → Repository",
            docs: Some("https://render.com/docs/github"),
        },
        usage: Screen {
            words: "in Render under the workspace's Billing",
            docs: Some("https://render.com/docs/build-pipeline"),
        },
        members: Screen {
            words: "in Render under the workspace's Settings → Team",
            docs: Some("https://render.com/docs/team-members"),
        },
        redeploy: Screen {
            words: "in Render with Manual Deploy → Deploy latest commit",
            docs: Some("https://render.com/docs/deploys"),
        },
    },
};

/// A deploy's page is `/{kind of service}/{service}/deploys/{deploy}`.
#[cfg(feature = "ssr")]
fn path(place: Place, deploy: &[&str]) -> Option<String> {
    let [kind, service, "deploys", _] = deploy else { return None };
    Some(match place {
        Place::Env | Place::Node => format!("{kind}/{service}/env"),
        Place::Build | Place::Root | Place::Output | Place::Git => format!("{kind}/{service}/settings"),
        Place::Usage => "billing".to_owned(),
        // Under the workspace's own id, which a service's page does not name.
        Place::Members => return None,
        Place::Redeploy => format!("{kind}/{service}"),
    })
}

//! What Vercel is called, how it looks, and what people are told about it.
//!
//! Compiled for the browser, too: `crate::platforms` includes this file.

#[cfg(feature = "ssr")]
use crate::platforms::{Place, Screen, Screens};
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
        host: "vercel.com",
        docs_host: "vercel.com",
        path,
        env: Screen {
            words: "in Vercel under the project's Settings → Environment Variables",
            docs: Some("https://vercel.com/docs/environment-variables"),
        },
        build: Screen {
            words: "in Vercel under the project's Settings → Build and Deployment → Build Command",
            docs: Some("https://vercel.com/docs/builds/configure-a-build"),
        },
        root: Screen {
            words: "in Vercel under the project's Settings → Build and Deployment → Root Directory",
            docs: Some("https://vercel.com/docs/builds/configure-a-build"),
        },
        output: Screen {
            words: "in Vercel under the project's Settings → Build and Deployment → Output Directory",
            docs: Some("https://vercel.com/docs/builds/configure-a-build"),
        },
        node: Screen {
            words: "in Vercel under the project's Settings → Build and Deployment → Node.js Version",
            docs: Some("https://vercel.com/docs/functions/runtimes/node-js/node-js-versions"),
        },
        git: Screen {
            words: "in Vercel under the project's Settings → Git",
            docs: Some("https://vercel.com/docs/git"),
        },
        usage: Screen {
            words: "in Vercel under the team's Settings → Billing",
            docs: Some("https://vercel.com/docs/limits"),
        },
        members: Screen {
            words: "in Vercel under the team's Settings → Members",
            docs: Some("https://vercel.com/docs/accounts/team-members-and-roles"),
        },
        redeploy: Screen {
            words: "in Vercel with Redeploy in the deployment's menu",
            docs: Some("https://vercel.com/docs/deployments/managing-deployments"),
        },
    },
};

/// A deployment's page is `/{team}/{project}/{deployment}`.
#[cfg(feature = "ssr")]
fn path(place: Place, deployment: &[&str]) -> Option<String> {
    let [team, project, id] = deployment else { return None };
    Some(match place {
        Place::Env => format!("{team}/{project}/settings/environment-variables"),
        Place::Build | Place::Root | Place::Output | Place::Node => {
            format!("{team}/{project}/settings/build-and-deployment")
        }
        Place::Git => format!("{team}/{project}/settings/git"),
        Place::Usage => format!("{team}/~/settings/billing"),
        Place::Members => format!("{team}/~/settings/members"),
        Place::Redeploy => format!("{team}/{project}/{id}"),
    })
}

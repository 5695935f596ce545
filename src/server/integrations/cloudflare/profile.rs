//! What Cloudflare is called, how it looks, and what people are told about it.
//!
//! Compiled for the browser, too: `crate::platforms` includes this file.

#[cfg(feature = "ssr")]
use crate::platforms::{Place, Screen, Screens};
use crate::{
    model::Provider,
    platforms::{Guide, Profile},
};

impl Provider {
    /// Cloudflare Pages and Workers Builds.
    pub const CLOUDFLARE: Self = Self::of(&PROFILE);
}

/// For the table of platforms.
pub static PROFILE: Profile = Profile {
    name: "cloudflare",
    display_name: "Cloudflare",
    tagline: "Pages projects and Workers that Cloudflare builds, with their logs",
    icon: "M4.6 12.5a3.1 3.1 0 0 1-.3-6.2 4.2 4.2 0 0 1 8-.3 3.3 3.3 0 0 1-.6 6.5z",
    guide: Guide {
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
    },
    #[cfg(feature = "ssr")]
    screens: Screens {
        host: "dash.cloudflare.com",
        docs_host: "developers.cloudflare.com",
        path,
        env: Screen {
            words: "in Cloudflare under the project's Settings → Variables and Secrets",
            docs: Some(
                "https://developers.cloudflare.com/pages/configuration/build-configuration/#environment-variables",
            ),
        },
        build: Screen {
            words: "in Cloudflare under the project's Settings → Build → Build command",
            docs: Some("https://developers.cloudflare.com/pages/configuration/build-configuration/"),
        },
        root: Screen {
            words: "in Cloudflare under the project's Settings → Build → Root directory",
            docs: Some("https://developers.cloudflare.com/pages/configuration/build-configuration/"),
        },
        output: Screen {
            words: "in Cloudflare under the project's Settings → Build → Build output directory",
            docs: Some("https://developers.cloudflare.com/pages/configuration/build-configuration/"),
        },
        node: Screen {
            words: "in Cloudflare with the variable NODE_VERSION under the project's Settings → Variables and Secrets",
            docs: Some("https://developers.cloudflare.com/pages/configuration/build-image/"),
        },
        git: Screen {
            words: "in Cloudflare under the project's Settings → Build → Git repository",
            docs: Some("https://developers.cloudflare.com/pages/configuration/git-integration/"),
        },
        usage: Screen {
            words: "in Cloudflare under the account's Billing → Subscriptions",
            docs: Some("https://developers.cloudflare.com/pages/platform/limits/"),
        },
        members: Screen {
            words: "in Cloudflare under Manage Account → Members",
            docs: Some("https://developers.cloudflare.com/fundamentals/manage-members/manage/"),
        },
        redeploy: Screen {
            words: "in Cloudflare with Retry deployment in the deployment's menu",
            docs: None,
        },
    },
};

/// A deployment's page is `/{account}/pages/view/{project}/{deployment}`, a Worker's build has
/// `/{account}/workers/services/view/{worker}/production/builds/{build}`.
#[cfg(feature = "ssr")]
fn path(place: Place, deployment: &[&str]) -> Option<String> {
    let (account, settings, variables) = match deployment {
        [account, "pages", "view", project, _] => {
            let settings = format!("{account}/pages/view/{project}/settings");
            let variables = format!("{settings}/production#variables");
            (account, settings, variables)
        }
        [account, "workers", "services", "view", worker, _, "builds", _] => {
            let settings = format!("{account}/workers/services/view/{worker}/production/settings");
            (account, settings.clone(), settings)
        }
        _ => return None,
    };
    Some(match place {
        Place::Env | Place::Node => variables,
        Place::Build | Place::Root | Place::Output | Place::Git => settings,
        Place::Usage => format!("{account}/billing"),
        Place::Members => format!("{account}/members"),
        Place::Redeploy => deployment.join("/"),
    })
}

//! What a person should do when code cannot repair it: one sentence that names the screen and the value.
//!
//! Placeholders of an entry's advice: `{name}` is the captured variable, `{env}`, `{build}`, `{root}`, `{output}`,
//! `{node}`, `{git}`, `{usage}`, `{members}` and `{redeploy}` are screens of the platform.

use super::{Hints, classify::Root};
use crate::model::{Provider, Verdict};

/// Where a platform keeps what advice talks about, as the words after the sentence's verb.
struct Screens {
    env: &'static str,
    build: &'static str,
    root: &'static str,
    output: &'static str,
    node: &'static str,
    git: &'static str,
    usage: &'static str,
    members: &'static str,
    redeploy: &'static str,
}

const VERCEL: Screens = Screens {
    env: "in Vercel under the project's Settings → Environment Variables",
    build: "in Vercel under the project's Settings → Build and Deployment → Build Command",
    root: "in Vercel under the project's Settings → Build and Deployment → Root Directory",
    output: "in Vercel under the project's Settings → Build and Deployment → Output Directory",
    node: "in Vercel under the project's Settings → Build and Deployment → Node.js Version",
    git: "in Vercel under the project's Settings → Git",
    usage: "in Vercel under the team's Settings → Billing",
    members: "in Vercel under the team's Settings → Members",
    redeploy: "in Vercel with Redeploy in the deployment's menu",
};

const CLOUDFLARE: Screens = Screens {
    env: "in Cloudflare under the project's Settings → Variables and Secrets",
    build: "in Cloudflare under the project's Settings → Build → Build command",
    root: "in Cloudflare under the project's Settings → Build → Root directory",
    output: "in Cloudflare under the project's Settings → Build → Build output directory",
    node: "in Cloudflare with the variable NODE_VERSION under the project's Settings → Variables and Secrets",
    git: "in Cloudflare under the project's Settings → Build → Git repository",
    usage: "in Cloudflare under the account's Billing → Subscriptions",
    members: "in Cloudflare under Manage Account → Members",
    redeploy: "in Cloudflare with Retry deployment in the deployment's menu",
};

const RENDER: Screens = Screens {
    env: "in Render under the service's Environment",
    build: "in Render under the service's Settings → Build & Deploy → Build Command",
    root: "in Render under the service's Settings → Build & Deploy → Root Directory",
    output: "in Render under the service's Settings → Build & Deploy → Publish Directory",
    node: "in Render with the variable NODE_VERSION under the service's Environment",
    git: "in Render under the service's Settings → Build & Deploy → Repository",
    usage: "in Render under the workspace's Billing",
    members: "in Render under the workspace's Settings → Team",
    redeploy: "in Render with Manual Deploy → Deploy latest commit",
};

const ANY: Screens = Screens {
    env: "in the project's environment variables",
    build: "in the project's build command",
    root: "in the project's root directory setting",
    output: "in the project's output directory setting",
    node: "in the project's Node.js version setting",
    git: "in the project's Git settings",
    usage: "in the account's plan and billing",
    members: "in the team's members",
    redeploy: "from the deployment's menu",
};

fn screens(provider: Option<Provider>) -> &'static Screens {
    match provider {
        Some(Provider::Vercel) => &VERCEL,
        Some(Provider::Cloudflare) => &CLOUDFLARE,
        Some(Provider::Render) => &RENDER,
        None => &ANY,
    }
}

/// The sentence, for a root that code cannot repair.
pub(super) fn advice(root: &Root<'_>, hints: &Hints) -> Option<String> {
    if root.verdict == Verdict::Code {
        return None;
    }
    let screens = screens(hints.provider);
    let name = root.candidate.found.name.as_deref().unwrap_or("the variable that the log names");
    let mut text = root.entry().advice?.replace("{name}", name);
    for (placeholder, screen) in [
        ("{env}", screens.env),
        ("{build}", screens.build),
        ("{root}", screens.root),
        ("{output}", screens.output),
        ("{node}", screens.node),
        ("{git}", screens.git),
        ("{usage}", screens.usage),
        ("{members}", screens.members),
        ("{redeploy}", screens.redeploy),
    ] {
        text = text.replace(placeholder, screen);
    }
    Some(super::redact::redact(&text).into_owned())
}

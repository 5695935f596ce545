//! What a person should do when code cannot repair it: one sentence that names the screen and the value.
//!
//! Placeholders of an entry's advice: `{name}` is the captured variable, `{env}`, `{build}`, `{root}`, `{output}`,
//! `{node}`, `{git}`, `{usage}`, `{members}` and `{redeploy}` are screens of the platform.

use super::{Hints, classify::Root};
use crate::{
    model::{Provider, Verdict},
    platforms::Screens,
};

/// When the platform is not known.
static ANY: Screens = Screens {
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

/// The sentence, for a root that code cannot repair.
pub(super) fn advice(root: &Root<'_>, hints: &Hints) -> Option<String> {
    if root.verdict == Verdict::Code {
        return None;
    }
    let screens = hints.provider.map_or(&ANY, Provider::screens);
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

//! What a person should do when code cannot repair it: one sentence that names the screen and the value.
//!
//! Placeholders of an entry's advice: `{name}` is the captured variable, `{env}`, `{build}`, `{root}`, `{output}`,
//! `{node}`, `{git}`, `{usage}`, `{members}` and `{redeploy}` are screens of the platform.

use super::{Hints, classify::Root};
use crate::{
    model::{Provider, Verdict},
    platforms::{Place, Screen, Screens},
};

/// When the platform is not known.
static ANY: Screens = Screens {
    host: "",
    docs_host: "",
    path: |_, _| None,
    env: words("in the project's environment variables"),
    build: words("in the project's build command"),
    root: words("in the project's root directory setting"),
    output: words("in the project's output directory setting"),
    node: words("in the project's Node.js version setting"),
    git: words("in the project's Git settings"),
    usage: words("in the account's plan and billing"),
    members: words("in the team's members"),
    redeploy: words("from the deployment's menu"),
};

const fn words(words: &'static str) -> Screen {
    Screen { words, docs: None }
}

/// The screens of the log's platform.
pub(super) fn screens(hints: &Hints) -> &'static Screens {
    hints.provider.map_or(&ANY, Provider::screens)
}

/// What the entry says to do, for a root that code cannot repair.
pub(super) fn template(root: &Root<'_>) -> Option<&'static str> {
    root.entry().advice.filter(|_| root.verdict != Verdict::Code)
}

/// The same commit once more, without a change before.
pub(super) fn is_to_build_again(root: &Root<'_>) -> bool {
    let says_so = template(root).is_some_and(|advice| advice.contains("again {redeploy}"));
    says_so || root.verdict == Verdict::Flaky
}

/// The sentence, for a root that code cannot repair.
pub(super) fn advice(root: &Root<'_>, hints: &Hints) -> Option<String> {
    let name = root.candidate.found.name.as_deref().unwrap_or("the variable that the log names");
    let mut text = template(root)?.replace("{name}", name);
    for place in Place::ALL {
        text = text.replace(place.placeholder(), screens(hints).at(place).words);
    }
    Some(super::redact::redact(&text).into_owned())
}

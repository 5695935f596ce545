//! Where a fix stands, in one sentence, and what there is to do.

use crate::{
    components::icon::{Glyph, Icon},
    model::{BranchBuild, EventKind, FixDetail, FixStatus, FixSummary},
};
use leptos::prelude::*;

/// A tone, an icon, a title and a sentence.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    tone: &'static str,
    icon: Icon,
    title: String,
    text: String,
}

impl Said {
    fn of(fix: &FixDetail) -> Self {
        let FixSummary { status, reason, pr_number, .. } = &fix.summary;
        let reason = reason.clone().unwrap_or_default();
        let number = pr_number.map(|number| format!(" #{number}")).unwrap_or_default();
        let said = |tone, icon, title: &str, text: &str| Self {
            tone,
            icon,
            title: title.to_owned(),
            text: text.to_owned(),
        };
        match status {
            _ if status.is_unfinished() && !reason.is_empty() => {
                said("tone-amber", Icon::Alert, "Waiting", &reason)
            }
            FixStatus::Pending => said("tone-gray", Icon::Note, "Waiting for a worker", ""),
            FixStatus::Analyzing if fix.finding.is_none() => {
                said("tone-violet", Icon::Search, "Reading the build log", "")
            }
            FixStatus::Analyzing => said(
                "tone-violet",
                Icon::Terminal,
                "Reproducing the failure",
                "The same build runs in a sandbox.",
            ),
            FixStatus::Fixing => {
                let attempt = fix.events.iter().rev().find_map(|event| match event.kind {
                    EventKind::AttemptStarted { number, of, .. } => {
                        Some(format!("Attempt {number} of {of}."))
                    }
                    _ => None,
                });
                let text = attempt.unwrap_or_default();
                said("tone-violet", Icon::Agent, "The agent is repairing the code", &text)
            }
            FixStatus::Reviewing => said(
                "tone-violet",
                Icon::Shield,
                "Verifying the patch",
                "The build that failed runs again on a clean copy.",
            ),
            FixStatus::PrCreated => {
                let builds = fix.branch_builds();
                let told = BranchBuild::in_one_sentence(&builds);
                let (tone, title, text) = match builds.iter().all(|build| build.ready) {
                    true if builds.is_empty() => (
                        "tone-blue",
                        "is ready to merge",
                        "The build that failed exits 0 with it. Review it, then merge.".to_owned(),
                    ),
                    true => ("tone-green", "is ready to merge", format!("{told}. Review it, then merge.")),
                    false => ("tone-amber", "needs a look before it is merged", format!("{told}.")),
                };
                said(tone, Icon::PullRequest, &format!("Pull request{number} {title}"), &text)
            }
            FixStatus::Merged => {
                let builds = fix.branch_builds();
                let text = match BranchBuild::in_one_sentence(&builds) {
                    told if told.is_empty() => "Its deployment is awaited.".to_owned(),
                    told => format!("{told}. There is nothing left to do."),
                };
                said("tone-green", Icon::Check, &format!("Pull request{number} is merged"), &text)
            }
            FixStatus::Failed => said("tone-red", Icon::Cross, "No repair was found", &reason),
            FixStatus::Skipped if fix.summary.reason_code.as_deref() == Some("redeployed") => {
                said("tone-blue", Icon::Note, "It is built once more", &reason)
            }
            FixStatus::Skipped => said("tone-gray", Icon::Note, "Nothing was changed", &reason),
        }
    }
}

/// The sentence, with its button where there is one.
#[component]
pub fn Outcome(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let said = Memo::new(move |_| fix.with(Said::of));
    let link = Memo::new(move |_| {
        fix.with(|fix| {
            let of_fellows = || fix.fellows.iter().find_map(|fellow| fellow.pr_url.clone());
            fix.summary.pr_url.clone().or_else(of_fellows)
        })
    });
    view! {
        <div class="outcome-live" aria-live="polite">
            {move || {
                let said = said.get();
                view! {
                    <div class=format!("outcome {}", said.tone)>
                        <Glyph icon=said.icon />
                        <div>
                            <strong>{said.title}</strong>
                            {(!said.text.is_empty()).then(|| view! { <p>{said.text}</p> })}
                        </div>
                        {link
                            .get()
                            .map(|url| {
                                view! {
                                    <a class="button primary" href=url rel="external noopener" target="_blank">
                                        "Open pull request"
                                        <Glyph icon=Icon::External />
                                    </a>
                                }
                            })}
                    </div>
                }
            }}
        </div>
    }
}

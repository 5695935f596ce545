//! The finding as a card: the cause, who can repair it, and the log's own lines as evidence.

use super::{
    icon::{Glyph, Icon},
    panel::PostButton,
};
use crate::model::{ErrorType, Finding, LinkKind, Verdict};
use leptos::prelude::*;

/// Lines quoted around the root line; the log below has more.
const QUOTED: usize = 4;

/// The word for the kind of an error.
pub const fn kind(error_type: ErrorType) -> &'static str {
    match error_type {
        ErrorType::Typescript => "Type error",
        ErrorType::Dependency => "Dependency",
        ErrorType::Config => "Configuration",
        ErrorType::Runtime => "Runtime error in the build",
        ErrorType::Build => "Build error",
        ErrorType::Other => "Other",
    }
}

/// Who can repair it.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Code => "The code",
        Verdict::Config => "A setting",
        Verdict::Platform => "The platform",
        Verdict::Flaky => "Nothing: build again",
    }
}

/// What can be done at once: the platform's screens, building again, and what the tools' makers say.
#[component]
fn Doors(
    /// What was found.
    finding: Finding,
    /// Where the form goes that builds again.
    redeploy: Option<String>,
) -> impl IntoView {
    let again = redeploy.filter(|_| finding.build_again);
    let of = |kind| finding.links(kind).cloned().collect::<Vec<_>>();
    let (screens, docs) = (of(LinkKind::Screen), of(LinkKind::Docs));
    if again.is_none() && screens.is_empty() && docs.is_empty() {
        return ().into_any();
    }
    let screens = screens.into_iter().map(|link| {
        view! {
            <a class="button" href=link.url rel="external noopener" target="_blank">
                {link.label}
                <Glyph icon=Icon::External />
            </a>
        }
    });
    let docs = docs.into_iter().map(|link| {
        view! {
            <a class="outside" href=link.url rel="external noopener" target="_blank">
                <span>{link.label}</span>
                <Glyph icon=Icon::External />
            </a>
        }
    });
    view! {
        <div class="doors">
            {again.map(|action| view! { <PostButton label="Redeploy" action /> })}
            {screens.collect_view()}
            {docs.collect_view()}
        </div>
    }
    .into_any()
}

/// What its user says about the diagnosis of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Our id of the fix.
    pub fix_id: String,
    /// It was wrong.
    pub wrong: bool,
}

/// One click says that the diagnosis was wrong, another one takes that back.
#[component]
fn Judgement(
    /// What was said.
    judged: Judged,
) -> impl IntoView {
    let action = format!("/deployments/{}/diagnosis-wrong", judged.fix_id);
    view! {
        <div class="panel-body judgement">
            {if judged.wrong {
                view! {
                    <span class="muted">"You said that this was wrong."</span>
                    <PostButton label="Undo" action=format!("{action}/undo") />
                }
                    .into_any()
            } else {
                view! { <PostButton label="This was wrong" action /> }.into_any()
            }}
        </div>
    }
}

/// The cause of the failure with its evidence.
#[component]
pub fn Diagnosis(
    /// What was found.
    finding: Finding,
    /// Where the form goes that builds again; `None` while that is not to be done.
    redeploy: Option<String>,
    /// What its user says about it, when it belongs to a fix.
    #[prop(optional)]
    judged: Option<Judged>,
) -> impl IntoView {
    let doors = view! { <Doors finding=finding.clone() redeploy /> };
    let root = finding.line_number;
    let quoted = finding
        .context
        .into_iter()
        .filter(|line| root.is_none_or(|root| line.number.abs_diff(root) <= QUOTED))
        .map(|line| {
            let class = if Some(line.number) == root { "quote root" } else { "quote" };
            view! {
                <a class=class href=format!("#L{}", line.number) rel="external">
                    <span class="quote-number">{line.number}</span>
                    <span class="quote-text">{line.text}</span>
                </a>
            }
        })
        .collect_view();
    let files =
        finding.affected_files.into_iter().map(|file| view! { <li><code>{file}</code></li> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="diagnosis-title">
            <header class="panel-head">
                <h2 id="diagnosis-title">"Why it failed"</h2>
                <span class="muted">
                    {format!("{} · {:.0} % sure", kind(finding.error_type), finding.confidence * 100.0)}
                </span>
            </header>
            <div class="panel-body">
                <p class="cause">{finding.message}</p>
                {finding
                    .advice
                    .map(|advice| {
                        view! {
                            <p class="advice">
                                <Glyph icon=Icon::Note />
                                <span>{advice}</span>
                            </p>
                        }
                    })}
                {doors}
            </div>
            {(!finding.differences.is_empty())
                .then(|| {
                    let lines = finding.differences.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
                    view! {
                        <div class="panel-body differences">
                            <span class="muted">"Differences"</span>
                            <ul>{lines}</ul>
                        </div>
                    }
                })}
            <div class="quotes" role="group" aria-label="From the build log">{quoted}</div>
            <div class="panel-body files">
                <span class="muted">"Files named"</span>
                <ul>{files}</ul>
            </div>
            {judged.map(|judged| view! { <Judgement judged /> })}
        </section>
    }
}

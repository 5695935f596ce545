//! A fix, live: every part follows the events, and only the parts that an event concerns are drawn anew.

use super::{
    DiagnosisOfLog, Head, Log,
    facts::{DeploymentFacts, FixFacts},
    outcome::Outcome,
};
use crate::{
    components::{
        activity::{Activity, AttemptTable},
        badge::FixBadge,
        diagnosis::{Diagnosis, Judged},
        diff::{self, DiffView},
        live::{self, LiveDot},
        log::LogView,
        panel::{Confirm, PostButton},
        rail::Rail,
        verification::{Proof, Verification},
    },
    model::{
        DeploymentState, EventKind, FixDetail, FixEvent, FixStatus, FixSummary, PlatformDeployment, RuleLink,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The whole story of a fix.
#[component]
pub fn FixView(
    /// The story so far.
    fix: FixDetail,
    /// The user's rule that decided about it.
    rule: Option<RuleLink>,
    /// Its log.
    log: Log,
) -> impl IntoView {
    let id = StoredValue::new(fix.summary.id.clone());
    let deployment = fix.deployment.clone().unwrap_or_else(|| remembered(&fix.summary));
    let fix = RwSignal::new(fix);
    let state = live::subscribe(
        "fix",
        move || {
            let cursor = fix.with_untracked(FixDetail::cursor);
            format!("/api/deployments/{}/events?after={cursor}", id.get_value())
        },
        move |data| {
            if let Ok(event) = serde_json::from_str::<FixEvent>(&data) {
                let diagnosed = matches!(event.kind, EventKind::Diagnosed { .. });
                fix.update(|fix| fix.apply(event));
                if diagnosed {
                    log.refetch();
                }
            }
        },
    );
    let status = Memo::new(move |_| fix.with(|fix| fix.summary.status));
    let finding = Memo::new(move |_| fix.with(|fix| fix.finding.clone()));
    let wrong = Memo::new(move |_| fix.with(|fix| fix.finding_disputed_at.is_some()));
    let offer = Memo::new(move |_| fix.with(Offer::of));
    let can_redeploy = Memo::new(move |_| matches!(status.get(), FixStatus::Failed | FixStatus::Skipped));
    let title = format!("{} · ", deployment.project_name);
    let first_status = fix.with_untracked(|fix| fix.summary.status);
    let kept_days = Memo::new(move |_| fix.with(|fix| fix.log_kept_days));
    let absent = Signal::derive(move || match kept_days.get() {
        _ if status.get().is_unfinished() => "The log is on its way.".to_owned(),
        Some(1) => "The log was removed after 1 day.".to_owned(),
        Some(days) => format!("The log was removed after {days} days."),
        None => "The platform gave no log.".to_owned(),
    });
    let badges = view! {
        {move || view! { <FixBadge status=status.get() /> }}
        <LiveDot state />
    };
    view! {
        // The server writes the title after the view, whose signals may be gone by then.
        <Title text=move || format!("{title}{}", status.try_get().unwrap_or(first_status).label()) />
        <Head deployment=deployment.clone() badges=badges.into_any()>
            {move || view! { <Actions id=id.get_value() offer=offer.get() /> }}
        </Head>
        <Outcome fix />
        <section class="panel rail-panel" aria-label="Stages">
            <Rail fix />
        </section>
        <div class="columns">
            <div class="main-column">
                {move || {
                    let redeploy = redeploy_of(&id.get_value());
                    match finding.get() {
                        Some(finding) => {
                            let redeploy = can_redeploy.get().then_some(redeploy);
                            let judged = Judged { fix_id: id.get_value(), wrong: wrong.get() };
                            view! { <Diagnosis finding redeploy judged /> }.into_any()
                        }
                        None => view! { <DiagnosisOfLog log redeploy /> }.into_any(),
                    }
                }}
                <Patch fix />
                <ProofPanel fix />
                <section class="panel" aria-labelledby="activity-title">
                    <header class="panel-head">
                        <h2 id="activity-title">"What was done"</h2>
                    </header>
                    <Activity fix />
                </section>
                <Attempts fix />
            </div>
            <aside class="facts" aria-label="Facts">
                <FixFacts fix rule />
                <DeploymentFacts deployment />
            </aside>
        </div>
        <LogView id=Signal::stored(id.get_value()) log absent />
    }
}

/// What the row remembers of a deployment whose platform does not answer.
fn remembered(summary: &FixSummary) -> PlatformDeployment {
    PlatformDeployment {
        provider: summary.provider,
        platform_id: summary.platform_deployment_id.clone(),
        project_id: String::new(),
        project_name: summary.project_name.clone(),
        state: DeploymentState::Failed,
        url: None,
        inspector_url: None,
        target: None,
        branch: summary.branch.clone(),
        commit_sha: summary.commit_sha.clone(),
        commit_message: None,
        commit_author: None,
        repository: Some(summary.repository.clone()),
        from_fork: false,
        error_code: None,
        error_message: None,
        created_at: summary.created_at,
    }
}

/// Where the form goes that builds the fix's deployment again.
fn redeploy_of(id: &str) -> String {
    format!("/deployments/{id}/redeploy")
}

/// What can be done now. Not the status itself: drawn anew for every step of the work, the question whether to cancel it
/// would close under the hand of whoever answers it.
#[derive(Clone, Copy, PartialEq)]
enum Offer {
    /// It works, or waits for its turn.
    Cancel,
    /// It failed.
    TryAgain { skip_similar: bool },
    /// It was left alone.
    FixNow { skip_similar: bool },
    /// The rest happens in the pull request.
    Nothing,
}

impl Offer {
    fn of(fix: &FixDetail) -> Self {
        // A rule that skips it is there already where one has done so.
        let skip_similar = fix.finding.is_some() && fix.summary.reason_code.as_deref() != Some("rule");
        match fix.summary.status {
            FixStatus::Failed => Self::TryAgain { skip_similar },
            FixStatus::Skipped => Self::FixNow { skip_similar },
            FixStatus::PrCreated | FixStatus::Merged => Self::Nothing,
            _ => Self::Cancel,
        }
    }
}

/// The buttons in the head.
#[component]
fn Actions(
    /// Our id of the fix.
    id: String,
    /// What can be done.
    offer: Offer,
) -> impl IntoView {
    let retry = format!("/deployments/{id}/retry");
    let redeploy = redeploy_of(&id);
    let skip = |offered: bool| {
        let action = format!("/deployments/{id}/skip-similar");
        offered.then(|| view! { <PostButton label="Skip similar from now on" action /> })
    };
    match offer {
        Offer::TryAgain { skip_similar } => view! {
            {skip(skip_similar)}
            <PostButton label="Redeploy" action=redeploy />
            <PostButton label="Try again" action=retry primary=true />
        }
        .into_any(),
        Offer::FixNow { skip_similar } => view! {
            {skip(skip_similar)}
            <PostButton label="Redeploy" action=redeploy />
            <PostButton label="Fix now" action=retry />
        }
        .into_any(),
        Offer::Nothing => ().into_any(),
        Offer::Cancel => view! {
            <Confirm
                id="cancel-fix"
                label="Cancel fix"
                question="The agent is stopped and its sandbox is removed. Nothing is pushed."
                action=format!("/deployments/{id}/cancel")
            />
        }
        .into_any(),
    }
}

#[component]
fn Patch(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let patch =
        Memo::new(move |_| fix.with(|fix| fix.diff.clone().map(|diff| (diff, fix.fix_summary.clone()))));
    move || {
        patch.get().filter(|(diff, _)| !diff.is_empty()).map(|(diff, summary)| {
            let size = diff::size(&diff::parse(&diff));
            view! {
                <section class="panel" aria-labelledby="patch-title">
                    <header class="panel-head">
                        <h2 id="patch-title">"The patch"</h2>
                        <span class="muted">{size}</span>
                    </header>
                    {summary.map(|summary| view! { <p class="panel-body said">{summary}</p> })}
                    <DiffView diff />
                </section>
            }
        })
    }
}

#[component]
fn ProofPanel(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let proof = Memo::new(move |_| fix.with(Proof::of));
    move || proof.get().is_there().then(|| view! { <Verification proof=proof.get() /> })
}

#[component]
fn Attempts(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let attempts = Memo::new(move |_| fix.with(|fix| fix.attempts.clone()));
    move || {
        let attempts = attempts.get();
        (!attempts.is_empty()).then(|| {
            view! {
                <section class="panel" aria-labelledby="attempts-title">
                    <header class="panel-head">
                        <h2 id="attempts-title">"Attempts"</h2>
                    </header>
                    <AttemptTable attempts />
                </section>
            }
        })
    }
}

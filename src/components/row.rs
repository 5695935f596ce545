//! One line of the list: a platform's deployment, our fix of it, or both.

use super::{
    badge::{FixBadge, StateBadge},
    facts::{Revision, initials, subject},
    icon::PlatformGlyph,
    time::Ago,
};
use crate::model::{DeploymentRow, DeploymentState, FixStatus, FixSummary, Provider, Timestamp};
use leptos::prelude::*;

/// What both kinds of rows have.
impl DeploymentRow {
    /// The platform and its id of the deployment; `None` for an empty row.
    pub fn key(&self) -> Option<(Provider, &str)> {
        let of_fix = self.fix.as_ref().map(|fix| (fix.provider, fix.platform_deployment_id.as_str()));
        let deployment = self.deployment.as_ref();
        of_fix.or_else(|| deployment.map(|deployment| (deployment.provider, deployment.platform_id.as_str())))
    }

    /// When it came to be.
    pub fn at(&self) -> Option<Timestamp> {
        let deployment = self.deployment.as_ref().map(|deployment| deployment.created_at);
        deployment.or(self.fix.as_ref().map(|fix| fix.created_at))
    }

    /// Where the deployment stands. A fix exists only of failed ones.
    pub fn state(&self) -> DeploymentState {
        self.deployment.as_ref().map_or(DeploymentState::Failed, |deployment| deployment.state)
    }

    /// Where its fix stands.
    pub fn fix_status(&self) -> Option<FixStatus> {
        self.fix.as_ref().map(|fix| fix.status)
    }

    /// Its page.
    fn href(&self) -> String {
        match (&self.fix, self.key()) {
            (Some(fix), _) => format!("/deployments/{}", fix.id),
            (None, Some((provider, id))) => format!("/deployments/{provider}:{id}"),
            (None, None) => "/deployments".to_owned(),
        }
    }

    /// What is said about it: the error's line where there is one, else the commit's.
    fn words(&self) -> String {
        let of_fix = self.fix.as_ref().and_then(|fix| fix.error_message.clone());
        let deployment = self.deployment.as_ref();
        of_fix
            .or_else(|| deployment.and_then(|deployment| deployment.commit_message.as_deref().map(subject)))
            .unwrap_or_default()
    }

    fn project(&self) -> String {
        let deployment = self.deployment.as_ref().map(|deployment| deployment.project_name.clone());
        deployment.or_else(|| self.fix.as_ref().map(|fix| fix.project_name.clone())).unwrap_or_default()
    }

    fn revision(&self) -> (Option<String>, Option<String>) {
        let deployment = self.deployment.as_ref();
        let fix = self.fix.as_ref();
        (
            deployment.and_then(|it| it.branch.clone()).or_else(|| fix.and_then(|it| it.branch.clone())),
            deployment
                .and_then(|it| it.commit_sha.clone())
                .or_else(|| fix.and_then(|it| it.commit_sha.clone())),
        )
    }
}

/// The line. It is one link; the pull request is a second one on top of it.
#[component]
pub fn Row(
    /// What it shows; changes in place.
    row: RwSignal<DeploymentRow>,
    /// It arrived while the page was open.
    #[prop(optional)]
    fresh: bool,
) -> impl IntoView {
    view! {
        <li class="row" class:row-new=fresh>
            {move || {
                let row = row.get();
                let key = row.key().map(|(provider, _)| provider);
                let (branch, sha) = row.revision();
                let author = row.deployment.as_ref().and_then(|deployment| deployment.commit_author.clone());
                let target = row.deployment.as_ref().and_then(|deployment| deployment.target.clone());
                view! {
                    <span class="row-platform">{key.map(|provider| view! { <PlatformGlyph provider /> })}</span>
                    <span class="row-project">
                        <a class="row-link" href=row.href()>
                            {row.project()}
                        </a>
                        {target
                            .filter(|target| target == "production")
                            .map(|_| view! { <span class="chip" title="Production">"prod"</span> })}
                    </span>
                    <span class="row-state">
                        <StateBadge state=row.state() />
                    </span>
                    <span class="row-revision">
                        <Revision branch sha />
                    </span>
                    <span class="row-words">{row.words()}</span>
                    <span class="row-fix">{row.fix.clone().map(|fix| view! { <RowFix fix /> })}</span>
                    <span class="row-age">{row.at().map(|at| view! { <Ago at /> })}</span>
                    <span class="row-author">
                        {author.map(|author| view! { <span class="avatar" title=author.clone() aria-label=author.clone() role="img">{initials(&author)}</span> })}
                    </span>
                }
            }}
        </li>
    }
}

#[component]
fn RowFix(
    /// The fix.
    fix: FixSummary,
) -> impl IntoView {
    let pull_request = fix.pr_url.zip(fix.pr_number).map(|(url, number)| {
        view! {
            <a class="row-pr" href=url rel="external noopener" target="_blank">
                {format!("#{number}")}
            </a>
        }
    });
    view! {
        <FixBadge status=fix.status dots=true />
        {pull_request}
    }
}

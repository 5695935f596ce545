//! One line of the list: a platform's deployment, our fix of it, or both.

use super::{
    badge::{FixBadge, StateBadge},
    facts::{Revision, initials},
    icon::PlatformGlyph,
    time::Ago,
};
use crate::model::{DeploymentRow, FixSummary};
use leptos::prelude::*;

/// The line. It is one link; the pull request is a second one on top of it.
#[component]
pub fn Row(
    /// What it shows; changes in place.
    row: ArcRwSignal<DeploymentRow>,
    /// It arrived while the page was open.
    #[prop(optional)]
    fresh: bool,
) -> impl IntoView {
    view! {
        <li class="row" class:row-new=fresh>
            {move || line(row.get())}
        </li>
    }
    .into_any()
}

fn line(row: DeploymentRow) -> impl IntoView {
    let place = row.cursor();
    let href = place.map_or_else(|| "/deployments".to_owned(), |place| format!("/deployments/{}", place.id));
    let (branch, sha) = (row.branch().map(str::to_owned), row.commit().map(str::to_owned));
    let target = row.deployment.as_ref().and_then(|deployment| deployment.target.as_deref());
    let provider = row.key().map(|(provider, _)| provider);
    let unreachable = provider.filter(|_| row.unreachable).map(|provider| {
        let title =
            format!("{} does not answer: this is what was stored when it failed", provider.display_name());
        view! { <span class="chip chip-amber" title=title>"No answer"</span> }
    });
    let author = row.author().map(str::to_owned).map(|author| {
        view! { <span class="avatar" title=author.clone() aria-label=author.clone() role="img">{initials(&author)}</span> }
    });
    view! {
        <span class="row-platform">{provider.map(|provider| view! { <PlatformGlyph provider /> })}</span>
        <span class="row-project">
            <a class="row-link" href=href>
                {row.project().to_owned()}
            </a>
            {(target == Some("production")).then(|| view! { <span class="chip" title="Production">"prod"</span> })}
            {unreachable}
        </span>
        <span class="row-state">
            <StateBadge state=row.state() />
        </span>
        <span class="row-revision">
            <Revision branch sha />
        </span>
        <span class="row-words">{row.words().to_owned()}</span>
        <span class="row-fix">{row.fix.clone().map(|fix| view! { <RowFix fix /> })}</span>
        <span class="row-age">{row.at().map(|at| view! { <Ago at /> })}</span>
        <span class="row-author">{author}</span>
    }
    .into_any()
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

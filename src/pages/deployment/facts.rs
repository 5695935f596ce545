//! The column of facts.

use crate::{
    components::{
        diagnosis,
        icon::{Glyph, Icon},
        time::{Ago, duration, seconds_between},
    },
    model::{Fellow, FixDetail, PlatformDeployment, RuleLink},
};
use leptos::prelude::*;

/// One fact: a term and its value.
#[component]
fn Fact(
    /// The term.
    term: &'static str,
    /// Its value.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{term}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// A link that leaves this site.
#[component]
pub fn Outside(
    /// Where to.
    href: String,
    /// What is there.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <a class="outside" href=href rel="external noopener" target="_blank">
            <span>{text}</span>
            <Glyph icon=Icon::External />
        </a>
    }
}

/// What the platform says.
#[component]
pub fn DeploymentFacts(
    /// The platform's side.
    deployment: PlatformDeployment,
) -> impl IntoView {
    let platform = deployment.provider.display_name();
    let code = |text: String| view! { <code>{text}</code> };
    view! {
        <dl>
            <Fact term="Platform">
                {match deployment.inspector_url {
                    Some(href) => view! { <Outside href text=platform /> }.into_any(),
                    None => platform.into_any(),
                }}
            </Fact>
            {deployment.repository.map(|name| view! { <Fact term="Repository"><code>{name}</code></Fact> })}
            {deployment.branch.map(|name| view! { <Fact term="Branch">{code(name)}</Fact> })}
            {deployment.commit_sha.map(|sha| view! { <Fact term="Commit"><code class="elided" title=sha.clone()>{sha.clone()}</code></Fact> })}
            {deployment.commit_author.map(|name| view! { <Fact term="Author">{name}</Fact> })}
            {deployment.target.map(|name| view! { <Fact term="Environment">{name}</Fact> })}
            {deployment.error_code.map(|name| view! { <Fact term="Platform's code">{code(name)}</Fact> })}
            <Fact term="Deployment">{code(deployment.platform_id)}</Fact>
            <Fact term="Created">
                <Ago at=deployment.created_at />
            </Fact>
        </dl>
    }
}

/// The same failure on another platform.
#[component]
fn SameFailure(
    /// It.
    fellow: Fellow,
) -> impl IntoView {
    let name = format!("{} on {}", fellow.project_name, fellow.provider.display_name());
    view! {
        <a class="fellow" href=format!("/deployments/{}", fellow.id)>
            {name}
        </a>
    }
}

/// What we know of the fix.
#[component]
pub fn FixFacts(
    /// The fix.
    fix: RwSignal<FixDetail>,
    /// The user's rule that decided about it.
    rule: Option<RuleLink>,
) -> impl IntoView {
    let rule = rule.map(|RuleLink { name, path }| {
        view! {
            <Fact term="Rule">
                <a class="outside" href=path>
                    {name}
                </a>
            </Fact>
        }
    });
    let summary = Memo::new(move |_| fix.with(|fix| fix.summary.clone()));
    let fellows = Memo::new(move |_| fix.with(|fix| fix.fellows.clone()));
    let finding = Memo::new(move |_| {
        fix.with(|fix| fix.finding.as_ref().map(|finding| (finding.error_type, finding.verdict)))
    });
    let trace_id = fix.with_untracked(|fix| fix.trace_id.clone());
    let cost =
        Memo::new(move |_| fix.with(|fix| fix.attempts.iter().map(|attempt| attempt.cost_usd).sum::<f64>()));
    view! {
        <dl>
            {move || {
                let links = fellows.get().into_iter().map(|fellow| view! { <SameFailure fellow /> }).collect_view();
                (!fellows.get().is_empty()).then(|| view! { <Fact term="Failed also">{links}</Fact> })
            }}
            {move || {
                finding
                    .get()
                    .map(|(kind, verdict)| {
                        view! {
                            <Fact term="Error">{diagnosis::kind(kind)}</Fact>
                            <Fact term="Cause lies in">{diagnosis::verdict(verdict)}</Fact>
                        }
                    })
            }}
            {move || {
                let summary = summary.get();
                let link = summary.pr_url.zip(summary.pr_number);
                let took = summary.completed_at.map(|end| duration(seconds_between(summary.created_at, end)));
                view! {
                    {link.map(|(href, number)| view! { <Fact term="Pull request"><Outside href text=format!("#{number}") /></Fact> })}
                    {(summary.attempt > 0).then(|| view! { <Fact term="Attempts">{summary.attempt}</Fact> })}
                    {(cost.get() > 0.0).then(|| view! { <Fact term="Cost">{format!("${:.3}", cost.get())}</Fact> })}
                    {took.map(|took| view! { <Fact term="Took">{took}</Fact> })}
                    {summary.reason_code.map(|code| view! { <Fact term="Reason"><code>{code}</code></Fact> })}
                    <Fact term="Fix">
                        <code class="elided" title=summary.id.clone()>{summary.id.clone()}</code>
                    </Fact>
                    <Fact term="Received">
                        <Ago at=summary.created_at />
                    </Fact>
                }
            }}
            {trace_id.map(|id| view! { <Fact term="Trace"><code class="elided" title=id.clone()>{id.clone()}</code></Fact> })}
            {rule}
        </dl>
    }
}

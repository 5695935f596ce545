//! `/deployments/{id}`: what is broken, why, what is being done, what there is to do.

mod facts;
mod fix;
mod outcome;

use crate::{
    api,
    components::{
        badge::StateBadge,
        diagnosis::Diagnosis,
        facts::Revision,
        icon::{Glyph, Icon, PlatformGlyph},
        log::{LogText, LogView},
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel, PostButton},
        time::Ago,
    },
    model::{ApiError, DeploymentDetail, DeploymentState, PlatformDeployment},
};
use facts::DeploymentFacts;
use fix::FixView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The log on its own: it is large, and it does not change while the story goes on.
type Log = Resource<Result<LogText, ApiError>>;

/// The page, once its data is there.
#[component]
pub fn DeploymentPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let detail = Resource::new(move || id.get(), api::get_deployment);
    let log: Log = Resource::new(move || id.get(), async |id| api::get_log(id).await.map(LogText::from));
    view! {
        <div class="page">
            <a class="back" href="/deployments">
                <Glyph icon=Icon::Back />
                "Deployments"
            </a>
            <FormNotice place=Place::Deployments />
            <Suspense fallback=|| {
                view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span><span></span></div> }
            }>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(DeploymentDetail::Fix { fix, rule }) => view! { <FixView fix=*fix rule log /> }.into_any(),
                        Ok(DeploymentDetail::Platform { deployment }) => {
                            view! { <PlatformView deployment=*deployment log /> }.into_any()
                        }
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The head of the page: the platform, the project, where the deployment stands, and the buttons.
#[component]
fn Head(
    /// The platform's side.
    deployment: PlatformDeployment,
    /// Badges after the state.
    badges: AnyView,
    /// The buttons.
    children: Children,
) -> impl IntoView {
    let PlatformDeployment { provider, project_name, state, branch, commit_sha, created_at, .. } = deployment;
    let message = deployment.commit_message.map(|message| crate::components::facts::subject(&message));
    view! {
        <header class="deployment-head">
            <div class="deployment-title">
                <PlatformGlyph provider />
                <h1>{project_name}</h1>
                <StateBadge state />
                {badges}
            </div>
            <div class="actions">{children()}</div>
            <p class="deployment-facts">
                <Revision branch sha=commit_sha />
                {message.map(|message| view! { <span class="commit">{message}</span> })}
                {deployment.target.map(|target| view! { <span class="chip">{target}</span> })}
                <Ago at=created_at />
            </p>
        </header>
    }
}

/// The cause of a failure that no fix has diagnosed.
#[component]
fn DiagnosisOfLog(
    /// The log, with what was read in it.
    log: Log,
    /// Where the form goes that builds again.
    redeploy: String,
) -> impl IntoView {
    view! {
        <Transition fallback=|| ()>
            {move || {
                let redeploy = redeploy.clone();
                Suspend::new(async move {
                    let finding = log.await.ok().and_then(|log| log.finding);
                    finding.map(|finding| view! { <Diagnosis finding redeploy=Some(redeploy) /> })
                })
            }}
        </Transition>
    }
    .into_any()
}

/// A deployment without a fix.
#[component]
fn PlatformView(
    /// The platform's side.
    deployment: PlatformDeployment,
    /// Its log.
    log: Log,
) -> impl IntoView {
    let failed = deployment.state == DeploymentState::Failed;
    let again = failed || deployment.state == DeploymentState::Canceled;
    let redeploy = format!("/deployments/{}:{}/redeploy", deployment.provider, deployment.platform_id);
    let again_action = redeploy.clone();
    let fields =
        vec![("provider", deployment.provider.to_string()), ("deploymentId", deployment.platform_id.clone())];
    let (title, text) = match deployment.state {
        DeploymentState::Failed => (
            "No fix has been started",
            deployment
                .error_message
                .clone()
                .unwrap_or_else(|| "The platform gives no reason. The log below may.".to_owned()),
        ),
        DeploymentState::Ready => ("Nothing is broken", "This deployment is live.".to_owned()),
        DeploymentState::Canceled => {
            ("Canceled", "This deployment ended before it was done. There is nothing to repair.".to_owned())
        }
        DeploymentState::Queued | DeploymentState::Building => {
            ("Not done yet", "If it fails, the fix starts by itself and this page shows it.".to_owned())
        }
    };
    let inspector = deployment.inspector_url.clone();
    let id = Signal::stored(format!("{}:{}", deployment.provider, deployment.platform_id));
    let label = format!("Open in {}", deployment.provider.display_name());
    view! {
        <Title text=format!("{} · {}", deployment.project_name, deployment.state.label()) />
        <Head deployment=deployment.clone() badges=().into_any()>
            {again.then(|| view! { <PostButton label="Redeploy" action=again_action /> })}
            {failed
                .then(|| {
                    view! { <PostButton label="Fix now" action="/deployments/fix".to_owned() primary=true fields=fields /> }
                })}
        </Head>
        <div class="columns">
            <div class="main-column">
                <EmptyState title text>
                    {inspector
                        .map(|url| {
                            view! {
                                <a class="button" href=url rel="external noopener" target="_blank">
                                    {label}
                                    <Glyph icon=Icon::External />
                                </a>
                            }
                        })}
                </EmptyState>
                {failed.then(|| view! { <DiagnosisOfLog log redeploy /> })}
            </div>
            <aside class="facts" aria-label="Facts">
                <DeploymentFacts deployment />
            </aside>
        </div>
        {failed.then(|| view! { <LogView id log absent=Signal::stored("There is no log.".to_owned()) /> })}
    }
}

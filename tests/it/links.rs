//! A failure that code cannot repair: its page leads to the platform's own screen, and builds again on one click.

use crate::{
    app::{App, until},
    world::World,
};
use anyhow::Context as _;
use deploymend::model::FixStatus;
use reqwest::Method;
use standins::scenario::Build;
use std::time::Duration;

/// A fix that starts no agent.
const SHORT: Duration = Duration::from_secs(60);
const MISSING: &str = "Error: Missing required environment variable: STRIPE_SECRET_KEY";
const SCREEN: &str = "/shop-web/settings/environment-variables";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_leads_to_the_screen_and_builds_again() -> anyhow::Result<()> {
    let mut world = World::new("healthy").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_POLL_INTERVAL", "3600");
    let app = world.start().await?;
    let failed = |log: &str, deliver| Build {
        project: world.seeded.project_id.clone(),
        state: Some("ERROR".into()),
        log: log.into(),
        deliver,
        ..Build::default()
    };

    let unfixed = world.standins.build(failed(MISSING, false)).await?.deployment.id;
    let page = html(&app, &format!("vercel:{unfixed}")).await?;
    assert_eq!(links_to(&page, SCREEN), 1);
    assert_eq!(page.matches("/redeploy\"").count(), 1);

    let missing = world.standins.build(failed(MISSING, true)).await?.deployment.id;
    let id = skipped(&app, &missing).await?;
    let page = html(&app, &id).await?;
    assert_eq!(links_to(&page, SCREEN), 1);
    assert_eq!(links_to(&page, "https://12factor.net/config"), 1);
    assert_eq!(page.matches("/redeploy\"").count(), 1);

    let flaky = world.standins.build(failed("npm error code ECONNRESET", true)).await?.deployment.id;
    let id = skipped(&app, &flaky).await?;
    let page = html(&app, &id).await?;
    // In the page's head, and beside the advice.
    assert_eq!(page.matches(&format!("action=\"/deployments/{id}/redeploy\"")).count(), 2);
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

async fn html(app: &App, id: &str) -> anyhow::Result<String> {
    let page = app.request(Method::GET, &format!("/deployments/{id}")).send().await?;
    Ok(page.error_for_status()?.text().await?)
}

/// The links that leave the site for an address with this end.
fn links_to(page: &str, end: &str) -> usize {
    let tags = page.split("<a ").skip(1).filter_map(|rest| rest.split_once('>'));
    let leaves = |tag: &str| tag.contains("rel=\"external noopener\"") && tag.contains("target=\"_blank\"");
    tags.filter(|(tag, _)| leaves(tag) && tag.contains(&format!("{end}\""))).count()
}

/// Waits for the end of the deployment's fix.
async fn skipped(app: &App, deployment: &str) -> anyhow::Result<String> {
    let look = async || {
        let fixes = app.fixes().await?;
        let fix = fixes.iter().find(|fix| fix.platform_deployment_id == deployment);
        let id = fix.filter(|fix| fix.status == FixStatus::Skipped).map(|fix| fix.id.clone());
        Ok(id.ok_or(format!("{fix:?}")))
    };
    until(SHORT, look).await.context("it was not skipped")
}

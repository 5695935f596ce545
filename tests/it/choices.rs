//! What people decide about failures: that a flaky one is built again by itself, once; that a diagnosis
//! was wrong; that mail addresses are nobody's business.

use crate::{
    account::{accept, invite},
    app::{App, until},
    world::World,
};
use anyhow::Context as _;
use deploymend::model::{EventKind, FixDetail, FixStatus};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::Build,
    vercel,
};
use std::time::Duration;

/// A diagnosis alone.
const SOON: Duration = Duration::from_secs(60);
/// Nothing is wrong with the code.
const FLAKY: &str = include_str!("../data/logs/npm-registry-down.log");
const SETTINGS: &str = "/api/integrations/vercel/subscriptions";
const REDEPLOYS: &str = "/v13/deployments";

struct Chosen {
    world: World,
    app: App,
}

impl Chosen {
    /// With one watched project, which is polled all the time.
    async fn start(allowed: bool) -> anyhow::Result<Self> {
        let mut world = World::new("healthy").await?;
        world.settings = world.settings.set("DEPLOYMEND_POLL_INTERVAL", "1");
        let it = Self { app: world.start().await?, world };
        it.allow(allowed).await?;
        Ok(it)
    }

    async fn allow(&self, allowed: bool) -> anyhow::Result<()> {
        let all = self.app.request(Method::PATCH, SETTINGS).json(&json!({"redeployFlaky": allowed}));
        let all: Value = all.send().await?.error_for_status()?.json().await?;
        anyhow::ensure!(all[0]["redeployFlaky"] == allowed, "{all}");
        Ok(())
    }

    /// The platform reports a failure. Returns its id of the deployment.
    async fn fails(&self) -> anyhow::Result<String> {
        self.fails_with(FLAKY).await
    }

    async fn fails_with(&self, log: &str) -> anyhow::Result<String> {
        let build = Build {
            project: self.world.seeded.project_id.clone(),
            state: Some("ERROR".into()),
            log: log.into(),
            ..Build::default()
        };
        Ok(self.world.standins.build(build).await?.deployment.id)
    }

    async fn ended(&self, deployment: &str) -> anyhow::Result<FixDetail> {
        self.app.ended(SOON, |fix| fix.platform_deployment_id == deployment).await
    }

    /// Deployments that the product has asked for.
    fn built_again(&self) -> Vec<String> {
        let state = self.world.standins.world().state();
        let queued = state.vercel.deployments.iter().filter(|made| made.state == "QUEUED");
        queued.map(|made| made.id.clone()).collect()
    }

    fn asked(&self) -> usize {
        self.world.standins.creates(REDEPLOYS).calls
    }

    fn spoil(&self, kind: Kind) {
        let (method, path) = (Some("POST".to_owned()), REDEPLOYS.to_owned());
        self.world.standins.add_fault(Fault { server: Server::Vercel, method, path, times: 1, kind });
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.app.request(Method::GET, path).send().await?.error_for_status()?.text().await?)
    }
}

fn code(fix: &FixDetail) -> Option<&str> {
    fix.summary.reason_code.as_deref()
}

fn notes(fix: &FixDetail) -> Vec<&str> {
    let events = fix.events.iter();
    events
        .filter_map(|event| match &event.kind {
            EventKind::Note { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flaky_failure_is_built_again_by_itself_once_per_commit() -> anyhow::Result<()> {
    let it = Chosen::start(true).await?;
    let first = it.ended(&it.fails().await?).await?;
    assert_eq!((first.summary.status, code(&first)), (FixStatus::Skipped, Some("redeployed")));
    let reason = first.summary.reason.as_deref().unwrap_or_default();
    assert!(
        reason.starts_with("Nothing is wrong with the code, so Vercel builds it once more: "),
        "{reason}"
    );
    assert!(notes(&first).iter().any(|note| note.starts_with("Vercel is asked to build")), "{first:#?}");
    let [again] = &it.built_again()[..] else { anyhow::bail!("{:?}", it.built_again()) };

    // It fails again in the same way; the poll that was asked for finds it.
    let world = it.world.standins.world();
    vercel::actions::change_deployment(world, again, Some("ERROR".into()), FLAKY)?;
    let second = it.ended(again).await?;
    assert_eq!((second.summary.status, code(&second)), (FixStatus::Skipped, Some("flaky")));
    let reason = second.summary.reason.as_deref().unwrap_or_default();
    assert!(reason.contains("deploy the same commit again"), "{reason}");
    // Nor is the first one, when a person has it looked at once more.
    let retried = it.app.request(Method::POST, &format!("/api/deployments/{}/retry", first.summary.id));
    retried.send().await?.error_for_status()?;
    let first = it.ended(&first.summary.platform_deployment_id).await?;
    assert_eq!(code(&first), Some("flaky"));
    assert_eq!(it.asked(), 1);
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flaky_failure_waits_for_a_person_unless_its_user_allows_more() -> anyhow::Result<()> {
    let mut it = Chosen::start(false).await?;
    let fix = it.ended(&it.fails().await?).await?;
    assert_eq!((fix.summary.status, code(&fix), it.asked()), (FixStatus::Skipped, Some("flaky"), 0));

    // The form of the project's page says so, too.
    let all: Value = it.app.request(Method::GET, SETTINGS).send().await?.json().await?;
    let id = all[0]["id"].as_str().context("nothing is watched")?;
    let path = format!("/integrations/vercel/projects/{id}");
    assert!(it.page(&path).await?.contains("name=\"redeploy\""));
    let fields = [("auto_fix", "on"), ("prefix", "fix/deployment-"), ("attempts", "3"), ("redeploy", "on")];
    let to = it.app.form(&path, &fields).await?;
    assert_eq!(to, "/integrations/vercel/projects?ok=saved");
    let all: Value = it.app.request(Method::GET, SETTINGS).send().await?.json().await?;
    assert_eq!(all[0]["redeployFlaky"], true);
    assert_eq!(code(&it.ended(&it.fails().await?).await?), Some("redeployed"));
    Ok(())
}

#[rstest]
#[case::forbidden(Kind::Status { status: 403 }, "flaky", 0, 1)]
#[case::unknown(Kind::Status { status: 404 }, "flaky", 0, 1)]
#[case::refused(Kind::Status { status: 400 }, "flaky", 0, 1)]
#[case::later(Kind::Status { status: 503 }, "redeployed", 1, 2)]
#[case::no_answer(Kind::AfterEffect { status: 503 }, "redeployed", 1, 1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_refuses_leaves_the_advice_and_one_that_is_silent_is_looked_at(
    #[case] kind: Kind,
    #[case] ended: &str,
    #[case] made: usize,
    #[case] asked: usize,
) -> anyhow::Result<()> {
    let it = Chosen::start(true).await?;
    it.spoil(kind);
    let fix = it.ended(&it.fails().await?).await?;
    assert_eq!((code(&fix), it.built_again().len(), it.asked()), (Some(ended), made, asked));
    if ended == "flaky" {
        assert!(notes(&fix).contains(&"Vercel did not take it."), "{fix:#?}");
        // What was not done counts for nothing.
        assert_eq!(code(&it.ended(&it.fails().await?).await?), Some("redeployed"));
    }
    let log = it.app.log.lock().map(|log| log.join("\n")).unwrap_or_default();
    assert!(!log.contains("a platform refused the stored token"), "it reads as before: {log}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_around_the_question_neither_loses_nor_repeats_it(
    #[values("before_redeploy", "after_redeploy")] point: &str,
) -> anyhow::Result<()> {
    let mut it = Chosen::start(true).await?;
    it.app.kill_9();
    let dies = it.world.settings.clone().set("FAILPOINTS", format!("{point}=return"));
    it.app = it.world.restart(&dies).await?;
    let failed = it.fails().await?;
    it.app.wait_for_end(SOON).await?;
    it.app = it.world.restart(&it.world.settings).await?;
    let fix = it.ended(&failed).await?;
    assert_eq!((code(&fix), it.built_again().len(), it.asked()), (Some("redeployed"), 1, 1), "{fix:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnosis_is_said_to_be_wrong_and_that_is_taken_back() -> anyhow::Result<()> {
    let mut it = Chosen::start(false).await?;
    let fix = it.ended(&it.fails().await?).await?;
    let id = fix.summary.id;
    let (page, form) = (format!("/deployments/{id}"), format!("/deployments/{id}/diagnosis-wrong"));
    let said = "You said that this was wrong.";
    assert!(it.page(&page).await?.contains(&form) && fix.finding_disputed_at.is_none());

    assert_eq!(it.app.form(&form, &[]).await?, page);
    assert!(it.app.fix(&id).await?.finding_disputed_at.is_some());
    let html = it.page(&page).await?;
    assert!(html.contains(said) && html.contains(&format!("{form}/undo")), "{html}");
    assert_eq!(it.app.form(&format!("{form}/undo"), &[]).await?, page);
    assert!(it.app.fix(&id).await?.finding_disputed_at.is_none());
    assert!(!it.page(&page).await?.contains(said));

    // The same for programs.
    let rest = format!("/api/deployments/{id}/dispute");
    let asks =
        async |app: &App, method, path: &str| anyhow::Ok(app.request(method, path).send().await?.status());
    for (method, kept) in [(Method::POST, true), (Method::DELETE, false), (Method::POST, true)] {
        assert_eq!(asks(&it.app, method, &rest).await?, 204);
        assert_eq!(it.app.fix(&id).await?.finding_disputed_at.is_some(), kept);
    }

    // Not for somebody else, nor from another site.
    let (_, theirs) = accept(&it.app, &invite(&it.app).await?, "other@example.test").await?;
    let own = std::mem::replace(&mut it.app.cookie, theirs);
    assert_eq!(asks(&it.app, Method::DELETE, &rest).await?, 404);
    assert_eq!(asks(&it.app, Method::POST, &format!("{form}/undo")).await?, 404);
    it.app.cookie = own;
    let elsewhere = reqwest::Client::new().post(format!("{}{form}/undo", it.app.base));
    let elsewhere = elsewhere.header("origin", "https://evil.example");
    let cookie = it.app.cookie.clone().context("not signed in")?;
    assert_eq!(elsewhere.header("cookie", cookie).send().await?.status(), 403);
    assert!(it.app.fix(&id).await?.finding_disputed_at.is_some());

    // The finding is made anew.
    let retried = it.app.request(Method::POST, &format!("/api/deployments/{id}/retry")).send().await?;
    retried.error_for_status()?;
    let anew = async || {
        let fix = it.app.fix(&id).await?;
        Ok(if fix.finding.is_some() && !fix.summary.status.is_unfinished() {
            Ok(fix)
        } else {
            Err(format!("{fix:?}"))
        })
    };
    assert!(until(SOON, anew).await?.finding_disputed_at.is_none());
    assert!(!it.page(&page).await?.contains(said));
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_addresses_are_stored_unless_the_server_is_told_not_to() -> anyhow::Result<()> {
    let mut it = Chosen::start(false).await?;
    let log = format!("Pushed by jane@example.com to git@github.com:acme/shop-web\n{FLAKY}");
    for (setting, kept) in [("false", true), ("true", false)] {
        it.app.kill_9();
        it.app = it.world.restart(&it.world.settings.clone().set("DEPLOYMEND_REDACT_MAIL", setting)).await?;
        let stored = it.ended(&it.fails_with(&log).await?).await?.log.context("no log")?;
        assert_eq!(stored.contains("jane@example.com"), kept, "{stored}");
        assert!(stored.contains("to git@github.com:acme/shop-web"), "{stored}");
    }
    Ok(())
}

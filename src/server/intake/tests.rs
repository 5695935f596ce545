//! Deliveries against a real database: what is stored, what is answered, who is woken.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::{
    Action, Delivered, Failure, IntakeContext, Receipt, Wake, admit,
    receive::{IntakeError, MAX_DELIVERY_BYTES, receive},
};
use crate::{
    model::{EventKind, FixStatus, Provider, RepositoryKind, Stage, Timestamp},
    server::{
        clock::{Clock, new_id},
        config::Config,
        crypto::KeyRing,
        db::{
            deliveries,
            entity::{deployment, subscription},
            events, fixes,
            integrations::{self, NewIntegration},
            subscriptions::{self, NewSubscription, Settings},
            testing::{self, TestDb},
            users,
        },
        integrations::{PlatformContext, Registry},
    },
};
use async_trait::async_trait;
use axum::{body::Bytes, http::HeaderMap};
use chrono::TimeDelta;
use clap::Parser;
use futures::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rstest::rstest;
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::{Arc, Mutex};

#[derive(Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

/// Remembers who was woken.
#[derive(Default)]
struct Woken(Mutex<Vec<(String, String)>>);

#[async_trait]
impl Wake for Woken {
    async fn wake(&self, key: String, fix_id: String) {
        self.0.lock().unwrap().push((key, fix_id));
    }
}

struct House {
    test: TestDb,
    ctx: IntakeContext,
    woken: Arc<Woken>,
    watched: subscription::Model,
}

fn start() -> Timestamp {
    "2026-01-02T03:00:00Z".parse().unwrap()
}

async fn house_with(change: impl FnOnce(&mut Config)) -> House {
    let test = testing::fresh().await.unwrap();
    let mut config = Settled::parse_from(["deploymend"]).config;
    change(&mut config);
    let clock = Clock::fixed(start());
    let woken = Arc::new(Woken::default());
    let platforms = PlatformContext {
        db: test.db.clone(),
        keys: Arc::new(KeyRing::parse("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()),
        registry: Arc::new(Registry::new(&config, clock.clone()).unwrap()),
        clock: clock.clone(),
        config: Arc::new(config),
    };
    let ctx = IntakeContext { platforms, wake: woken.clone() };
    let watched = watch(&ctx, "a@example.test", "prj_1", "hook_1", "secret-one").await;
    clock.advance(TimeDelta::hours(1));
    House { test, ctx, woken, watched }
}

async fn house() -> House {
    house_with(|_| {}).await
}

async fn user(ctx: &IntakeContext, email: &str) -> String {
    use sea_orm::{ActiveValue::Set, EntityTrait as _};
    let (db, now) = (&ctx.platforms.db, ctx.platforms.clock.now());
    if let Some(owner) = users::create_owner(db, email, "Somebody", "hash", now).await.unwrap() {
        return owner.id;
    }
    let row = crate::server::db::entity::user::ActiveModel {
        id: Set(new_id()),
        email: Set(email.to_owned()),
        name: Set("Somebody".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    crate::server::db::entity::user::Entity::insert(row).exec_with_returning(&db.orm).await.unwrap().id
}

/// A user who watches `project` and whose team has a webhook.
async fn watch(
    ctx: &IntakeContext,
    email: &str,
    project: &str,
    webhook: &str,
    secret: &str,
) -> subscription::Model {
    let PlatformContext { db, keys, clock, .. } = &ctx.platforms;
    let user_id = user(ctx, email).await;
    let integration = NewIntegration {
        id: new_id(),
        user_id: user_id.clone(),
        provider: Provider::VERCEL,
        external_user_id: "usr_1".into(),
        username: "octo".into(),
        access_token: "sealed".into(),
        token_note: None,
        team_id: None,
        expires_at: None,
    };
    let integration = integrations::put(db, integration, clock.now()).await.unwrap();
    let new = NewSubscription {
        id: new_id(),
        user_id,
        integration_id: integration.id,
        platform_project_id: project.into(),
        platform_project_name: "shop".into(),
        team_id: Some("team_1".into()),
        github_repo_full_name: "acme/shop".into(),
        repository_kind: RepositoryKind::Github,
        auto_fix_enabled: true,
        ..NewSubscription::default()
    };
    let id = new.id.clone();
    subscriptions::put(db, new, clock.now()).await.unwrap();
    let sealed = keys.seal(&subscriptions::secret_identity(&id), &secret.into()).unwrap();
    subscriptions::set_webhook(db, &id, Some((webhook.into(), sealed))).await.unwrap();
    subscriptions::find(db, &id).await.unwrap().unwrap()
}

fn delivery(id: &str, kind: &str, deployment: &str) -> Value {
    json!({"id": id, "type": kind, "createdAt": (start() + TimeDelta::minutes(50)).timestamp_millis(),
        "payload": {"team": {"id": "team_1"}, "project": {"id": "prj_1"}, "target": null,
            "deployment": {"id": deployment, "name": "shop", "meta": {
                "githubCommitRef": "feature/cart", "githubCommitSha": "1".repeat(40), "githubOrg": "acme",
                "githubRepo": "shop", "githubCommitOrg": "acme", "githubCommitRepo": "shop"}}}})
}

fn signed(body: &Value, secret: &str) -> (HeaderMap, Bytes) {
    let body = Bytes::from(body.to_string());
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&body);
    let signature = hex::encode(mac.finalize().into_bytes());
    (HeaderMap::from_iter([("x-vercel-signature".parse().unwrap(), signature.parse().unwrap())]), body)
}

impl House {
    async fn send(&self, body: &Value, secret: &str) -> Result<Receipt, IntakeError> {
        let (headers, body) = signed(body, secret);
        receive(&self.ctx, Provider::VERCEL, &headers, body).await
    }

    async fn deliver(&self, body: &Value) -> Receipt {
        self.send(body, "secret-one").await.unwrap()
    }

    async fn fix(&self, receipt: &Receipt) -> deployment::Model {
        fixes::find(&self.test.db, receipt.fix_id.as_ref().unwrap()).await.unwrap().unwrap()
    }

    async fn rows(&self) -> (usize, u64) {
        let fixes = fixes::summaries(&self.test.db, &self.watched.user_id, 100, None).await.unwrap().len();
        (fixes, deliveries::count(&self.test.db).await.unwrap())
    }

    fn woken(&self) -> Vec<(String, String)> {
        self.woken.0.lock().unwrap().clone()
    }

    /// A fix with an open pull request on its own branch.
    async fn open_pull_request(&self) -> deployment::Model {
        let receipt = self.deliver(&delivery("uev_1", "deployment.error", "dpl_1")).await;
        let mut fix = self.fix(&receipt).await;
        let change = fixes::FixChange {
            status: Some(FixStatus::PrCreated),
            fix_branch_name: Some(Some(format!("fix/deployment-{}", fix.id))),
            ..Default::default()
        };
        fixes::transition(&self.test.db, &mut fix, change, vec![], self.ctx.platforms.clock.now())
            .await
            .unwrap();
        fix
    }

    /// What platforms have said about the branch of a fix, with the station that it reached by that.
    async fn builds(&self, fix_id: &str) -> Vec<(String, Option<Stage>)> {
        let events = events::since(&self.test.db, fix_id, 0, 100).await.unwrap();
        let built = |kind| match kind {
            EventKind::Built { build, stage } => Some((build.words(), stage)),
            _ => None,
        };
        events.into_iter().filter_map(|event| built(event.kind)).collect()
    }

    async fn attempts_at_most(&self, attempts: i32) {
        let settings = Settings { max_fix_attempts: Some(attempts), ..Settings::default() };
        subscriptions::update(&self.test.db, &self.watched.id, settings, start()).await.unwrap();
    }
}

#[tokio::test]
async fn a_failure_is_queued_once_and_wakes_a_worker() {
    let house = house().await;
    let body = delivery("uev_1", "deployment.error", "dpl_1");
    let receipt = house.deliver(&body).await;
    assert_eq!(receipt.action, Action::Queued);
    let fix = house.fix(&receipt).await;
    assert_eq!((fix.fix_status.as_str(), fix.repository.as_str()), ("pending", "acme/shop"));
    assert_eq!(fix.branch.as_deref(), Some("feature/cart"));
    assert_eq!(house.woken(), [("vercel-webhook:uev_1".to_owned(), fix.id.clone())]);
    let again = house.deliver(&body).await;
    assert_eq!((again.action, again.fix_id.as_ref()), (Action::Duplicate, Some(&fix.id)));
    assert_eq!(house.rows().await, (1, 1));
    assert_eq!(house.woken().len(), 1);
    assert_eq!(
        serde_json::to_value(&receipt).unwrap(),
        json!({"received": true, "action": "queued", "fixId": fix.id})
    );
}

#[tokio::test]
async fn fifty_at_once_are_one() {
    let house = Arc::new(house().await);
    let body = delivery("uev_1", "deployment.error", "dpl_1");
    let tries = (0..50).map(|_| {
        let (house, body) = (house.clone(), body.clone());
        tokio::spawn(async move { house.deliver(&body).await })
    });
    let receipts: Vec<Receipt> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| receipt.action == Action::Queued).count(), 1);
    assert_eq!(receipts.iter().filter(|receipt| receipt.action == Action::Duplicate).count(), 49);
    assert!(receipts.iter().all(|receipt| receipt.fix_id == receipts[0].fix_id));
    assert_eq!(house.rows().await, (1, 1));
    assert_eq!(house.woken().len(), 1);
}

#[rstest]
#[case::another_secret(delivery("uev_1", "deployment.error", "dpl_1"), "secret-two")]
#[case::unknown_project_of_nobodys_team(json!({"id": "uev_1", "type": "deployment.error", "payload": {"project": {"id": "prj_9"}}}), "secret-one")]
#[case::no_project(json!({"id": "uev_1", "type": "test-webhook"}), "secret-one")]
#[case::not_a_delivery(json!([1]), "secret-one")]
#[tokio::test]
async fn a_forgery_leaves_nothing(#[case] body: Value, #[case] secret: &str) {
    let house = house().await;
    assert!(matches!(house.send(&body, secret).await, Err(IntakeError::BadSignature)));
    let (mut headers, mut body) = signed(&delivery("uev_2", "deployment.error", "dpl_2"), "secret-one");
    body = Bytes::from([body.as_ref(), b" "].concat());
    let changed = receive(&house.ctx, Provider::VERCEL, &headers, body.clone()).await;
    assert!(matches!(changed, Err(IntakeError::BadSignature)));
    headers.clear();
    assert!(matches!(
        receive(&house.ctx, Provider::VERCEL, &headers, body).await,
        Err(IntakeError::BadSignature)
    ));
    assert_eq!(house.rows().await, (0, 0));
    assert!(house.woken().is_empty());
}

#[tokio::test]
async fn large_bodies_and_unknown_platforms_are_refused() {
    let mut house = house().await;
    let body = Bytes::from(vec![b' '; MAX_DELIVERY_BYTES + 1]);
    let outcome = receive(&house.ctx, Provider::VERCEL, &HeaderMap::new(), body).await;
    assert!(matches!(outcome, Err(IntakeError::TooLarge)));
    house.ctx.platforms.registry = Arc::new(Registry::default());
    let outcome = receive(&house.ctx, Provider::RENDER, &HeaderMap::new(), Bytes::new()).await;
    assert!(matches!(outcome, Err(IntakeError::UnknownProvider)));
}

#[tokio::test]
async fn each_watchers_secret_opens_the_door_of_one_fix() {
    let house = house().await;
    let second = watch(&house.ctx, "b@example.test", "prj_1", "hook_2", "secret-two").await;
    house.ctx.platforms.clock.advance(TimeDelta::hours(1));
    let mut body = delivery("uev_2", "deployment.error", "dpl_1");
    body["createdAt"] = json!((start() + TimeDelta::minutes(90)).timestamp_millis());
    let first = house.send(&body, "secret-two").await.unwrap();
    assert_eq!(first.action, Action::Queued);
    assert_eq!(house.fix(&first).await.subscription_id, second.id);
    let other = house.send(&delivery("uev_1", "deployment.error", "dpl_1"), "secret-one").await.unwrap();
    assert_eq!((other.action, other.fix_id), (Action::Duplicate, first.fix_id));
}

#[tokio::test]
async fn another_watcher_steps_in_for_one_who_switched_off() {
    let house = house().await;
    let off = Settings { auto_fix_enabled: Some(false), ..Settings::default() };
    subscriptions::update(&house.test.db, &house.watched.id, off, start()).await.unwrap();
    let second = watch(&house.ctx, "b@example.test", "prj_1", "hook_2", "secret-two").await;
    let mut body = delivery("uev_1", "deployment.error", "dpl_1");
    body["createdAt"] = json!((start() + TimeDelta::minutes(90)).timestamp_millis());
    let receipt = house.deliver(&body).await;
    assert_eq!(receipt.action, Action::Queued);
    assert_eq!(house.fix(&receipt).await.subscription_id, second.id);
}

#[tokio::test]
async fn a_team_secret_vouches_for_a_project_that_nobody_watches() {
    let house = house().await;
    let mut body = delivery("uev_1", "deployment.error", "dpl_1");
    body["payload"]["project"]["id"] = json!("prj_9");
    assert_eq!(house.deliver(&body).await, Receipt::new(Action::NoSubscription, None));
    assert!(matches!(house.send(&body, "secret-two").await, Err(IntakeError::BadSignature)));
    assert_eq!(house.rows().await, (0, 1));
}

#[rstest]
#[case("deployment.succeeded")]
#[case("deployment.canceled")]
#[case("deployment.of-tomorrow")]
#[tokio::test]
async fn other_news_are_ignored(#[case] kind: &str) {
    let house = house().await;
    let body = delivery("uev_1", kind, "dpl_1");
    assert_eq!(house.deliver(&body).await, Receipt::new(Action::Ignored, None));
    assert_eq!(house.deliver(&body).await.action, Action::Duplicate);
    assert_eq!(house.rows().await, (0, 1));
}

#[rstest]
#[case::auto_fix_off("auto_fix_off")]
#[case::fork("fork")]
#[case::old("before_subscription")]
#[case::paused("paused")]
#[case::daily_fixes("daily_fixes")]
#[case::daily_cost("daily_cost")]
#[tokio::test]
async fn brakes_are_stored_with_their_reason(#[case] code: &str) {
    let house = house_with(|config| match code {
        "paused" => config.paused = true,
        "daily_fixes" => config.daily_fixes = 0,
        "daily_cost" => config.daily_cost_usd = 0.0,
        _ => {}
    })
    .await;
    let mut body = delivery("uev_1", "deployment.error", "dpl_1");
    match code {
        "auto_fix_off" => {
            let off = Settings { auto_fix_enabled: Some(false), ..Settings::default() };
            subscriptions::update(&house.test.db, &house.watched.id, off, start()).await.unwrap();
        }
        "fork" => body["payload"]["deployment"]["meta"]["githubCommitOrg"] = json!("stranger"),
        "before_subscription" => {
            body["createdAt"] = json!((start() - TimeDelta::seconds(1)).timestamp_millis());
        }
        _ => {}
    }
    let receipt = house.deliver(&body).await;
    assert_eq!(receipt.action, Action::Skipped);
    let fix = house.fix(&receipt).await;
    assert_eq!((fix.fix_status.as_str(), fix.reason_code.as_deref()), ("skipped", Some(code)));
    assert!(fix.reason.is_some_and(|reason| reason.ends_with('.')));
    assert!(house.woken().is_empty());
    let stored = deliveries::find(&house.test.db, Provider::VERCEL, "uev_1").await.unwrap().unwrap();
    assert_eq!((stored.decision.as_str(), stored.reason.as_deref()), ("skipped", Some(code)));
}

#[tokio::test]
async fn the_daily_limit_counts_what_started_by_itself() {
    let house = house_with(|config| config.daily_fixes = 2).await;
    let mut actions = Vec::new();
    for n in 0..3 {
        let body = delivery(&format!("uev_{n}"), "deployment.error", &format!("dpl_{n}"));
        actions.push(house.deliver(&body).await.action);
    }
    assert_eq!(actions, [Action::Queued, Action::Queued, Action::Skipped]);
    house.ctx.platforms.clock.advance(TimeDelta::hours(25));
    assert_eq!(house.deliver(&delivery("uev_9", "deployment.error", "dpl_9")).await.action, Action::Queued);
}

#[tokio::test]
async fn our_own_branches_start_no_fix_and_are_noted_once() {
    let house = house().await;
    house.attempts_at_most(1).await;
    let fix = house.open_pull_request().await;
    let about = |id: &str, kind: &str, deployment: &str| {
        let mut body = delivery(id, kind, deployment);
        body["payload"]["deployment"]["meta"]["githubCommitRef"] =
            json!(format!("fix/deployment-{}", fix.id));
        body
    };
    let failed = house.deliver(&about("uev_2", "deployment.error", "dpl_2")).await;
    assert_eq!((failed.action, failed.fix_id.as_ref()), (Action::Ignored, Some(&fix.id)));
    house.deliver(&about("uev_3", "deployment.error", "dpl_2")).await;
    house.deliver(&about("uev_4", "deployment.succeeded", "dpl_3")).await;
    house.deliver(&about("uev_5", "deployment.succeeded", "dpl_4")).await;
    let expected = [("Red on Vercel".to_owned(), None), ("Green on Vercel".to_owned(), Some(Stage::Green))];
    assert_eq!(house.builds(&fix.id).await, expected);
    assert!(house.woken().len() == 1, "no attempt is left");
    assert_eq!(house.rows().await.0, 1);
    let stored = deliveries::find(&house.test.db, Provider::VERCEL, "uev_2").await.unwrap().unwrap();
    assert_eq!((stored.decision.as_str(), stored.reason.as_deref()), ("ignored", Some("own_fix_branch")));
}

#[rstest]
#[case::left(2, false, "fixing", 2)]
#[case::used_up(1, false, "pr_created", 1)]
#[case::paused(2, true, "pr_created", 1)]
#[tokio::test]
async fn a_red_branch_starts_the_next_attempt_while_there_is_one(
    #[case] attempts: i32,
    #[case] paused: bool,
    #[case] status: &str,
    #[case] attempt: i32,
) {
    let mut house = house().await;
    house.attempts_at_most(attempts).await;
    let fix = house.open_pull_request().await;
    Arc::make_mut(&mut house.ctx.platforms.config).paused = paused;
    let woken = house.woken().len();
    let mut body = delivery("uev_2", "deployment.error", "dpl_2");
    body["payload"]["deployment"]["meta"]["githubCommitRef"] = json!(format!("fix/deployment-{}", fix.id));
    house.deliver(&body).await;
    // Another delivery about the same deployment changes nothing.
    body["id"] = json!("uev_3");
    house.deliver(&body).await;
    let now = fixes::find(&house.test.db, &fix.id).await.unwrap().unwrap();
    assert_eq!((now.fix_status.as_str(), now.fix_attempt_number), (status, attempt));
    assert_eq!(house.woken().len() - woken, usize::from(status == "fixing"));
    assert_eq!(house.builds(&fix.id).await, [("Red on Vercel".to_owned(), None)]);
}

#[tokio::test]
async fn a_build_of_an_older_head_says_nothing() {
    let house = house().await;
    let mut fix = house.open_pull_request().await;
    let change = fixes::FixChange { pushed_sha: Some(Some("2".repeat(40))), ..Default::default() };
    let now = house.ctx.platforms.clock.now();
    fixes::transition(&house.test.db, &mut fix, change, vec![], now).await.unwrap();
    let mut body = delivery("uev_2", "deployment.error", "dpl_2");
    body["payload"]["deployment"]["meta"]["githubCommitRef"] = json!(format!("fix/deployment-{}", fix.id));
    house.deliver(&body).await;
    assert_eq!(house.builds(&fix.id).await, []);
}

#[tokio::test]
async fn what_came_of_merging_ends_the_story_when_it_is_live() {
    let house = house().await;
    let mut fix = house.open_pull_request().await;
    let merged = |kind: &str, id: &str, commit: &str| {
        let mut body = delivery(&format!("uev_{id}"), kind, id);
        let meta = &mut body["payload"]["deployment"]["meta"];
        (meta["githubCommitRef"], meta["githubCommitSha"]) = (json!("main"), json!(commit));
        body
    };
    let (merge, other) = ("3".repeat(40), "4".repeat(40));
    let change = fixes::FixChange {
        status: Some(FixStatus::Merged),
        merge_sha: Some(Some(merge.clone())),
        ..Default::default()
    };
    let now = house.ctx.platforms.clock.now();
    fixes::transition(&house.test.db, &mut fix, change, vec![], now).await.unwrap();
    house.deliver(&merged("deployment.succeeded", "dpl_2", &other)).await;
    assert_eq!(house.builds(&fix.id).await, []);
    let failed = house.deliver(&merged("deployment.error", "dpl_3", &merge)).await;
    assert_eq!(failed.action, Action::Queued, "a failure of the branch is one of its own");
    house.deliver(&merged("deployment.succeeded", "dpl_4", &merge)).await;
    assert_eq!(house.builds(&fix.id).await, [("Green on Vercel".to_owned(), Some(Stage::Green))]);
}

#[tokio::test]
async fn a_fork_cannot_speak_for_our_branch() {
    let house = house().await;
    let fix = house.open_pull_request().await;
    for (id, kind, expected) in
        [("uev_2", "deployment.error", Action::Skipped), ("uev_3", "deployment.succeeded", Action::Ignored)]
    {
        let mut body = delivery(id, kind, "dpl_2");
        let meta = &mut body["payload"]["deployment"]["meta"];
        meta["githubCommitRef"] = json!(format!("fix/deployment-{}", fix.id));
        meta["githubCommitOrg"] = json!("stranger");
        assert_eq!(house.deliver(&body).await.action, expected);
    }
    assert!(house.builds(&fix.id).await.is_empty());
}

#[tokio::test]
async fn a_branch_named_like_ours_is_ours_before_its_row_says_so() {
    let house = house().await;
    let receipt = house.deliver(&delivery("uev_1", "deployment.error", "dpl_1")).await;
    let id = receipt.fix_id.unwrap();
    for (delivery_id, branch) in
        [("uev_2", format!("fix/deployment-{id}")), ("uev_3", format!("fix/deployment-{}", new_id()))]
    {
        let mut body = delivery(delivery_id, "deployment.error", "dpl_2");
        body["payload"]["deployment"]["meta"]["githubCommitRef"] = json!(branch);
        assert_eq!(house.deliver(&body).await.action, Action::Ignored);
    }
    assert_eq!(house.rows().await.0, 1);
    // The worker still holds its version: nothing was written over its head.
    assert_eq!(fixes::find(&house.test.db, &id).await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn a_poll_and_a_delivery_meet_in_one_fix() {
    let house = house().await;
    let failure = Failure {
        provider: Provider::VERCEL,
        platform_deployment_id: "dpl_1".into(),
        branch: Some("main".into()),
        commit_sha: None,
        from_fork: false,
        created_at: Some(start() + TimeDelta::minutes(40)),
        failed_at: None,
    };
    let polled =
        admit(&house.ctx, std::slice::from_ref(&house.watched), failure, None::<&Delivered>).await.unwrap();
    assert_eq!(polled.action, Action::Queued);
    let id = polled.fix_id.unwrap();
    assert_eq!(house.woken(), [(format!("{id}:1"), id.clone())]);
    let late = house.deliver(&delivery("uev_1", "deployment.error", "dpl_1")).await;
    assert_eq!((late.action, late.fix_id), (Action::Duplicate, Some(id)));
    let stored = deliveries::find(&house.test.db, Provider::VERCEL, "uev_1").await.unwrap().unwrap();
    assert_eq!(stored.decision, "duplicate");
}

/// As deep as a delivery can be: whoever reads it level by level must stop long before.
#[rstest]
#[tokio::test]
async fn a_body_that_is_nested_without_end_is_refused(
    #[values(Provider::VERCEL, Provider::CLOUDFLARE, Provider::RENDER)] provider: Provider,
) {
    let house = house().await;
    let depth = MAX_DELIVERY_BYTES / 2 - 100;
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    for body in [
        format!("{open}{close}"),
        "{\"payload\":".repeat(depth / 12),
        format!(r#"{{"type":"deployment.error","payload":{open}{close}}}"#),
        format!(r#"{{"type":"deployment.error","data":{{"x":{open}{close}}}}}"#),
    ] {
        let refused = receive(&house.ctx, provider, &HeaderMap::new(), body.into()).await;
        assert!(matches!(refused, Err(IntakeError::BadSignature)), "{refused:?}");
    }
}
